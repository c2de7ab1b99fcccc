//! IP fragments: which flow each belongs to, and the payload of the whole.
//!
//! Only a datagram's first fragment holds ports (RFC 791 section 3.2, RFC 8200 section 4.5), and it need not come first. A fragment
//! belongs to the nearest first fragment of its datagram before it in the input, else to the next one after it; where none comes,
//! to a flow without ports. Nothing here looks at a clock: what is remembered is bounded by number, oldest first, so the
//! outcome depends on the order of the input alone.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::net::{Addr, IpProto};
use crate::wire::{Fragment, Layer};

/// First fragments remembered by one [`Fragments`].
const MAX_FIRSTS: usize = 4096;
/// A fragment waits for its first one until this many more have been held.
const MAX_HELD: usize = 4096;

/// What makes fragments one datagram.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FragmentKey {
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// IP version.
    pub version: u8,
    /// The protocol; 0 for IPv6.
    pub protocol: IpProto,
    /// The datagram's identification.
    pub id: u32,
}

impl FragmentKey {
    /// The key of a layer that is a fragment. IPv6 fragments may name different protocols, of which the first one's counts
    /// (RFC 8200 section 4.5), so there it is no part of the key.
    pub fn of(layer: &Layer, fragment: Fragment) -> Self {
        let protocol = if layer.version == 4 { layer.protocol } else { IpProto(0) };
        Self { src: layer.src, dst: layer.dst, version: layer.version, protocol, id: fragment.id }
    }
}

/// Joins fragments to the first of their datagram. `I` is what the first one tells (ports, ICMP ids), `T` the caller's record of
/// one fragment.
#[derive(Debug)]
pub struct Fragments<I, T> {
    firsts: HashMap<FragmentKey, First<I>, FixedState>,
    first_order: VecDeque<(FragmentKey, u64)>,
    held: HashMap<FragmentKey, Vec<(u64, T)>, FixedState>,
    held_order: VecDeque<(FragmentKey, u64)>,
    /// Counts what was put into the two orders, so that an entry put in again is told from its older self.
    stamp: u64,
}

#[derive(Debug)]
struct First<I> {
    stamp: u64,
    identity: Option<I>,
}

impl<I: Copy, T> Default for Fragments<I, T> {
    fn default() -> Self {
        Self {
            firsts: HashMap::default(),
            first_order: VecDeque::new(),
            held: HashMap::default(),
            held_order: VecDeque::new(),
            stamp: 0,
        }
    }
}

impl<I: Copy, T> Fragments<I, T> {
    /// Takes one fragment. `identity` is what its transport header says; it counts for a first fragment only, and a first fragment
    /// too short to say leaves its datagram without.
    ///
    /// Every fragment whose flow is decided now is appended to `placed` with its identity, in the order of the input within each
    /// datagram: this one, those that waited for it, and those that have waited too long (without identity).
    pub fn see(&mut self, key: FragmentKey, fragment: Fragment, identity: Option<I>, item: T, placed: &mut Vec<(Option<I>, T)>) {
        if fragment.offset == 0 {
            let identity = self.remember(key, identity);
            let waited = self.held.remove(&key).unwrap_or_default();
            placed.extend(waited.into_iter().map(|(_, item)| (identity, item)));
            placed.push((identity, item));
        } else if let Some(first) = self.firsts.get(&key) {
            placed.push((first.identity, item));
        } else {
            self.hold(key, item, placed);
        }
    }

    /// At the end of the input: the fragments whose first one never came, in the order of the input.
    pub fn drain(&mut self) -> Vec<T> {
        self.held_order.clear();
        let mut orphans: Vec<(u64, T)> = self.held.drain().flat_map(|(_, held)| held).collect();
        orphans.sort_unstable_by_key(|(stamp, _)| *stamp);
        orphans.into_iter().map(|(_, item)| item).collect()
    }

    /// The identity of the datagram from now on. A later first fragment replaces an earlier one (identifications come round again),
    /// unless it says nothing.
    fn remember(&mut self, key: FragmentKey, identity: Option<I>) -> Option<I> {
        let stamp = self.next_stamp();
        let first = self.firsts.entry(key).or_insert(First { stamp, identity });
        first.stamp = stamp;
        first.identity = identity.or(first.identity);
        let identity = first.identity;
        self.first_order.push_back((key, stamp));
        if self.first_order.len() > MAX_FIRSTS
            && let Some((oldest, stamp)) = self.first_order.pop_front()
            && self.firsts.get(&oldest).is_some_and(|first| first.stamp == stamp)
        {
            self.firsts.remove(&oldest);
        }
        identity
    }

    fn hold(&mut self, key: FragmentKey, item: T, placed: &mut Vec<(Option<I>, T)>) {
        let stamp = self.next_stamp();
        self.held.entry(key).or_default().push((stamp, item));
        self.held_order.push_back((key, stamp));
        if self.held_order.len() > MAX_HELD
            && let Some((oldest, stamp)) = self.held_order.pop_front()
            && self.held.get(&oldest).and_then(|held| held.first()).is_some_and(|(first, _)| *first == stamp)
        {
            let orphans = self.held.remove(&oldest).unwrap_or_default();
            placed.extend(orphans.into_iter().map(|(_, item)| (None, item)));
        }
    }

    fn next_stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }
}

/// The longest payload of a datagram: the 13-bit offset counts units of 8 bytes.
const MAX_PAYLOAD: usize = 1 << 16;
/// Pieces of one datagram that do not touch; ordinary senders leave one or two holes open at a time.
const MAX_PIECES: usize = 64;
/// What one [`Reassembly`] holds in all.
const BUDGET: usize = 1 << 20;

/// Puts the payloads of datagrams together for those who read payload, within a fixed budget.
///
/// Where fragments overlap the first one wins, as on Windows; an IPv6 datagram with fragments that overlap is dropped (RFC 5722),
/// exact repeats apart. A fragment cut by the snap length leaves a hole, so its datagram is never whole. When the budget is used up the
/// datagrams begun first are dropped.
#[derive(Debug, Default)]
pub struct Reassembly {
    datagrams: HashMap<FragmentKey, Datagram, FixedState>,
    order: VecDeque<(FragmentKey, u64)>,
    stamp: u64,
    held: usize,
}

#[derive(Debug)]
struct Datagram {
    stamp: u64,
    bytes: Vec<u8>,
    /// Ranges that are there, in order, none touching another.
    pieces: Vec<(usize, usize)>,
    /// Where the last fragment ends.
    end: Option<usize>,
    /// Never to be whole; remembered so that its further fragments are not taken for another one's.
    dropped: bool,
}

impl Reassembly {
    /// Takes the captured payload of one fragment; the datagram's whole payload (transport header and all) when this was the last
    /// piece missing.
    pub fn see(&mut self, key: FragmentKey, fragment: Fragment, payload: &[u8]) -> Option<Vec<u8>> {
        let before = self.datagrams.get(&key).map_or(0, Datagram::weight);
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            self.stamp += 1;
            self.order.push_back((key, self.stamp));
            Datagram { stamp: self.stamp, bytes: Vec::new(), pieces: Vec::new(), end: None, dropped: false }
        });
        datagram.add(fragment, payload, key.version == 6);
        self.held = self.held - before + datagram.weight();
        if datagram.is_whole() {
            return self.remove(&key).map(|datagram| datagram.bytes);
        }
        self.keep_within_budget();
        None
    }

    fn remove(&mut self, key: &FragmentKey) -> Option<Datagram> {
        let datagram = self.datagrams.remove(key)?;
        self.held -= datagram.weight();
        Some(datagram)
    }

    fn keep_within_budget(&mut self) {
        while self.held > BUDGET || self.order.len() * Datagram::OVERHEAD > BUDGET {
            let Some((oldest, stamp)) = self.order.pop_front() else { break };
            if self.datagrams.get(&oldest).is_some_and(|datagram| datagram.stamp == stamp) {
                self.remove(&oldest);
            }
        }
    }
}

impl Datagram {
    /// What a datagram weighs beyond its bytes: map, order and pieces.
    const OVERHEAD: usize = 256;

    fn weight(&self) -> usize {
        Self::OVERHEAD + self.bytes.len()
    }

    fn is_whole(&self) -> bool {
        matches!((self.end, self.pieces.as_slice()), (Some(end), [(0, to)]) if *to == end)
    }

    fn add(&mut self, fragment: Fragment, payload: &[u8], strict: bool) {
        let start = fragment.offset as usize;
        let end = start.saturating_add(payload.len());
        let last = !fragment.more;
        if self.dropped || payload.is_empty() {
            return;
        }
        let lies = end > MAX_PAYLOAD || self.end.is_some_and(|known| end > known || (last && end != known));
        let overlaps = self.pieces.iter().any(|(from, to)| start < *to && *from < end);
        let repeats = self.pieces.iter().any(|(from, to)| *from <= start && end <= *to);
        if lies || (strict && overlaps && !repeats) || self.pieces.len() >= MAX_PIECES {
            (self.dropped, self.bytes, self.pieces) = (true, Vec::new(), Vec::new());
            return;
        }
        if last {
            self.end = Some(end);
        }
        self.write(start, payload);
        self.cover(start, end);
    }

    /// Writes what is not there yet.
    fn write(&mut self, start: usize, payload: &[u8]) {
        let end = start + payload.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let mut at = start;
        for (from, to) in self.pieces.iter().copied().chain([(end, end)]) {
            let (gap_end, resume) = (from.clamp(at, end), to.clamp(at, end));
            let target = self.bytes.get_mut(at..gap_end);
            let source = payload.get(at - start..gap_end - start);
            if let (Some(target), Some(source)) = (target, source) {
                target.copy_from_slice(source);
            }
            at = resume;
        }
    }

    /// Notes that the range is there.
    fn cover(&mut self, start: usize, end: usize) {
        let (mut from, mut to) = (start, end);
        self.pieces.retain(|piece| {
            let apart = piece.1 < from || to < piece.0;
            if !apart {
                (from, to) = (from.min(piece.0), to.max(piece.1));
            }
            apart
        });
        let at = self.pieces.partition_point(|piece| piece.0 < from);
        self.pieces.insert(at, (from, to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u32) -> FragmentKey {
        let (src, dst) = (Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2]));
        FragmentKey { src, dst, version: 4, protocol: IpProto::UDP, id }
    }

    fn at(offset: u32, more: bool) -> Fragment {
        Fragment { id: 0, offset, more }
    }

    type Placed = Vec<(Option<u16>, &'static str)>;

    /// What `see` places for each step: id, offset, identity, name.
    fn run(steps: &[(u32, u32, Option<u16>, &'static str)]) -> (Vec<Placed>, Vec<&'static str>) {
        let mut fragments = Fragments::default();
        let placed = steps.iter().map(|(id, offset, identity, name)| {
            let mut placed = Vec::new();
            fragments.see(key(*id), at(*offset, true), *identity, *name, &mut placed);
            placed
        });
        let placed = placed.collect();
        (placed, fragments.drain())
    }

    #[test]
    fn in_order_every_fragment_is_placed_at_once() {
        let (placed, orphans) = run(&[(1, 0, Some(53), "first"), (1, 1480, None, "second"), (1, 2960, None, "third")]);
        assert_eq!(placed, [vec![(Some(53), "first")], vec![(Some(53), "second")], vec![(Some(53), "third")]]);
        assert!(orphans.is_empty());
    }

    #[test]
    fn those_that_came_before_their_first_are_released_in_order_ahead_of_it() {
        let (placed, orphans) = run(&[(1, 2960, None, "third"), (1, 1480, None, "second"), (1, 0, Some(53), "first")]);
        assert_eq!(placed[..2], [vec![], vec![]]);
        assert_eq!(placed[2], [(Some(53), "third"), (Some(53), "second"), (Some(53), "first")]);
        assert!(orphans.is_empty());
    }

    #[test]
    fn the_nearest_first_fragment_before_wins_over_one_after() {
        let (placed, _) = run(&[(1, 0, Some(1), "a"), (1, 8, None, "b"), (1, 0, Some(2), "c"), (1, 8, None, "d")]);
        assert_eq!(placed[1], [(Some(1), "b")]);
        assert_eq!(placed[3], [(Some(2), "d")]);
    }

    #[test]
    fn what_never_gets_a_first_is_an_orphan_in_input_order() {
        let (placed, orphans) = run(&[(2, 8, None, "x"), (1, 8, None, "y"), (2, 16, None, "z")]);
        assert!(placed.iter().all(Vec::is_empty));
        assert_eq!(orphans, ["x", "y", "z"]);
    }

    #[test]
    fn a_first_fragment_too_short_for_ports_leaves_its_datagram_without() {
        let (placed, orphans) = run(&[(1, 8, None, "early"), (1, 0, None, "tiny"), (1, 16, None, "late")]);
        assert_eq!(placed, [vec![], vec![(None, "early"), (None, "tiny")], vec![(None, "late")]]);
        assert!(orphans.is_empty());
    }

    #[test]
    fn a_tiny_first_fragment_does_not_take_known_ports_away() {
        let (placed, _) = run(&[(1, 0, Some(53), "a"), (1, 0, None, "overlap"), (1, 16, None, "b")]);
        assert_eq!(placed[1], [(Some(53), "overlap")]);
        assert_eq!(placed[2], [(Some(53), "b")]);
    }

    #[test]
    fn held_fragments_are_bounded_and_the_oldest_datagram_goes_first() {
        let mut fragments: Fragments<u16, u32> = Fragments::default();
        let mut placed = Vec::new();
        let many = MAX_HELD as u32;
        for n in 0..many {
            fragments.see(key(n), at(8, true), None, n, &mut placed);
        }
        assert!(placed.is_empty());
        fragments.see(key(many), at(8, true), None, many, &mut placed);
        assert_eq!(placed, [(None, 0)]);
        assert_eq!(fragments.drain().len(), MAX_HELD);
    }

    #[test]
    fn first_fragments_are_bounded_and_a_repeated_one_counts_as_new() {
        let mut fragments: Fragments<u32, &str> = Fragments::default();
        let mut placed = Vec::new();
        for id in [0, 1, 0].into_iter().chain(2..MAX_FIRSTS as u32) {
            fragments.see(key(id), at(0, true), Some(id), "first", &mut placed);
        }
        // MAX_FIRSTS + 1 came: the older self of 0 is let go, 0 itself stays.
        placed.clear();
        fragments.see(key(0), at(8, false), None, "of 0", &mut placed);
        fragments.see(key(1), at(8, false), None, "of 1", &mut placed);
        assert_eq!(placed, [(Some(0), "of 0"), (Some(1), "of 1")]);
        fragments.see(key(90_000), at(0, true), Some(7), "first", &mut placed);
        placed.clear();
        fragments.see(key(1), at(8, false), None, "of 1", &mut placed);
        assert!(placed.is_empty());
        assert_eq!(fragments.drain(), ["of 1"]);
    }

    #[test]
    fn ipv6_fragments_of_one_datagram_may_name_different_protocols() {
        let layer = |version, protocol| {
            let mut decoded = crate::wire::Decoded::default();
            let frame = [0x45, 0, 0, 20, 0, 1, 0x20, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
            let frame = crate::net::Frame {
                number: 1,
                time: crate::net::Timestamp::NONE,
                link: crate::net::LinkType::RAW,
                data: &frame,
                wire_len: 20,
            };
            crate::wire::decode(&frame, &mut decoded);
            Layer { version, ..decoded.layers[0] }
        };
        let key = |version, protocol| FragmentKey::of(&layer(version, protocol), at(0, true));
        assert_eq!(key(6, 17), key(6, 60));
        assert_ne!(key(4, 17), key(4, 6));
    }

    #[test]
    fn a_datagram_is_whole_in_any_order() {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let parts: [(Fragment, &[u8]); 3] = [(at(0, true), b"AAAAAAAA"), (at(8, true), b"BBBBBBBB"), (at(16, false), b"CCC")];
            let mut reassembly = Reassembly::default();
            let mut whole = order.iter().map(|n| reassembly.see(key(1), parts[*n].0, parts[*n].1));
            assert_eq!((whole.next(), whole.next()), (Some(None), Some(None)));
            assert_eq!(whole.next().unwrap().unwrap(), b"AAAAAAAABBBBBBBBCCC");
        }
    }

    #[test]
    fn where_fragments_overlap_the_first_wins() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.see(key(1), at(8, true), b"22222222"), None);
        assert_eq!(reassembly.see(key(1), at(24, false), b"44"), None);
        let whole = reassembly.see(key(1), at(0, true), b"xxxxxxxxxxxxxxxxxxxxxxxxxx").unwrap();
        assert_eq!(whole, b"xxxxxxxx22222222xxxxxxxx44");
    }

    #[test]
    fn ipv6_drops_a_datagram_that_overlaps_but_not_one_that_repeats() {
        let six = FragmentKey { version: 6, ..key(1) };
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.see(six, at(0, true), b"AAAAAAAA"), None);
        assert_eq!(reassembly.see(six, at(0, true), b"AAAAAAAA"), None);
        assert_eq!(reassembly.see(six, at(8, false), b"B").unwrap(), b"AAAAAAAAB");
        assert_eq!(reassembly.see(six, at(0, true), b"AAAAAAAAAAAAAAAA"), None);
        assert_eq!(reassembly.see(six, at(8, true), b"BBBBBBBBBBBBBBBB"), None);
        assert_eq!(reassembly.see(six, at(24, false), b"C"), None);
    }

    #[test]
    fn lying_ends_and_lengths_never_make_a_whole() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.see(key(1), at(8, false), b"end"), None);
        assert_eq!(reassembly.see(key(1), at(16, true), b"beyond the end"), None);
        assert_eq!(reassembly.see(key(1), at(0, true), b"AAAAAAAA"), None);
        // The ping of death: offset 65528 and more than 8 bytes.
        assert_eq!(reassembly.see(key(2), at(65_528, false), &[0; 100]), None);
        assert_eq!(reassembly.see(key(2), at(u32::MAX, false), &[0; 100]), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut reassembly = Reassembly::default();
        for id in 0..10_000 {
            assert_eq!(reassembly.see(key(id), at(id % 800 * 80, true), b"12345678"), None);
            assert!(reassembly.held <= BUDGET);
        }
        assert!(reassembly.datagrams.len() * Datagram::OVERHEAD <= BUDGET);
        assert!(reassembly.order.len() * Datagram::OVERHEAD <= BUDGET);
        let held: usize = reassembly.datagrams.values().map(Datagram::weight).sum();
        assert_eq!(held, reassembly.held);
    }

    proptest::proptest! {
        #[test]
        fn any_fragments_do_no_harm(steps in proptest::collection::vec((0u32..3, 0u32..9000, 0usize..3000, proptest::bool::ANY), 0..200)) {
            let mut reassembly = Reassembly::default();
            let payload = [7u8; 3000];
            for (id, unit, len, more) in steps {
                if let Some(whole) = reassembly.see(key(id), at(unit * 8, more), &payload[..len]) {
                    proptest::prop_assert!(whole.iter().all(|byte| *byte == 7));
                }
                let held: usize = reassembly.datagrams.values().map(Datagram::weight).sum();
                proptest::prop_assert_eq!(held, reassembly.held);
            }
        }
    }
}
