//! Flows whose records are written already, for as long as an announcement may still change them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::names::{HostKey, host};
use super::{Heard, Ledger, doors};
use crate::announce::{Announcement, Door};
use crate::flow::{Flow, Side};
use crate::naming::{Claim, Lease};
use crate::net::Timestamp;

/// Flows remembered.
const MOST: usize = 1 << 16;

/// The flows that were written last, by their doors.
#[derive(Debug, Default)]
pub struct Memory {
    flows: VecDeque<Flow>,
    /// The number of the first of them.
    first: u64,
    /// Their numbers, in order: by door, and by host.
    at: HashMap<Door, VecDeque<u64>, RandomState>,
    of: HashMap<HostKey, VecDeque<u64>, RandomState>,
}

/// What was said since the last time.
#[derive(Debug, Default)]
pub struct News {
    /// Conversations to come.
    pub announcements: Vec<Announcement>,
    /// What hosts are called.
    pub claims: Vec<Claim>,
    /// Who asked for an address, and who was given one.
    pub leases: Vec<Lease>,
}

/// A flow that looks different now.
#[derive(Debug)]
pub struct Revised {
    /// Which of the memory.
    number: u64,
    before: Heard,
    after: Heard,
}

impl Memory {
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// Keeps a flow; of too many the oldest is forgotten.
    pub fn keep(&mut self, flow: Flow) {
        let number = self.first + self.flows.len() as u64;
        for (_, door) in doors(&flow) {
            self.at.entry(door).or_default().push_back(number);
        }
        for host in hosts(&flow) {
            self.of.entry(host).or_default().push_back(number);
        }
        self.flows.push_back(flow);
        if self.flows.len() > MOST {
            self.forget_oldest();
        }
    }

    /// The flow that was revised.
    pub fn flow(&self, revised: &Revised) -> Option<&Flow> {
        self.get(revised.number)
    }

    /// The flows that went through a door.
    fn at(&self, door: Door) -> impl Iterator<Item = &Flow> {
        self.at.get(&door).into_iter().flatten().filter_map(|number| self.get(*number))
    }

    fn get(&self, number: u64) -> Option<&Flow> {
        self.flows.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn forget_oldest(&mut self) {
        let Some(flow) = self.flows.pop_front() else { return };
        for (_, door) in doors(&flow) {
            forget(&mut self.at, &door);
        }
        for host in hosts(&flow) {
            forget(&mut self.of, &host);
        }
        self.first += 1;
    }
}

/// The hosts of a flow, each once.
fn hosts(flow: &Flow) -> impl Iterator<Item = HostKey> {
    let (a, b) = (host(flow, Side::A), host(flow, Side::B));
    std::iter::once(a).chain((a != b).then_some(b))
}

/// Drops the number of the oldest flow, which stands first.
fn forget<K: Hash + Eq>(numbers: &mut HashMap<K, VecDeque<u64>, RandomState>, key: &K) {
    if let Some(known) = numbers.get_mut(key) {
        known.pop_front();
        if known.is_empty() {
            numbers.remove(key);
        }
    }
}

impl Ledger {
    /// Takes what was said and flows that have ended, and tells which remembered flows look different now, in the order of their ids.
    pub fn revise<'a>(&mut self, memory: &'a Memory, news: News, ended: impl Iterator<Item = &'a Flow> + Clone) -> Vec<Revised> {
        let News { announcements, claims, leases } = news;
        let mut numbers = BTreeSet::new();
        if !memory.flows.is_empty() {
            let called = self.renamed(&claims, ended.clone());
            numbers = self.touched(memory, &announcements, ended.clone());
            numbers.extend(called.iter().filter_map(|host| memory.of.get(host)).flatten());
        }
        let flows = || numbers.iter().filter_map(|number| Some((*number, memory.get(*number)?)));
        let before: Vec<Heard> = flows().map(|(_, flow)| self.heard(flow)).collect();
        self.take(memory, announcements);
        for claim in claims {
            self.names.hear(claim);
        }
        for lease in leases {
            self.leases.hear(lease);
        }
        for flow in ended {
            self.meet(flow);
        }
        let revised =
            flows().zip(before).map(|((number, flow), before)| (flow.id, Revised { number, before, after: self.heard(flow) }));
        let mut revised: Vec<_> = revised.filter(|(_, revised)| revised.before != revised.after).collect();
        revised.sort_by_key(|(id, _)| *id);
        revised.into_iter().map(|(_, revised)| revised).collect()
    }

    /// Takes announcements. Whoever came to a door before it was announced was not noted there: that is made up for.
    fn take(&mut self, memory: &Memory, announcements: Vec<Announcement>) {
        let mut new_doors = BTreeSet::new();
        for announcement in announcements {
            let door = announcement.door;
            if self.hear(announcement) {
                new_doors.insert(door);
            }
        }
        for door in new_doors {
            for flow in memory.at(door) {
                let ends = doors(flow).filter(|(_, known)| *known == door);
                ends.for_each(|end| self.meet_at(end, flow));
            }
        }
    }

    /// The remembered flows that announcements and ended flows may make look different.
    fn touched<'a>(
        &mut self,
        memory: &Memory,
        announcements: &[Announcement],
        ended: impl Iterator<Item = &'a Flow>,
    ) -> BTreeSet<u64> {
        let mut doors: BTreeMap<Door, Timestamp> = BTreeMap::new();
        let mut touch = |(door, since): (Door, Timestamp)| {
            let known = doors.entry(door).or_insert(since);
            *known = since.min(*known);
        };
        announcements.iter().map(|announcement| self.door_changed_by(announcement)).for_each(&mut touch);
        ended.flat_map(|flow| self.doors_changed_by(flow)).for_each(&mut touch);
        let numbers = doors.into_iter().flat_map(|(door, since)| {
            let numbers = memory.at.get(&door).into_iter().flatten().copied();
            numbers.filter(move |number| memory.get(*number).is_some_and(|flow| !flow.first.is_some() || flow.first >= since))
        });
        numbers.collect()
    }

    /// The hosts that may be called otherwise now.
    fn renamed<'a>(&self, claims: &[Claim], ended: impl Iterator<Item = &'a Flow>) -> BTreeSet<HostKey> {
        self.names.changed_by(claims).chain(ended.flat_map(|flow| self.names.changed_by_flow(flow))).collect()
    }
}

impl Revised {
    /// What was known when the flow was written.
    pub fn before(&self) -> &Heard {
        &self.before
    }

    /// What is known now.
    pub fn after(&self) -> &Heard {
        &self.after
    }
}
