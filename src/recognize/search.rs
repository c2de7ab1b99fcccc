//! Asking the recognizers, round by round, until one is sure or none is left.

use super::admission::admitted;
use super::finding::{Confidence, Finding, Look};
use super::opening::Opening;
use super::set::Set;
use super::table::RECOGNIZERS;
use crate::net::Side;

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
    pub const PACKED: usize = Set::PACKED * 2 + 3;

    /// As bytes, for whoever keeps many.
    pub fn pack(&self) -> [u8; Self::PACKED] {
        let mut packed = [0; Self::PACKED];
        let (left, others) = packed.split_at_mut(Set::PACKED);
        let (refuted, rest) = others.split_at_mut(Set::PACKED);
        self.left.write(left);
        self.refuted.write(refuted);
        if let Some(rest) = rest.first_chunk_mut() {
            *rest = [u8::from(self.begun[0]), u8::from(self.begun[1]), self.calls];
        }
        packed
    }

    /// What [`Search::pack`] made bytes of.
    pub fn unpack(packed: &[u8; Self::PACKED]) -> Self {
        let (left, rest) = packed.split_at(Set::PACKED.min(packed.len()));
        let (refuted, rest) = rest.split_at(Set::PACKED.min(rest.len()));
        let &[a, b, calls] = rest.first_chunk().unwrap_or(&[0; 3]);
        Self { left: Set::from_bytes(left), refuted: Set::from_bytes(refuted), begun: [a != 0, b != 0], calls }
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

    /// Takes in the recognizers that a side's first bytes bring into question.
    fn admit(&mut self, opening: &Opening<'_>) {
        for side in [Side::A, Side::B] {
            let said = opening.said(side);
            let Some(begun) = self.begun.get_mut(side.index()).filter(|begun| !**begun && !said.bytes.is_empty()) else {
                continue;
            };
            *begun = true;
            let mut more = admitted(opening, said);
            more.remove(self.refuted);
            self.left.add(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
