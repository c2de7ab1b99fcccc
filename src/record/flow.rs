//! The flow record.

use std::fmt;
use std::net::IpAddr;

use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::community_id::CommunityTuple;
use super::words::{CommunityId, Confidence, ConnState, Direction, Evidence, FindingKind, History, PolicyStatus, Spi, Verdict};
use crate::net::{IpProto, Timestamp};

/// The word that says what a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// A flow.
    #[default]
    Flow,
}

/// The number of the flow's first packet in the input and its layer (0 the outermost): the same for any number of workers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FlowId {
    /// From 1.
    pub packet: u64,
    /// 0 is the outermost.
    pub layer: u8,
}

impl FlowId {
    /// As records print it.
    pub fn text(self) -> ArrayString<24> {
        let mut text = ArrayString::new();
        let mut digits = itoa::Buffer::new();
        text.push_str(digits.format(self.packet));
        text.push('.');
        text.push_str(digits.format(self.layer));
        text
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl Serialize for FlowId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl JsonSchema for FlowId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FlowId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "number of the flow's first packet in the input (from 1), a dot, its layer (0 the outermost)",
            "type": "string",
            "pattern": "^[1-9][0-9]*\\.[0-9]+$"
        })
    }
}

/// One bidirectional flow, or one layer of a tunnel.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlowRecord<'a> {
    /// Made to be counted: without the sentence, which costs more than all the rest.
    #[serde(skip)]
    pub terse: bool,
    /// Always `flow`.
    #[serde(rename = "type")]
    pub kind: Flow,
    /// Packet number and layer.
    pub id: FlowId,
    /// Community ID.
    #[schemars(with = "CommunityId")]
    pub community_id: CommunityTuple,
    /// Earliest packet time.
    pub first: Timestamp,
    /// Latest packet time.
    pub last: Timestamp,
    /// Seconds from `first` to `last`.
    pub duration: f64,
    /// 4 or 6.
    pub ip_version: u8,
    /// The registered protocol keyword in lower case, else `ip-N`.
    #[schemars(with = "String")]
    pub transport: IpProto,
    /// The IP protocol number.
    pub protocol: u8,
    /// VLAN ids seen around this layer, outermost first.
    pub vlans: Vec<u16>,
    /// The tunnels around this layer, outermost first.
    pub tunnels: Vec<Tunnel>,
    /// Who asked.
    pub client: Host<'a>,
    /// Who listened.
    pub server: Host<'a>,
    /// What told the two apart.
    pub direction: Direction,
    /// Packets each side sent.
    pub packets: PerSide,
    /// IP bytes each side sent, by the IP headers.
    pub bytes: PerSide,
    /// Type, code and echo id of an ICMP flow's first packet.
    pub icmp: Option<Icmp>,
    /// ICMP errors that quoted this flow.
    pub icmp_errors: Option<IcmpErrors>,
    /// What TCP did.
    pub tcp: Option<Tcp>,
    /// SPIs seen, in order of appearance.
    pub spis: Vec<Spi>,
    /// The documented application protocol.
    pub label: Option<&'a str>,
    /// What the payload showed beyond the label.
    pub detail: Option<&'a str>,
    /// Candidate systems, the listener first.
    pub systems: Vec<&'a str>,
    /// The catalog's judgement; null without a catalog.
    pub verdict: Option<Verdict>,
    /// What the label rests on.
    pub evidence: Option<Evidence>,
    /// The flow began before its announcement was seen.
    pub learned_after: bool,
    /// Somebody announced where it went; says nothing of whether that is documented.
    #[serde(skip)]
    pub announced: bool,
    /// Stable words; any one flags the flow.
    pub flags: Vec<&'a str>,
    /// Weaker remarks.
    pub notes: Vec<&'a str>,
    /// A sentence a person can act on.
    pub reason: Option<String>,
    /// What an unmatched flow probably is.
    pub hint: Option<&'a str>,
    /// What was made of the payload; null where there was none, or nobody looked.
    pub payload: Option<Payload>,
    /// Document and line of each fact the label rests on.
    pub sources: Vec<&'a str>,
    /// What the policy says; null outside of an audit.
    pub policy: Option<Policy>,
    /// The addresses that clients speaking from 0.0.0.0 were given in answer: what an audit takes them for.
    #[serde(skip)]
    pub leased: Vec<IpAddr>,
}

impl FlowRecord<'_> {
    /// Whether it is flagged: in an audit when there is a finding about it, else when the catalog does not match it.
    pub fn is_flagged(&self) -> bool {
        match &self.policy {
            Some(policy) => !policy.findings.is_empty(),
            None => self.verdict.is_some_and(|verdict| verdict != Verdict::Matched),
        }
    }

    /// Whether it counts as explained: matched, and somebody answered.
    pub fn is_explained(&self) -> bool {
        self.verdict == Some(Verdict::Matched) && self.is_answered()
    }

    /// Whether somebody answered.
    pub fn is_answered(&self) -> bool {
        !self.notes.iter().any(|note| matches!(*note, "refused" | "unanswered"))
    }
}

/// One end of a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Host<'a> {
    /// Its address.
    pub ip: IpAddr,
    /// Its port; null where there is none or it was cut away.
    pub port: Option<u16>,
    /// What the traffic itself called it.
    pub name: Option<&'a str>,
}

/// What recognizers made of a flow's first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Payload {
    /// The protocol they recognised.
    pub protocol: Option<&'static str>,
    /// How sure they are.
    pub confidence: Option<Confidence>,
    /// How many of them were asked, for all rounds.
    pub calls: u8,
}

/// A tunnel around a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Tunnel {
    /// `gre`, `ipip`, `vxlan` and so on.
    pub kind: &'static str,
    /// The record of the tunnel itself.
    pub id: Option<FlowId>,
    /// VNI, GRE key, TEID, session or call id.
    pub key: Option<u32>,
}

/// A number for each side: what it sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct PerSide {
    /// Sent by the client.
    pub client: u64,
    /// Sent by the server.
    pub server: u64,
}

impl PerSide {
    /// Both together.
    pub fn sum(self) -> u64 {
        self.client.saturating_add(self.server)
    }
}

/// The ICMP header of the first packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Icmp {
    /// Type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Echo identifier.
    pub id: Option<u16>,
}

/// ICMP errors that quoted a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct IcmpErrors {
    /// How many.
    pub count: u64,
    /// `type/code` of each kind seen, sorted.
    pub codes: Vec<String>,
}

/// What TCP did.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Tcp {
    /// Zeek's connection state.
    pub state: ConnState,
    /// Zeek's history letters.
    #[schemars(with = "String")]
    pub history: History,
    /// From the client's SYN to its acknowledgement of the SYN-ACK, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Segments that repeated bytes already seen.
    pub retransmissions: u64,
    /// Holes in the sequence space that were never filled.
    pub gaps: u64,
}

/// What the policy says of a flow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Policy {
    /// The judgement.
    pub status: PolicyStatus,
    /// Ids of all that allow or forbid it: links, systems, `expect:1`, `forbid:1`.
    pub by: Vec<String>,
    /// What there is to say about it; any one flags the flow.
    pub findings: Vec<Finding>,
}

/// One finding of an audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// The link or fact it rests on.
    pub link: Option<String>,
    /// A sentence a person can act on.
    pub text: String,
    /// Document and line of each fact it rests on.
    pub sources: Vec<String>,
    /// A Wireshark display filter that shows the witnesses.
    pub filter: String,
}
