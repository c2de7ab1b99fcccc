//! A batch on its way through: its frames, their layers, and which shard each layer belongs to.

use super::tally::Tally;
use crate::capture::Batch;
use crate::flow::{Identity, Keyed, Keying, SHARDS, Shard, Sighting, fingerprint};
use crate::net::Timestamp;
use crate::wire::{Layer, decode_onto};

/// A batch and what was decoded from it; recycled from batch to batch.
#[derive(Debug)]
pub struct Work {
    /// The frames.
    pub batch: Batch,
    /// Where shards are asked for ended flows, in order.
    pub(super) marks: Vec<Mark>,
    keying: Keying,
    layers: Vec<Layer>,
    /// Where each layer belongs.
    places: Vec<Place>,
    /// For each shard its places, in order.
    lanes: Vec<Vec<u32>>,
}

/// A point between two packets of a batch at which flows may end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// So many packets of the batch come before it.
    pub before: u32,
    /// The number of the packet after it.
    pub number: u64,
    /// What time it is.
    pub now: Timestamp,
}

/// Where a layer stands: its packet, the first layer of that packet, and itself; whose it is, and whether there is one inside of it.
#[derive(Clone, Copy, Debug)]
struct Place {
    keyed: Keyed,
    fingerprint: u64,
    packet: u32,
    first: u32,
    layer: u32,
    carries: bool,
}

/// Runs ahead of the layers that are shown, so that a shard has at hand what it will need, and later what that leads to.
struct Ahead<I> {
    far: I,
    near: I,
    /// The hash of the key that was fetched last: several packets of a flow often follow each other.
    fetched: u64,
}

impl<'a, I: Iterator<Item = &'a Place> + Clone> Ahead<I> {
    /// So many layers ahead; half as many for what the first look leads to.
    const FAR: usize = 16;

    fn of<'s>(places: &I, shard: impl Fn(&Place) -> Option<&'s Shard>) -> Self {
        let mut ahead = Self { far: places.clone(), near: places.clone(), fetched: 0 };
        for at in 0..Self::FAR {
            ahead.expect(&shard);
            if at >= Self::FAR / 2 {
                ahead.fetch(&shard);
            }
        }
        ahead
    }

    #[inline]
    fn go_on<'s>(&mut self, shard: impl Fn(&Place) -> Option<&'s Shard>) {
        self.expect(&shard);
        self.fetch(&shard);
    }

    #[inline]
    fn expect<'s>(&mut self, shard: impl Fn(&Place) -> Option<&'s Shard>) {
        if let Some((place, shard)) = self.far.next().and_then(|place| Some((place, shard(place)?))) {
            shard.expect(&place.keyed, place.fingerprint);
        }
    }

    #[inline]
    fn fetch<'s>(&mut self, shard: impl Fn(&Place) -> Option<&'s Shard>) {
        if let Some(place) = self.near.next().filter(|place| place.keyed.hash != self.fetched)
            && let Some(shard) = shard(place)
        {
            self.fetched = place.keyed.hash;
            shard.fetch(&place.keyed);
        }
    }
}

fn expire(shards: &mut [Shard], mark: &Mark) {
    for shard in shards {
        shard.expire(mark.number, mark.now);
    }
}

impl Work {
    /// An empty one. `keying` must be that of the shards.
    pub fn new(keying: Keying) -> Self {
        let lanes = vec![Vec::new(); SHARDS];
        Self { batch: Batch::default(), marks: Vec::new(), keying, layers: Vec::new(), places: Vec::new(), lanes }
    }

    /// Turns the frames of the batch into layers, and counts them.
    pub fn decode(&mut self, tally: &mut Tally) {
        self.layers.clear();
        self.places.clear();
        for (packet, descriptor) in self.batch.packets.iter().enumerate() {
            let frame = self.batch.frame(descriptor);
            let first = self.layers.len();
            let outcome = decode_onto(&frame, &mut self.layers);
            let layers = self.layers.get(first..).unwrap_or_default();
            tally.see(&frame, layers, outcome);
            for (depth, layer) in layers.iter().enumerate() {
                let around = layers.get(..=depth).unwrap_or_default();
                let Some(keyed) = self.keying.key(around, Identity::of(layer)) else { continue };
                self.places.push(Place {
                    keyed,
                    fingerprint: fingerprint(layer, frame.data),
                    packet: packet as u32,
                    first: first as u32,
                    layer: (first + depth) as u32,
                    carries: depth + 1 < layers.len(),
                });
            }
        }
    }

    /// Sorts the layers by shard, for [`Work::account`].
    pub fn sort(&mut self) {
        self.lanes.iter_mut().for_each(Vec::clear);
        for (at, place) in (0..).zip(&self.places) {
            if let Some(lane) = self.lanes.get_mut(usize::from(place.keyed.shard)) {
                lane.push(at);
            }
        }
    }

    /// Shows a shard its layers, and asks it for what has ended where a mark says so.
    pub fn account(&self, number: usize, shard: &mut Shard) {
        let lane = self.lanes.get(number).map(Vec::as_slice).unwrap_or_default();
        let places = lane.iter().filter_map(|at| self.places.get(*at as usize));
        let mut marks = self.marks.iter().peekable();
        let mut ahead = Ahead::of(&places, |_| Some(&*shard));
        for place in places {
            ahead.go_on(|_| Some(&*shard));
            while let Some(mark) = marks.next_if(|mark| mark.before <= place.packet) {
                shard.expire(mark.number, mark.now);
            }
            self.show(place, shard);
        }
        marks.for_each(|mark| shard.expire(mark.number, mark.now));
        self.look(shard);
    }

    /// Shows all shards their layers, without sorting them first.
    pub fn account_all(&self, shards: &mut [Shard]) {
        let places = self.places.iter();
        let mut marks = self.marks.iter().peekable();
        let mut ahead = Ahead::of(&places, |place| shards.get(usize::from(place.keyed.shard)));
        for place in places {
            ahead.go_on(|place| shards.get(usize::from(place.keyed.shard)));
            while let Some(mark) = marks.next_if(|mark| mark.before <= place.packet) {
                expire(shards, mark);
            }
            if let Some(shard) = shards.get_mut(usize::from(place.keyed.shard)) {
                self.show(place, shard);
            }
        }
        marks.for_each(|mark| expire(shards, mark));
        for shard in shards {
            self.look(shard);
        }
    }

    /// Shows whoever looks on what is under way.
    #[inline]
    fn look(&self, shard: &mut Shard) {
        if let Some(number) = self.batch.look {
            shard.look(number);
        }
    }

    #[inline]
    fn show(&self, place: &Place, shard: &mut Shard) {
        let layers = self.layers.get(place.first as usize..=place.layer as usize).unwrap_or_default();
        let Some(descriptor) = self.batch.packets.get(place.packet as usize) else { return };
        let frame = self.batch.frame(descriptor).data;
        let (number, time) = (descriptor.number, descriptor.time);
        let Place { carries, ref keyed, fingerprint, .. } = *place;
        shard.see(&Sighting { number, time, layers, carries, frame, keyed, fingerprint });
    }
}
