//! Counts the traffic to high ports, server by server, and what explains it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::flow::FlowRecord;
use super::learned::{ExplainedBy, FlowsAndBytes, HighPorts, LearnedEndpoint, OpenPort};
use super::words::Evidence;
use crate::net::IpProto;

/// Servers, and ports of each, that are counted one by one.
const SERVERS: usize = 4096;
const PORTS: usize = 1024;

/// Ports up to here are not assigned at run time.
const LOW: u16 = 1024;

/// The ranges that systems take dynamic ports from (reading C43).
const ERAS: [(u16, u16, &str); 2] =
    [(1025, 5000, "up to Windows XP and Server 2003"), (49_152, u16::MAX, "since Windows Vista and Server 2008")];

/// The counts of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    all: FlowsAndBytes,
    explained: ExplainedBy,
    open: BTreeMap<(IpProto, u16), FlowsAndBytes>,
}

/// Counts records as they are written.
#[derive(Clone, Debug, Default)]
pub struct HighPortsBuilder {
    servers: BTreeMap<IpAddr, Server>,
}

impl FlowsAndBytes {
    fn apply(&mut self, flows: u64, bytes: u64, apply: fn(u64, u64) -> u64) {
        (self.flows, self.bytes) = (apply(self.flows, flows), apply(self.bytes, bytes));
    }
}

impl HighPortsBuilder {
    /// Adds a record's counts, or takes them away.
    pub fn count(&mut self, record: &FlowRecord<'_>, apply: fn(u64, u64) -> u64) {
        let Some(port) = record.server.port.filter(|port| *port > LOW) else { return };
        if self.servers.len() >= SERVERS && !self.servers.contains_key(&record.server.ip) {
            return;
        }
        let bytes = record.bytes.sum();
        let server = self.servers.entry(record.server.ip).or_default();
        server.all.apply(1, bytes, apply);
        let explained = match record.evidence.filter(|_| record.is_explained()) {
            Some(Evidence::Learned) => &mut server.explained.learned,
            Some(Evidence::Payload) => &mut server.explained.payload,
            Some(Evidence::Protocol | Evidence::Port) => &mut server.explained.port,
            None => {
                let place = (record.transport, port);
                if server.open.len() < PORTS || server.open.contains_key(&place) {
                    server.open.entry(place).or_default().apply(1, bytes, apply);
                }
                return;
            }
        };
        explained.apply(1, bytes, apply);
    }

    /// The servers of which something is learned or explained, most bytes first.
    pub fn finish(self, learned: &[LearnedEndpoint]) -> Vec<HighPorts> {
        let mut ports: BTreeMap<IpAddr, BTreeSet<u16>> = BTreeMap::new();
        for endpoint in learned.iter().filter(|endpoint| endpoint.interface.is_some()) {
            ports.entry(endpoint.server).or_default().extend(endpoint.port.filter(|port| *port > LOW));
        }
        let is_known = |ip: &IpAddr, server: &Server| ports.contains_key(ip) || server.explained != ExplainedBy::default();
        let known = self.servers.into_iter().filter(|(ip, server)| is_known(ip, server));
        let mut found: Vec<HighPorts> = known.map(|(ip, server)| server.told(ip, ports.get(&ip))).collect();
        found.sort_by_key(|server| (Reverse(server.bytes), server.server));
        found
    }
}

impl Server {
    fn told(self, server: IpAddr, ports: Option<&BTreeSet<u16>>) -> HighPorts {
        let open = self.open.into_iter().filter(|(_, count)| count.flows > 0);
        let mut unexplained: Vec<OpenPort> =
            open.map(|((transport, port), FlowsAndBytes { flows, bytes })| OpenPort { transport, port, flows, bytes }).collect();
        unexplained.sort_by_key(|open| (Reverse(open.bytes), open.transport, open.port));
        let (range, era) = ports.and_then(era).unzip();
        HighPorts { server, range, era, flows: self.all.flows, bytes: self.all.bytes, explained: self.explained, unexplained }
    }
}

/// The range that nearly all ports are in (a service may have a fixed one beside), else what an administrator seems to have set.
fn era(ports: &BTreeSet<u16>) -> Option<(String, &'static str)> {
    let within = |first: u16, last: u16| ports.range(first..=last).count();
    let usual = ERAS.iter().find(|(first, last, _)| within(*first, *last) * 4 >= ports.len() * 3);
    let (smallest, largest) = (ports.first()?, ports.last()?);
    Some(match usual {
        Some((first, last, name)) => (format!("{first}-{last}"), name),
        None => (format!("{smallest}-{largest}"), "configured"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_era_follows_most_ports() {
        let of = |ports: &[u16]| era(&ports.iter().copied().collect()).map(|(range, _)| range);
        assert_eq!(of(&[1026, 1028, 1433, 3268]).as_deref(), Some("1025-5000"));
        assert_eq!(of(&[49152, 49158, 49664, 5985]).as_deref(), Some("49152-65535"));
        assert_eq!(of(&[5001, 5002, 5010]).as_deref(), Some("5001-5010"));
        assert_eq!(of(&[]), None);
    }
}
