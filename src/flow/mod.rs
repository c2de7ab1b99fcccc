//! Floor 2: who talks to whom.
//!
//! A [`Shard`] owns the flows of the address pairs that hash to it: both directions of a conversation, its fragments, the ICMP
//! errors that quote it, and the data connections a control connection announces all meet in one shard. It sees
//! [`Sighting`]s in the order of the input and knows packet time only. It knows no catalog, no label and no thread.
//!
//! One more thing to remember of a flow: a field of [`Flow`] (every flow pays for it) or of [`Extras`] (only those that have it).

mod deadlines;
mod duplicates;
#[allow(clippy::module_inception, reason = "the flow is what this floor is about")]
mod flow;
mod followers;
mod fragments;
mod index;
mod key;
mod opening;
mod shard;
mod slab;
mod tcp;

pub use duplicates::fingerprint;
pub use flow::{Extras, Flow, IcmpSeen, OuterTunnel};
pub use followers::{Follow, Followers};
pub use fragments::{FragmentKey, Fragments, Reassembly};
pub use key::{FlowKey, Identity, KeyParts, Keyed, Keying, error_keys, request_type, shard_of};
pub use opening::Payload;
pub use shard::{Ended, Harvest, Settings, Shard, Sighting, Timeouts};
pub use slab::Slab;
pub use tcp::TcpState;

pub use crate::net::Side;

/// Logical shards. Fixed, because limits belong to them: the same input gives the same output for any number of workers.
pub const SHARDS: usize = 64;
