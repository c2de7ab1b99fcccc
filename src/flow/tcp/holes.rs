//! Holes in a sender's sequence space: bytes that later ones or acknowledgements show to exist and that were not captured (yet).

use arrayvec::ArrayVec;

use super::{Side, after};

/// Holes watched on each side. What reordering leaves open at a time is one or two; the lowest of more counts as a gap at once.
const WATCHED: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Hole {
    start: u32,
    end: u32,
    /// The other side acknowledged it: it got the bytes, the capture did not.
    acknowledged: bool,
}

/// The holes of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Holes {
    sides: [ArrayVec<Hole, WATCHED>; 2],
    /// Holes given up for want of room.
    given_up: u32,
}

impl Holes {
    /// Bytes from `start` to `end`, all above what was seen so far, are missing.
    pub(super) fn open(&mut self, side: Side, start: u32, end: u32) {
        match self.of(side).last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => self.push(side, Hole { start, end, acknowledged: false }),
        }
    }

    /// Bytes from `start` to `end` have come. How many of them were missing.
    pub(super) fn fill(&mut self, side: Side, start: u32, end: u32) -> u32 {
        let mut filled = 0u32;
        for hole in std::mem::take(self.of(side)) {
            let (from, to) = (later(hole.start, start), earlier(hole.end, end));
            if !after(to, from) {
                self.push(side, hole);
                continue;
            }
            filled = filled.wrapping_add(to.wrapping_sub(from));
            if after(from, hole.start) {
                self.push(side, Hole { end: from, ..hole });
            }
            if after(hole.end, to) {
                self.push(side, Hole { start: to, ..hole });
            }
        }
        filled
    }

    /// The other side acknowledged everything below `ack`. How many holes that makes certain which were not before.
    pub(super) fn acknowledge(&mut self, side: Side, ack: u32) -> u32 {
        let mut news = 0;
        for hole in self.of(side).iter_mut().filter(|hole| !hole.acknowledged && !after(hole.end, ack)) {
            hole.acknowledged = true;
            news += 1;
        }
        news
    }

    /// The side starts anew: what is open stays open for good.
    pub(super) fn give_up(&mut self, side: Side) {
        let open = self.of(side).len() as u32;
        self.of(side).clear();
        self.given_up = self.given_up.saturating_add(open);
    }

    /// Holes that were never filled.
    pub(super) fn count(&self) -> u64 {
        let open: usize = self.sides.iter().map(ArrayVec::len).sum();
        u64::from(self.given_up) + open as u64
    }

    fn of(&mut self, side: Side) -> &mut ArrayVec<Hole, WATCHED> {
        let [a, b] = &mut self.sides;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    fn push(&mut self, side: Side, hole: Hole) {
        if self.of(side).is_full() {
            self.of(side).remove(0);
            self.given_up = self.given_up.saturating_add(1);
        }
        self.of(side).push(hole);
    }
}

fn later(a: u32, b: u32) -> u32 {
    if after(a, b) { a } else { b }
}

fn earlier(a: u32, b: u32) -> u32 {
    if after(a, b) { b } else { a }
}
