//! Who spoke from 0.0.0.0: the addresses that were given in answer.
//!
//! All hosts that ask for an address at the same time share one flow, from 0.0.0.0 to everybody. What was asked while it lasted tells which answers
//! are its own. Bounded: of too many requests the oldest are forgotten.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};

use crate::flow::Flow;
use crate::naming::{Lease, Step};
use crate::net::Timestamp;

/// Requests and answers remembered, and addresses told of one flow.
const MOST: usize = 1 << 14;
const TOLD: usize = 64;

/// Requests without an address, and what was answered.
#[derive(Debug, Default)]
pub(super) struct Leases {
    asked: BTreeSet<(Timestamp, u32)>,
    /// By number.
    answers: HashMap<u32, Step>,
    /// The numbers in the order of their answers.
    order: BTreeMap<u64, u32>,
}

impl Leases {
    /// Takes a step. What was given counts more than what was offered, and of each the first.
    pub(super) fn hear(&mut self, lease: Lease) {
        let Lease { packet, time, transaction, step } = lease;
        if step == Step::Asked {
            self.asked.insert((time, transaction));
            if self.asked.len() > MOST {
                self.asked.pop_first();
            }
            return;
        }
        let is_better = |known: &Step| matches!((known, step), (Step::Offered(_), Step::Given(_)));
        match self.answers.get_mut(&transaction) {
            Some(known) if is_better(known) => *known = step,
            Some(_) => return,
            None => {
                self.answers.insert(transaction, step);
                self.order.insert(packet, transaction);
            }
        }
        if self.order.len() > MOST
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.answers.remove(&oldest);
        }
    }

    /// The addresses given to those who asked in this flow, in order.
    pub(super) fn of(&self, flow: &Flow) -> Vec<IpAddr> {
        let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let asks = || [flow.key.lo, flow.key.hi].into_iter().any(|host| host.to_ip(flow.key.version) == nobody);
        if self.answers.is_empty() || flow.key.version != 4 || !asks() {
            return Vec::new();
        }
        let asked = self.asked.range((flow.first, 0)..=(flow.last, u32::MAX));
        let answered = asked.filter_map(|(_, transaction)| self.answers.get(transaction));
        let given = answered.filter_map(|step| match step {
            Step::Asked => None,
            Step::Offered(host) | Step::Given(host) => Some(host.to_ip(4)),
        });
        let told: BTreeSet<IpAddr> = given.collect();
        told.into_iter().take(TOLD).collect()
    }
}
