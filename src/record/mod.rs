//! Floor 0: what flowlabel says. The flow record, the update and the summary, field for field as scripts read them.
//!
//! Fields that do not apply are `null`, arrays stay arrays, a field may be added, none goes or changes its meaning.
//! [`schema()`] is generated from these types, and `schema/flowlabel.schema.json` is what it generates. Nothing here decides
//! anything. One more field of a record is a field of [`FlowRecord`]; where evidence can change it after the record is written,
//! also a line in `update.rs`; and a column of the CSV format.

mod audit;
mod community_id;
mod drops;
pub mod escape;
mod flow;
mod high_ports;
mod learned;
mod schema;
mod summary;
mod tally;
mod update;
mod words;

pub use audit::{Audit, Coverage, Covered, FindingGroup, Gone, MatrixCell, StatusCounts};
pub use community_id::CommunityTuple;
pub use drops::{Drops, Loss};
pub use flow::{Finding, Flow, FlowId, FlowRecord, Host, Icmp, IcmpErrors, Payload, PerSide, Policy, Tcp, Tunnel};
pub use learned::{
    Announcements, DynamicRange, ExplainedBy, FlowsAndBytes, HighPorts, HighPortsTotal, HostName, LearnedEndpoint, OpenPort,
};
pub use schema::schema;
pub use summary::{
    Carved, Damage, EvidenceCounts, Explained, FlowCounts, Input, LabelCount, PacketCounts, Quantiles, QuantilesOf, Run, Summary,
    SummaryTag,
};
pub use tally::{PacketLengths, SummaryBuilder};
pub use update::{FlowUpdate, UpdateTag};
pub use words::{
    Change, CommunityId, Confidence, ConnState, Direction, Evidence, FindingKind, History, PolicyStatus, Seen, Severity, Spi,
    Verdict,
};
