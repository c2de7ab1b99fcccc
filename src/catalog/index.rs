//! The catalog compiled for lookup: one table of 65536 slots a transport, one of 256 for IP protocols and ICMP types.

use std::net::IpAddr;
use std::sync::OnceLock;

use super::model::{Direction, FactRef, Port, Status, SystemRef};
use super::{Catalog, Fact};
use crate::net::IpProto;

/// What the catalog says of one number: its label and whoever may be behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The protocol's name, of the first candidate.
    pub label: String,
    /// The numbers it holds for: one, or the part of a range that has this answer.
    pub first: u16,
    /// The last of them.
    pub last: u16,
    /// Whether a document gives the number itself, not only a range around it.
    pub fixed: bool,
    /// The best standing among the candidates: a doubtful or derived one deserves its note.
    pub status: Status,
    /// Candidate systems, the listener first, then in the order of the documents.
    pub systems: Vec<SystemRef>,
    /// The facts behind them, in the same order.
    pub facts: Vec<FactRef>,
    /// Systems that only a reading puts here beside documented ones.
    pub derived: Vec<SystemRef>,
    /// The facts behind those.
    pub derived_facts: Vec<FactRef>,
    /// The reading that says who listens, where several claim the number.
    pub listener: Option<SystemRef>,
    /// Some candidate holds only for some networks: ask [`Catalog::candidates`].
    pub limited: bool,
    /// No format of its protocol was ever published.
    pub unpublished: bool,
    texts: OnceLock<Texts>,
}

/// An entry in words, as records list it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    /// Ids of the candidate systems, those that only a reading puts here last.
    pub systems: Vec<String>,
    /// For each system the first line that says so.
    pub sources: Vec<String>,
}

impl Texts {
    /// Nobody.
    pub const NONE: &Self = &Self { systems: Vec::new(), sources: Vec::new() };
}

impl Entry {
    /// The entry in words; made once.
    pub fn texts(&self, catalog: &Catalog) -> &Texts {
        self.texts.get_or_init(|| {
            let mut texts = Texts::default();
            for fact in self.facts.iter().chain(&self.derived_facts).filter_map(|at| catalog.fact(*at)) {
                let Some(system) = catalog.system(fact.system).filter(|system| !texts.systems.contains(&system.id)) else {
                    continue;
                };
                texts.systems.push(system.id.clone());
                texts.sources.extend(fact.sources.first().map(|source| catalog.print_source(*source)));
            }
            texts
        })
    }
}

/// A table of one transport: slot 0 is nothing, slot n is entry n - 1.
#[derive(Debug)]
struct Table {
    transport: IpProto,
    slots: Box<[u16]>,
    entries: Vec<Entry>,
}

impl Table {
    fn get(&self, number: u16) -> Option<&Entry> {
        let slot = *self.slots.get(number as usize)?;
        self.entries.get((slot as usize).checked_sub(1)?)
    }
}

/// All tables.
#[derive(Debug)]
pub(super) struct Index {
    tcp: Table,
    udp: Table,
    others: Vec<Table>,
    protocols: Table,
    icmp: Table,
    icmp6: Table,
    source_ports: Vec<Table>,
    peer_ports: Vec<(IpProto, u16, u16)>,
}

/// How a fact is looked up.
enum Kind {
    Listening,
    OpensFrom,
}

/// ICMP answers belong to the question: echo, and router and neighbour discovery.
const ICMP_REPLIES: &[(u16, u16)] = &[(0, 8)];
const ICMP6_REPLIES: &[(u16, u16)] = &[(129, 128)];

impl Index {
    /// No tables yet.
    pub fn empty() -> Self {
        let none = |transport| empty_table(transport, 0, true);
        let (tcp, udp, icmp, icmp6) = (none(IpProto::TCP), none(IpProto::UDP), none(IpProto::ICMP), none(IpProto::ICMP6));
        Self {
            tcp,
            udp,
            others: Vec::new(),
            protocols: none(IpProto(0)),
            icmp,
            icmp6,
            source_ports: Vec::new(),
            peer_ports: Vec::new(),
        }
    }

    pub fn compile(catalog: &Catalog) -> Self {
        let mut transports: Vec<IpProto> =
            catalog.facts.iter().filter(|fact| !fact.ports.is_empty()).filter_map(|f| f.transport).collect();
        transports.sort_unstable();
        transports.dedup();
        let opening = |transport: &IpProto| port_table(catalog, *transport, &Kind::OpensFrom);
        let with_entries = |table: &Table| !table.entries.is_empty();
        let source_ports = transports.iter().map(opening).filter(with_entries).collect();
        let others = transports.iter().filter(|t| !matches!(**t, IpProto::TCP | IpProto::UDP));
        Self {
            tcp: port_table(catalog, IpProto::TCP, &Kind::Listening),
            udp: port_table(catalog, IpProto::UDP, &Kind::Listening),
            others: others.map(|transport| port_table(catalog, *transport, &Kind::Listening)).collect(),
            protocols: protocol_table(catalog),
            icmp: icmp_table(catalog, IpProto::ICMP, ICMP_REPLIES),
            icmp6: icmp_table(catalog, IpProto::ICMP6, ICMP6_REPLIES),
            source_ports,
            peer_ports: peer_ports(catalog),
        }
    }

    #[inline]
    pub fn port(&self, transport: IpProto, port: u16) -> Option<&Entry> {
        match transport {
            IpProto::TCP => self.tcp.get(port),
            IpProto::UDP => self.udp.get(port),
            other => self.others.iter().find(|table| table.transport == other)?.get(port),
        }
    }

    pub fn protocol(&self, protocol: IpProto) -> Option<&Entry> {
        self.protocols.get(u16::from(protocol.0))
    }

    pub fn icmp(&self, protocol: IpProto, icmp_type: u8) -> Option<&Entry> {
        match protocol {
            IpProto::ICMP => self.icmp.get(u16::from(icmp_type)),
            IpProto::ICMP6 => self.icmp6.get(u16::from(icmp_type)),
            _ => None,
        }
    }

    pub fn source_port(&self, transport: IpProto, port: u16) -> Option<&Entry> {
        self.source_ports.iter().find(|table| table.transport == transport)?.get(port)
    }

    /// The listening port that goes with this client port, where the two are a pair.
    pub fn listener_of_peer(&self, transport: IpProto, port: u16) -> Option<u16> {
        self.peer_ports.iter().find(|(t, peer, _)| *t == transport && *peer == port).map(|(_, _, listening)| *listening)
    }
}

/// The numbers by which a fact is looked up; the second of a pair is its peer's and not looked up here.
fn numbers(fact: &Fact) -> impl Iterator<Item = (u16, u16)> {
    let count = if fact.pair { 1 } else { fact.ports.len() };
    fact.ports.iter().take(count).filter_map(|port| port.bounds())
}

fn peer_ports(catalog: &Catalog) -> Vec<(IpProto, u16, u16)> {
    let mut found = Vec::new();
    for fact in catalog.facts.iter().filter(|fact| fact.pair && fact.matches()) {
        if let (Some(transport), [Port::One(listening), Port::One(peer)]) = (fact.transport, fact.ports.as_slice())
            && !found.contains(&(transport, *peer, *listening))
        {
            found.push((transport, *peer, *listening));
        }
    }
    found
}

fn port_table(catalog: &Catalog, transport: IpProto, kind: &Kind) -> Table {
    let wanted = |fact: &Fact| {
        let right_kind = fact.opens_from == matches!(kind, Kind::OpensFrom);
        fact.transport == Some(transport) && right_kind && fact.matches()
    };
    let facts: Vec<FactRef> = catalog.fact_refs().filter(|at| catalog.fact(*at).is_some_and(wanted)).collect();
    let mut edges: Vec<u32> = Vec::new();
    for (first, last) in facts.iter().filter_map(|at| catalog.fact(*at)).flat_map(numbers) {
        edges.extend([u32::from(first), u32::from(last) + 1]);
    }
    edges.sort_unstable();
    edges.dedup();
    let mut table = empty_table(transport, 65536, edges.is_empty());
    for pair in edges.windows(2) {
        if let [first, next] = *pair {
            let (first, last) = (first as u16, (next - 1) as u16);
            let here = |fact: &Fact| numbers(fact).any(|(low, high)| low <= first && last <= high);
            let covering = facts.iter().copied().filter(|at| catalog.fact(*at).is_some_and(here)).collect();
            add_entry(&mut table, catalog, covering, first, last);
        }
    }
    table
}

fn protocol_table(catalog: &Catalog) -> Table {
    let whole = |fact: &Fact| fact.ports.is_empty() && fact.icmp_type.is_none();
    number_table(catalog, |fact| fact.transport.filter(|_| whole(fact)).map(|transport| u16::from(transport.0)))
}

fn icmp_table(catalog: &Catalog, protocol: IpProto, replies: &[(u16, u16)]) -> Table {
    let mut table = number_table(catalog, |fact| fact.icmp_type.filter(|_| fact.transport == Some(protocol)).map(u16::from));
    for (reply, request) in replies {
        let slot = table.slots.get(*request as usize).copied().unwrap_or_default();
        if let Some(free) = table.slots.get_mut(*reply as usize).filter(|free| **free == 0) {
            *free = slot;
        }
    }
    table
}

fn number_table(catalog: &Catalog, number: impl Fn(&Fact) -> Option<u16>) -> Table {
    let mut table = empty_table(IpProto(0), 256, false);
    let numbered = |at: FactRef| Some((number(catalog.fact(at).filter(|fact| fact.matches())?)?, at));
    let mut facts: Vec<(u16, FactRef)> = catalog.fact_refs().filter_map(numbered).collect();
    facts.sort_unstable();
    for here in facts.chunk_by(|(left, _), (right, _)| left == right) {
        if let Some((wanted, _)) = here.first() {
            add_entry(&mut table, catalog, here.iter().map(|(_, at)| *at).collect(), *wanted, *wanted);
        }
    }
    table
}

fn empty_table(transport: IpProto, size: usize, unused: bool) -> Table {
    Table { transport, slots: vec![0; if unused { 0 } else { size }].into_boxed_slice(), entries: Vec::new() }
}

fn add_entry(table: &mut Table, catalog: &Catalog, facts: Vec<FactRef>, first: u16, last: u16) {
    let Some(entry) = entry(catalog, facts, first, last) else { return };
    table.entries.push(entry);
    // At most 65535 entries: there is one for each number from 1 at most, and 0 is no port.
    let slot = table.entries.len() as u16;
    if let Some(slots) = table.slots.get_mut(first as usize..=last as usize) {
        slots.fill(slot);
    }
}

/// Ranks facts of one number: what a later layer says, then fixed before range, then the listener, then the documents' order.
fn rank(catalog: &Catalog, fact: &Fact, number: u16) -> impl Ord + use<> {
    let order = fact.sources.iter().filter_map(|source| catalog.document(source.doc)).map(|document| document.order).min();
    let in_range_only = !fact.ports.is_empty() && !fact.ports.contains(&Port::One(number));
    (std::cmp::Reverse(fact.layer), in_range_only, !fact.listener, order, fact.system)
}

fn entry(catalog: &Catalog, mut facts: Vec<FactRef>, first: u16, last: u16) -> Option<Entry> {
    facts.sort_by_cached_key(|at| catalog.fact(*at).map(|fact| rank(catalog, fact, first)));
    let status = |at: &FactRef| catalog.fact(*at).map_or(Status::Defect, |fact| fact.status);
    let printed = facts.iter().any(|at| status(at) < Status::Derived);
    let (chosen, derived): (Vec<_>, Vec<_>) = facts.into_iter().partition(|at| !printed || status(at) < Status::Derived);
    let label = chosen.first().and_then(|at| catalog.fact(*at))?.protocol.clone();
    let systems = systems_of(catalog, &chosen);
    let mut beside = systems_of(catalog, &derived);
    beside.retain(|system| !systems.contains(system));
    let listener = chosen.iter().filter_map(|at| catalog.fact(*at)).find(|fact| fact.listener).map(|fact| fact.system);
    let is_fixed =
        |at: &FactRef| catalog.fact(*at).is_some_and(|fact| fact.ports.is_empty() || fact.ports.contains(&Port::One(first)));
    let is_limited = |at: &FactRef| catalog.networks_of(*at).is_some();
    Some(Entry {
        unpublished: catalog.protocol_rule(&label).is_some_and(|rule| rule.unpublished),
        label,
        first,
        last,
        fixed: chosen.iter().any(is_fixed),
        status: chosen.iter().map(status).min().unwrap_or_default(),
        limited: chosen.iter().any(is_limited),
        texts: OnceLock::new(),
        systems,
        facts: chosen,
        derived: beside,
        derived_facts: derived,
        listener,
    })
}

fn systems_of(catalog: &Catalog, facts: &[FactRef]) -> Vec<SystemRef> {
    let mut systems = Vec::new();
    for fact in facts.iter().filter_map(|at| catalog.fact(*at)) {
        if !systems.contains(&fact.system) {
            systems.push(fact.system);
        }
    }
    systems
}

impl Catalog {
    /// What listens at this port. Ports apart from one another: the same number of another transport is another question.
    #[inline]
    pub fn port(&self, transport: IpProto, port: u16) -> Option<&Entry> {
        self.index.port(transport, port)
    }

    /// What is documented at this number for the *other* of TCP and UDP, when this one has nothing (`transport-undocumented`).
    pub fn other_transport(&self, transport: IpProto, port: u16) -> Option<&Entry> {
        let other = match transport {
            IpProto::TCP => IpProto::UDP,
            IpProto::UDP => IpProto::TCP,
            _ => return None,
        };
        if self.port(transport, port).is_some() { None } else { self.port(other, port) }
    }

    /// What an IP protocol number is: GRE, ESP, AH, IGMP.
    pub fn protocol(&self, protocol: IpProto) -> Option<&Entry> {
        self.index.protocol(protocol)
    }

    /// What an ICMP type is, of `icmp` or `icmp6`. An echo reply answers as its request does.
    pub fn icmp(&self, protocol: IpProto, icmp_type: u8) -> Option<&Entry> {
        self.index.icmp(protocol, icmp_type)
    }

    /// What opens connections *from* this port (FTP data from 20); such a port is not in [`Self::port`].
    pub fn source_port(&self, transport: IpProto, port: u16) -> Option<&Entry> {
        self.index.source_port(transport, port)
    }

    /// The listening port whose clients use this one (67 for UDP 68). A flow to it counts only when its other end is that port.
    pub fn listener_of_peer(&self, transport: IpProto, port: u16) -> Option<u16> {
        self.index.listener_of_peer(transport, port)
    }

    /// The candidates of an entry that hold for this server, with the fact of each. The first names the flow.
    pub fn candidates<'a>(&'a self, entry: &'a Entry, server: IpAddr) -> impl Iterator<Item = (SystemRef, &'a Fact)> {
        let holds = move |at: &&FactRef| self.networks_of(**at).is_none_or(|nets| nets.iter().any(|net| net.contains(&server)));
        entry.facts.iter().filter(holds).filter_map(|at| self.fact(*at)).map(|fact| (fact.system, fact))
    }

    /// Whether a link's row lets this end open the connection.
    pub fn may_open(&self, fact: &Fact) -> Direction {
        let link = self.system(fact.system).and_then(|system| system.ends.as_ref()).map(|ends| ends.direction);
        fact.direction.or(link).unwrap_or(Direction::OneWay)
    }
}
