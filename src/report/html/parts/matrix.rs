//! Which host serves what: the busiest servers by the heaviest services, each cell a link to its flows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Markup, Search, count, grouped, host, more, search};
use crate::record::Summary;
use crate::report::html::Sums;
use crate::report::tally::{Amount, Apply, Group, HostAmount, Service};
use crate::report::units;

/// Servers and services shown.
const SERVERS: usize = 24;
const SERVICES: usize = 18;

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, _: &Summary, part: &mut Markup) {
    let services = sums.tally.services.heaviest();
    let servers = servers(&services);
    if servers.is_empty() {
        return;
    }
    let columns = services.get(..SERVICES.min(services.len())).unwrap_or_default();
    part.raw("<p class=\"lead\">Flows to each server by service; the darker, the more bytes. A dot marks cells with flagged flows.</p>\n");
    part.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"matrix-title\"><table class=\"matrix\"><thead><tr><th>Server</th>");
    for (service, _) in columns {
        part.raw("<th scope=\"col\"><span>").link(&search(service), &service.to_string()).raw("</span></th>");
    }
    part.raw("<th scope=\"col\" class=\"all\"><span>all services</span></th></tr></thead>\n<tbody>\n");
    let heaviest = columns.first().map_or(0, |(_, group)| group.servers.heaviest().first().map_or(0, |(_, of)| of.amount.bytes));
    for (ip, server) in servers.iter().take(SERVERS) {
        let name = host(*ip, server);
        part.raw("<tr><th scope=\"row\" title=\"").text(&name).raw("\">").link(&Search::new("server", ip), &name).raw("</th>");
        for (service, group) in columns {
            cell(*ip, service, group, heaviest, part);
        }
        part.raw("<td class=\"n all\" title=\"")
            .text(&said(server.amount))
            .raw("\">")
            .text(&count(server.amount.flows))
            .raw("</td></tr>\n");
    }
    part.raw("</tbody></table></div>\n");
    let overflowed = services.iter().any(|(_, group)| group.servers.overflowed());
    more(part, servers.len().saturating_sub(SERVERS), overflowed, "server");
    more(part, services.len().saturating_sub(SERVICES), sums.tally.services.overflowed(), "service");
}

/// Hosts by what they serve, heaviest first.
fn servers(services: &[(&Service, &Group)]) -> Vec<(IpAddr, HostAmount)> {
    let mut all: BTreeMap<IpAddr, HostAmount> = BTreeMap::new();
    for (ip, of) in services.iter().flat_map(|(_, group)| group.servers.heaviest()) {
        let host = all.entry(*ip).or_default();
        host.amount.apply(of.amount, Apply::Add);
        host.flagged += of.flagged;
        host.name = host.name.take().or_else(|| of.name.clone());
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(ip, host)| (std::cmp::Reverse(host.amount.bytes), *ip));
    all
}

fn cell(ip: IpAddr, service: &Service, group: &Group, heaviest: u64, part: &mut Markup) {
    let Some(of) = group.servers.get(&ip).filter(|of| of.amount.flows > 0) else {
        part.raw("<td></td>");
        return;
    };
    part.raw("<td class=\"n ").raw(shade(of.amount.bytes, heaviest)).raw(if of.flagged > 0 { " dot" } else { "" });
    part.raw("\" title=\"").text(&format!("{service} on {ip}: {}", said(of.amount)));
    if of.flagged > 0 {
        part.text(&format!(", {} flagged", grouped(of.flagged)));
    }
    part.raw("\">").link(&search(service).and("server", ip), &count(of.amount.flows)).raw("</td>");
}

fn said(amount: Amount) -> String {
    format!("{} flows, {}", grouped(amount.flows), units::bytes(amount.bytes))
}

/// Five steps of shade, by the order of magnitude.
fn shade(bytes: u64, heaviest: u64) -> &'static str {
    let steps = ((bytes.max(1) as f64).log2() / (heaviest.max(2) as f64).log2() * 5.0).ceil();
    match steps as u64 {
        0 | 1 => "s1",
        2 => "s2",
        3 => "s3",
        4 => "s4",
        _ => "s5",
    }
}
