//! Labels (and ports without one) with their flows, bytes and evidence, and the servers behind them; then the busiest hosts.

use std::net::IpAddr;

use unicode_width::UnicodeWidthStr;

use super::line::{Line, Style, fit};
use super::tally::{Amount, DYNAMIC, Group, HostAmount, Service, Tally};
use super::top::Top;
use super::{View, units};
use crate::record::Evidence;

/// Where there is room for packets, all evidence and the names of servers.
const WIDE: usize = 120;
/// More services than this are a list to search, not one to read.
const MOST: usize = 25;
/// However small the terminal.
const FEWEST: usize = 3;

/// How wide the columns are.
struct Columns {
    label: usize,
    labelled: bool,
    packets: bool,
    bar: usize,
    evidence: usize,
    gap: usize,
    width: usize,
}

impl Columns {
    fn new(rows: &[(String, &Service, &Group)], view: &View) -> Self {
        let wide = view.width >= WIDE;
        let longest = rows.iter().map(|(name, ..)| name.width()).max().unwrap_or(0);
        let known = rows.iter().any(|(.., group)| group.evidence.iter().any(|count| *count > 0));
        let evidence = match (known, wide) {
            (false, _) => 0,
            (true, false) => 12,
            (true, true) => 26,
        };
        Self {
            label: longest.clamp(12, if wide { 36 } else { 20 }),
            labelled: rows.iter().any(|(_, service, _)| matches!(service, Service::Label(_))),
            packets: wide || !known,
            bar: if wide { 16 } else { 5 },
            evidence,
            gap: if wide { 2 } else { 1 },
            width: view.width,
        }
    }

    /// The columns after the label that are sums.
    fn sums(&self, line: &mut Line, amount: Amount, total: u64) {
        line.gap(2).right(Style::Plain, &units::count_cell(amount.flows), 5);
        if self.packets {
            line.gap(self.gap).right(Style::Plain, &units::count_cell(amount.packets), 7);
        }
        line.gap(self.gap).right(Style::Plain, &units::bytes_cell(amount.bytes), 6);
        line.gap(self.gap).left(Style::Bar, &units::bar(amount.bytes, total, self.bar), self.bar);
        line.right(Style::Plain, &units::percent(amount.bytes, total), 5);
    }

    fn heading(&self, color: bool) -> Line {
        let mut line = Line::new(color);
        let first = if self.labelled { "LABEL" } else { "PORT" };
        line.gap(2).left(Style::Bold, first, self.label).gap(2).left(Style::Bold, "FLOWS", 5);
        if self.packets {
            line.gap(self.gap).left(Style::Bold, "PACKETS", 7);
        }
        line.gap(self.gap).left(Style::Bold, "BYTES", 6).gap(self.gap).left(Style::Bold, "SHARE", self.bar + 5);
        if self.evidence > 0 {
            line.gap(2).left(Style::Bold, "EVIDENCE", self.evidence);
        }
        line.gap(2).put(Style::Bold, "SERVERS");
        line
    }
}

/// The section, on at most `rows` lines (a few at least).
pub(super) fn lines(tally: &Tally, view: &View, rows: usize) -> Vec<Line> {
    let all = tally.services.heaviest();
    if all.is_empty() {
        let mut line = Line::new(view.color);
        line.put(Style::Dim, "No flows.");
        return vec![line];
    }
    // The heading, the line of those left out, and two for the hosts.
    let most = rows.saturating_sub(4).clamp(FEWEST, MOST);
    let shown: Vec<_> = all.iter().take(most).map(|(service, group)| (name(service, group), *service, *group)).collect();
    let columns = Columns::new(&shown, view);
    let mut lines = vec![columns.heading(view.color)];
    lines.extend(shown.iter().map(|(name, _, group)| row(name, group, &columns, tally, view)));
    if all.len() > most {
        lines.push(left_out(all.len() - most, &shown, &columns, tally, view));
    }
    if view.height >= super::LOW {
        lines.push(Line::new(false));
        lines.push(hosts(tally, view));
    }
    lines
}

/// What a group is called: an unmatched one with what it probably is, unless it gathers many ports.
fn name(service: &Service, group: &Group) -> String {
    match (&group.hint, service) {
        (Some(hint), Service::Port(_, port)) if *port != Some(DYNAMIC) => format!("{service} {hint}?"),
        _ => service.to_string(),
    }
}

fn row(name: &str, group: &Group, columns: &Columns, tally: &Tally, view: &View) -> Line {
    let mut line = Line::new(view.color);
    line.left(Style::Bad, if group.flagged > 0 { "!" } else { "" }, 2).left(Style::Plain, name, columns.label);
    columns.sums(&mut line, group.amount, tally.total.bytes);
    if columns.evidence > 0 {
        line.gap(2).left(Style::Plain, &evidence(group, columns.evidence), columns.evidence);
    }
    line.gap(2);
    let room = columns.width.saturating_sub(line.column());
    line.put(Style::Plain, &servers(&group.servers, room, view.width >= WIDE));
    line
}

/// What the labels rest on, most flows first; on few columns only the first of them.
fn evidence(group: &Group, width: usize) -> String {
    let total: u64 = group.evidence.iter().sum();
    let mut kinds: Vec<_> = Evidence::ALL.iter().zip(group.evidence).filter(|(_, count)| *count > 0).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said = |(kind, count): &(&Evidence, u64)| match *count {
        all if all == total => kind.to_string(),
        some => format!("{kind} {}", units::percent(some, total)),
    };
    let whole = kinds.iter().map(said).collect::<Vec<_>>().join(", ");
    if whole.width() <= width { whole } else { kinds.first().map(said).unwrap_or_default() }
}

/// As many servers as fit, and how many more there are.
fn servers(servers: &Top<IpAddr, HostAmount>, room: usize, named: bool) -> String {
    let all = servers.heaviest();
    let more = |left: usize| match (left, servers.overflowed()) {
        (0, false) => String::new(),
        (left, false) => format!(" +{left}"),
        (left, true) => format!(" +>{left}"),
    };
    let mut said = String::new();
    for (at, (ip, host)) in all.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let server = host_name(**ip, host, named);
        let next = format!("{said}{separator}{server}");
        if next.width() + more(all.len() - at - 1).width() > room {
            let rest = more(all.len() - at.max(1));
            // The first is shown in any case, cut where it must be.
            let kept = if at == 0 { middle_cut(&ip.to_string(), room.saturating_sub(rest.width())) } else { said };
            return kept + &rest;
        }
        said = next;
    }
    said + &more(0)
}

fn host_name(ip: IpAddr, host: &HostAmount, named: bool) -> String {
    match &host.name {
        Some(name) if named => format!("{ip} ({name})"),
        _ => ip.to_string(),
    }
}

/// An address whose middle is left out: both ends tell more than one.
fn middle_cut(ip: &str, room: usize) -> String {
    if ip.len() <= room {
        return ip.to_owned();
    }
    let tail = room / 2;
    let end = ip.get(ip.len().saturating_sub(tail)..).unwrap_or_default();
    format!("{}{end}", fit(ip, room.saturating_sub(tail)))
}

/// The sum of the services that are not listed: everything minus what is.
fn left_out(count: usize, shown: &[(String, &Service, &Group)], columns: &Columns, tally: &Tally, view: &View) -> Line {
    let mut rest = tally.total;
    for (.., group) in shown {
        rest.apply(group.amount, super::Apply::Take);
    }
    let over = if tally.services.overflowed() { "over " } else { "" };
    let mut line = Line::new(view.color);
    line.gap(2).left(Style::Dim, &format!("{over}{count} more"), columns.label);
    columns.sums(&mut line, rest, tally.total.bytes);
    line
}

/// The busiest hosts, on one line.
fn hosts(tally: &Tally, view: &View) -> Line {
    let mut line = Line::new(view.color);
    line.put(Style::Bold, "BUSIEST HOSTS");
    for (ip, host) in tally.hosts.heaviest() {
        let said = host_name(*ip, host, view.width >= WIDE);
        let bytes = units::bytes(host.amount.bytes);
        if line.column() + 3 + said.width() + bytes.width() > view.width {
            break;
        }
        line.gap(2).put(Style::Plain, &said).gap(1).put(Style::Dim, &bytes);
    }
    line
}
