//! Floor 0: what flowlabel says. The flow record and the summary, field for field as scripts read them.
//!
//! Fields that do not apply are `null`, arrays stay arrays, a field may be added, none goes or changes its meaning.
//! The JSON Schema is generated from these types. Nothing here decides anything.

mod community_id;
mod flow;
mod summary;
mod words;

pub use community_id::CommunityTuple;
pub use flow::{Flow, FlowId, FlowRecord, Host, Icmp, IcmpErrors, PerSide, Policy, Tcp, Tunnel};
pub use summary::{
    Damage, Drops, EvidenceCounts, Explained, FlowCounts, Input, LabelCount, PacketCounts, Quantiles, QuantilesOf, Run, Summary,
    SummaryTag,
};
pub use words::{CommunityId, ConnState, Direction, Evidence, History, Spi, Verdict};
