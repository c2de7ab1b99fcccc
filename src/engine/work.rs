//! A batch on its way through: its frames, their layers, and which shard each layer belongs to.

use super::tally::Tally;
use crate::capture::Batch;
use crate::flow::{SHARDS, Shard, Sighting, shard_of};
use crate::net::Timestamp;
use crate::wire::{Decoded, Layer, decode};

/// A batch and what was decoded from it; recycled from batch to batch.
#[derive(Debug)]
pub struct Work {
    /// The frames.
    pub batch: Batch,
    /// Where shards are asked for ended flows, in order.
    pub(super) marks: Vec<Mark>,
    layers: Vec<Layer>,
    /// For each shard its layers, in order.
    lanes: Vec<Vec<Place>>,
    scratch: Decoded,
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

/// Where a layer stands: its packet, the first layer of that packet, and itself; and whether there is one inside of it.
#[derive(Clone, Copy, Debug)]
struct Place {
    packet: u32,
    first: u32,
    layer: u32,
    carries: bool,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            batch: Batch::default(),
            marks: Vec::new(),
            layers: Vec::new(),
            lanes: vec![Vec::new(); SHARDS],
            scratch: Decoded::default(),
        }
    }
}

impl Work {
    /// Turns the frames of the batch into layers, and counts them.
    pub fn decode(&mut self, tally: &mut Tally) {
        self.layers.clear();
        self.lanes.iter_mut().for_each(Vec::clear);
        for (packet, descriptor) in self.batch.packets.iter().enumerate() {
            let frame = self.batch.frame(descriptor);
            decode(&frame, &mut self.scratch);
            tally.see(&frame, &self.scratch);
            let first = self.layers.len() as u32;
            let innermost = first + (self.scratch.layers.len() as u32).saturating_sub(1);
            for (at, layer) in (first..).zip(&self.scratch.layers) {
                if let Some(lane) = self.lanes.get_mut(shard_of(layer)) {
                    lane.push(Place { packet: packet as u32, first, layer: at, carries: at < innermost });
                }
            }
            self.layers.extend_from_slice(&self.scratch.layers);
        }
    }

    /// Shows a shard its layers, and asks it for what has ended where a mark says so.
    pub fn account(&self, number: usize, shard: &mut Shard) {
        let mut marks = self.marks.iter().peekable();
        for place in self.lanes.get(number).into_iter().flatten() {
            while let Some(mark) = marks.next_if(|mark| mark.before <= place.packet) {
                shard.expire(mark.number, mark.now);
            }
            let layers = self.layers.get(place.first as usize..=place.layer as usize).unwrap_or_default();
            let Some(descriptor) = self.batch.packets.get(place.packet as usize) else { continue };
            let frame = self.batch.frame(descriptor).data;
            let (number, time, carries) = (descriptor.number, descriptor.time, place.carries);
            shard.see(&Sighting { number, time, layers, carries, frame });
        }
        marks.for_each(|mark| shard.expire(mark.number, mark.now));
    }
}
