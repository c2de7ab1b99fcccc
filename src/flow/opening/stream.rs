//! What one side said: the bytes that were kept, and those a packet brings, which are read where they lie.

use arrayvec::ArrayVec;

use super::{BUDGET, LARGEST, Piece};
use crate::recognize::{Datagram, Said};

/// Datagrams kept of one side.
const DATAGRAMS: usize = 4;
/// Segments that wait for an earlier one.
const WAITING: usize = 4;

/// Where the bytes of a side are joined that lie in several places.
pub(super) type Room = ArrayVec<u8, LARGEST>;

/// What one side said.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    /// What was kept of it before.
    pub(super) kept: &'a [u8],
    /// What follows that: a packet's payload, and the segments that waited for it.
    pub(super) new: ArrayVec<&'a [u8], { 1 + WAITING }>,
    /// How many bytes are kept.
    pub(super) limit: usize,
    pub(super) datagrams: ArrayVec<Datagram, DATAGRAMS>,
    pub(super) waiting: ArrayVec<Early<'a>, WAITING>,
    /// The sequence number that continues the bytes.
    pub(super) next: u32,
    pub(super) known: bool,
    pub(super) from_start: bool,
    pub(super) ended: bool,
}

/// A segment that waits for an earlier one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early<'a> {
    pub(super) seq: u32,
    pub(super) bytes: &'a [u8],
    /// There was more of it than was captured, or is kept.
    pub(super) is_cut: bool,
}

impl Default for Stream<'_> {
    fn default() -> Self {
        Self {
            kept: &[],
            new: ArrayVec::new(),
            limit: BUDGET,
            datagrams: ArrayVec::new(),
            waiting: ArrayVec::new(),
            next: 0,
            known: false,
            from_start: false,
            ended: false,
        }
    }
}

impl<'a> Stream<'a> {
    /// All that was said in order; joined in `room` where it lies in several places.
    pub(super) fn said<'r>(&'r self, room: &'r mut Room) -> Said<'r> {
        let bytes = match self.new.as_slice() {
            [] => self.kept,
            [only] if self.kept.is_empty() => only,
            several => {
                for part in std::iter::once(&self.kept).chain(several) {
                    // All of them are within the limit.
                    let _ = room.try_extend_from_slice(part);
                }
                room
            }
        };
        Said { bytes, datagrams: &self.datagrams, from_start: self.from_start, ended: self.ended }
    }

    /// How many bytes there are in order.
    pub(super) fn len(&self) -> usize {
        self.kept.len() + self.new.iter().map(|part| part.len()).sum::<usize>()
    }

    /// As much as may be kept.
    fn within_limit<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(..self.limit.saturating_sub(self.len())).unwrap_or(bytes)
    }

    /// Whether the datagram brings something.
    pub(super) fn add_datagram(&mut self, piece: &Piece<'a>) -> bool {
        if self.ended || piece.bytes.is_empty() {
            return false;
        }
        self.from_start = true;
        self.drop_first_piece_of(piece);
        self.new.push(self.within_limit(piece.bytes));
        self.datagrams.push(Datagram { end: self.len() as u16, len: piece.len.min(u32::from(u16::MAX)) as u16 });
        self.ended = self.datagrams.is_full() || self.len() >= self.limit;
        true
    }

    /// Drops the first piece of a fragmented datagram whose whole has come.
    fn drop_first_piece_of(&mut self, whole: &Piece<'_>) {
        let Some((last, before)) = self.datagrams.split_last() else { return };
        let start = before.last().map_or(0, |before| usize::from(before.end));
        let Some((before, piece)) = self.kept.split_at_checked(start) else { return };
        if u32::from(last.len) == whole.len && piece.len() < whole.bytes.len() && whole.bytes.starts_with(piece) {
            self.kept = before;
            self.datagrams.pop();
        }
    }

    /// Whether the segment brings bytes in order.
    pub(super) fn add_segment(&mut self, seq: u32, first: Option<u32>, piece: &Piece<'a>) -> bool {
        if self.ended || piece.bytes.is_empty() || (self.known && piece.ends_by(self.next)) {
            return false;
        }
        if !self.known {
            // Without the SYN a single byte may be a keep-alive, which repeats the last byte that was sent (RFC 9293 section 3.8.4).
            if first.is_none() && piece.len == 1 {
                return false;
            }
            (self.next, self.known, self.from_start) = (first.unwrap_or(seq), true, first.is_some());
        }
        let segment = Early { seq, bytes: piece.bytes, is_cut: piece.bytes.len() < piece.len as usize };
        if !self.append(segment) {
            self.hold(segment);
            return false;
        }
        while let Some(at) = self.waiting.iter().position(|early| early.seq.wrapping_sub(self.next) as i32 <= 0) {
            let early = self.waiting.swap_remove(at);
            self.append(early);
        }
        true
    }

    /// Appends what is new of a segment; false where a gap is before it. Nothing follows a segment that was cut by the snap length.
    fn append(&mut self, segment: Early<'a>) -> bool {
        let behind = self.next.wrapping_sub(segment.seq);
        if behind as i32 >= 0 {
            let new = self.within_limit(segment.bytes.get(behind as usize..).unwrap_or_default());
            self.new.push(new);
            self.next = self.next.wrapping_add(new.len() as u32);
            self.ended |= self.len() >= self.limit || (segment.is_cut && !new.is_empty());
            return true;
        }
        false
    }

    /// Keeps a segment that came early. When too many wait, the missing one is lost: nothing more is said in order.
    fn hold(&mut self, segment: Early<'a>) {
        // A byte beyond the budget will never be needed.
        let ahead = segment.seq.wrapping_sub(self.next) as usize + self.len();
        if ahead >= self.limit || self.waiting.is_full() {
            self.ended = self.waiting.is_full();
            return;
        }
        let bytes = segment.bytes.get(..self.limit - ahead).unwrap_or(segment.bytes);
        self.waiting.push(Early { bytes, is_cut: segment.is_cut || bytes.len() < segment.bytes.len(), ..segment });
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::Packed;
    use super::super::{Collected, Side};
    use super::*;

    /// What one side said, after all of these. Between two of them it was packed.
    struct Kept {
        bytes: Vec<u8>,
        datagrams: usize,
        from_start: bool,
        ended: bool,
    }

    fn kept(pieces: &[Piece<'_>]) -> Kept {
        let packed = pieces.iter().fold(Packed::default(), |packed, piece| {
            let mut collected = packed.open();
            collected.add(Side::A, piece);
            Packed::of(&collected, None)
        });
        let Collected { sides: [stream, _], .. } = packed.open();
        let mut room = Room::new();
        let Said { bytes, datagrams, from_start, ended } = stream.said(&mut room);
        Kept { bytes: bytes.to_vec(), datagrams: datagrams.len(), from_start, ended }
    }

    fn datagram(bytes: &[u8]) -> Piece<'_> {
        Piece { bytes, len: bytes.len() as u32, stream: None }
    }

    fn segments(segments: &[(u32, &[u8])], first: Option<u32>) -> Kept {
        let pieces: Vec<_> =
            segments.iter().map(|(seq, bytes)| Piece { stream: Some((*seq, first)), ..datagram(bytes) }).collect();
        kept(&pieces)
    }

    #[test]
    fn segments_are_put_in_order_and_repeats_left_out() {
        let said = segments(&[(103, b"defg"), (100, b"abc"), (100, b"abcdef"), (107, b"h")], Some(100));
        assert_eq!((said.bytes.as_slice(), said.from_start), (&b"abcdefgh"[..], true));
        let said = segments(&[(u32::MAX, b"ab"), (1, b"c")], Some(u32::MAX));
        assert_eq!(said.bytes, b"abc", "over the top of the sequence numbers");
        let said = segments(&[(109, b"jk"), (103, b"def"), (106, b"ghi"), (100, b"abcd")], Some(100));
        assert_eq!((said.bytes.as_slice(), said.ended), (&b"abcdefghijk"[..], false), "three that waited");
    }

    #[test]
    fn a_gap_that_stays_ends_a_side() {
        let early: Vec<(u32, &[u8])> = (0..6).map(|n| (200 + n * 3, &b"xyz"[..])).collect();
        let said = segments(&early, Some(100));
        assert!(said.ended && said.bytes.is_empty());
    }

    #[test]
    fn without_a_syn_the_first_segment_begins_and_a_keep_alive_does_not() {
        let said = segments(&[(99, b"\0"), (100, b"abc")], None);
        assert_eq!((said.bytes.as_slice(), said.from_start), (&b"abc"[..], false));
    }

    #[test]
    fn budgets_hold() {
        let said = segments(&[(0, &[7; 1500]), (1500, &[7; 1500])], Some(0));
        assert_eq!((said.bytes.len(), said.ended), (BUDGET, true));
        let said = segments(&[(1500, &[7; 1500]), (3000, &[7; 100]), (0, &[7; 1500])], Some(0));
        assert_eq!((said.bytes.len(), said.ended), (BUDGET, true));
        let said = kept(&[datagram(&[1; 600]); 9]);
        assert_eq!((said.bytes.len(), said.datagrams), (BUDGET, DATAGRAMS));
    }

    #[test]
    fn what_follows_a_cut_segment_is_not_in_order() {
        let segment = |seq, bytes, len| Piece { bytes, len, stream: Some((seq, Some(0))) };
        let said = kept(&[segment(0, b"abc", 10), segment(10, b"def", 3)]);
        assert_eq!((said.bytes.as_slice(), said.ended), (&b"abc"[..], true));
        let said = kept(&[segment(2, b"c", 9), segment(0, b"ab", 2), segment(3, b"def", 3)]);
        assert_eq!((said.bytes.as_slice(), said.ended), (&b"abc"[..], true), "also where it had to wait");
    }

    #[test]
    fn the_whole_of_a_datagram_takes_the_place_of_its_first_piece() {
        let first = Piece { len: 8, ..datagram(b"abc") };
        let said = kept(&[first, datagram(b"abcdefgh")]);
        assert_eq!((said.bytes.as_slice(), said.datagrams), (&b"abcdefgh"[..], 1));
        let said = kept(&[first, datagram(b"abcdefgh"), datagram(b"abcdefghi")]);
        assert_eq!(said.datagrams, 2, "another one that begins alike is another one");
    }
}
