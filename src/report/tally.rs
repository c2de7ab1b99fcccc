//! What the formats for people remember of the records that went by: sums, never records.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use super::top::{Top, Weight};
use crate::net::{Endpoint, IpProto};
use crate::record::{Evidence, FlowId, FlowRecord, Host, Verdict};

/// Labels, and ports without one.
const SERVICES: usize = 2048;
/// Servers of one of them.
const SERVERS: usize = 128;
/// Hosts of all.
const HOSTS: usize = 8192;
/// Kinds of flagged flows.
const FLAGGED: usize = 1024;
/// From here on ports are handed out on demand (RFC 6335): one says no more than another.
pub(super) const DYNAMIC: u16 = 49_152;

/// Flows, packets and bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Amount {
    pub(super) flows: u64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

impl Amount {
    /// What one record amounts to.
    pub(super) fn of(record: &FlowRecord<'_>) -> Self {
        Self { flows: 1, packets: record.packets.sum(), bytes: record.bytes.sum() }
    }

    pub(super) fn apply(&mut self, other: Self, how: Apply) {
        let apply = match how {
            Apply::Add => u64::saturating_add,
            Apply::Take => u64::saturating_sub,
        };
        self.flows = apply(self.flows, other.flows);
        self.packets = apply(self.packets, other.packets);
        self.bytes = apply(self.bytes, other.bytes);
    }
}

impl Weight for Amount {
    /// Bytes; flows without any still weigh something.
    fn weight(&self) -> u64 {
        self.bytes.saturating_add(self.flows)
    }
}

/// Whether a record comes, or goes because later evidence replaced it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Apply {
    Add,
    Take,
}

impl Apply {
    /// Counts one more, or one less.
    pub(super) fn one(self, count: &mut u64) {
        *count = if self == Self::Add { *count + 1 } else { count.saturating_sub(1) };
    }
}

/// What flows are grouped by: their label, else where they went.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum Service {
    Label(Box<str>),
    Port(IpProto, Option<u16>),
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => f.write_str(label),
            Self::Port(protocol, Some(DYNAMIC)) => write!(f, "{protocol} {DYNAMIC}-65535"),
            Self::Port(protocol, Some(port)) => write!(f, "{protocol} {port}"),
            Self::Port(protocol @ (IpProto::TCP | IpProto::UDP | IpProto::SCTP | IpProto::UDPLITE), None) => {
                write!(f, "{protocol} without ports")
            }
            Self::Port(protocol, None) => write!(f, "{protocol}"),
        }
    }
}

/// A [`Service`] to look up without owning its label; it hashes alike.
#[derive(Clone, Copy, Hash)]
enum ServiceOf<'a> {
    Label(&'a str),
    Port(IpProto, Option<u16>),
}

impl<'a> ServiceOf<'a> {
    fn new(record: &FlowRecord<'a>) -> Self {
        match record.label {
            Some(label) => Self::Label(label),
            None => Self::Port(record.transport, record.server.port.map(|port| port.min(DYNAMIC))),
        }
    }

    fn own(&self) -> Service {
        match *self {
            Self::Label(label) => Service::Label(label.into()),
            Self::Port(protocol, port) => Service::Port(protocol, port),
        }
    }
}

impl hashbrown::Equivalent<Service> for ServiceOf<'_> {
    fn equivalent(&self, key: &Service) -> bool {
        match (self, key) {
            (Self::Label(mine), Service::Label(label)) => **mine == **label,
            (Self::Port(a, b), Service::Port(protocol, port)) => a == protocol && b == port,
            _ => false,
        }
    }
}

/// One service.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) amount: Amount,
    pub(super) flagged: u64,
    /// Flows by evidence, strongest first.
    pub(super) evidence: [u64; Evidence::ALL.len()],
    pub(super) servers: Top<IpAddr, HostAmount>,
    pub(super) hint: Option<Box<str>>,
}

impl Default for Group {
    fn default() -> Self {
        Self { amount: Amount::default(), flagged: 0, evidence: [0; Evidence::ALL.len()], servers: Top::new(SERVERS), hint: None }
    }
}

impl Weight for Group {
    fn weight(&self) -> u64 {
        self.amount.weight()
    }
}

impl Group {
    fn apply(&mut self, record: &FlowRecord<'_>, amount: Amount, how: Apply) {
        self.amount.apply(amount, how);
        let flagged = record.is_flagged();
        if flagged {
            how.one(&mut self.flagged);
        }
        if let Some(count) = record.evidence.and_then(|evidence| self.evidence.get_mut(evidence as usize)) {
            how.one(count);
        }
        if self.hint.is_none() {
            self.hint = record.hint.map(Box::from);
        }
        self.servers.change(&record.server.ip, |ip| *ip, |server| server.apply(&record.server, amount, flagged, how));
    }
}

/// One host.
#[derive(Clone, Debug, Default)]
pub(super) struct HostAmount {
    pub(super) amount: Amount,
    pub(super) flagged: u64,
    pub(super) name: Option<Box<str>>,
}

impl Weight for HostAmount {
    fn weight(&self) -> u64 {
        self.amount.weight()
    }
}

impl HostAmount {
    fn apply(&mut self, host: &Host<'_>, amount: Amount, flagged: bool, how: Apply) {
        self.amount.apply(amount, how);
        if flagged {
            how.one(&mut self.flagged);
        }
        if self.name.is_none() {
            self.name = host.name.map(Box::from);
        }
    }
}

/// Why flows are flagged, and which.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct FlagKey {
    /// The verdict, or `finding` in an audit.
    pub(super) verdict: &'static str,
    /// Flags, or kinds of findings.
    pub(super) words: String,
    pub(super) service: Service,
}

impl FlagKey {
    pub(super) fn new(record: &FlowRecord<'_>) -> Self {
        FlagKeyOf::new(record).own()
    }
}

/// A [`FlagKey`] to look up without owning it; it hashes alike.
#[derive(Hash)]
struct FlagKeyOf<'a> {
    verdict: &'static str,
    words: Cow<'a, str>,
    service: ServiceOf<'a>,
}

impl<'a> FlagKeyOf<'a> {
    fn new(record: &FlowRecord<'a>) -> Self {
        let (verdict, words) = match &record.policy {
            Some(policy) => {
                let kinds: Vec<&str> = policy.findings.iter().map(|finding| finding.kind.as_str()).collect();
                ("finding", Cow::Owned(kinds.join(", ")))
            }
            None => (record.verdict.map_or("", Verdict::as_str), joined(&record.flags)),
        };
        Self { verdict, words, service: ServiceOf::new(record) }
    }

    fn own(&self) -> FlagKey {
        FlagKey { verdict: self.verdict, words: self.words.clone().into_owned(), service: self.service.own() }
    }
}

impl hashbrown::Equivalent<FlagKey> for FlagKeyOf<'_> {
    fn equivalent(&self, key: &FlagKey) -> bool {
        self.verdict == key.verdict && self.words == key.words && self.service.equivalent(&key.service)
    }
}

/// Words in a row; of one alone no copy is made.
fn joined<'a>(words: &[&'a str]) -> Cow<'a, str> {
    match words {
        [word] => Cow::Borrowed(word),
        words => Cow::Owned(words.join(", ")),
    }
}

/// The flows flagged for one reason, and the first of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Flagged {
    pub(super) amount: Amount,
    pub(super) example: Option<Example>,
}

impl Weight for Flagged {
    /// Here flows count, not bytes: one packet to a wrong port is as wrong as many.
    fn weight(&self) -> u64 {
        self.amount.flows
    }
}

/// One flagged flow.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) id: FlowId,
    pub(super) ends: String,
    pub(super) reason: String,
}

impl Example {
    fn of(record: &FlowRecord<'_>) -> Self {
        let finding = record.policy.as_ref().and_then(|policy| policy.findings.first()).map(|finding| &finding.text);
        let reason = finding.or(record.reason.as_ref()).cloned().unwrap_or_default();
        Self { id: record.id, ends: ends(record), reason }
    }
}

/// Who asked whom.
pub(super) fn ends(record: &FlowRecord<'_>) -> String {
    let endpoint = |host: &Host<'_>| Endpoint { ip: host.ip, port: host.port };
    format!("{} → {}", endpoint(&record.client), endpoint(&record.server))
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) total: Amount,
    pub(super) flagged: Amount,
    pub(super) services: Top<Service, Group>,
    pub(super) hosts: Top<IpAddr, HostAmount>,
    pub(super) reasons: Top<FlagKey, Flagged>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            total: Amount::default(),
            flagged: Amount::default(),
            services: Top::new(SERVICES),
            hosts: Top::new(HOSTS),
            reasons: Top::new(FLAGGED),
        }
    }
}

impl Tally {
    /// A record comes or goes.
    pub(super) fn apply(&mut self, record: &FlowRecord<'_>, how: Apply) {
        let amount = Amount::of(record);
        self.total.apply(amount, how);
        self.services.change(&ServiceOf::new(record), ServiceOf::own, |group| group.apply(record, amount, how));
        for host in [&record.client, &record.server] {
            self.hosts.change(&host.ip, |ip| *ip, |entry| entry.apply(host, amount, record.is_flagged(), how));
        }
        if record.is_flagged() {
            self.flag(record, amount, how);
        }
    }

    /// Whether a record is the first of its kind, which becomes the example.
    pub(super) fn asks_why(&self, record: &FlowRecord<'_>) -> bool {
        record.is_flagged() && self.reasons.get(&FlagKeyOf::new(record)).is_none_or(|flagged: &Flagged| flagged.example.is_none())
    }

    fn flag(&mut self, record: &FlowRecord<'_>, amount: Amount, how: Apply) {
        self.flagged.apply(amount, how);
        self.reasons.change(&FlagKeyOf::new(record), FlagKeyOf::own, |flagged| {
            flagged.amount.apply(amount, how);
            match how {
                Apply::Add => {
                    flagged.example.get_or_insert_with(|| Example::of(record));
                }
                Apply::Take => flagged.example = flagged.example.take().filter(|example| example.id != record.id),
            }
        });
    }
}
