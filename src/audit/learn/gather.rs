//! What was seen, alike conversations together: all that a judgement depends on, and how often. Its memory is bounded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::roles;
use crate::audit::hosts::{is_global_unicast, is_link_local, is_placeless};
use crate::catalog::{Catalog, SystemRef};
use crate::net::{IpProto, Timestamp};
use crate::record::{
    CommunityTuple, Confidence, Direction, Evidence, Flow, FlowId, FlowRecord, Host, Icmp, Payload, PerSide, Verdict,
};

/// Conversations remembered one by one; tests come to the end of it sooner.
const MOST_SEEN: usize = if cfg!(test) { 1 << 9 } else { 1 << 17 };
/// Names of hosts remembered.
const MOST_NAMES: usize = 1 << 12;
/// The two notes of an attempt that failed.
const FAILURES: &[&str] = &["refused", "unanswered"];

/// A text that many records have, by its place among [`Words`]; 0 is none.
pub type Word = u32;

/// Texts, each once.
#[derive(Debug, Default)]
struct Words {
    places: HashMap<String, Word>,
    texts: Vec<String>,
}

impl Words {
    fn place(&mut self, text: &str) -> Word {
        if text.is_empty() {
            return 0;
        }
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.texts.push(text.to_owned());
        let place = self.texts.len() as Word;
        self.places.insert(text.to_owned(), place);
        place
    }

    fn get(&self, place: Word) -> Option<&str> {
        self.texts.get((place as usize).checked_sub(1)?).map(String::as_str)
    }
}

/// A kind of conversation between two hosts: whatever a judgement asks.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Sighting {
    pub server: IpAddr,
    pub transport: IpProto,
    pub port: Option<u16>,
    pub client: IpAddr,
    /// Only where a document lets a server open connections from it.
    pub from_port: Option<u16>,
    pub icmp: Option<u8>,
    label: Word,
    flags: Word,
    systems: Word,
    pub verdict: Option<Verdict>,
    pub evidence: Option<Evidence>,
    pub payload: Option<(&'static str, Option<Confidence>)>,
    /// `refused` or `unanswered`.
    pub failed: Option<&'static str>,
    answered: bool,
    /// The addresses that clients at 0.0.0.0 were given.
    leased: Vec<IpAddr>,
}

/// How often, and what else was noticed.
#[derive(Clone, Debug)]
pub struct Weight {
    pub flows: u64,
    hint: Word,
    /// The sign of a role, by its place in `roles.rs`.
    pub sign: Option<usize>,
}

/// Conversations beyond those that are remembered one by one, of one transport.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    pub flows: u64,
    /// The lowest and the highest port.
    pub ports: Option<(u16, u16)>,
    /// ICMP types.
    pub types: BTreeSet<u8>,
    /// Flags and notes that an audit would find.
    pub faults: BTreeSet<String>,
}

/// Remembers what was seen, to draft a policy from it.
#[derive(Debug, Default)]
pub struct Learner {
    seen: HashMap<Sighting, Weight>,
    words: Words,
    names: BTreeMap<IpAddr, String>,
    crowds: BTreeMap<IpProto, Crowd>,
    flows: u64,
    time: Option<(Timestamp, Timestamp)>,
}

/// All of it, in order.
pub struct Traffic<'l> {
    pub seen: Vec<(&'l Sighting, &'l Weight)>,
    pub crowds: &'l BTreeMap<IpProto, Crowd>,
    pub flows: u64,
    pub hosts: usize,
    pub time: Option<(Timestamp, Timestamp)>,
    words: &'l Words,
    names: &'l BTreeMap<IpAddr, String>,
    /// There are private addresses, so the others are somewhere else.
    has_private: bool,
}

impl Learner {
    /// Remembers a record.
    pub fn see(&mut self, record: &FlowRecord<'_>, catalog: &Catalog) {
        self.flows += 1;
        let (first, last) = self.time.unwrap_or((record.first, record.last));
        self.time = Some((first.earliest(record.first), last.latest(record.last)));
        for host in [&record.client, &record.server] {
            if let Some(name) = host.name.filter(|_| self.names.len() < MOST_NAMES) {
                self.names.entry(host.ip).or_insert_with(|| name.to_owned());
            }
        }
        let sighting = self.sighting(record, catalog);
        if self.seen.len() >= MOST_SEEN && !self.seen.contains_key(&sighting) {
            self.crowds.entry(record.transport).or_default().add(record);
            return;
        }
        let hint = self.words.place(record.hint.unwrap_or_default());
        let weight = self.seen.entry(sighting).or_insert(Weight { flows: 0, hint, sign: None });
        weight.flows += 1;
        weight.sign = weight.sign.or_else(|| roles::sign(record));
    }

    fn sighting(&mut self, record: &FlowRecord<'_>, catalog: &Catalog) -> Sighting {
        let opens = |port: &u16| catalog.source_port(record.transport, *port).is_some();
        Sighting {
            server: record.server.ip,
            transport: record.transport,
            port: record.server.port,
            client: record.client.ip,
            from_port: record.client.port.filter(opens),
            icmp: record.icmp.map(|icmp| icmp.kind),
            label: self.words.place(record.label.unwrap_or_default()),
            flags: self.words.place(&record.flags.join(" ")),
            systems: self.words.place(&record.systems.join(" ")),
            verdict: record.verdict,
            evidence: record.evidence,
            payload: record.payload.and_then(|payload| Some((payload.protocol?, payload.confidence))),
            failed: FAILURES.iter().copied().find(|failure| record.notes.contains(failure)),
            answered: record.packets.server > 0,
            leased: record.leased.clone(),
        }
    }

    /// All of it, in order.
    pub fn traffic(&self) -> Traffic<'_> {
        let mut seen: Vec<_> = self.seen.iter().collect();
        seen.sort_unstable_by_key(|(sighting, _)| *sighting);
        let hosts: BTreeSet<IpAddr> = seen.iter().flat_map(|(sighting, _)| [sighting.client, sighting.server]).collect();
        let is_private = |ip: &IpAddr| !is_global_unicast(*ip) && !is_placeless(*ip) && !is_link_local(*ip);
        Traffic {
            seen,
            crowds: &self.crowds,
            flows: self.flows,
            hosts: hosts.len(),
            time: self.time,
            words: &self.words,
            names: &self.names,
            has_private: hosts.iter().any(is_private),
        }
    }
}

impl Crowd {
    fn add(&mut self, record: &FlowRecord<'_>) {
        self.flows += 1;
        if let Some(port) = record.server.port {
            let (low, high) = self.ports.unwrap_or((port, port));
            self.ports = Some((low.min(port), high.max(port)));
        }
        self.types.extend(record.icmp.map(|icmp| icmp.kind));
        let faults = record.notes.iter().filter(|note| FAILURES.contains(note)).chain(&record.flags);
        self.faults.extend(faults.map(|fault| (*fault).to_owned()));
    }
}

impl Sighting {
    /// Whether it shows what somebody means to do: not an attempt that failed, nor bytes that belong elsewhere.
    pub fn teaches(&self, traffic: &Traffic<'_>) -> bool {
        self.failed.is_none() && traffic.fault(self).is_none()
    }

    /// Whether another conversation announced it.
    pub fn is_announced(&self) -> bool {
        self.evidence == Some(Evidence::Learned)
    }
}

impl<'l> Traffic<'l> {
    /// As the record it was made of, as far as a judgement asks.
    pub fn record(&self, sighting: &Sighting) -> FlowRecord<'l> {
        let host = |ip, port| Host { ip, port, name: None };
        let answered = u64::from(sighting.answered);
        FlowRecord {
            terse: true,
            kind: Flow::Flow,
            id: FlowId { packet: 1, layer: 0 },
            community_id: CommunityTuple {
                source: sighting.client,
                destination: sighting.server,
                protocol: sighting.transport,
                ports: None,
            },
            first: Timestamp::NONE,
            last: Timestamp::NONE,
            duration: 0.0,
            ip_version: if sighting.server.is_ipv4() { 4 } else { 6 },
            transport: sighting.transport,
            protocol: sighting.transport.0,
            vlans: Vec::new(),
            tunnels: Vec::new(),
            client: host(sighting.client, sighting.from_port),
            server: host(sighting.server, sighting.port),
            direction: Direction::First,
            packets: PerSide { client: 1, server: answered },
            bytes: PerSide { client: 1, server: answered },
            icmp: sighting.icmp.map(|kind| Icmp { kind, code: 0, id: None }),
            icmp_errors: None,
            tcp: None,
            spis: Vec::new(),
            label: self.words.get(sighting.label),
            detail: None,
            systems: self.words.get(sighting.systems).map(|systems| systems.split(' ').collect()).unwrap_or_default(),
            verdict: sighting.verdict,
            evidence: sighting.evidence,
            learned_after: false,
            announced: false,
            flags: self.flags(sighting).collect(),
            notes: sighting.failed.into_iter().collect(),
            reason: None,
            hint: None,
            payload: sighting.payload.map(|(protocol, confidence)| Payload { protocol: Some(protocol), confidence, calls: 1 }),
            sources: Vec::new(),
            policy: None,
            leased: sighting.leased.clone(),
        }
    }

    /// The label of its flows.
    pub fn label(&self, sighting: &Sighting) -> Option<&'l str> {
        self.words.get(sighting.label)
    }

    /// What its flows probably are.
    pub fn hint(&self, weight: &Weight) -> Option<&'l str> {
        self.words.get(weight.hint)
    }

    /// The flags of its flows.
    pub fn flags(&self, sighting: &Sighting) -> impl Iterator<Item = &'l str> + use<'l> {
        self.words.get(sighting.flags).into_iter().flat_map(|flags| flags.split(' '))
    }

    /// A flag that says that these bytes are not what they should be, or that nobody can tell what they are.
    pub fn fault(&self, sighting: &Sighting) -> Option<&'l str> {
        self.flags(sighting).find(|flag| matches!(*flag, "payload-contradicts-port" | "ports-unseen"))
    }

    /// Who may be behind it, the likeliest first.
    pub fn systems(&self, sighting: &Sighting, catalog: &Catalog) -> Vec<SystemRef> {
        let ids = self.words.get(sighting.systems).into_iter().flat_map(|systems| systems.split(' '));
        ids.filter_map(|id| catalog.system_by_id(id)).collect()
    }

    /// What the traffic called a host.
    pub fn name(&self, ip: IpAddr) -> Option<&'l str> {
        self.names.get(&ip).map(String::as_str)
    }

    /// Somewhere in the Internet, as seen from a site with private addresses.
    pub fn is_far(&self, ip: IpAddr) -> bool {
        self.has_private && is_global_unicast(ip)
    }

    /// A host with an address of its own that is not far.
    pub fn is_here(&self, ip: IpAddr) -> bool {
        !self.is_far(ip) && !is_placeless(ip) && !is_link_local(ip)
    }

    /// How often it was seen.
    pub fn weight(&self, sighting: &Sighting) -> Option<&'l Weight> {
        let at = self.seen.binary_search_by_key(&sighting, |(seen, _)| *seen).ok()?;
        self.seen.get(at).map(|(_, weight)| *weight)
    }
}
