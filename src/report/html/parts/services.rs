//! Labels (and ports without one): how much, on what evidence, and who serves them.

use super::{Markup, count, host, more, number, search};
use crate::record::{Evidence, Summary};
use crate::report::html::Sums;
use crate::report::tally::{DYNAMIC, Group, Service};
use crate::report::units;

/// Services listed.
const MOST: usize = 120;
/// Servers named for each.
const SERVERS: usize = 4;

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, _: &Summary, part: &mut Markup) {
    let services = sums.tally.services.heaviest();
    if services.is_empty() {
        return;
    }
    part.raw(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"services-title\"><table class=\"sortable services\">",
    );
    part.raw("<thead><tr><th>Label</th><th class=\"n\">Flows</th><th class=\"n\">Flagged</th><th class=\"n\">Packets</th>");
    part.raw("<th class=\"n\">Bytes</th><th>Share</th><th>Evidence</th><th>Servers</th></tr></thead>\n<tbody>\n");
    let largest = services.first().map_or(0, |(_, group)| group.amount.bytes);
    for (service, group) in services.iter().take(MOST) {
        row(service, group, (sums.tally.total.bytes, largest), part);
    }
    part.raw("</tbody></table></div>\n");
    more(part, services.len().saturating_sub(MOST), sums.tally.services.overflowed(), "service");
}

fn row(service: &Service, group: &Group, (total, largest): (u64, u64), part: &mut Markup) {
    let amount = group.amount;
    part.raw("<tr><th scope=\"row\">").link(&search(service), &service.to_string());
    if let (Some(hint), Service::Port(_, port)) = (&group.hint, service)
        && *port != Some(DYNAMIC)
    {
        part.raw(" <span class=\"words\">").text(&format!("{hint}?")).raw("</span>");
    }
    part.raw("</th>");
    number(part, amount.flows, &count(amount.flows));
    part.raw("<td class=\"n flag\" data-v=\"").show(group.flagged).raw("\">");
    if group.flagged > 0 {
        part.link(&search(service).and("is", "flagged"), &count(group.flagged));
    }
    part.raw("</td>");
    number(part, amount.packets, &count(amount.packets));
    number(part, amount.bytes, &units::bytes(amount.bytes));
    bar(amount.bytes, total, largest, part);
    part.element("td", &evidence(group)).raw("<td class=\"ends\">").text(&servers(group)).raw("</td></tr>\n");
}

/// The share of all bytes, drawn against the largest.
fn bar(bytes: u64, total: u64, largest: u64, part: &mut Markup) {
    let width = bytes as f64 / largest.max(1) as f64 * 100.0;
    part.raw("<td class=\"bar\" data-v=\"").show(bytes).raw("\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" ");
    part.raw("aria-hidden=\"true\"><rect height=\"10\" width=\"").show(format_args!("{width:.1}")).raw("\"/></svg> ");
    part.text(&units::percent(bytes, total)).raw("</td>");
}

fn evidence(group: &Group) -> String {
    let total: u64 = group.evidence.iter().sum();
    let mut kinds: Vec<_> = Evidence::ALL.iter().zip(group.evidence).filter(|(_, count)| *count > 0).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let said = |(kind, count): &(&Evidence, u64)| match *count {
        all if all == total => kind.to_string(),
        some => format!("{kind} {}", units::percent(some, total)),
    };
    kinds.iter().map(said).collect::<Vec<_>>().join(", ")
}

fn servers(group: &Group) -> String {
    let all = group.servers.heaviest();
    let named: Vec<_> = all.iter().take(SERVERS).map(|(ip, server)| host(**ip, server)).collect();
    let over = if group.servers.overflowed() { ">" } else { "" };
    let more = match all.len().saturating_sub(SERVERS) {
        0 => String::new(),
        left => format!(" +{over}{left}"),
    };
    named.join(", ") + &more
}
