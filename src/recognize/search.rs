//! Asking the recognizers, round by round, until one is sure or none is left.

use std::sync::LazyLock;

use super::finding::{Confidence, Finding, Look};
use super::opening::Opening;
use super::table::{RECOGNIZERS, Recognizer};
use crate::net::{IpProto, Side};

/// For TCP and UDP, the recognizers whose protocol can begin with a byte.
static BY_FIRST_BYTE: LazyLock<[Box<[Set]>; 2]> =
    LazyLock::new(|| [IpProto::TCP, IpProto::UDP].map(|transport| (0..=255).map(|byte| candidates(transport, byte)).collect()));

fn candidates(transport: IpProto, byte: u8) -> Set {
    let possible = |recognizer: &Recognizer| {
        recognizer.over.contains(&transport) && recognizer.first.iter().any(|range| range.contains(&byte))
    };
    let mut set = Set::default();
    RECOGNIZERS.iter().enumerate().filter(|(_, recognizer)| possible(recognizer)).for_each(|(rank, _)| set.insert(rank));
    set
}

/// Recognizers by their rank in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Set([u64; Self::WORDS]);

impl Set {
    const WORDS: usize = RECOGNIZERS.len().div_ceil(64);

    fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn insert(&mut self, rank: usize) {
        if let Some(word) = self.0.get_mut(rank / 64) {
            *word |= 1 << (rank % 64);
        }
    }

    /// Adds those of one set that are not in another.
    fn add(&mut self, more: Self, but: Self) {
        for ((word, more), but) in self.0.iter_mut().zip(more.0).zip(but.0) {
            *word |= more & !but;
        }
    }

    fn remove(&mut self, others: Self) {
        for (word, others) in self.0.iter_mut().zip(others.0) {
            *word &= !others;
        }
    }

    /// From the top of the table down.
    fn ranks(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().zip((0..).step_by(64)).flat_map(|(mut word, base)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.wrapping_sub(1);
                (bit < 64).then_some(base + bit)
            })
        })
    }
}

/// Where the search for one flow's protocol stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Recognizers still in question.
    left: Set,
    /// Recognizers that said no.
    refuted: Set,
    begun: [bool; 2],
    /// How many recognizers were asked, for all rounds.
    pub calls: u8,
}

impl Search {
    /// How many bytes it takes.
    pub const PACKED: usize = size_of::<Set>() * 2 + 3;

    /// As bytes, for whoever keeps many.
    pub fn pack(&self) -> [u8; Self::PACKED] {
        let words = self.left.0.iter().chain(&self.refuted.0).flat_map(|word| word.to_le_bytes());
        let rest = [u8::from(self.begun[0]), u8::from(self.begun[1]), self.calls];
        let mut packed = [0; Self::PACKED];
        packed.iter_mut().zip(words.chain(rest)).for_each(|(place, byte)| *place = byte);
        packed
    }

    /// What [`Search::pack`] made bytes of.
    pub fn unpack(packed: &[u8; Self::PACKED]) -> Self {
        let (words, rest) = packed.as_chunks::<8>();
        let (left, refuted) = words.split_at(Set::WORDS.min(words.len()));
        let set = |words: &[[u8; 8]]| {
            let mut set = Set::default();
            set.0.iter_mut().zip(words).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
            set
        };
        let &[a, b, calls] = rest.first_chunk().unwrap_or(&[0; 3]);
        Self { left: set(left), refuted: set(refuted), begun: [a != 0, b != 0], calls }
    }

    /// Asks the recognizers that are left, down to the first that is certain: those below could be no better. The best finding so far, and
    /// whether the search is over.
    pub fn round(&mut self, opening: &Opening<'_>) -> (Option<Finding>, bool) {
        self.admit(opening);
        let mut best: Option<Finding> = None;
        let mut sure = false;
        for rank in self.left.ranks() {
            let Some(recognizer) = RECOGNIZERS.get(rank) else { break };
            self.calls = self.calls.saturating_add(1);
            let (finding, settled) = match (recognizer.look)(opening) {
                Look::More => continue,
                Look::Likely(finding) => (finding, false),
                Look::Sure(finding) => (finding, true),
                Look::No => {
                    self.refuted.insert(rank);
                    continue;
                }
            };
            let is_certain = finding.confidence == Confidence::Certain;
            if best.as_ref().is_none_or(|best| finding.confidence > best.confidence) {
                (best, sure) = (Some(finding), settled);
            }
            if is_certain {
                break;
            }
        }
        self.left.remove(self.refuted);
        let over = sure || (self.left.is_empty() && self.begun == [true; 2]);
        (best, over)
    }

    /// Takes in the recognizers that a side's first byte brings into question.
    fn admit(&mut self, opening: &Opening<'_>) {
        let [tcp, udp] = &*BY_FIRST_BYTE;
        let table = if opening.is_udp() { udp } else { tcp };
        for side in [Side::A, Side::B] {
            let Some(first) = opening.said(side).bytes.first() else { continue };
            let Some(begun) = self.begun.get_mut(side.index()).filter(|begun| !**begun) else { continue };
            *begun = true;
            if let Some(more) = table.get(usize::from(*first)) {
                self.left.add(*more, self.refuted);
            }
        }
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
        rest.add(set, candidates(IpProto::ICMP, 0));
        assert_eq!(rest, set);
    }

    #[test]
    fn a_search_is_the_same_after_packing() {
        let mut search = Search { begun: [true, false], calls: 200, ..Search::default() };
        for rank in [0, 5, RECOGNIZERS.len() - 1] {
            search.left.insert(rank);
        }
        for rank in [1, RECOGNIZERS.len() - 2] {
            search.refuted.insert(rank);
        }
        assert_eq!(Search::unpack(&search.pack()), search);
    }
}
