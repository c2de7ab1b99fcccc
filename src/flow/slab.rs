//! Flows by number, in chunks: ten million of them never move, growing copies nothing, and a chunk whose flows are all gone is freed.

use crate::net::prefetch_whole;

const CHUNK: usize = 256;

/// A list that grows by chunks. Entries are numbered from 0 in the order they came; a number is never used again.
#[derive(Debug)]
pub struct Slab<T> {
    chunks: Vec<Chunk<T>>,
    pushed: usize,
    taken: usize,
}

#[derive(Debug)]
struct Chunk<T> {
    entries: Vec<Option<T>>,
    taken: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), pushed: 0, taken: 0 }
    }
}

impl<T> Slab<T> {
    /// Adds an entry and tells its number.
    pub fn push(&mut self, value: T) -> u32 {
        if self.pushed.is_multiple_of(CHUNK) {
            self.chunks.push(Chunk { entries: Vec::with_capacity(CHUNK), taken: 0 });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.entries.push(Some(value));
        }
        self.pushed += 1;
        (self.pushed - 1) as u32
    }

    /// Takes an entry out.
    pub fn take(&mut self, at: u32) -> Option<T> {
        let chunk = self.chunks.get_mut(at as usize / CHUNK)?;
        let value = chunk.entries.get_mut(at as usize % CHUNK)?.take()?;
        self.taken += 1;
        chunk.taken += 1;
        if chunk.taken == CHUNK {
            chunk.entries = Vec::new();
        }
        Some(value)
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.pushed - self.taken
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number the next entry will have.
    pub fn end(&self) -> u32 {
        self.pushed as u32
    }

    /// One of them.
    #[inline]
    pub fn get(&self, at: u32) -> Option<&T> {
        self.chunks.get(at as usize / CHUNK)?.entries.get(at as usize % CHUNK)?.as_ref()
    }

    /// One of them, to change.
    #[inline]
    pub fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.chunks.get_mut(at as usize / CHUNK)?.entries.get_mut(at as usize % CHUNK)?.as_mut()
    }

    /// Asks for the memory of one of them.
    #[inline]
    pub fn expect(&self, at: u32) {
        if let Some(entry) = self.chunks.get(at as usize / CHUNK).and_then(|chunk| chunk.entries.get(at as usize % CHUNK)) {
            prefetch_whole(entry);
        }
    }

    /// Those held from a number on, with their numbers.
    pub fn from(&self, begin: u32) -> impl Iterator<Item = (u32, &T)> {
        let first = begin as usize / CHUNK;
        let chunks = self.chunks.iter().enumerate().skip(first);
        let numbered = chunks.flat_map(|(chunk, held)| (chunk * CHUNK..).zip(&held.entries));
        numbered.filter_map(|(at, entry)| Some((at as u32, entry.as_ref()?))).skip_while(move |(at, _)| *at < begin)
    }

    /// All that are held, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.entries.iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_over_chunks() {
        let mut slab = Slab::default();
        for n in 0..1000u32 {
            assert_eq!(slab.push(n * 2), n);
        }
        assert_eq!(slab.len(), 1000);
        assert_eq!(slab.get(999), Some(&1998));
        assert_eq!(slab.get(1000), None);
        assert!(slab.iter().copied().eq((0..1000).map(|n| n * 2)));
    }

    #[test]
    fn what_is_taken_is_gone_and_its_number_is_not_used_again() {
        let mut slab = Slab::default();
        for n in 0..300u32 {
            slab.push(n);
        }
        for n in 0..256 {
            assert_eq!(slab.take(n), Some(n));
        }
        assert_eq!(slab.take(0), None);
        assert_eq!(slab.get(255), None);
        assert_eq!(slab.len(), 44);
        assert_eq!(slab.push(7), 300);
        assert!(slab.iter().copied().eq((256..300).chain([7])));
        assert!(slab.from(0).map(|(at, _)| at).eq(256..301));
        assert!(slab.from(298).eq([(298, &298), (299, &299), (300, &7)]));
        assert_eq!(slab.from(301).next(), None);
    }
}
