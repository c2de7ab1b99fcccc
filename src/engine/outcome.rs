//! All that is known when the input has ended: every shard's flows and the tally, in the order of the input.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::carriers::Carriers;
use super::tally::{Tally, Words};
use crate::flow::{Flow, FlowKey, Shard, Slab};
use crate::record::{Announcements, FlowId, Quantiles, Summary};

/// How many flows ahead of its turn one is asked for.
const AHEAD: usize = 8;

/// Where a flow is held. It sorts by the flow's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    /// The packet's number, then the layer.
    id: u64,
    at: u32,
    shard: u8,
}

impl Place {
    fn new(id: FlowId, shard: usize, at: u32) -> Self {
        Self { id: id.packet << 8 | u64::from(id.layer), at, shard: shard as u8 }
    }
}

/// The flows of the finished shards, and their order.
#[derive(Debug)]
pub struct Outcome {
    flows: Vec<Slab<Flow>>,
    duplicates: u64,
    unfollowed: u64,
    tally: Tally,
    order: Vec<Place>,
    carriers: Carriers,
}

impl Outcome {
    /// Takes finished shards and the sum of all tallies.
    pub fn new(shards: Vec<Shard>, tally: Tally) -> Self {
        let duplicates = shards.iter().map(Shard::duplicate_packets).sum();
        let unfollowed = shards.iter().map(Shard::unfollowed).sum();
        let flows: Vec<Slab<Flow>> = shards.into_iter().map(Shard::into_flows).collect();
        let mut order = Vec::with_capacity(flows.iter().map(Slab::len).sum());
        for (shard, flows) in flows.iter().enumerate() {
            order.extend(flows.from(0).map(|(at, flow)| Place::new(flow.id, shard, at)));
        }
        // Each shard's are nearly in order: a sort that merges runs makes less of it than one that does not.
        order.sort();
        let mut outcome = Self { flows, duplicates, unfollowed, tally, order, carriers: Carriers::default() };
        outcome.carriers = outcome.find_carriers();
        outcome
    }

    /// The flows in the order of their ids.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> + Clone {
        self.part(0, usize::MAX)
    }

    /// Those from a place in that order on, so many.
    pub fn part(&self, begin: usize, count: usize) -> impl Iterator<Item = &Flow> + Clone {
        let rest = self.order.get(begin..).unwrap_or_default();
        let part = rest.get(..count).unwrap_or(rest);
        part.iter().enumerate().filter_map(|(at, place)| {
            if let Some(soon) = part.get(at + AHEAD) {
                self.expect(*soon);
            }
            self.flow(*place)
        })
    }

    /// How many flows there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// What the summary says of packets.
    pub fn summary(&self) -> Summary {
        let words = |words: &Words| words.iter().map(|(word, count)| (word.to_string(), *count)).collect();
        let tally = &self.tally;
        Summary {
            packets: tally.packets,
            undecodable: words(&tally.undecodable),
            non_ip: words(&tally.non_ip),
            cut_short: words(&tally.cut_short),
            fragments: tally.fragments,
            duplicates: self.duplicates,
            announcements: Announcements { unfollowed: self.unfollowed, ..Announcements::default() },
            bytes: tally.bytes,
            first: Some(tally.first).filter(|time| time.is_some()),
            last: Some(tally.last).filter(|time| time.is_some()),
            quantiles: Quantiles { packet_bytes: tally.lengths.quantiles(), ..Quantiles::default() },
            ..Summary::default()
        }
    }

    /// The records of the tunnels.
    pub fn carriers(&self) -> &Carriers {
        &self.carriers
    }

    /// Asks for a flow that will be wanted: in the order of their ids they lie far apart.
    fn expect(&self, place: Place) {
        if let Some(flows) = self.flows.get(usize::from(place.shard)) {
            flows.expect(place.at);
        }
    }

    /// The records of the tunnels, taken out.
    pub fn take_carriers(&mut self) -> Carriers {
        std::mem::take(&mut self.carriers)
    }

    fn flow(&self, place: Place) -> Option<&Flow> {
        self.flows.get(usize::from(place.shard))?.get(place.at)
    }

    fn find_carriers(&self) -> Carriers {
        let tunnels = self.flows().filter_map(|flow| flow.extras.as_ref()).flat_map(|extras| &extras.tunnels);
        let wanted: HashSet<FlowKey, RandomState> = tunnels.map(|tunnel| tunnel.flow).collect();
        let mut carriers = Carriers::default();
        if wanted.is_empty() {
            return carriers;
        }
        for flow in self.flows() {
            if wanted.contains(&FlowKey { extra: 0, ..flow.key }) {
                carriers.add(flow.key, flow.id);
            }
        }
        carriers
    }
}
