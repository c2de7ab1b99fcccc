//! Sets of addresses: single ones, networks and ranges, and the names of a hosts file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// A closed range of one family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
}

impl Range {
    /// `10.1.0.9`, `10.1.0.0/24`, `10.1.0.10-10.1.0.20`, `10.1.0.10-20`, and the same of IPv6.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Some(Self { first: ip, last: ip });
        }
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(Self::from(net));
        }
        let (first, last) = text.split_once('-')?;
        let first: IpAddr = first.trim().parse().ok()?;
        let last = last.trim().parse().ok().or_else(|| last_octet(first, last.trim()))?;
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// The network, where the address is a host in it: `10.1.0.0/24` of `10.1.0.5/24`.
    pub fn network_meant(text: &str) -> Option<IpNet> {
        let net: IpNet = text.parse().ok()?;
        (net.addr() != net.network()).then(|| net.trunc())
    }

    /// The IPv4 address inside of one that is written as IPv6 (`::ffff:10.1.0.9`).
    pub fn ipv4_meant(text: &str) -> Option<Ipv4Addr> {
        text.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped()
    }

    /// Its first address.
    pub const fn first(&self) -> IpAddr {
        self.first
    }

    /// Its last address.
    pub const fn last(&self) -> IpAddr {
        self.last
    }

    /// Whether it is one host.
    pub fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// Whether it goes on where the other one ends.
    pub fn ends_after(&self, other: &Self) -> bool {
        self.last > other.last
    }

    /// The part that both have.
    pub fn shared(&self, other: &Self) -> Option<(IpAddr, IpAddr)> {
        self.overlaps(other).then(|| (self.first.max(other.first), self.last.min(other.last)))
    }

    fn contains(&self, ip: IpAddr) -> bool {
        // Every IPv4 address is before every IPv6 address, and a range is of one family.
        self.first <= ip && ip <= self.last
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// `10.1.0.9`, or `10.1.0.9 to 10.1.0.20`.
    pub fn between(first: IpAddr, last: IpAddr) -> String {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    }

    /// The highest address of an IPv4 range of several hosts: the broadcast address, where the range is a network.
    fn broadcast(&self) -> Option<Ipv4Addr> {
        match (self.first, self.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if u32::from(last) - u32::from(first) >= 3 => Some(last),
            _ => None,
        }
    }
}

impl From<IpNet> for Range {
    fn from(net: IpNet) -> Self {
        Self { first: net.network(), last: net.broadcast() }
    }
}

/// `20` in `10.1.0.10-20`.
fn last_octet(first: IpAddr, text: &str) -> Option<IpAddr> {
    let IpAddr::V4(first) = first else { return None };
    let [a, b, c, _] = first.octets();
    Some(IpAddr::V4(Ipv4Addr::new(a, b, c, text.parse().ok()?)))
}

/// A set of addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    /// Sorted, not overlapping.
    ranges: Vec<Range>,
}

impl Hosts {
    /// All of these ranges.
    pub fn new(mut ranges: Vec<Range>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(before) if before.overlaps(&range) => before.last = before.last.max(range.last),
                _ => merged.push(range),
            }
        }
        Self { ranges: merged }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether an address is in it.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let after = self.ranges.partition_point(|range| range.first <= ip);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| range.contains(ip))
    }

    /// Whether it is the broadcast address of one of its networks.
    pub fn is_broadcast(&self, ip: IpAddr) -> bool {
        self.ranges.iter().filter_map(Range::broadcast).any(|last| IpAddr::V4(last) == ip)
    }

    /// Those of a sorted list that are in it, so many at most.
    pub fn some_of(&self, sorted: &[IpAddr], most: usize) -> Vec<IpAddr> {
        let of = |range: &Range| {
            let begin = sorted.partition_point(|ip| *ip < range.first);
            let (range, rest) = (*range, sorted.get(begin..).unwrap_or_default());
            rest.iter().copied().take_while(move |ip| range.contains(*ip))
        };
        self.ranges.iter().flat_map(of).take(most).collect()
    }

    /// Its ranges, in order.
    pub fn ranges(&self) -> impl Iterator<Item = Range> {
        self.ranges.iter().copied()
    }
}

/// Names of a hosts file, in lower case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostNames {
    names: HashMap<String, Vec<IpAddr>>,
    nameless: Vec<(usize, String)>,
}

impl HostNames {
    /// Reads `ADDRESS NAME [NAME ...]` lines, `#` begins a comment. A line that is none is an error with its number.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut read = Self::default();
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(address) = words.next() else { continue };
            let ip: IpAddr = address.parse().map_err(|_| (number + 1, address.to_owned()))?;
            let mut words = words.peekable();
            if words.peek().is_none() {
                read.nameless.push((number + 1, address.to_owned()));
            }
            for name in words {
                read.add(name, ip);
            }
        }
        Ok(read)
    }

    fn add(&mut self, name: &str, ip: IpAddr) {
        let addresses = self.names.entry(name.to_lowercase()).or_default();
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }

    /// Addresses without a name, each with its line.
    pub fn nameless(&self) -> &[(usize, String)] {
        &self.nameless
    }

    /// The addresses of a name.
    pub fn get(&self, name: &str) -> Option<Vec<Range>> {
        let addresses = self.names.get(&name.to_lowercase())?;
        Some(addresses.iter().map(|ip| Range { first: *ip, last: *ip }).collect())
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// Whether an address is that of no host: a group, everybody, or somebody without one yet.
pub fn is_placeless(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_multicast() || ip.is_unspecified(),
    }
}

/// Whether an address may be anywhere in the world.
pub fn is_global_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let placed = ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared;
            !(placed || ip.is_multicast() || ip.is_broadcast() || ip.is_unspecified() || a == 0 || a >= 240)
        }
        // Global unicast is handed out of 2000::/3 only.
        IpAddr::V6(ip) => ip.octets().first().is_some_and(|first| first >> 5 == 1),
    }
}

/// Whether an address holds on one link only.
pub fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => is_link_local_6(ip),
    }
}

fn is_link_local_6(ip: Ipv6Addr) -> bool {
    ip.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Hosts {
        Hosts::new(texts.iter().map(|text| Range::parse(text).unwrap()).collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_networks_and_ranges_of_both_families() {
        let set = hosts(&["10.1.0.9", "10.1.8.0/30", "10.2.0.10-12", "fd00::1-fd00::ff", "2001:db8::/64"]);
        for inside in ["10.1.0.9", "10.1.8.0", "10.1.8.3", "10.2.0.10", "10.2.0.12", "fd00::80", "2001:db8::ffff"] {
            assert!(set.contains(ip(inside)), "{inside}");
        }
        for outside in ["10.1.0.8", "10.1.0.10", "10.1.8.4", "10.2.0.13", "fd00::100", "2001:db8:0:1::", "::a01:9"] {
            assert!(!set.contains(ip(outside)), "{outside}");
        }
        for wrong in ["10.1.0.300", "10.2.0.12-10", "10.1.0.1-fd00::1", "web", "10.1.0.0/33", ""] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_within_ranges_are_one() {
        let set = hosts(&["10.0.0.0/8", "10.1.0.0/16", "10.1.0.9"]);
        assert!(set.contains(ip("10.200.0.1")));
        assert_eq!(set.ranges.len(), 1);
    }

    #[test]
    fn some_of_a_list_are_in_it() {
        let list = ["10.0.0.1", "10.1.0.9", "10.1.8.1", "10.1.8.2", "fd00::1"].map(ip);
        let set = hosts(&["10.1.8.0/24", "10.1.0.9", "10.1.0.10", "fd00::/8"]);
        assert_eq!(set.some_of(&list, 9), ["10.1.0.9", "10.1.8.1", "10.1.8.2", "fd00::1"].map(ip));
        assert_eq!(set.some_of(&list, 2), ["10.1.0.9", "10.1.8.1"].map(ip));
        assert!(hosts(&["10.0.0.2-10.1.0.8"]).some_of(&list, 2).is_empty());
    }

    #[test]
    fn names_come_from_a_hosts_file() {
        let names = HostNames::parse("# site\n10.1.0.10 SMS1 sms1.corp.example # primary\n\nfd00::10 sms1\n").unwrap();
        let set = Hosts::new(names.get("sms1").unwrap());
        assert!(set.contains(ip("10.1.0.10")) && set.contains(ip("fd00::10")));
        assert_eq!(names.get("sms2"), None);
        assert_eq!(HostNames::parse("10.1.0.1 a\nb 10.1.0.2\n"), Err((2, "b".to_owned())));
        assert_eq!(HostNames::parse("10.1.0.1 a\n\n10.1.0.2 # b\n").unwrap().nameless(), [(3, "10.1.0.2".to_owned())]);
    }

    #[test]
    fn the_internet_is_what_is_global() {
        for global in ["8.8.8.8", "2600::1", "198.51.100.7"] {
            assert!(is_global_unicast(ip(global)), "{global}");
        }
        for local in [
            "10.1.0.1",
            "192.168.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "fd00::1",
            "fe80::1",
            "ff02::1",
            "::",
        ] {
            assert!(!is_global_unicast(ip(local)), "{local}");
        }
    }
}
