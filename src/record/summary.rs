//! The summary: the last line of every run.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::audit::Audit;
use super::drops::Drops;
use super::escape::visible;
use super::learned::{Announcements, DynamicRange, HighPorts, HighPortsTotal, HostName, LearnedEndpoint};
use crate::net::Timestamp;

/// The word that says what the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SummaryTag {
    /// A summary.
    #[default]
    Summary,
}

/// Everything about a run as a whole.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Summary {
    /// Always `summary`.
    #[serde(rename = "type")]
    pub kind: SummaryTag,
    /// What was run on what.
    pub run: Run,
    /// Every packet is in exactly one of the three buckets.
    pub packets: PacketCounts,
    /// Packets that hold something unreadable, by reason.
    pub undecodable: BTreeMap<String, u64>,
    /// Packets without IP, by protocol.
    pub non_ip: BTreeMap<String, u64>,
    /// Packets that belong to a flow but hold an inner layer that could not be read, by reason.
    pub cut_short: BTreeMap<String, u64>,
    /// IP fragments.
    pub fragments: u64,
    /// Packets that repeat an earlier one.
    pub duplicates: u64,
    /// Packets lost before they could be read.
    pub drops: Drops,
    /// Frame bytes on the wire.
    pub bytes: u64,
    /// Earliest packet time.
    pub first: Option<Timestamp>,
    /// Latest packet time.
    pub last: Option<Timestamp>,
    /// Flows by verdict.
    pub flows: FlowCounts,
    /// Share of flows and bytes that are matched and answered.
    pub explained: Explained,
    /// Labels, most bytes first.
    pub labels: Vec<LabelCount>,
    /// Flows by what their label rests on.
    pub evidence: EvidenceCounts,
    /// Learned endpoints: who listens where, by server, transport and port.
    pub learned: Vec<LearnedEndpoint>,
    /// How much was announced, and what was left out because there was too much of it.
    pub announcements: Announcements,
    /// What hosts are called, and which packet said so: claims, that nobody checked.
    pub names: Vec<HostName>,
    /// The traffic to high ports and what explains it, by server.
    pub high_ports: Vec<HighPorts>,
    /// The same of all servers together.
    pub high_ports_total: HighPortsTotal,
    /// The ranges of dynamic ports that the rules know, to tell servers' ranges by.
    #[serde(skip)]
    pub dynamic_ranges: Vec<DynamicRange>,
    /// Distributions.
    pub quantiles: Quantiles,
    /// What was wrong with the input.
    pub damage: Vec<Damage>,
    /// The outcome of an audit; null where none was asked for.
    pub audit: Option<Audit>,
    /// The text of a policy drafted from the traffic, where one was asked for: it is a file of its own and no part of a summary's text.
    #[serde(skip)]
    pub draft: Option<String>,
    /// The packets of flagged flows that were written to a file of their own; null where none was asked for.
    pub write_flagged: Option<Carved>,
}

/// Packets of flagged flows, in a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Carved {
    /// The file.
    pub file: String,
    /// Flows whose packets were wanted.
    pub flows: u64,
    /// Packets written.
    pub packets: u64,
    /// Packets of these flows that were gone by then: an input that can be read once only is kept within a budget.
    pub not_kept: u64,
}

/// What was run on what.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Run {
    /// flowlabel's version.
    pub version: String,
    /// Digest of the catalog in force; null without one.
    pub catalog: Option<String>,
    /// Rule directories added.
    pub rules: Vec<String>,
    /// The policy file.
    pub policy: Option<String>,
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Options that differ from their default and change the result.
    pub options: BTreeMap<String, serde_json::Value>,
}

/// One input.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Input {
    /// Path as given or found; `-` is standard input.
    pub path: String,
    /// Its size as stored.
    pub bytes: u64,
}

/// `total` = `flows` + `non_ip` + `undecodable`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct PacketCounts {
    /// All packets, after the filter and before deduplication.
    pub total: u64,
    /// Packets that are in a flow.
    pub flows: u64,
    /// Packets whose link layer was understood and holds no IP.
    pub non_ip: u64,
    /// The rest.
    pub undecodable: u64,
}

/// Flows by verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct FlowCounts {
    /// All records.
    pub total: u64,
    /// Matched.
    pub matched: u64,
    /// Mismatched.
    pub mismatched: u64,
    /// Unmatched.
    pub unmatched: u64,
    /// Records written early because of `--max-flows`.
    pub evicted: u64,
}

/// Shares from 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct Explained {
    /// Of the flows.
    pub flows: f64,
    /// Of their bytes.
    pub bytes: f64,
}

/// One label's share.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct LabelCount {
    /// The label; null for flows without one.
    pub label: Option<String>,
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// IP bytes.
    pub bytes: u64,
}

/// Flows by evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct EvidenceCounts {
    /// Learned.
    pub learned: u64,
    /// Payload.
    pub payload: u64,
    /// IP protocol.
    pub protocol: u64,
    /// Port.
    pub port: u64,
}

/// Distributions.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct Quantiles {
    /// Frame bytes on the wire.
    pub packet_bytes: QuantilesOf,
    /// Seconds from a flow's first packet to its last.
    pub flow_seconds: QuantilesOf,
    /// TCP handshake round trips in milliseconds.
    pub rtt_ms: QuantilesOf,
}

/// Quantiles of one measure; null where nothing was measured.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct QuantilesOf {
    /// Median.
    pub p50: Option<f64>,
    /// Nine in ten are at most this.
    pub p90: Option<f64>,
    /// Ninety-nine in a hundred.
    pub p99: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// Something wrong with an input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Damage {
    /// Path as in `run.inputs`.
    pub file: String,
    /// The packet at or after which it is, from 1 in that file; null where it is before any packet.
    pub packet: Option<u64>,
    /// Byte offset in the (decompressed) file.
    pub offset: u64,
    /// What is wrong and what was done.
    pub reason: String,
}

/// A line for people.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", visible(&self.file))?;
        if let Some(packet) = self.packet {
            write!(f, "packet {packet}, ")?;
        }
        write!(f, "byte {}: {}", self.offset, visible(&self.reason))
    }
}
