//! Many hosts or ports in few words.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Entries of a list before hosts that are near each other become their network.
const LONG: usize = 24;
/// Entries of a list before that is done with larger networks.
const LONGEST: usize = 64;
/// Hosts that make a network worth naming.
const CROWD: usize = 8;

/// Addresses, ranges and networks that hold these hosts; the more there are, the coarser.
pub fn hosts(hosts: &BTreeSet<IpAddr>) -> Vec<String> {
    let exact = runs(hosts);
    if exact.len() <= LONG {
        return exact;
    }
    let near = networks(hosts, CROWD, 24, 64);
    if near.len() <= LONGEST {
        return near;
    }
    let wide = networks(hosts, 1, 16, 48);
    if wide.len() <= LONGEST { wide } else { everywhere(hosts) }
}

/// Every address of the families of these hosts.
pub fn everywhere(hosts: &BTreeSet<IpAddr>) -> Vec<String> {
    let families = [(hosts.iter().any(IpAddr::is_ipv4), "0.0.0.0/0"), (hosts.iter().any(IpAddr::is_ipv6), "::/0")];
    families.into_iter().filter(|(is_there, _)| *is_there).map(|(_, network)| network.to_owned()).collect()
}

/// Single addresses, and three or more in a row as a range.
fn runs(hosts: &BTreeSet<IpAddr>) -> Vec<String> {
    let mut entries = Vec::new();
    let mut run: Vec<IpAddr> = Vec::new();
    for ip in hosts {
        if run.last().and_then(|last| next(*last)) != Some(*ip) {
            entries.extend(range(&run));
            run.clear();
        }
        run.push(*ip);
    }
    entries.extend(range(&run));
    entries
}

fn range(run: &[IpAddr]) -> Vec<String> {
    match run {
        [first, _, .., last] => vec![format!("{first}-{}", last_part(*first, *last))],
        single => single.iter().map(ToString::to_string).collect(),
    }
}

/// `20` in `10.1.0.10-20`, where that is enough.
fn last_part(first: IpAddr, last: IpAddr) -> String {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first.octets()[..3] == last.octets()[..3] => last.octets()[3].to_string(),
        _ => last.to_string(),
    }
}

fn next(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).checked_add(1).map(|next| Ipv4Addr::from(next).into()),
        IpAddr::V6(ip) => u128::from(ip).checked_add(1).map(|next| Ipv6Addr::from(next).into()),
    }
}

/// The networks that hold these hosts.
pub fn sites(hosts: &BTreeSet<IpAddr>) -> Vec<String> {
    networks(hosts, 1, 16, 48)
}

/// Networks with at least so many hosts instead of these; the others as they are.
fn networks(hosts: &BTreeSet<IpAddr>, least: usize, bits_4: u8, bits_6: u8) -> Vec<String> {
    let mut inside: BTreeMap<IpAddr, BTreeSet<IpAddr>> = BTreeMap::new();
    for ip in hosts {
        inside.entry(network(*ip, bits_4, bits_6)).or_default().insert(*ip);
    }
    let name = |(network, hosts): (&IpAddr, &BTreeSet<IpAddr>)| {
        let bits = if network.is_ipv4() { bits_4 } else { bits_6 };
        if hosts.len() >= least { vec![format!("{network}/{bits}")] } else { runs(hosts) }
    };
    inside.iter().flat_map(name).collect()
}

fn network(ip: IpAddr, bits_4: u8, bits_6: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from(u32::from(ip) & (u32::MAX << (32 - u32::from(bits_4)))).into(),
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) & (u128::MAX << (128 - u32::from(bits_6)))).into(),
    }
}

/// Ports, and three or more in a row as a range; where there are very many, those above 1024 as one range.
pub fn ports(ports: &BTreeSet<u16>) -> Vec<String> {
    let exact = port_runs(ports.iter().copied());
    if exact.len() <= LONG {
        return exact;
    }
    let mut entries = port_runs(ports.range(..1024).copied());
    if entries.len() > LONG {
        entries = port_range(ports.range(..1024).copied().min(), ports.range(..1024).copied().max());
    }
    entries.extend(port_range(ports.range(1024..).next().copied(), ports.last().copied()));
    entries
}

fn port_range(first: Option<u16>, last: Option<u16>) -> Vec<String> {
    match (first, last) {
        (Some(first), Some(last)) if first < last => vec![format!("{first}-{last}")],
        (first, _) => first.iter().map(ToString::to_string).collect(),
    }
}

fn port_runs(ports: impl Iterator<Item = u16>) -> Vec<String> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for port in ports {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
            _ => runs.push((port, port)),
        }
    }
    let name = |(first, last): (u16, u16)| match last - first {
        0 => vec![first.to_string()],
        1 => vec![first.to_string(), last.to_string()],
        _ => vec![format!("{first}-{last}")],
    };
    runs.into_iter().flat_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::hosts::{Hosts, Range};

    fn set(texts: &[&str]) -> BTreeSet<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn hosts_in_a_row_are_a_range() {
        assert_eq!(hosts(&set(&["10.1.0.9", "10.1.0.11", "10.1.0.12", "10.1.0.13"])), ["10.1.0.9", "10.1.0.11-13"]);
        assert_eq!(hosts(&set(&["10.1.0.254", "10.1.0.255", "10.1.1.0"])), ["10.1.0.254-10.1.1.0"]);
        assert_eq!(hosts(&set(&["fd00::1", "fd00::2", "fd00::3", "fd00::9"])), ["fd00::1-fd00::3", "fd00::9"]);
    }

    #[test]
    fn very_many_hosts_are_their_networks_and_nobody_is_lost() {
        let dense: BTreeSet<IpAddr> = (0..200).map(|n| IpAddr::from([10, 1, 8, (n % 100) * 2])).collect();
        assert_eq!(hosts(&dense), ["10.1.8.0/24"]);
        for (step, count) in [(2, 60), (300, 90), (70_000, 500), (9_000_000, 400)] {
            let spread: BTreeSet<IpAddr> = (0..count).map(|n| Ipv4Addr::from(0x0a00_0000_u32 + n * step).into()).collect();
            let named = hosts(&spread);
            assert!(named.len() <= LONGEST, "{named:?}");
            let ranges = Hosts::new(named.iter().map(|entry| Range::parse(entry).unwrap()).collect());
            assert!(spread.iter().all(|ip| ranges.contains(*ip)), "{named:?}");
        }
    }

    #[test]
    fn ports_in_a_row_are_a_range_and_very_many_are_one() {
        assert_eq!(ports(&BTreeSet::from([80, 443, 444, 8080, 8081, 8082])), ["80", "443", "444", "8080-8082"]);
        let many: BTreeSet<u16> = [22, 80].into_iter().chain((2000..2100).step_by(3)).collect();
        assert_eq!(ports(&many), ["22", "80", "2000-2099"]);
    }
}
