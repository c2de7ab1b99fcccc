//! What `flowlabel rpc` prints: who listens where. A table for people, and JSON with the same blocks as the summary of a run.

use std::io::{self, Write};

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::table::loss;
use super::{Format, Report, json_text, units};
use crate::record::escape::visible;
use crate::record::{ExplainedBy, FlowRecord, FlowsAndBytes, HighPorts, LearnedEndpoint, OpenPort, Summary};

/// The formats of `flowlabel rpc`, the default first.
pub const RPC_FORMATS: &[Format] = &[
    Format { name: "table", help: "By server, for people", extension: "txt", new: |view| Box::new(Table { room: view.room }) },
    Format {
        name: "json",
        help: "{\"learned\":[...],\"high_ports\":[...], ...}, as in the summary of read",
        extension: "json",
        new: |_| Box::new(Json),
    },
];

/// The format of this name.
pub fn rpc_format(name: &str) -> Option<&'static Format> {
    RPC_FORMATS.iter().find(|format| format.name == name)
}

struct Json;

impl Report for Json {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        let blocks = json!({
            "learned": summary.learned,
            "announcements": summary.announcements,
            "high_ports": summary.high_ports,
            "high_ports_total": summary.high_ports_total,
        });
        json_text::append(&mut text, &blocks)?;
        text.push(b'\n');
        out.write_all(&text)
    }
}

struct Table {
    room: Option<usize>,
}

impl Report for Table {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut servers: Vec<_> = summary.learned.iter().map(|endpoint| endpoint.server).collect();
        servers.extend(summary.high_ports.iter().map(|server| server.server));
        servers.sort_unstable();
        servers.dedup();
        if servers.is_empty() {
            writeln!(out, "Nobody announced where it listens, and no DCE/RPC was bound.")?;
        }
        for server in servers {
            let endpoints: Vec<_> = summary.learned.iter().filter(|endpoint| endpoint.server == server).collect();
            let high = summary.high_ports.iter().find(|high| high.server == server);
            heading(&server.to_string(), high, out)?;
            listed(&endpoints, self.room, out)?;
            if let Some(high) = high {
                explained("  high ports", (high.flows, high.bytes), &high.explained, out)?;
                unexplained(&high.unexplained, 0, false, out)?;
            }
            writeln!(out)?;
        }
        ending(summary, out)
    }
}

fn heading(server: &str, high: Option<&HighPorts>, out: &mut dyn Write) -> io::Result<()> {
    match high.and_then(|high| high.range.as_deref().zip(high.era.as_deref())) {
        Some((range, era)) => writeln!(out, "{server}   takes its ports from {range} ({})", visible(era)),
        None => writeln!(out, "{server}"),
    }
}

/// All servers together, where there is more than one to add up or something left that nothing explains.
fn ending(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let total = &summary.high_ports_total;
    if total.flows > 0 {
        let what = format!("High ports of {}", units::many(total.servers, "server"));
        explained(&what, (total.flows, total.bytes), &total.explained, out)?;
        unexplained(&total.unexplained, total.unexplained_left_out, true, out)?;
    }
    match loss::announcements(&summary.announcements) {
        Some(text) => writeln!(out, "Too many: {text}"),
        None => Ok(()),
    }
}

/// Endpoints for one conversation or session that are listed for each server.
const PASSING: usize = 12;

/// Listeners one by one; of what is for one conversation only the first few.
fn listed(endpoints: &[&LearnedEndpoint], room: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let (listeners, passing): (Vec<&LearnedEndpoint>, Vec<&LearnedEndpoint>) =
        endpoints.iter().partition(|endpoint| endpoint.lasting == "listener");
    let shown = listeners.iter().chain(passing.iter().take(PASSING));
    let mut rows = vec![["endpoint", "protocol", "what", "system", "learned from", "seen", "clients"].map(str::to_owned)];
    let mut above = None;
    for endpoint in shown {
        let place = (endpoint.transport, endpoint.port);
        rows.push(row(endpoint, above == Some(place)));
        above = Some(place);
    }
    if rows.len() > 1 {
        print(&rows, room, out)?;
    }
    let mut more: Vec<(&str, &str, u64)> = Vec::new();
    for endpoint in passing.iter().skip(PASSING) {
        match more.iter_mut().find(|(protocol, how, _)| (*protocol, *how) == (endpoint.protocol, endpoint.how)) {
            Some((_, _, count)) => *count += 1,
            None => more.push((endpoint.protocol, endpoint.how, 1)),
        }
    }
    for (protocol, how, count) in more {
        writeln!(out, "  and {count} more for one conversation or session each: {protocol} ({how})")?;
    }
    Ok(())
}

const GAP: &str = "  ";

/// The columns that stay together where not all have room beside each other.
const FIRST: usize = 4;
/// The column of names, and the most that it keeps free then: longer ones push the next column away.
const NAMES: usize = 2;
const ROOM_FOR_NAMES: usize = 30;

/// A line for each row; where that is too wide, how it was learned, when it was seen and who came stand below, unless the row above says the same.
fn print(rows: &[[String; 7]], room: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let mut widths: [usize; 7] = std::array::from_fn(width);
    let is_folded = room.is_some_and(|room| widths.iter().map(|width| width + GAP.len()).sum::<usize>() > room);
    let shown = if is_folded { FIRST } else { widths.len() };
    if is_folded {
        widths[NAMES] = widths[NAMES].min(ROOM_FOR_NAMES);
    }
    let mut above = None;
    for row in rows {
        let cells = row.iter().zip(&widths).take(shown);
        let cells = cells.map(|(cell, width)| format!("{cell}{:1$}", "", width.saturating_sub(cell.width())));
        writeln!(out, "{GAP}{}", cells.collect::<Vec<_>>().join(GAP).trim_end())?;
        if !is_folded {
            continue;
        }
        let [.., learned, seen, clients] = row;
        let how = if above == Some((learned, seen)) { String::new() } else { format!("{learned}, {seen}") };
        above = Some((learned, seen));
        let below: Vec<&str> = [how.as_str(), clients].into_iter().filter(|text| !text.is_empty()).collect();
        if !below.is_empty() {
            writeln!(out, "{GAP}{GAP}{}", below.join(", "))?;
        }
    }
    Ok(())
}

/// A row; one at the same endpoint as the row above does not repeat it.
fn row(endpoint: &LearnedEndpoint, is_same: bool) -> [String; 7] {
    let place = endpoint.port.map_or_else(|| endpoint.transport.to_string(), |port| format!("{}/{port}", endpoint.transport));
    let name = endpoint.name.map(str::to_owned).or_else(|| endpoint.interface.clone());
    let version = endpoint.version.as_ref().filter(|_| name.is_some()).map(|version| format!(" {version}")).unwrap_or_default();
    let annotation = endpoint.annotation.as_deref().filter(|text| Some(*text) != endpoint.name).map(visible).unwrap_or_default();
    let mut what = format!("{}{version}", name.unwrap_or_default());
    if !annotation.is_empty() {
        what = if what.is_empty() { annotation.into_owned() } else { format!("{what} ({annotation})") };
    }
    let learned = format!("{} in packet {}", endpoint.how, endpoint.packet);
    let first = |text: String| if is_same { String::new() } else { text };
    [
        first(place),
        first(endpoint.protocol.to_owned()),
        what,
        systems(&endpoint.systems),
        learned,
        seen(endpoint),
        clients(endpoint, is_same),
    ]
}

/// Two systems, or the first and how many there are besides: a protocol may be documented for two dozen.
fn systems(all: &[String]) -> String {
    match all {
        [first, _, _, ..] => format!("{first} and {} more", all.len() - 1),
        few => few.join(" "),
    }
}

/// When it was first and last seen: the times of one day, else the days too.
fn seen(endpoint: &LearnedEndpoint) -> String {
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or(text).to_owned();
    let (first, last) = (endpoint.first.to_string(), endpoint.last.to_string());
    if part(&first, 0, 10) == part(&last, 0, 10) {
        return format!("{} {}-{}", part(&first, 0, 10), part(&first, 11, 19), part(&last, 11, 19));
    }
    let minute = |text: &str| part(text, 0, 16).replace('T', " ");
    format!("{} - {}", minute(&first), minute(&last))
}

/// Who bound the interface; where nobody is known to have, who came to the endpoint at all.
fn clients(endpoint: &LearnedEndpoint, is_same: bool) -> String {
    let named = match (endpoint.bound_by.as_slice(), endpoint.clients.as_slice()) {
        ([], _) if endpoint.interface.is_some() && is_same => return String::new(),
        ([], came) => came,
        (bound, _) => bound,
    };
    match named {
        [] => "none seen".to_owned(),
        [one] => one.to_string(),
        [one, other] => format!("{one} {other}"),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}

/// Ports without explanation that are named; the rest is counted.
const NAMED: usize = 8;

fn explained(what: &str, (flows, bytes): (u64, u64), by: &ExplainedBy, out: &mut dyn Write) -> io::Result<()> {
    let by = [("learned", by.learned), ("payload", by.payload), ("port", by.port)];
    let explained_flows: u64 = by.iter().map(|(_, part)| part.flows).sum();
    let explained_bytes: u64 = by.iter().map(|(_, part)| part.bytes).sum();
    let part = |(word, part): &(&str, FlowsAndBytes)| {
        format!("{word} {} ({} of the bytes)", units::count(part.flows), units::percent(part.bytes, bytes))
    };
    let parts: Vec<_> = by.iter().filter(|(_, part)| part.flows > 0).map(part).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    writeln!(
        out,
        "{what}: {}, {}; explained {} of the flows, {} of the bytes{parts}",
        units::many(flows, "flow"),
        units::bytes(bytes),
        units::percent(explained_flows, flows),
        units::percent(explained_bytes, bytes),
    )
}

fn unexplained(open: &[OpenPort], left_out: u64, with_server: bool, out: &mut dyn Write) -> io::Result<()> {
    let named: Vec<_> = open.iter().take(NAMED).map(|open| unexplained_port(open, with_server)).collect();
    if named.is_empty() {
        return Ok(());
    }
    let more = open.len().saturating_sub(NAMED) as u64 + left_out;
    let more = if more > 0 { format!(" and {}", units::many(more, "more port")) } else { String::new() };
    writeln!(out, "  not explained: {}{more}", named.join(", "))
}

fn unexplained_port(open: &OpenPort, with_server: bool) -> String {
    let server = if with_server { format!("{} ", open.server) } else { String::new() };
    let probably = open.probably.as_deref().map(|name| format!(", {}", visible(name))).unwrap_or_default();
    format!(
        "{server}{}/{} ({}, {}{probably})",
        open.transport,
        open.port,
        units::many(open.flows, "flow"),
        units::bytes(open.bytes)
    )
}
