//! Hosts as nodes. Few stand for themselves; of many the heavy ones do, the others as their network, and what is light after that as one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::report::html::markup::Search;
use crate::report::html::pairs::Exchange;

/// Nodes of a side, the rest among them.
pub(super) const NODES: usize = 16;
/// A host of many that moves this share of all bytes stands for itself.
const HEAVY: u64 = 25;

/// What stands in a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Node {
    Host(IpAddr),
    Network(IpNet),
    Rest,
}

impl Node {
    /// The flows with it at this end.
    pub(super) fn search(self, key: &str) -> Option<Search> {
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
pub(super) struct Side {
    hosts: BTreeMap<IpAddr, u64>,
    nodes: BTreeMap<IpAddr, Node>,
}

impl Side {
    pub(super) fn weigh(&mut self, ip: IpAddr, exchange: &Exchange) {
        let weight = self.hosts.entry(ip).or_default();
        *weight = weight.saturating_add(exchange.amount.bytes).saturating_add(1);
    }

    /// Gives every host its node.
    pub(super) fn group(&mut self) {
        let total = self.hosts.values().fold(0u64, |sum, weight| sum.saturating_add(*weight));
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
            let light: Vec<Node> = heaviest.into_iter().skip(NODES - 1).collect();
            self.nodes.values_mut().filter(|node| light.contains(node)).for_each(|node| *node = Node::Rest);
        }
    }

    /// The nodes, heaviest first, the rest last.
    pub(super) fn ranked(&self) -> Vec<Node> {
        let mut weights: BTreeMap<Node, u64> = BTreeMap::new();
        for (ip, weight) in &self.hosts {
            let sum = weights.entry(self.node(*ip)).or_default();
            *sum = sum.saturating_add(*weight);
        }
        let mut ranked: Vec<_> = weights.into_iter().collect();
        ranked.sort_by_key(|(node, weight)| (*node == Node::Rest, Reverse(*weight), *node));
        ranked.into_iter().map(|(node, _)| node).collect()
    }

    /// The node that a host is part of.
    pub(super) fn node(&self, ip: IpAddr) -> Node {
        self.nodes.get(&ip).copied().unwrap_or(Node::Host(ip))
    }

    /// How many hosts a node stands for.
    pub(super) fn hosts_of(&self, node: Node) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tally::Amount;

    fn side(hosts: impl IntoIterator<Item = (String, u64)>) -> Side {
        let mut side = Side::default();
        for (ip, bytes) in hosts {
            side.weigh(ip.parse().unwrap(), &Exchange { amount: Amount { flows: 1, packets: 1, bytes }, flagged: 0 });
        }
        side.group();
        side
    }

    fn said(side: &Side) -> Vec<String> {
        side.ranked().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn few_hosts_stand_for_themselves() {
        let few = side((1..=3).map(|n| (format!("10.0.0.{n}"), n)));
        assert_eq!(said(&few), ["10.0.0.3", "10.0.0.2", "10.0.0.1"]);
    }

    #[test]
    fn of_many_the_heavy_stand_alone_and_the_others_as_networks() {
        let clients = (1..=200).map(|n| (format!("10.1.{}.{n}", n % 3), 10));
        let many = side(clients.chain([("10.1.0.250".to_owned(), 100_000), ("2001:db8::7".to_owned(), 10)]));
        assert_eq!(said(&many), ["10.1.0.250", "10.1.1.0/24", "10.1.2.0/24", "10.1.0.0/24", "2001:db8::7"]);
        assert_eq!(many.hosts_of(Node::Network("10.1.1.0/24".parse().unwrap())), 67);
    }

    #[test]
    fn of_very_many_networks_the_light_are_one() {
        let many = side((0..5000).map(|n| (format!("10.{}.{}.1", n / 250, n % 250), 1)));
        assert_eq!((many.ranked().len(), many.ranked().last()), (NODES, Some(&Node::Rest)));
        assert_eq!(many.ranked().iter().map(|node| many.hosts_of(*node)).sum::<usize>(), 5000);
    }
}
