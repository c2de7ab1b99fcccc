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
use crate::net::{Addr, Timestamp};

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
            // Answers tell who it was that spoke from nowhere.
            let nobody = (!leases.is_empty()).then(|| (4, Addr::v4([0; 4])));
            numbers.extend(called.iter().chain(&nobody).filter_map(|host| memory.of.get(host)).flatten());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{FlowKey, Identity};
    use crate::naming::Step;
    use crate::net::IpProto;
    use crate::record::FlowId;
    use crate::wire::{Layer, Span, Transport, Via, Vlans};

    /// The flow in which hosts without an address ask, which began and ended with this packet.
    fn asking(packet: u64) -> Flow {
        let layer = Layer {
            src: Addr::v4([0; 4]),
            dst: Addr::v4([255; 4]),
            version: 4,
            protocol: IpProto::UDP,
            ttl: 64,
            has_ports: true,
            src_port: 68,
            dst_port: 67,
            ip_len: 328,
            fragment: None,
            transport: Transport::None,
            packet: Span::default(),
            ip_payload: Span::default(),
            payload: Span::default(),
            payload_len: 0,
            via: Via::default(),
            vlans: Vlans::default(),
        };
        let (key, a_is_lo) = FlowKey::of(&layer, Identity::of(&layer));
        Flow::new(key, FlowId { packet, layer: 0 }, a_is_lo, &layer, at(packet))
    }

    fn at(packet: u64) -> Timestamp {
        Timestamp::new(packet as i64, 0, 6)
    }

    fn lease(packet: u64, transaction: u32, step: Step) -> Lease {
        Lease { packet, time: at(packet), transaction, step }
    }

    /// A request is told as soon as its flow has been quiet for long enough; a slow server's answer comes later.
    #[test]
    fn an_answer_changes_the_flow_of_the_request_that_is_written_already() {
        let (mut ledger, mut memory) = (Ledger::default(), Memory::default());
        let mut revise = |memory: &Memory, leases: Vec<Lease>| {
            let revised = ledger.revise(memory, News { leases, ..News::default() }, std::iter::empty());
            revised.iter().map(|revised| (revised.before.leased.clone(), revised.after.leased.clone())).collect::<Vec<_>>()
        };
        assert_eq!(revise(&memory, vec![lease(1, 7, Step::Asked)]), []);
        memory.keep(asking(1));
        let (client, other) = (Addr::v4([10, 1, 8, 20]), Addr::v4([10, 1, 8, 21]));
        assert_eq!(revise(&memory, vec![lease(300, 8, Step::Given(other))]), [], "nobody asked for that one here");
        assert_eq!(revise(&memory, vec![lease(301, 7, Step::Offered(other))]), [(vec![], vec![other.to_ip(4)])]);
        let given = revise(&memory, vec![lease(302, 7, Step::Given(client))]);
        assert_eq!(given, [(vec![other.to_ip(4)], vec![client.to_ip(4)])]);
        assert_eq!(revise(&memory, vec![lease(303, 7, Step::Given(client))]), [], "that is no news");
    }
}
