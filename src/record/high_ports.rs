//! Counts the traffic to high ports, server by server, and what explains it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::flow::FlowRecord;
use super::learned::{DynamicRange, ExplainedBy, FlowsAndBytes, HighPorts, HighPortsTotal, LearnedEndpoint, OpenPort};
use super::words::Evidence;
use crate::net::IpProto;

/// Servers, and ports of each, that are counted one by one.
const SERVERS: usize = 4096;
const PORTS: usize = 1024;
/// Names that the flows of one port may have.
const NAMES: usize = 8;
/// Ports of all servers that are listed.
const LISTED: usize = 1000;

/// Ports up to here are not assigned at run time.
const LOW: u16 = 1024;

/// The ranges that systems take dynamic ports from (reading C43).
const ERAS: [(u16, u16, &str); 2] =
    [(1025, 5000, "up to Windows XP and Server 2003"), (49_152, u16::MAX, "since Windows Vista and Server 2008")];

/// The counts of one port that nothing explains.
#[derive(Clone, Debug, Default)]
struct Open {
    count: FlowsAndBytes,
    names: BTreeMap<Box<str>, u64>,
}

/// The counts of one server.
#[derive(Clone, Debug, Default)]
struct Server {
    all: FlowsAndBytes,
    explained: ExplainedBy,
    open: BTreeMap<(IpProto, u16), Open>,
}

/// Counts records as they are written.
#[derive(Clone, Debug, Default)]
pub struct HighPortsBuilder {
    servers: BTreeMap<IpAddr, Server>,
    /// Of all servers, also of those that are not counted one by one.
    all: FlowsAndBytes,
    explained: ExplainedBy,
}

impl FlowsAndBytes {
    fn apply(&mut self, bytes: u64, apply: fn(u64, u64) -> u64) {
        (self.flows, self.bytes) = (apply(self.flows, 1), apply(self.bytes, bytes));
    }
}

impl ExplainedBy {
    fn by(&mut self, evidence: Evidence) -> &mut FlowsAndBytes {
        match evidence {
            Evidence::Learned => &mut self.learned,
            Evidence::Payload => &mut self.payload,
            Evidence::Protocol | Evidence::Port => &mut self.port,
        }
    }
}

impl HighPortsBuilder {
    /// Adds a record's counts, or takes them away.
    pub fn count(&mut self, record: &FlowRecord<'_>, apply: fn(u64, u64) -> u64) {
        let Some(port) = record.server.port.filter(|port| *port > LOW) else { return };
        let bytes = record.bytes.sum();
        // What a server itself announced explains its port, also where no document knows the service.
        let announced = (record.announced && record.is_answered()).then_some(Evidence::Learned);
        let evidence = record.evidence.filter(|_| record.is_explained()).or(announced);
        self.all.apply(bytes, apply);
        if let Some(evidence) = evidence {
            self.explained.by(evidence).apply(bytes, apply);
        }
        if self.servers.len() >= SERVERS && !self.servers.contains_key(&record.server.ip) {
            return;
        }
        let server = self.servers.entry(record.server.ip).or_default();
        server.all.apply(bytes, apply);
        match evidence {
            Some(evidence) => server.explained.by(evidence).apply(bytes, apply),
            None => server.open(record, port, apply),
        }
    }

    /// The servers of which something is learned or explained, most bytes first; and all of them together.
    pub fn finish(self, learned: &[LearnedEndpoint], ranges: &[DynamicRange]) -> (Vec<HighPorts>, HighPortsTotal) {
        let mut ports: BTreeMap<IpAddr, BTreeSet<u16>> = BTreeMap::new();
        for endpoint in learned.iter().filter(|endpoint| endpoint.interface.is_some()) {
            ports.entry(endpoint.server).or_default().extend(endpoint.port.filter(|port| *port > LOW));
        }
        let mut total = HighPortsTotal {
            servers: self.servers.values().filter(|server| server.all.flows > 0).count() as u64,
            flows: self.all.flows,
            bytes: self.all.bytes,
            explained: self.explained,
            unexplained: self.servers.iter().flat_map(|(ip, server)| server.unexplained(*ip)).collect(),
            unexplained_left_out: 0,
        };
        total.unexplained.sort_by_key(OpenPort::order);
        total.unexplained_left_out = total.unexplained.len().saturating_sub(LISTED) as u64;
        total.unexplained.truncate(LISTED);
        let is_known = |ip: &IpAddr, server: &Server| ports.contains_key(ip) || server.explained != ExplainedBy::default();
        let known = self.servers.iter().filter(|(ip, server)| is_known(ip, server));
        let mut found: Vec<HighPorts> = known.map(|(ip, server)| server.told(*ip, ports.get(ip), ranges)).collect();
        found.sort_by_key(|server| (Reverse(server.bytes), server.server));
        (found, total)
    }
}

impl OpenPort {
    fn order(&self) -> (Reverse<u64>, IpAddr, IpProto, u16) {
        (Reverse(self.bytes), self.server, self.transport, self.port)
    }
}

impl Server {
    fn open(&mut self, record: &FlowRecord<'_>, port: u16, apply: fn(u64, u64) -> u64) {
        let place = (record.transport, port);
        if self.open.len() >= PORTS && !self.open.contains_key(&place) {
            return;
        }
        let open = self.open.entry(place).or_default();
        open.count.apply(record.bytes.sum(), apply);
        let Some(name) = record.label.or(record.hint) else { return };
        if open.names.len() < NAMES || open.names.contains_key(name) {
            let count = open.names.entry(name.into()).or_default();
            *count = apply(*count, 1);
        }
    }

    fn unexplained(&self, server: IpAddr) -> impl Iterator<Item = OpenPort> {
        let open = self.open.iter().filter(|(_, open)| open.count.flows > 0);
        open.map(move |((transport, port), open)| OpenPort {
            server,
            transport: *transport,
            port: *port,
            flows: open.count.flows,
            bytes: open.count.bytes,
            probably: open.name(),
        })
    }

    fn told(&self, server: IpAddr, ports: Option<&BTreeSet<u16>>, ranges: &[DynamicRange]) -> HighPorts {
        let mut unexplained: Vec<OpenPort> = self.unexplained(server).collect();
        unexplained.sort_by_key(OpenPort::order);
        let (range, era) = ports.and_then(|ports| era(ports, ranges)).unzip();
        HighPorts { server, range, era, flows: self.all.flows, bytes: self.all.bytes, explained: self.explained, unexplained }
    }
}

impl Open {
    fn name(&self) -> Option<String> {
        let named = self.names.iter().filter(|(_, count)| **count > 0);
        named.max_by_key(|(name, count)| (**count, Reverse(*name))).map(|(name, _)| name.to_string())
    }
}

/// The narrowest known range that nearly all ports are in (a service may have a fixed one beside), else what an administrator seems to have set.
fn era(ports: &BTreeSet<u16>, ranges: &[DynamicRange]) -> Option<(String, String)> {
    /// Fewer ports than these show no range of their own.
    const ENOUGH: usize = 3;
    let usual = ERAS.iter().map(|(first, last, era)| (*first, *last, (*era).to_owned()));
    let named = ranges.iter().filter(|range| ERAS.iter().all(|(first, last, _)| (*first, *last) != range.ports));
    let named = named.map(|range| (range.ports.0, range.ports.1, format!("configured: {}", range.of)));
    let holds = |(first, last, _): &(u16, u16, String)| ports.range(first..=last).count() * 4 >= ports.len() * 3;
    let found = usual.chain(named).filter(holds).min_by_key(|(first, last, _)| last - first);
    let (smallest, largest) = (ports.first()?, ports.last()?);
    match found {
        Some((first, last, era)) => Some((format!("{first}-{last}"), era)),
        None => (ports.len() >= ENOUGH).then(|| (format!("{smallest}-{largest}"), "configured".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_era_follows_most_ports() {
        let of = |ports: &[u16]| era(&ports.iter().copied().collect(), &[]).map(|(range, _)| range);
        assert_eq!(of(&[1026, 1028, 1433, 3268]).as_deref(), Some("1025-5000"));
        assert_eq!(of(&[49152, 49158, 49664, 5985]).as_deref(), Some("49152-65535"));
        assert_eq!(of(&[5001, 5002, 5010]).as_deref(), Some("5001-5010"));
        assert_eq!((of(&[5001]), of(&[])), (None, None), "one port is no range");
    }

    #[test]
    fn a_range_of_the_rules_is_named() {
        let ledger = DynamicRange { ports: (50_000, 50_100), of: "Ledger".to_owned() };
        let of = |ports: &[u16]| era(&ports.iter().copied().collect(), std::slice::from_ref(&ledger));
        assert_eq!(of(&[50_001, 50_002]), Some(("50000-50100".to_owned(), "configured: Ledger".to_owned())));
        assert_eq!(of(&[50_001, 49_153]).map(|(range, _)| range).as_deref(), Some("49152-65535"));
    }
}
