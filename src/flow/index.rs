//! Where the newest flow of each key is: open addressing with linear probing, eight bytes a slot.
//!
//! It knows hashes and numbers of flows, no keys. What a slot remembers of a hash is also where its search begins, so the table grows
//! without looking at a flow, and a search touches one cache line, which can be asked for ahead of time.

use crate::net::prefetch;

/// Slots of a table that holds anything.
const FEWEST: usize = 64;
/// No flow has this number.
const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The upper half of the hash.
    tag: u32,
    /// The flow, or [`NOBODY`].
    at: u32,
}

const EMPTY: Slot = Slot { tag: 0, at: NOBODY };

/// Finds flows by hash.
#[derive(Debug, Default)]
pub struct Index {
    /// A power of two of them, or none.
    slots: Vec<Slot>,
    held: usize,
}

impl Index {
    /// The flow of this hash of which `is` says that it is the one.
    #[inline]
    pub fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        let mut place = tag as usize;
        loop {
            let slot = self.slot(place)?;
            if slot.tag == tag && is(slot.at) {
                return Some(slot.at);
            }
            place += 1;
        }
    }

    /// Adds a flow.
    pub fn insert(&mut self, hash: u64, at: u32) {
        if (self.held + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.held += 1;
        self.put(Slot { tag: tag(hash), at });
    }

    /// Puts one flow in the place of another of the same hash.
    pub fn replace(&mut self, hash: u64, before: u32, at: u32) {
        if let Some(place) = self.place_of(hash, before)
            && let Some(slot) = self.slots.get_mut(place)
        {
            slot.at = at;
        }
    }

    /// Takes a flow out.
    pub fn remove(&mut self, hash: u64, at: u32) {
        let Some(mut hole) = self.place_of(hash, at) else { return };
        self.held -= 1;
        let mask = self.slots.len() - 1;
        // What follows moves up where its search would otherwise end at the hole.
        let mut place = hole;
        loop {
            place = (place + 1) & mask;
            let Some(slot) = self.slot(place) else { break };
            let wanted = slot.tag as usize & mask;
            if place.wrapping_sub(wanted) & mask >= place.wrapping_sub(hole) & mask {
                self.set(hole, slot);
                hole = place;
            }
        }
        self.set(hole, EMPTY);
    }

    /// Asks for the cache line where the search for a hash begins.
    #[inline]
    pub fn expect(&self, hash: u64) {
        prefetch(&self.slots, tag(hash) as usize & self.slots.len().wrapping_sub(1));
    }

    /// A flow that may be of this hash.
    #[inline]
    pub fn likely(&self, hash: u64) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// What a place holds, modulo their number; nothing where it is empty.
    #[inline]
    fn slot(&self, place: usize) -> Option<Slot> {
        self.slots.get(place & self.slots.len().wrapping_sub(1)).copied().filter(|slot| slot.at != NOBODY)
    }

    fn set(&mut self, place: usize, to: Slot) {
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = to;
        }
    }

    fn place_of(&self, hash: u64, at: u32) -> Option<usize> {
        let mut place = tag(hash) as usize;
        while self.slot(place)?.at != at {
            place += 1;
        }
        Some(place & (self.slots.len() - 1))
    }

    fn put(&mut self, slot: Slot) {
        let mut place = slot.tag as usize;
        while self.slot(place).is_some() {
            place += 1;
        }
        self.set(place & (self.slots.len() - 1), slot);
    }

    fn grow(&mut self) {
        let slots = vec![EMPTY; (self.slots.len() * 2).max(FEWEST)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.at != NOBODY {
                self.put(slot);
            }
        }
    }
}

#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_one_finds_nothing() {
        let mut index = Index::default();
        assert_eq!(index.find(7, |_| true), None);
        index.remove(7, 1);
        index.replace(7, 1, 2);
        index.expect(7);
        assert_eq!(index.likely(7), None);
    }

    proptest! {
        /// Hashes that collide in every way, against a map.
        #[test]
        fn it_holds_what_a_map_holds(steps in prop::collection::vec((0..3u8, 0..40u64), 0..600)) {
            let (mut index, mut map, mut next) = (Index::default(), HashMap::new(), 0u32);
            let hash = |key: u64| (key % 7 * 31 + key / 20) << 32;
            for (step, key) in steps {
                next += 1;
                match (step, map.get(&key).copied()) {
                    (0, None) => {
                        index.insert(hash(key), next);
                        map.insert(key, next);
                    }
                    (1, Some(at)) => {
                        index.remove(hash(key), at);
                        map.remove(&key);
                    }
                    (2, Some(at)) => {
                        index.replace(hash(key), at, next);
                        map.insert(key, next);
                    }
                    _ => {}
                }
                for key in 0..40 {
                    let wanted = map.get(&key).copied();
                    prop_assert_eq!(index.find(hash(key), |at| Some(at) == wanted), wanted);
                }
                prop_assert_eq!(index.held, map.len());
            }
        }
    }
}
