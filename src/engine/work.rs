//! A batch on its way through: its frames, their layers, and which shard each layer belongs to.

use super::tally::Tally;
use crate::capture::Batch;
use crate::flow::{SHARDS, Shard, Sighting, shard_of};
use crate::wire::{Decoded, Layer, decode};

/// A batch and what was decoded from it; recycled from batch to batch.
#[derive(Debug)]
pub struct Work {
    /// The frames.
    pub batch: Batch,
    layers: Vec<Layer>,
    /// For each shard its layers, in order.
    lanes: Vec<Vec<Place>>,
    scratch: Decoded,
}

/// Where a layer stands: its packet, the first layer of that packet, and itself.
#[derive(Clone, Copy, Debug)]
struct Place {
    packet: u32,
    first: u32,
    layer: u32,
}

impl Default for Work {
    fn default() -> Self {
        Self { batch: Batch::default(), layers: Vec::new(), lanes: vec![Vec::new(); SHARDS], scratch: Decoded::default() }
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
            for (at, layer) in (first..).zip(&self.scratch.layers) {
                if let Some(lane) = self.lanes.get_mut(shard_of(layer)) {
                    lane.push(Place { packet: packet as u32, first, layer: at });
                }
            }
            self.layers.extend_from_slice(&self.scratch.layers);
        }
    }

    /// Shows a shard its layers.
    pub fn account(&self, number: usize, shard: &mut Shard) {
        for place in self.lanes.get(number).into_iter().flatten() {
            let layers = self.layers.get(place.first as usize..=place.layer as usize).unwrap_or_default();
            let Some(descriptor) = self.batch.packets.get(place.packet as usize) else { continue };
            let frame = self.batch.frame(descriptor).data;
            shard.see(&Sighting { number: descriptor.number, time: descriptor.time, layers, frame });
        }
    }
}
