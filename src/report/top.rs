//! A map that keeps what weighs most, in bounded memory.

use std::cmp::Reverse;
use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};

/// How much an entry weighs.
pub(super) trait Weight {
    /// The heaviest stay.
    fn weight(&self) -> u64;
}

/// At most `capacity` entries: when one more comes the lighter half goes, so that a newcomer can grow.
///
/// What stays is exact unless it was let go before; which entries go depends on their order of arrival only.
#[derive(Clone, Debug)]
pub(super) struct Top<K, V> {
    kept: HashMap<K, V, RandomState>,
    capacity: usize,
    full: bool,
}

impl<K: Eq + Hash + Ord + Clone, V: Weight + Default> Top<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { kept: HashMap::default(), capacity, full: false }
    }

    /// Changes the entry of a key, which is new where there was none.
    pub(super) fn change<Q: Hash + Equivalent<K>>(&mut self, key: &Q, own: impl Fn(&Q) -> K, change: impl FnOnce(&mut V)) {
        if let Some(entry) = self.kept.get_mut(key) {
            return change(entry);
        }
        if self.kept.len() >= self.capacity {
            self.let_go();
        }
        change(self.kept.entry(own(key)).or_default());
    }

    fn let_go(&mut self) {
        self.full = true;
        let mut all: Vec<_> = self.kept.iter().map(|(key, entry)| (Reverse(entry.weight()), key)).collect();
        // Which half is the lighter one is enough to know: no need to sort.
        let light = match all.len().min(self.capacity / 2) {
            stay if stay < all.len() => all.select_nth_unstable(stay),
            _ => return,
        };
        let light: Vec<K> = std::iter::once(&*light.1).chain(&*light.2).map(|(_, key)| (*key).clone()).collect();
        for key in &light {
            self.kept.remove(key);
        }
    }

    /// The entries that weigh something, heaviest first.
    pub(super) fn heaviest(&self) -> Vec<(&K, &V)> {
        let mut all: Vec<_> = self.kept.iter().filter(|(_, entry)| entry.weight() > 0).collect();
        all.sort_unstable_by(|(a, left), (b, right)| (Reverse(left.weight()), a).cmp(&(Reverse(right.weight()), b)));
        all
    }

    /// The entry of a key.
    pub(super) fn get<Q: Hash + Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.kept.get(key)
    }

    /// Entries kept.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there were more entries than it could keep.
    pub(super) fn overflowed(&self) -> bool {
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for u64 {
        fn weight(&self) -> u64 {
            *self
        }
    }

    #[test]
    fn it_never_outgrows_its_capacity_and_keeps_the_heavy() {
        let mut top: Top<u32, u64> = Top::new(8);
        for key in 0..10_000 {
            top.change(&key, |key| *key, |count| *count += 1);
            top.change(&7, |key| *key, |count| *count += 5);
            assert!(top.kept.len() <= 8);
        }
        assert_eq!(top.heaviest().first(), Some(&(&7, &50_001)));
        assert!(top.overflowed());
    }

    #[test]
    fn equal_weights_are_ordered_by_key() {
        let mut top: Top<u32, u64> = Top::new(8);
        for key in [3, 1, 2] {
            top.change(&key, |key| *key, |count| *count += 1);
        }
        assert_eq!(top.heaviest(), [(&1, &1), (&2, &1), (&3, &1)]);
        assert!(!top.overflowed());
    }
}
