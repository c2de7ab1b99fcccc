//! The flows that the page lists, in bounded memory: of very many the flagged ones first (some of every kind and, in an audit, of every
//! kind at every server), then the heaviest.
//!
//! What many flows share, a host or a judgement with its reason and sources, is kept once ([`Strings`]).

use std::cmp::Reverse;
use std::io::{self, Write};
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::Serialize;

use super::script;
use super::strings::Strings;
use crate::record::{
    CommunityTuple, Direction, Evidence, FlowId, FlowRecord, Host, Icmp, IcmpErrors, Payload, Policy, Spi, Tcp, Tunnel, Verdict,
};
use crate::report::tally::FlagKey;

/// Flows listed: as many as a browser sorts and searches while one types, in a page of some ten megabytes.
const MOST: usize = 50_000;
/// So many flagged flows of a kind go before the rest of them: a scan must not crowd out what is flagged for other reasons.
const OF_A_KIND: u32 = 500;
/// In an audit so many of a kind at a server go before those: the findings name them as witnesses.
const WITNESSES: u32 = 16;
/// Kinds that are told apart for that; as many as an audit has groups.
const KINDS: usize = 10_000;

/// What goes first: a smaller rank, more bytes, an earlier flow.
type Order = (u8, Reverse<u64>, FlowId);

struct Row {
    order: Order,
    client: u32,
    server: u32,
    judgement: u32,
    /// The rest of its array.
    rest: Box<str>,
}

/// Flows seen, and how many of them there were.
#[derive(Default)]
pub(super) struct Rows {
    listed: Vec<Row>,
    hosts: Strings,
    judgements: Strings,
    /// Flagged flows of a kind, and of a kind at a server.
    kinds: HashMap<(FlagKey, Option<IpAddr>), u32, RandomState>,
    /// Once rows were let go: what comes behind this is not kept.
    bar: Option<Order>,
}

/// Why a flow is called what it is called: what many flows share.
#[derive(Serialize)]
struct Judgement<'a> {
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    direction: Direction,
    #[serde(skip_serializing_if = "is_false")]
    learned_after: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    flags: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    systems: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    sources: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a Policy>,
    flagged: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// What few flows have, or few look at.
#[derive(Serialize)]
struct Extra<'a> {
    community_id: CommunityTuple,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    vlans: &'a [u16],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tunnels: &'a [Tunnel],
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp: Option<Icmp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icmp_errors: Option<&'a IcmpErrors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<&'a Tcp>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    spis: &'a [Spi],
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
}

impl Rows {
    /// A flow goes by.
    pub(super) fn flow(&mut self, record: &FlowRecord<'_>) {
        let order = self.order(record);
        if self.bar.is_none_or(|bar| order < bar) {
            self.push(record, order);
        }
    }

    /// A flow that went by is another now: the later row counts.
    pub(super) fn update(&mut self, record: &FlowRecord<'_>) {
        let order = self.order(record);
        self.push(record, order);
    }

    fn order(&mut self, record: &FlowRecord<'_>) -> Order {
        let rank = if record.is_flagged() { self.rank_of_kind(record) } else { 3 };
        (rank, Reverse(record.bytes.sum()), record.id)
    }

    /// 0 for witnesses, 1 for the first flows of a kind, 2 for further ones.
    fn rank_of_kind(&mut self, record: &FlowRecord<'_>) -> u8 {
        let kind = FlagKey::new(record);
        if record.policy.is_some() && self.is_early((kind.clone(), Some(record.server.ip)), WITNESSES) {
            return 0;
        }
        if self.is_early((kind, None), OF_A_KIND) { 1 } else { 2 }
    }

    /// Whether no more than so many of a kind went by, this one included.
    fn is_early(&mut self, kind: (FlagKey, Option<IpAddr>), most: u32) -> bool {
        if self.kinds.len() >= KINDS && !self.kinds.contains_key(&kind) {
            return false;
        }
        let seen = self.kinds.entry(kind).or_default();
        *seen = seen.saturating_add(1);
        *seen <= most
    }

    fn push(&mut self, record: &FlowRecord<'_>, order: Order) {
        let row = Row {
            order,
            client: self.host(&record.client),
            server: self.host(&record.server),
            judgement: self.judgements.number(&script::json(&judgement(record))),
            rest: rest(record).into(),
        };
        self.listed.push(row);
        if self.listed.len() >= 2 * MOST {
            self.let_go();
        }
    }

    fn host(&mut self, host: &Host<'_>) -> u32 {
        self.hosts.number(&script::json(&(host.ip, host.name)))
    }

    /// Lets the rows go that would not be listed.
    fn let_go(&mut self) {
        // Of rows with one id the last that came counts: the sort is stable, and the first of a run stays.
        self.listed.reverse();
        self.listed.sort_by_key(|row| row.order.2);
        self.listed.dedup_by_key(|row| row.order.2);
        if self.listed.len() > MOST {
            let (_, last, _) = self.listed.select_nth_unstable_by_key(MOST - 1, |row| row.order);
            self.bar = Some(last.order);
            self.listed.truncate(MOST);
            self.listed.sort_by_key(|row| row.order.2);
        }
        self.hosts.keep(self.listed.iter_mut().flat_map(|row| [&mut row.client, &mut row.server]));
        self.judgements.keep(self.listed.iter_mut().map(|row| &mut row.judgement));
    }

    /// Makes the rows those that are listed, in the order of their ids. Tells how many there are.
    pub(super) fn settle(&mut self) -> u64 {
        self.let_go();
        self.listed.len() as u64
    }

    /// Writes the three tables as members of a JSON object, without its braces.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (name, strings) in [("hosts", &self.hosts), ("judgements", &self.judgements)] {
            write!(out, "\"{name}\":[\n{}],\n", strings.texts().join(",\n"))?;
        }
        out.write_all(b"\"rows\":[\n")?;
        for (at, Row { client, server, judgement, rest, .. }) in self.listed.iter().enumerate() {
            let comma = if at == 0 { "" } else { ",\n" };
            write!(out, "{comma}[{client},{server},{judgement},{rest}")?;
        }
        out.write_all(b"]")
    }
}

fn judgement<'a>(record: &'a FlowRecord<'_>) -> Judgement<'a> {
    Judgement {
        verdict: record.verdict,
        label: record.label,
        detail: record.detail,
        evidence: record.evidence,
        direction: record.direction,
        learned_after: record.learned_after,
        flags: &record.flags,
        notes: &record.notes,
        reason: record.reason.as_deref(),
        hint: record.hint,
        systems: &record.systems,
        sources: &record.sources,
        policy: record.policy.as_ref(),
        flagged: record.is_flagged(),
    }
}

/// The array of a row from its fourth element on, with the bracket that ends it.
fn rest(record: &FlowRecord<'_>) -> String {
    let extra = Extra {
        community_id: record.community_id,
        vlans: &record.vlans,
        tunnels: &record.tunnels,
        icmp: record.icmp,
        icmp_errors: record.icmp_errors.as_ref(),
        tcp: record.tcp.as_ref(),
        spis: &record.spis,
        payload: record.payload,
    };
    let mut json = script::json(&(
        record.id,
        record.first,
        record.last,
        record.duration,
        record.transport,
        record.client.port,
        record.server.port,
        record.packets.client,
        record.packets.server,
        record.bytes.client,
        record.bytes.server,
        extra,
    ));
    json.remove(0);
    json
}
