//! Who talks to whom: who opened on the left, who was asked on the right, ribbons by bytes between. In an audit first by role.
//!
//! Text is text and keeps its size at any width of the page; only the ribbons between the two columns are stretched.

mod group;
mod layout;

use std::collections::BTreeMap;

use self::group::{NODES, Node, Side};
use self::layout::{Edges, Layout, Ribbon, layout};
use super::roles::{NO_ROLE, role};
use super::{Markup, Search, grouped};
use crate::record::{MatrixCell, Summary};
use crate::report::html::Sums;
use crate::report::html::pairs::Exchange;
use crate::report::tally::Amount;
use crate::report::units;

/// A node in words.
struct Label {
    text: String,
    /// A name, or how many hosts it stands for.
    under: String,
    /// The flows that it opened, and those it answered.
    searches: [Option<Search>; 2],
}

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, summary: &Summary, part: &mut Markup) {
    let hosts = hosts(sums);
    let roles = summary.audit.as_ref().and_then(|audit| roles(&audit.matrix));
    if hosts.is_none() && roles.is_none() {
        return;
    }
    part.raw("<p class=\"lead\">Left who opened, right who was asked; the thicker, the more bytes (by the square root). ");
    part.raw("Amber: some of its flows are flagged; red: all of them.");
    if sums.pairs.0.overflowed() {
        part.raw(" Only the heaviest pairs of hosts are in it.");
    }
    part.raw("</p>\n");
    let both = roles.is_some();
    for (title, map) in [("By role", roles), ("By host", hosts)] {
        if let Some(map) = map {
            if both {
                part.raw("<h3>").raw(title).raw("</h3>\n");
            }
            part.append(&map);
        }
    }
}

fn hosts(sums: &Sums) -> Option<Markup> {
    let pairs = sums.pairs.0.heaviest();
    if pairs.is_empty() {
        return None;
    }
    let (mut clients, mut servers) = (Side::default(), Side::default());
    for ((client, server), exchange) in &pairs {
        clients.weigh(*client, exchange);
        servers.weigh(*server, exchange);
    }
    clients.group();
    servers.group();
    let mut edges: Edges<Node> = BTreeMap::new();
    for ((client, server), exchange) in &pairs {
        edges.entry((clients.node(*client), servers.node(*server))).or_default().add(**exchange);
    }
    let layout = layout(clients.ranked(), servers.ranked(), &edges, |node| node == Node::Rest);
    let label = |node: Node, hosts: usize| Label {
        text: node.to_string(),
        under: match node {
            Node::Host(ip) => sums.tally.hosts.get(&ip).and_then(|host| host.name.as_deref()).unwrap_or_default().to_owned(),
            Node::Network(_) | Node::Rest => super::many(hosts as u64, "host"),
        },
        searches: [node.search("client"), node.search("server")],
    };
    let left = layout.clients.iter().map(|node| label(*node, clients.hosts_of(*node))).collect();
    let right = layout.servers.iter().map(|node| label(*node, servers.hosts_of(*node))).collect();
    Some(draw(&layout, &[left, right]))
}

/// Roles, the heaviest of very many.
fn roles(cells: &[MatrixCell]) -> Option<Markup> {
    let (clients, servers) = (ranked(cells, |cell| role(cell.from.as_deref())), ranked(cells, |cell| role(cell.to.as_deref())));
    let mut edges: Edges<&str> = BTreeMap::new();
    for cell in cells {
        let ends = (role(cell.from.as_deref()), role(cell.to.as_deref()));
        if clients.contains(&ends.0) && servers.contains(&ends.1) {
            let amount = Amount { flows: cell.flows, packets: 0, bytes: cell.bytes };
            edges.entry(ends).or_default().add(Exchange { amount, flagged: cell.findings });
        }
    }
    if edges.is_empty() {
        return None;
    }
    let layout = layout(clients, servers, &edges, |role| role == NO_ROLE);
    let label = |role: &&str| Label { text: (*role).to_owned(), under: String::new(), searches: [None, None] };
    let (left, right) = (layout.clients.iter().map(label).collect(), layout.servers.iter().map(label).collect());
    Some(draw(&layout, &[left, right]))
}

/// The heaviest names at one end, those without a role last.
fn ranked<'a>(cells: &'a [MatrixCell], end: impl Fn(&'a MatrixCell) -> &'a str) -> Vec<&'a str> {
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for cell in cells {
        let weight = weights.entry(end(cell)).or_default();
        *weight = weight.saturating_add(cell.bytes).saturating_add(cell.flows);
    }
    let mut ranked: Vec<_> = weights.into_iter().collect();
    ranked.sort_by_key(|(name, weight)| (*name == NO_ROLE, std::cmp::Reverse(*weight)));
    ranked.into_iter().map(|(name, _)| name).take(NODES).collect()
}

fn draw<N>(layout: &Layout<N>, [left, right]: &[Vec<Label>; 2]) -> Markup {
    let mut map = Markup::default();
    map.raw("<div class=\"map\">\n<p class=\"from\">opened by</p><p class=\"to\">answered by</p>\n");
    column("<ol class=\"from\" aria-label=\"Opened by\">", left, 0, &mut map);
    map.raw("<svg preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Ribbons from who opened to who answered\" viewBox=\"0 0 100 ");
    map.show(layout.height).raw("\">\n");
    for ribbon in &layout.ribbons {
        if let (Some(from), Some(to)) = (left.get(ribbon.from), right.get(ribbon.to)) {
            draw_ribbon(ribbon, from, to, &mut map);
        }
    }
    map.raw("</svg>\n");
    column("<ol class=\"to\" aria-label=\"Answered by\">", right, 1, &mut map);
    map.raw("</div>\n");
    map
}

fn draw_ribbon(ribbon: &Ribbon, from: &Label, to: &Label, map: &mut Markup) {
    let Exchange { amount, flagged } = ribbon.exchange;
    let class = match flagged {
        0 => "",
        some if some < amount.flows => "some",
        _ => "bad",
    };
    let [search, _] = &from.searches;
    let search = search.clone().zip(to.searches.last().cloned().flatten()).map(|(from, to)| from.join(&to));
    if let Some(search) = &search {
        map.raw("<a tabindex=\"-1\" href=\"").text(&search.href()).raw("\">");
    }
    let ((a, b), (c, d)) = (ribbon.left, ribbon.right);
    map.raw("<path class=\"").raw(class).raw("\" d=\"");
    map.show(format_args!("M0 {a:.1}C50 {a:.1} 50 {c:.1} 100 {c:.1}V{d:.1}C50 {d:.1} 50 {b:.1} 0 {b:.1}Z"));
    let said = format!("{} → {}: {} flows, {}", from.text, to.text, grouped(amount.flows), units::bytes(amount.bytes));
    map.raw("\"><title>").text(&said);
    if flagged > 0 {
        map.text(&format!(", {} flagged", grouped(flagged)));
    }
    map.raw("</title></path>").raw(if search.is_some() { "</a>\n" } else { "\n" });
}

/// A column of nodes, each a line: what it is and, smaller, its name or how many hosts it stands for.
fn column(begin: &'static str, labels: &[Label], end: usize, map: &mut Markup) {
    map.raw(begin);
    for Label { text, under, searches } in labels {
        map.raw("<li title=\"").text(text).raw(if under.is_empty() { "" } else { " " }).text(under).raw("\">");
        match searches.get(end).and_then(Option::as_ref) {
            Some(search) => map.link(search, text),
            None => map.element("b", text),
        };
        if !under.is_empty() {
            map.element("span class=\"words\"", under);
        }
        map.raw("</li>");
    }
    map.raw("</ol>\n");
}
