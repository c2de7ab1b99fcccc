//! All that is known when the input has ended: every shard's flows and the tally, in the order of the input.

use std::collections::{BTreeMap, HashSet};

use super::carriers::Carriers;
use super::tally::Tally;
use crate::flow::{Flow, FlowKey, Shard};
use crate::record::{Announcements, FlowId, Quantiles, Summary};
use crate::wire::Word;

/// How many flows ahead of its turn one is asked for.
const AHEAD: usize = 8;

/// Where a flow is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    id: FlowId,
    shard: u8,
    at: u32,
}

/// The finished shards, and their flows in order.
#[derive(Debug)]
pub struct Outcome {
    shards: Vec<Shard>,
    tally: Tally,
    order: Vec<Place>,
    carriers: Carriers,
}

impl Outcome {
    /// Takes finished shards and the sum of all tallies.
    pub fn new(shards: Vec<Shard>, tally: Tally) -> Self {
        let mut order = Vec::with_capacity(shards.iter().map(|shard| shard.flows().len()).sum());
        for (number, shard) in shards.iter().enumerate() {
            for at in 0..shard.flows().end() {
                if let Some(flow) = shard.flows().get(at) {
                    order.push(Place { id: flow.id, shard: number as u8, at });
                }
            }
        }
        order.sort_unstable();
        let mut outcome = Self { shards, tally, order, carriers: Carriers::default() };
        outcome.carriers = outcome.find_carriers();
        outcome
    }

    /// The flows in the order of their ids.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> + Clone {
        self.order.iter().enumerate().filter_map(|(at, place)| {
            if let Some(soon) = self.order.get(at + AHEAD) {
                self.expect(*soon);
            }
            self.flow(*place)
        })
    }

    /// What the summary says of packets.
    pub fn summary(&self) -> Summary {
        let words = |words: &BTreeMap<Word, u64>| words.iter().map(|(word, count)| (word.to_string(), *count)).collect();
        let tally = &self.tally;
        Summary {
            packets: tally.packets,
            undecodable: words(&tally.undecodable),
            non_ip: words(&tally.non_ip),
            cut_short: words(&tally.cut_short),
            fragments: tally.fragments,
            duplicates: self.shards.iter().map(Shard::duplicate_packets).sum(),
            announcements: Announcements {
                unfollowed: self.shards.iter().map(Shard::unfollowed).sum(),
                ..Announcements::default()
            },
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
        if let Some(shard) = self.shards.get(usize::from(place.shard)) {
            shard.flows().expect(place.at);
        }
    }

    /// The records of the tunnels, taken out.
    pub fn take_carriers(&mut self) -> Carriers {
        std::mem::take(&mut self.carriers)
    }

    fn flow(&self, place: Place) -> Option<&Flow> {
        self.shards.get(usize::from(place.shard))?.flows().get(place.at)
    }

    fn find_carriers(&self) -> Carriers {
        let tunnels = self.flows().filter_map(|flow| flow.extras.as_ref()).flat_map(|extras| &extras.tunnels);
        let wanted: HashSet<FlowKey> = tunnels.map(|tunnel| tunnel.flow).collect();
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
