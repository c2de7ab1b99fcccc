//! Who it was that asked without an address: a request has a number (RFC 2131, `xid`), and its answer has the same one and an address.

use crate::net::{Addr, Timestamp};

/// A host without an address has asked, or one was given an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Lease {
    /// The packet.
    pub packet: u64,
    /// When.
    pub time: Timestamp,
    /// The number that a request and its answers share.
    pub transaction: u32,
    /// What came of it.
    pub step: Step,
}

/// How far it got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// A host that has no address asks.
    Asked,
    /// A server would give this one.
    Offered(Addr),
    /// This one is the host's now.
    Given(Addr),
}
