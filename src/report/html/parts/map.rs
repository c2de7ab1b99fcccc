//! Who talks to whom: who opened on the left, who was asked on the right, ribbons by bytes between.
//!
//! Few hosts stand for themselves. Of many the heavy ones do, the others stand as their network, and what is light after that as one.
//! Text keeps its size at any width of the page: only the ribbons between the two columns are stretched.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Markup, Search, grouped};
use crate::record::Summary;
use crate::report::html::Sums;
use crate::report::html::pairs::Exchange;
use crate::report::units;

/// Nodes of a side, the rest among them.
const NODES: usize = 16;
/// A host of many that moves this share of all bytes stands for itself.
const HEAVY: u64 = 25;
/// Lines between nodes, in pixels.
const PITCH: f64 = 32.0;
/// The thickest ribbon.
const THICKEST: f64 = 18.0;
/// Letters of a name or an address before its middle is left out.
const LETTERS: usize = 24;

/// What stands in a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Node {
    Host(IpAddr),
    Network(IpNet),
    Rest,
}

impl Node {
    fn search(self, key: &str) -> Option<Search> {
        match self {
            Self::Host(ip) => Some(Search::new(key, ip)),
            Self::Network(net) => Some(Search::new(key, net)),
            Self::Rest => None,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(ip) => ip.fmt(f),
            Self::Network(net) => net.fmt(f),
            Self::Rest => f.write_str("others"),
        }
    }
}

/// Hosts of one side, what they weigh, and the node each is part of.
#[derive(Default)]
struct Side {
    hosts: BTreeMap<IpAddr, u64>,
    nodes: BTreeMap<IpAddr, Node>,
}

impl Side {
    fn weigh(&mut self, ip: IpAddr, exchange: &Exchange) {
        *self.hosts.entry(ip).or_default() += exchange.amount.bytes + 1;
    }

    /// Gives every host its node.
    fn group(&mut self) {
        let total: u64 = self.hosts.values().sum();
        let few = self.hosts.len() <= NODES;
        let stands_alone = |weight: u64| few || weight >= total / HEAVY;
        let mut networks: BTreeMap<IpNet, Vec<IpAddr>> = BTreeMap::new();
        for (ip, weight) in &self.hosts {
            if stands_alone(*weight) {
                self.nodes.insert(*ip, Node::Host(*ip));
            } else {
                networks.entry(network(*ip)).or_default().push(*ip);
            }
        }
        for (net, hosts) in networks {
            let alone = hosts.len() == 1;
            self.nodes.extend(hosts.into_iter().map(|ip| (ip, if alone { Node::Host(ip) } else { Node::Network(net) })));
        }
        let heaviest = self.ranked();
        if heaviest.len() > NODES {
            let light: Vec<Node> = heaviest.into_iter().skip(NODES - 1).map(|(node, _)| node).collect();
            self.nodes.values_mut().filter(|node| light.contains(node)).for_each(|node| *node = Node::Rest);
        }
    }

    /// The nodes with their weight, heaviest first, the rest last.
    fn ranked(&self) -> Vec<(Node, u64)> {
        let mut weights: BTreeMap<Node, u64> = BTreeMap::new();
        for (ip, weight) in &self.hosts {
            *weights.entry(self.node(*ip)).or_default() += weight;
        }
        let mut ranked: Vec<_> = weights.into_iter().collect();
        ranked.sort_by_key(|(node, weight)| (*node == Node::Rest, Reverse(*weight), *node));
        ranked
    }

    fn node(&self, ip: IpAddr) -> Node {
        self.nodes.get(&ip).copied().unwrap_or(Node::Host(ip))
    }

    /// How many hosts a node stands for.
    fn hosts_of(&self, node: Node) -> usize {
        self.nodes.values().filter(|of| **of == node).count()
    }
}

/// What a host that does not stand for itself is counted to.
fn network(ip: IpAddr) -> IpNet {
    let net = match ip {
        IpAddr::V4(ip) => ipnet::Ipv4Net::new(ip, 24).map(IpNet::V4),
        IpAddr::V6(ip) => ipnet::Ipv6Net::new(ip, 64).map(IpNet::V6),
    };
    net.map_or(IpNet::from(ip), |net| net.trunc())
}

/// A ribbon between the nodes of these numbers.
struct Ribbon {
    from: usize,
    to: usize,
    exchange: Exchange,
    /// Top and bottom at its two ends.
    left: (f64, f64),
    right: (f64, f64),
}

impl Ribbon {
    fn thickness(&self, heaviest: u64) -> f64 {
        1.5 + (self.exchange.amount.bytes as f64 / heaviest.max(1) as f64).sqrt() * (THICKEST - 1.5)
    }
}

/// Both columns in order, and the ribbons.
struct Layout {
    clients: Vec<Node>,
    servers: Vec<Node>,
    ribbons: Vec<Ribbon>,
    height: f64,
}

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, _: &Summary, part: &mut Markup) {
    let pairs = sums.pairs.0.heaviest();
    if pairs.is_empty() {
        return;
    }
    let (mut clients, mut servers) = (Side::default(), Side::default());
    for ((client, server), exchange) in &pairs {
        clients.weigh(*client, exchange);
        servers.weigh(*server, exchange);
    }
    clients.group();
    servers.group();
    let mut edges: BTreeMap<(Node, Node), Exchange> = BTreeMap::new();
    for ((client, server), exchange) in &pairs {
        edges.entry((clients.node(*client), servers.node(*server))).or_default().add(**exchange);
    }
    let layout = layout(&clients, &servers, &edges);
    part.raw("<p class=\"lead\">Left who opened, right who was asked; the thicker, the more bytes (by the square root). ");
    part.raw("Amber: some of its flows are flagged; red: all of them.");
    if sums.pairs.0.overflowed() {
        part.raw(" Only the heaviest pairs of hosts are in it.");
    }
    part.raw("</p>\n");
    draw(&layout, (&clients, &servers), sums, part);
}

fn layout(clients: &Side, servers: &Side, edges: &BTreeMap<(Node, Node), Exchange>) -> Layout {
    let right: Vec<Node> = servers.ranked().into_iter().map(|(node, _)| node).collect();
    let place = |node: Node| right.iter().position(|other| *other == node).unwrap_or(0);
    // Clients stand across from what they ask most: fewer ribbons cross.
    let centre = |node: Node| {
        let own = || edges.range((node, Node::Host(IpAddr::from([0, 0, 0, 0])))..=(node, Node::Rest));
        let weight: f64 = own().map(|(_, exchange)| exchange.amount.bytes as f64 + 1.0).sum();
        own().map(|((_, to), exchange)| place(*to) as f64 * (exchange.amount.bytes as f64 + 1.0)).sum::<f64>() / weight.max(1.0)
    };
    let mut left: Vec<Node> = clients.ranked().into_iter().map(|(node, _)| node).collect();
    left.sort_by(|a, b| {
        let rest = (*a == Node::Rest).cmp(&(*b == Node::Rest));
        rest.then(centre(*a).total_cmp(&centre(*b))).then(a.cmp(b))
    });
    let ribbon = |((from, to), exchange): (&(Node, Node), &Exchange)| Ribbon {
        from: left.iter().position(|node| node == from).unwrap_or(0),
        to: place(*to),
        exchange: *exchange,
        left: (0.0, 0.0),
        right: (0.0, 0.0),
    };
    let mut ribbons: Vec<_> = edges.iter().map(ribbon).collect();
    let height = left.len().max(right.len()) as f64 * PITCH;
    let heaviest = ribbons.iter().map(|ribbon| ribbon.exchange.amount.bytes).max().unwrap_or(0);
    ribbons.sort_by_key(|ribbon| (ribbon.from, ribbon.to));
    attach(&mut ribbons, left.len(), height, heaviest, |ribbon| ribbon.from, |ribbon, ends| ribbon.left = ends);
    ribbons.sort_by_key(|ribbon| (ribbon.to, ribbon.from));
    attach(&mut ribbons, right.len(), height, heaviest, |ribbon| ribbon.to, |ribbon, ends| ribbon.right = ends);
    Layout { clients: left, servers: right, ribbons, height }
}

/// The middle of a node's line.
fn middle(at: usize, nodes: usize, height: f64) -> f64 {
    (at as f64 + 0.5) * height / nodes.max(1) as f64
}

/// Stacks the ends of the ribbons at each node, which is never thicker than its line.
fn attach(
    ribbons: &mut [Ribbon],
    nodes: usize,
    height: f64,
    heaviest: u64,
    node: impl Fn(&Ribbon) -> usize,
    set: impl Fn(&mut Ribbon, (f64, f64)),
) {
    for at in 0..nodes {
        let whole: f64 = ribbons.iter().filter(|ribbon| node(ribbon) == at).map(|ribbon| ribbon.thickness(heaviest)).sum();
        let scale = ((PITCH - 6.0) / whole.max(1.0)).min(1.0);
        let mut top = middle(at, nodes, height) - whole * scale / 2.0;
        for ribbon in ribbons.iter_mut().filter(|ribbon| node(ribbon) == at) {
            let bottom = top + ribbon.thickness(heaviest) * scale;
            set(ribbon, (top, bottom));
            top = bottom;
        }
    }
}

fn draw(layout: &Layout, (clients, servers): (&Side, &Side), sums: &Sums, part: &mut Markup) {
    let Layout { ribbons, height, .. } = layout;
    part.raw("<svg class=\"map\" height=\"").show(height + 24.0).raw("\" role=\"group\" aria-labelledby=\"map-title\">\n");
    part.raw("<text class=\"head\" x=\"34%\" y=\"12\" text-anchor=\"end\">opened by</text>");
    part.raw("<text class=\"head\" x=\"66%\" y=\"12\">answered by</text>\n");
    part.raw("<svg x=\"35%\" width=\"30%\" y=\"24\" height=\"")
        .show(height)
        .raw("\" preserveAspectRatio=\"none\" viewBox=\"0 0 100 ");
    part.show(height).raw("\">\n");
    for ribbon in ribbons {
        draw_ribbon(ribbon, layout, part);
    }
    part.raw("</svg>\n");
    for (at, node) in layout.clients.iter().enumerate() {
        let y = middle(at, layout.clients.len(), *height) + 24.0;
        label(*node, ("34%", "end", "client"), y, clients.hosts_of(*node), sums, part);
    }
    for (at, node) in layout.servers.iter().enumerate() {
        let y = middle(at, layout.servers.len(), *height) + 24.0;
        label(*node, ("66%", "start", "server"), y, servers.hosts_of(*node), sums, part);
    }
    part.raw("</svg>\n");
}

fn draw_ribbon(ribbon: &Ribbon, layout: &Layout, part: &mut Markup) {
    let (Some(from), Some(to)) = (layout.clients.get(ribbon.from), layout.servers.get(ribbon.to)) else { return };
    let Exchange { amount, flagged } = ribbon.exchange;
    let class = match flagged {
        0 => "",
        some if some < amount.flows => "some",
        _ => "bad",
    };
    let search = from.search("client").zip(to.search("server")).map(|(from, to)| from.join(&to));
    if let Some(search) = &search {
        part.raw("<a tabindex=\"-1\" href=\"").text(&search.href()).raw("\">");
    }
    let ((a, b), (c, d)) = (ribbon.left, ribbon.right);
    part.raw("<path class=\"").raw(class).raw("\" d=\"");
    part.show(format_args!("M0 {a:.1}C50 {a:.1} 50 {c:.1} 100 {c:.1}V{d:.1}C50 {d:.1} 50 {b:.1} 0 {b:.1}Z"));
    part.raw("\"><title>").text(&format!("{from} → {to}: {} flows, {}", grouped(amount.flows), units::bytes(amount.bytes)));
    if flagged > 0 {
        part.text(&format!(", {} flagged", grouped(flagged)));
    }
    part.raw("</title></path>").raw(if search.is_some() { "</a>\n" } else { "\n" });
}

/// A node's label: what it is and, smaller, its name or how many hosts it stands for.
fn label(node: Node, (x, anchor, key): (&'static str, &'static str, &str), y: f64, hosts: usize, sums: &Sums, part: &mut Markup) {
    let under = match node {
        Node::Host(ip) => sums.tally.hosts.get(&ip).and_then(|host| host.name.as_deref()).unwrap_or_default().to_owned(),
        Node::Network(_) | Node::Rest => super::many(hosts as u64, "host"),
    };
    let search = node.search(key);
    if let Some(search) = &search {
        part.raw("<a href=\"").text(&search.href()).raw("\">");
    }
    let (first, second) = if under.is_empty() { (y + 4.0, y) } else { (y - 2.0, y + 10.0) };
    part.raw("<text x=\"").raw(x).raw("\" text-anchor=\"").raw(anchor).raw("\" y=\"").show(format_args!("{first:.1}"));
    part.raw("\">").text(&middle_cut(&node.to_string())).raw("</text>");
    if !under.is_empty() {
        part.raw("<text class=\"name\" x=\"").raw(x).raw("\" text-anchor=\"").raw(anchor).raw("\" y=\"");
        part.show(format_args!("{second:.1}")).raw("\">").text(&middle_cut(&under)).raw("</text>");
    }
    part.raw(if search.is_some() { "</a>\n" } else { "\n" });
}

/// Text whose middle is left out where it is long: both ends tell more than one.
fn middle_cut(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LETTERS {
        return text.to_owned();
    }
    let half = LETTERS / 2;
    let (head, tail) = (letters.iter().take(half), letters.iter().skip(letters.len() - half));
    head.chain(&['…']).chain(tail).collect()
}
