//! Who talks to whom, in bounded memory.

use std::net::IpAddr;

use crate::record::FlowRecord;
use crate::report::tally::{Amount, Apply};
use crate::report::top::{Top, Weight};

/// Pairs told apart.
const MOST: usize = 32_768;

/// Who asked, and who was asked.
pub(super) type Pair = (IpAddr, IpAddr);

/// What went between two hosts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exchange {
    pub(super) amount: Amount,
    pub(super) flagged: u64,
}

impl Weight for Exchange {
    fn weight(&self) -> u64 {
        self.amount.weight()
    }
}

impl Exchange {
    pub(super) fn add(&mut self, other: Self) {
        self.amount.apply(other.amount, Apply::Add);
        self.flagged += other.flagged;
    }
}

/// All pairs, the heaviest where there are too many.
#[derive(Debug)]
pub(super) struct Pairs(pub(super) Top<Pair, Exchange>);

impl Default for Pairs {
    fn default() -> Self {
        Self(Top::new(MOST))
    }
}

impl Pairs {
    /// A record comes or goes.
    pub(super) fn apply(&mut self, record: &FlowRecord<'_>, how: Apply) {
        self.0.change(
            &(record.client.ip, record.server.ip),
            |pair| *pair,
            |exchange| {
                exchange.amount.apply(Amount::of(record), how);
                if record.is_flagged() {
                    how.one(&mut exchange.flagged);
                }
            },
        );
    }
}
