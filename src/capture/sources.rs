//! The inputs as one source: one after another, or merged by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::batch::{Batch, Bytes};
use super::log::Note;
use super::opener::Opener;
use super::reader::Reader;
use super::{Descriptor, Source};
use crate::net::Timestamp;
use crate::record::{Damage, Input};

/// One input after another, each opened when its turn comes.
pub(super) struct Files {
    opener: Opener,
    current: Option<(Reader, usize)>,
    number: u64,
}

impl Files {
    pub fn new(opener: Opener) -> Self {
        Self { opener, current: None, number: 0 }
    }
}

impl Source for Files {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        loop {
            if self.current.is_none() {
                self.current = self.opener.next();
            }
            let Some((reader, input)) = &mut self.current else {
                batch.packets.clear();
                batch.bytes = Bytes::None;
                return false;
            };
            if reader.fill(batch, &mut self.number, &mut self.opener.log) {
                return true;
            }
            self.opener.close(reader, *input);
            self.current = None;
        }
    }

    fn damage(&self) -> &[Damage] {
        &self.opener.log.damage
    }

    fn inputs(&self) -> &[Input] {
        &self.opener.inputs
    }

    fn progress(&self) -> (u64, Option<u64>) {
        self.opener.progress(self.current.as_ref().map_or(0, |(reader, _)| reader.stored()))
    }

    fn notes(&self) -> &[Note] {
        &self.opener.log.notes
    }
}

/// All inputs at once, ordered by the time of their packets; of equal times the earlier input comes first, and packets of one
/// input never pass each other. Frames are copied: they come from many places.
pub(super) struct Merged {
    opener: Opener,
    lanes: Vec<Lane>,
    /// The lanes by the time of their next packet.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    started: bool,
    number: u64,
}

/// An arena of this size is handed on.
const ARENA: usize = 4 << 20;

/// One input of a merge.
struct Lane {
    reader: Reader,
    input: usize,
    batch: Batch,
    at: usize,
    ended: bool,
}

impl Lane {
    /// The next packet, read if need be.
    fn peek(&mut self, opener: &mut Opener) -> Option<Descriptor> {
        while !self.ended && self.at >= self.batch.packets.len() {
            self.at = 0;
            // Packets are numbered in the order of the merge.
            self.ended = !self.reader.fill(&mut self.batch, &mut 0, &mut opener.log);
            if self.ended {
                opener.close(&self.reader, self.input);
            }
        }
        self.batch.packets.get(self.at).copied()
    }
}

impl Merged {
    pub fn new(opener: Opener) -> Self {
        Self { opener, lanes: Vec::new(), next: BinaryHeap::new(), started: false, number: 0 }
    }

    fn start(&mut self) {
        self.started = true;
        while let Some((reader, input)) = self.opener.next() {
            self.lanes.push(Lane { reader, input, batch: Batch::default(), at: 0, ended: false });
            self.queue(self.lanes.len() - 1);
        }
    }

    fn queue(&mut self, index: usize) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        if let Some(packet) = lane.peek(&mut self.opener) {
            self.next.push(Reverse((packet.time, index)));
        }
    }

    fn take(&mut self, index: usize, batch: &mut Batch, arena: &mut Vec<u8>) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        let Some(packet) = lane.batch.packets.get(lane.at).copied() else { return };
        lane.at += 1;
        self.number += 1;
        let offset = arena.len() as u64;
        arena.extend_from_slice(lane.batch.frame(&packet).data);
        batch.packets.push(Descriptor { number: self.number, offset, ..packet });
    }
}

impl Source for Merged {
    fn fill(&mut self, batch: &mut Batch) -> bool {
        if !self.started {
            self.start();
        }
        batch.packets.clear();
        let mut arena = batch.take_arena();
        while batch.packets.len() < Batch::CAPACITY && arena.len() < ARENA {
            let Some(Reverse((_, index))) = self.next.pop() else { break };
            self.take(index, batch, &mut arena);
            self.queue(index);
        }
        batch.bytes = Bytes::Owned(arena);
        !batch.packets.is_empty()
    }

    fn damage(&self) -> &[Damage] {
        &self.opener.log.damage
    }

    fn inputs(&self) -> &[Input] {
        &self.opener.inputs
    }

    fn progress(&self) -> (u64, Option<u64>) {
        let open = self.lanes.iter().filter(|lane| !lane.ended).map(|lane| lane.reader.stored()).sum();
        self.opener.progress(open)
    }

    fn notes(&self) -> &[Note] {
        &self.opener.log.notes
    }
}
