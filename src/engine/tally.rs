//! What is counted of packets as such, before any flow. Sums only: the tallies of several workers add up to the same whatever their number.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::net::{Frame, Timestamp};
use crate::record::{PacketCounts, PacketLengths};
use crate::wire::{Layer, Outcome, Word};

/// How often each was met.
pub type Words = HashMap<Word, u64, RandomState>;

/// Counts over packets.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The three buckets.
    pub packets: PacketCounts,
    /// Why packets are in no flow although they might hold one.
    pub undecodable: Words,
    /// What packets without IP hold.
    pub non_ip: Words,
    /// Why the walk through a packet ended before its innermost layer.
    pub cut_short: Words,
    /// Packets with a fragment at any layer.
    pub fragments: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Earliest packet time.
    pub first: Timestamp,
    /// Latest packet time.
    pub last: Timestamp,
    /// Frame lengths on the wire.
    pub lengths: PacketLengths,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            packets: PacketCounts::default(),
            undecodable: Words::default(),
            non_ip: Words::default(),
            cut_short: Words::default(),
            fragments: 0,
            bytes: 0,
            first: Timestamp::NONE,
            last: Timestamp::NONE,
            lengths: PacketLengths::default(),
        }
    }
}

impl Tally {
    /// Counts a frame.
    #[inline]
    pub fn see(&mut self, frame: &Frame<'_>, layers: &[Layer], outcome: Outcome) {
        self.packets.total += 1;
        self.bytes += u64::from(frame.wire_len);
        self.first = self.first.earliest(frame.time);
        self.last = self.last.latest(frame.time);
        self.lengths.record(frame.wire_len);
        self.fragments += u64::from(layers.iter().any(|layer| layer.fragment.is_some()));
        if layers.is_empty() {
            self.see_no_flow(outcome);
            return;
        }
        self.packets.flows += 1;
        if let Outcome::Stopped(stop) = outcome {
            *self.cut_short.entry(stop.why).or_default() += 1;
        }
    }

    fn see_no_flow(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Stopped(stop) => {
                self.packets.undecodable += 1;
                *self.undecodable.entry(stop.why).or_default() += 1;
            }
            Outcome::NonIp(word) => {
                self.packets.non_ip += 1;
                *self.non_ip.entry(word).or_default() += 1;
            }
            Outcome::Complete => {
                self.packets.non_ip += 1;
                *self.non_ip.entry(Word::Plain("nothing")).or_default() += 1;
            }
        }
    }

    /// Adds another worker's counts.
    pub fn add(&mut self, other: &Self) {
        self.packets.total += other.packets.total;
        self.packets.flows += other.packets.flows;
        self.packets.non_ip += other.packets.non_ip;
        self.packets.undecodable += other.packets.undecodable;
        add_words(&mut self.undecodable, &other.undecodable);
        add_words(&mut self.non_ip, &other.non_ip);
        add_words(&mut self.cut_short, &other.cut_short);
        self.fragments += other.fragments;
        self.bytes += other.bytes;
        self.first = self.first.earliest(other.first);
        self.last = self.last.latest(other.last);
        self.lengths.merge(&other.lengths);
    }
}

fn add_words(into: &mut Words, from: &Words) {
    for (word, count) in from {
        *into.entry(*word).or_default() += count;
    }
}
