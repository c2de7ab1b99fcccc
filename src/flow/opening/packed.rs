//! A flow in question between two of its packets, in as few bytes as it takes.

use super::stream::{Early, Stream};
use super::{Collected, Piece};
use crate::net::Side;
use crate::recognize::{Datagram, Finding, Search};

/// What was collected, and what was found in it so far.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) finding: Option<Box<Finding>>,
    /// [`Head`], then the bytes, the datagrams and the early segments of A and those of B; nothing where nothing was collected.
    bytes: Box<[u8]>,
}

/// The search, the rounds, and what there is of each side.
struct Head {
    search: [u8; Search::PACKED],
    rounds: u8,
    sides: [SideHead; 2],
}

/// The next sequence number of a side, its flags, its limit, and how many bytes, datagrams and early segments there are.
#[derive(Clone, Copy, Default)]
struct SideHead {
    next: u32,
    flags: u8,
    datagrams: u8,
    waiting: u8,
    limit: u16,
    bytes: u16,
}

impl SideHead {
    const LEN: usize = 11;
    const KNOWN: u8 = 1;
    const FROM_START: u8 = 2;
    const ENDED: u8 = 4;

    fn of(stream: &Stream<'_>) -> Self {
        let flag = |holds: bool, flag: u8| if holds { flag } else { 0 };
        let flags = flag(stream.known, Self::KNOWN) | flag(stream.from_start, Self::FROM_START) | flag(stream.ended, Self::ENDED);
        // A side has few datagrams and early segments, and no more bytes than its limit.
        let (datagrams, waiting) = (stream.datagrams.len() as u8, stream.waiting.len() as u8);
        Self { next: stream.next, flags, datagrams, waiting, limit: stream.limit as u16, bytes: stream.len() as u16 }
    }

    fn pack(self) -> [u8; Self::LEN] {
        let [n0, n1, n2, n3] = self.next.to_le_bytes();
        let ([l0, l1], [b0, b1]) = (self.limit.to_le_bytes(), self.bytes.to_le_bytes());
        [n0, n1, n2, n3, self.flags, self.datagrams, self.waiting, l0, l1, b0, b1]
    }

    fn unpack([n0, n1, n2, n3, flags, datagrams, waiting, l0, l1, b0, b1]: [u8; Self::LEN]) -> Self {
        let next = u32::from_le_bytes([n0, n1, n2, n3]);
        let (limit, bytes) = (u16::from_le_bytes([l0, l1]), u16::from_le_bytes([b0, b1]));
        Self { next, flags, datagrams, waiting, limit, bytes }
    }
}

impl Head {
    const SIDES: usize = Search::PACKED + 1;
    const LEN: usize = Self::SIDES + 2 * SideHead::LEN;

    /// The head, and what follows it.
    fn of(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (search, rest) = bytes.split_first_chunk()?;
        let (&[rounds], rest) = rest.split_first_chunk()?;
        let (a, rest) = rest.split_first_chunk()?;
        let (b, rest) = rest.split_first_chunk()?;
        Some((Self { search: *search, rounds, sides: [SideHead::unpack(*a), SideHead::unpack(*b)] }, rest))
    }
}

impl Packed {
    const DATAGRAM: usize = 4;
    /// Sequence number, whether it is cut, and length.
    const EARLY: usize = 7;

    /// A copy of what was collected.
    pub(super) fn of(collected: &Collected<'_>, finding: Option<Box<Finding>>) -> Self {
        let mut bytes = Vec::with_capacity(Head::LEN + collected.sides.iter().map(Self::len_of).sum::<usize>());
        bytes.extend_from_slice(&collected.search.pack());
        bytes.push(collected.rounds);
        for side in &collected.sides {
            bytes.extend_from_slice(&SideHead::of(side).pack());
        }
        for side in &collected.sides {
            bytes.extend_from_slice(side.kept);
            side.new.iter().for_each(|part| bytes.extend_from_slice(part));
            for datagram in &side.datagrams {
                bytes.extend_from_slice(&datagram.end.to_le_bytes());
                bytes.extend_from_slice(&datagram.len.to_le_bytes());
            }
            for early in &side.waiting {
                bytes.extend_from_slice(&early.seq.to_le_bytes());
                bytes.push(u8::from(early.is_cut));
                bytes.extend_from_slice(&(early.bytes.len() as u16).to_le_bytes());
                bytes.extend_from_slice(early.bytes);
            }
        }
        Self { finding, bytes: bytes.into_boxed_slice() }
    }

    fn len_of(side: &Stream<'_>) -> usize {
        let waiting = side.waiting.iter().map(|early| Self::EARLY + early.bytes.len()).sum::<usize>();
        side.len() + side.datagrams.len() * Self::DATAGRAM + waiting
    }

    /// How many recognizers were asked.
    pub(super) fn calls(&self) -> u8 {
        Head::of(&self.bytes).map_or(0, |(head, _)| Search::unpack(&head.search).calls)
    }

    /// Whether a piece of this side can bring nothing new: enough is kept, or it repeats what is.
    pub(super) fn is_past(&self, side: Side, piece: &Piece<'_>) -> bool {
        let at = Head::SIDES + side.index() * SideHead::LEN;
        let Some(head) = self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().map(SideHead::unpack) else {
            return false;
        };
        head.flags & SideHead::ENDED != 0 || (head.flags & SideHead::KNOWN != 0 && piece.ends_by(head.next))
    }

    /// What was packed, to go on with.
    pub(super) fn open(&self) -> Collected<'_> {
        let Some((head, mut rest)) = Head::of(&self.bytes) else { return Collected::default() };
        let sides = head.sides.map(|head| Self::side(head, &mut rest).unwrap_or_default());
        Collected { sides, search: Search::unpack(&head.search), rounds: head.rounds }
    }

    fn side<'a>(head: SideHead, rest: &mut &'a [u8]) -> Option<Stream<'a>> {
        let has = |flag: u8| head.flags & flag != 0;
        let mut stream = Stream {
            kept: rest.split_off(..usize::from(head.bytes))?,
            limit: usize::from(head.limit),
            next: head.next,
            known: has(SideHead::KNOWN),
            from_start: has(SideHead::FROM_START),
            ended: has(SideHead::ENDED),
            ..Stream::default()
        };
        for _ in 0..head.datagrams {
            let &[e0, e1, l0, l1] = rest.split_off(..Self::DATAGRAM)?.first_chunk()?;
            stream.datagrams.push(Datagram { end: u16::from_le_bytes([e0, e1]), len: u16::from_le_bytes([l0, l1]) });
        }
        for _ in 0..head.waiting {
            let &[s0, s1, s2, s3, is_cut, l0, l1] = rest.split_off(..Self::EARLY)?.first_chunk()?;
            let bytes = rest.split_off(..usize::from(u16::from_le_bytes([l0, l1])))?;
            stream.waiting.push(Early { seq: u32::from_le_bytes([s0, s1, s2, s3]), bytes, is_cut: is_cut != 0 });
        }
        Some(stream)
    }
}

#[cfg(test)]
mod tests {
    use arrayvec::ArrayVec;

    use super::super::{BUDGET, LARGEST};
    use super::*;

    #[test]
    fn what_is_packed_comes_out_the_same() {
        let datagram = |bytes| Piece { bytes, len: bytes.len() as u32, stream: None };
        let mut collected = Collected { rounds: 3, ..Collected::default() };
        collected.search.calls = 200;
        let [a, b] = &mut collected.sides;
        a.limit = LARGEST;
        a.add_segment(7, Some(7), &datagram(b"abc"));
        a.add_segment(20, Some(7), &Piece { len: 9, ..datagram(b"early") });
        b.add_datagram(&datagram(b"de"));
        b.add_datagram(&datagram(&[9; 3000]));
        let packed = Packed::of(&collected, None);
        let more = datagram(b"more");
        assert!(!packed.is_past(Side::A, &more) && packed.is_past(Side::B, &more));
        assert_eq!(packed.bytes.len(), Head::LEN + 3 + Packed::EARLY + 5 + BUDGET + 2 * Packed::DATAGRAM);
        assert_eq!(packed.calls(), 200);

        let opened = packed.open();
        assert_eq!((opened.rounds, opened.search), (3, collected.search));
        for (opened, before) in opened.sides.iter().zip(&collected.sides) {
            assert_eq!(opened.kept, before.new.concat());
            let plain = |stream: &Stream<'_>| {
                format!(
                    "{:?}",
                    Stream {
                        kept: &[],
                        new: ArrayVec::default(),
                        datagrams: stream.datagrams.clone(),
                        waiting: stream.waiting.clone(),
                        ..*stream
                    }
                )
            };
            assert_eq!(plain(opened), plain(before));
        }
    }

    #[test]
    fn a_flow_in_question_takes_little_more_than_it_said() {
        let mut collected = Collected::default();
        collected.sides[0].add_datagram(&Piece { bytes: b"flood", len: 5, stream: None });
        let len = Packed::of(&collected, None).bytes.len();
        assert!(len <= 88, "{len}");
    }
}
