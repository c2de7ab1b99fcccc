//! Recognizers, by their rank in the table.

use super::table::RECOGNIZERS;

/// A bit for each recognizer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Set([u64; Self::WORDS]);

impl Set {
    const WORDS: usize = RECOGNIZERS.len().div_ceil(64);

    pub(super) const PACKED: usize = size_of::<Self>();

    /// Fills these [`Set::PACKED`] bytes, eight at a time: a flow in question is packed at each of its packets.
    pub(super) fn write(&self, into: &mut [u8]) {
        into.as_chunks_mut().0.iter_mut().zip(&self.0).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
    }

    /// What [`Set::write`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut set = Self::default();
        set.0.iter_mut().zip(bytes.as_chunks().0).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
        set
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(super) fn insert(&mut self, rank: usize) {
        if let Some(word) = self.0.get_mut(rank / 64) {
            *word |= 1 << (rank % 64);
        }
    }

    pub(super) fn add(&mut self, others: Self) {
        for (word, others) in self.0.iter_mut().zip(others.0) {
            *word |= others;
        }
    }

    pub(super) fn remove(&mut self, others: Self) {
        for (word, others) in self.0.iter_mut().zip(others.0) {
            *word &= !others;
        }
    }

    /// From the top of the table down.
    pub(super) fn ranks(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().zip((0..).step_by(64)).flat_map(|(mut word, base)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.wrapping_sub(1);
                (bit < 64).then_some(base + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_any_rank_and_yield_them_in_order() {
        let mut set = Set::default();
        let last = RECOGNIZERS.len() - 1;
        for rank in [last, 3, 0] {
            set.insert(rank);
        }
        assert_eq!(set.ranks().collect::<Vec<_>>(), [0, 3, last]);
        let mut rest = set;
        rest.remove(set);
        assert!(rest.is_empty() && !set.is_empty());
        rest.add(set);
        assert_eq!(rest, set);
    }
}
