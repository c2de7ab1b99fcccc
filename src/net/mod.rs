//! Floor 0: the vocabulary every other floor speaks. Times, addresses, link types, protocol numbers, frames.
//!
//! It does no I/O and knows nothing of flows, catalogs or reports.

mod addr;
mod frame;
mod ip_proto;
mod link_type;
mod prefetch;
mod side;
mod time;
mod written_time;

pub use addr::{Addr, Endpoint};
pub use frame::Frame;
pub use ip_proto::{IpProto, keyword_of, protocol_named};
pub use link_type::LinkType;
pub use prefetch::{prefetch, prefetch_whole};
pub use side::Side;
pub use time::Timestamp;
