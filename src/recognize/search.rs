//! Asking the recognizers, round by round, until one is sure or none is left.

use std::sync::LazyLock;

use super::finding::{Finding, Look};
use super::opening::Opening;
use super::table::{RECOGNIZERS, Recognizer};
use crate::net::{IpProto, Side};

/// For TCP and UDP, the recognizers (one bit each) whose protocol can begin with a byte.
static BY_FIRST_BYTE: LazyLock<[Box<[u64]>; 2]> =
    LazyLock::new(|| [IpProto::TCP, IpProto::UDP].map(|transport| (0..=255).map(|byte| candidates(transport, byte)).collect()));

fn candidates(transport: IpProto, byte: u8) -> u64 {
    let possible = |recognizer: &Recognizer| {
        recognizer.over.contains(&transport) && recognizer.first.iter().any(|range| range.contains(&byte))
    };
    bits(RECOGNIZERS.iter().map(possible))
}

fn bits(flags: impl Iterator<Item = bool>) -> u64 {
    flags.enumerate().fold(0, |bits, (at, flag)| bits | u64::from(flag) << at)
}

/// Where the search for one flow's protocol stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Recognizers still in question, one bit each.
    left: u64,
    /// Recognizers that said no.
    refuted: u64,
    begun: [bool; 2],
    /// How many recognizers were asked, for all rounds.
    pub calls: u8,
}

impl Search {
    /// Asks all recognizers that are left. The best finding so far, and whether the search is over.
    pub fn round(&mut self, opening: &Opening<'_>) -> (Option<Finding>, bool) {
        self.admit(opening);
        let mut best: Option<Finding> = None;
        let mut sure = false;
        let mut left = self.left;
        while let Some(recognizer) = RECOGNIZERS.get(left.trailing_zeros() as usize) {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            self.calls = self.calls.saturating_add(1);
            let (finding, settled) = match (recognizer.look)(opening) {
                Look::More => continue,
                Look::Likely(finding) => (finding, false),
                Look::Sure(finding) => (finding, true),
                Look::No => {
                    self.refuted |= bit;
                    continue;
                }
            };
            if best.as_ref().is_none_or(|best| finding.confidence > best.confidence) {
                (best, sure) = (Some(finding), settled);
            }
        }
        self.left &= !self.refuted;
        let over = sure || (self.left == 0 && self.begun == [true; 2]);
        (best, over)
    }

    /// Takes in the recognizers that a side's first byte brings into question.
    fn admit(&mut self, opening: &Opening<'_>) {
        let [tcp, udp] = &*BY_FIRST_BYTE;
        let table = if opening.is_udp() { udp } else { tcp };
        for side in [Side::A, Side::B] {
            let Some(first) = opening.said(side).bytes.first() else { continue };
            if let Some(begun) = self.begun.get_mut(side.index()).filter(|begun| !**begun) {
                *begun = true;
                self.left |= table.get(usize::from(*first)).copied().unwrap_or_default() & !self.refuted;
            }
        }
    }
}
