//! The first bytes of a flow, on their way to the recognizers: in order, gap-aware, and no more than a budget.
//!
//! A side's budget is one memory page's half, 2 KiB (and 8 where a recognizer asks for it before they are spent): enough for a TLS hello with its large key shares, for the headers of an HTTP request and for
//! several PDUs of everything else; datagrams share it. The bytes of a flow are held from its first payload until a recognizer is
//! sure, none is left, or [`ROUNDS`] rounds were spent; most flows are decided after two packets. After that a packet costs one comparison.
//!
//! A flow in question whose next packet does not come soon is [`Packed`]: millions that nobody answers take little more than the bytes they said.

use crate::net::{IpProto, Side};
use crate::recognize::{Datagram, Finding, Opening, Said, Search};

/// Bytes kept of one side.
const BUDGET: usize = 2048;
/// The most that is kept of one side where a recognizer asks for more: a logon to a file server may come before what it is for.
const LARGEST: usize = 8192;
/// Datagrams kept of one side.
const DATAGRAMS: usize = 4;
/// How often the recognizers are asked about one flow. Interactive logins come in many small pieces.
const ROUNDS: u8 = 16;
/// The same where a recognizer asked for more.
const MOST_ROUNDS: u8 = 32;
/// Segments that wait for an earlier one.
const WAITING: usize = 4;

/// What the payload of a flow showed. 32 bytes.
#[derive(Debug, Default)]
pub struct Payload(State);

#[derive(Debug, Default)]
enum State {
    /// No payload yet.
    #[default]
    Fresh,
    /// In question, and ready for its next packet.
    Loose(Box<Collected>),
    /// In question for long.
    Packed(Packed),
    /// Decided, or given up, after so many calls.
    Closed(Option<Finding>, u8),
}

/// What one segment or datagram brings.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Captured bytes.
    pub bytes: &'a [u8],
    /// How long it is by the headers.
    pub len: u32,
    /// For TCP: the sequence number of the first byte, and of the side's very first byte where a SYN told it.
    pub stream: Option<(u32, Option<u32>)>,
}

impl Piece<'_> {
    /// Whether all of it comes before this sequence number.
    fn ends_by(&self, next: u32) -> bool {
        self.stream.is_some_and(|(seq, _)| next.wrapping_sub(seq.wrapping_add(self.bytes.len() as u32)) as i32 >= 0)
    }
}

impl Payload {
    /// What was found so far, without the bytes it was found in.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(State::Closed(self.finding().cloned(), self.calls()))
    }

    /// Whether more payload can change anything.
    #[inline]
    pub fn is_open(&self) -> bool {
        !matches!(self.0, State::Closed(..))
    }

    /// What was found, so far or at all.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.0 {
            State::Fresh => None,
            State::Loose(collected) => collected.finding.as_ref(),
            State::Packed(packed) => packed.finding.as_deref(),
            State::Closed(finding, _) => finding.as_ref(),
        }
    }

    /// How many recognizers were asked.
    pub fn calls(&self) -> u8 {
        match &self.0 {
            State::Fresh => 0,
            State::Loose(collected) => collected.search.calls,
            State::Packed(packed) => packed.calls(),
            State::Closed(_, calls) => *calls,
        }
    }

    /// Takes a piece of payload and asks the recognizers where it brings something new. `ports` are those of A and B. Whether
    /// [packing](Self::pack) it is due, sooner or later, and was not before.
    pub fn see(&mut self, side: Side, transport: IpProto, ports: [u16; 2], piece: &Piece<'_>, spare: &mut Spare) -> bool {
        let (was_due, mut collected) = match std::mem::take(&mut self.0) {
            State::Loose(collected) => (!collected.is_waiting(), collected),
            State::Packed(packed) if !packed.is_past(side, piece) => (false, packed.unpack(spare.take())),
            State::Fresh => (false, spare.take()),
            past => {
                self.0 = past;
                return false;
            }
        };
        if collected.brings_end(side, transport, ports, piece) {
            self.0 = State::Closed(collected.finding.take(), collected.search.calls);
            spare.give(collected);
            return false;
        }
        let is_due = !collected.is_waiting();
        self.0 = State::Loose(collected);
        is_due && !was_due
    }

    /// Whether the bytes lie loose.
    #[cfg(test)]
    pub fn is_loose(&self) -> bool {
        matches!(self.0, State::Loose(_))
    }

    /// Packs what lies loose, unless segments wait for an earlier one.
    pub fn pack(&mut self, spare: &mut Spare) {
        match std::mem::take(&mut self.0) {
            State::Loose(mut collected) if !collected.is_waiting() => {
                self.0 = State::Packed(Packed::of(&mut collected));
                spare.give(collected);
            }
            other => self.0 = other,
        }
    }
}

/// What was collected, in as few bytes as it takes.
#[derive(Debug)]
struct Packed {
    finding: Option<Box<Finding>>,
    /// [`Head`], then the bytes and the datagrams of A and those of B.
    bytes: Box<[u8]>,
}

/// The search, the rounds, and of each side the next sequence number, its flags, how many bytes and datagrams there are, and its limit.
struct Head {
    search: [u8; Search::PACKED],
    rounds: u8,
    sides: [SideHead; 2],
}

#[derive(Clone, Copy, Default)]
struct SideHead {
    next: u32,
    flags: u8,
    datagrams: u8,
    bytes: u16,
    limit: u16,
}

impl SideHead {
    const LEN: usize = 10;
    const KNOWN: u8 = 1;
    const FROM_START: u8 = 2;
    const ENDED: u8 = 4;

    fn of(stream: &Stream) -> Self {
        let flag = |holds: bool, flag: u8| if holds { flag } else { 0 };
        let flags = flag(stream.known, Self::KNOWN) | flag(stream.from_start, Self::FROM_START) | flag(stream.ended, Self::ENDED);
        // All are bounded: by DATAGRAMS and by LARGEST.
        let (bytes, limit) = (stream.bytes.len() as u16, stream.limit as u16);
        Self { next: stream.next, flags, datagrams: stream.datagrams.len() as u8, bytes, limit }
    }

    fn pack(self) -> [u8; Self::LEN] {
        let ([n0, n1, n2, n3], [b0, b1]) = (self.next.to_le_bytes(), self.bytes.to_le_bytes());
        let [l0, l1] = self.limit.to_le_bytes();
        [n0, n1, n2, n3, self.flags, self.datagrams, b0, b1, l0, l1]
    }

    fn unpack([n0, n1, n2, n3, flags, datagrams, b0, b1, l0, l1]: [u8; Self::LEN]) -> Self {
        let next = u32::from_le_bytes([n0, n1, n2, n3]);
        let (bytes, limit) = (u16::from_le_bytes([b0, b1]), u16::from_le_bytes([l0, l1]));
        Self { next, flags, datagrams, bytes, limit }
    }

    fn len(self) -> usize {
        usize::from(self.bytes) + usize::from(self.datagrams) * Packed::DATAGRAM
    }
}

impl Head {
    const LEN: usize = Search::PACKED + 1 + 2 * SideHead::LEN;

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

    /// Takes the finding, and copies the rest.
    fn of(collected: &mut Collected) -> Self {
        let heads = collected.sides.each_ref().map(SideHead::of);
        let mut bytes = Vec::with_capacity(Head::LEN + heads.iter().map(|head| head.len()).sum::<usize>());
        bytes.extend_from_slice(&collected.search.pack());
        bytes.push(collected.rounds);
        for head in heads {
            bytes.extend_from_slice(&head.pack());
        }
        for side in &collected.sides {
            bytes.extend_from_slice(&side.bytes);
            for datagram in &side.datagrams {
                bytes.extend_from_slice(&datagram.end.to_le_bytes());
                bytes.extend_from_slice(&datagram.len.to_le_bytes());
            }
        }
        Self { finding: collected.finding.take().map(Box::new), bytes: bytes.into_boxed_slice() }
    }

    fn calls(&self) -> u8 {
        Head::of(&self.bytes).map_or(0, |(head, _)| Search::unpack(&head.search).calls)
    }

    /// Whether a piece of this side can bring nothing new: enough is kept, or it repeats what is.
    fn is_past(&self, side: Side, piece: &Piece<'_>) -> bool {
        let at = Search::PACKED + 1 + side.index() * SideHead::LEN;
        let Some(head) = self.bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().map(SideHead::unpack) else {
            return false;
        };
        head.flags & SideHead::ENDED != 0 || (head.flags & SideHead::KNOWN != 0 && piece.ends_by(head.next))
    }

    /// Into an empty collection.
    fn unpack(self, mut into: Box<Collected>) -> Box<Collected> {
        let Some((head, mut rest)) = Head::of(&self.bytes) else { return into };
        into.search = Search::unpack(&head.search);
        into.rounds = head.rounds;
        for (side, head) in into.sides.iter_mut().zip(head.sides) {
            let (mine, others) = rest.split_at(head.len().min(rest.len()));
            rest = others;
            side.fill(head, mine);
        }
        into.finding = self.finding.map(|finding| *finding);
        into
    }
}

/// Collections that are not in use: a flow that is decided leaves its memory to the next one.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "a box moves from flow to flow without a copy")]
pub struct Spare(Vec<Box<Collected>>);

impl Spare {
    /// More than flows of one shard are usually undecided at a time.
    const MOST: usize = 64;

    fn take(&mut self) -> Box<Collected> {
        self.0.pop().unwrap_or_default()
    }

    fn give(&mut self, mut used: Box<Collected>) {
        if self.0.len() < Self::MOST {
            used.clear();
            self.0.push(used);
        }
    }
}

/// The first bytes of both sides and where the search stands.
#[derive(Debug, Default)]
struct Collected {
    sides: [Stream; 2],
    search: Search,
    rounds: u8,
    finding: Option<Finding>,
}

impl Collected {
    fn clear(&mut self) {
        self.sides.iter_mut().for_each(Stream::clear);
        (self.search, self.rounds, self.finding) = (Search::default(), 0, None);
    }

    /// Adds a piece, and asks the recognizers where it brought bytes in order; whether that was the last time.
    fn brings_end(&mut self, side: Side, transport: IpProto, ports: [u16; 2], piece: &Piece<'_>) -> bool {
        let [a, b] = &mut self.sides;
        let stream = if side == Side::A { a } else { b };
        let is_new = match piece.stream {
            None => stream.add_datagram(piece),
            Some((seq, first)) => stream.add_segment(seq, first, piece),
        };
        is_new && self.ask(transport, ports)
    }

    /// Whether segments wait for an earlier one.
    fn is_waiting(&self) -> bool {
        self.sides.iter().any(|side| !side.waiting.is_empty())
    }

    /// Asks the recognizers; whether that was the last time.
    fn ask(&mut self, transport: IpProto, ports: [u16; 2]) -> bool {
        let [a, b] = &self.sides;
        let opening = Opening { transport, ports, said: [a.said(), b.said()] };
        let (finding, over) = self.search.round(&opening);
        let wanted = finding.as_ref().map_or(0, |finding| usize::from(finding.wants()));
        self.finding = finding;
        self.rounds += 1;
        let rounds = if wanted > BUDGET { MOST_ROUNDS } else { ROUNDS };
        let over = over || self.rounds >= rounds || (a.ended && b.ended);
        self.sides.iter_mut().for_each(|side| side.limit = side.limit.max(wanted.min(LARGEST)));
        over
    }
}

/// What one side said.
#[derive(Debug)]
struct Stream {
    bytes: Vec<u8>,
    /// How many of them are kept.
    limit: usize,
    datagrams: Vec<Datagram>,
    waiting: Vec<(u32, Vec<u8>, bool)>,
    /// The sequence number that continues the bytes.
    next: u32,
    known: bool,
    from_start: bool,
    ended: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            limit: BUDGET,
            datagrams: Vec::new(),
            waiting: Vec::new(),
            next: 0,
            known: false,
            from_start: false,
            ended: false,
        }
    }
}

impl Stream {
    fn clear(&mut self) {
        self.limit = BUDGET;
        self.bytes.clear();
        self.datagrams.clear();
        self.waiting.clear();
        (self.known, self.from_start, self.ended) = (false, false, false);
    }

    /// What was packed of an empty one.
    fn fill(&mut self, head: SideHead, packed: &[u8]) {
        let has = |flag: u8| head.flags & flag != 0;
        (self.known, self.from_start, self.ended) = (has(SideHead::KNOWN), has(SideHead::FROM_START), has(SideHead::ENDED));
        self.next = head.next;
        self.limit = usize::from(head.limit);
        let (bytes, datagrams) = packed.split_at(usize::from(head.bytes).min(packed.len()));
        self.bytes.extend_from_slice(bytes);
        let (datagrams, _) = datagrams.as_chunks::<{ Packed::DATAGRAM }>();
        let datagram =
            |&[e0, e1, l0, l1]: &[u8; 4]| Datagram { end: u16::from_le_bytes([e0, e1]), len: u16::from_le_bytes([l0, l1]) };
        self.datagrams.extend(datagrams.iter().map(datagram));
    }

    fn said(&self) -> Said<'_> {
        Said { bytes: &self.bytes, datagrams: &self.datagrams, from_start: self.from_start, ended: self.ended }
    }

    fn add_datagram(&mut self, piece: &Piece<'_>) -> bool {
        if self.ended || piece.bytes.is_empty() {
            return false;
        }
        self.from_start = true;
        self.replace_first_piece(piece);
        let kept = piece.bytes.get(..self.limit.saturating_sub(self.bytes.len())).unwrap_or(piece.bytes);
        self.bytes.extend_from_slice(kept);
        self.datagrams.push(Datagram { end: self.bytes.len() as u16, len: piece.len.min(u32::from(u16::MAX)) as u16 });
        self.ended = self.datagrams.len() >= DATAGRAMS || self.bytes.len() >= self.limit;
        true
    }

    /// Drops the first piece of a fragmented datagram whose whole has come.
    fn replace_first_piece(&mut self, whole: &Piece<'_>) {
        let Some((last, before)) = self.datagrams.split_last() else { return };
        let start = before.last().map_or(0, |before| usize::from(before.end));
        let piece = self.bytes.get(start..).unwrap_or_default();
        if u32::from(last.len) == whole.len && piece.len() < whole.bytes.len() && whole.bytes.starts_with(piece) {
            self.bytes.truncate(start);
            self.datagrams.pop();
        }
    }

    fn add_segment(&mut self, seq: u32, first: Option<u32>, piece: &Piece<'_>) -> bool {
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
        let is_cut = piece.bytes.len() < piece.len as usize;
        if !self.append(seq, piece.bytes, is_cut) {
            self.hold(seq, piece.bytes, is_cut);
            return false;
        }
        while let Some(at) = self.waiting.iter().position(|(seq, ..)| seq.wrapping_sub(self.next) as i32 <= 0) {
            let (seq, bytes, is_cut) = self.waiting.swap_remove(at);
            self.append(seq, &bytes, is_cut);
        }
        true
    }

    /// Appends what is new of a segment; false where a gap is before it. Nothing follows a segment that was cut by the snap length.
    fn append(&mut self, seq: u32, bytes: &[u8], is_cut: bool) -> bool {
        let behind = self.next.wrapping_sub(seq);
        if behind as i32 >= 0 {
            let new = bytes.get(behind as usize..).unwrap_or_default();
            let new = new.get(..self.limit.saturating_sub(self.bytes.len())).unwrap_or(new);
            self.bytes.extend_from_slice(new);
            self.next = self.next.wrapping_add(new.len() as u32);
            self.ended |= self.bytes.len() >= self.limit || (is_cut && !new.is_empty());
            return true;
        }
        false
    }

    /// Keeps a segment that came early. When too many wait, the missing one is lost: nothing more is said in order.
    fn hold(&mut self, seq: u32, bytes: &[u8], is_cut: bool) {
        // A byte beyond the budget will never be needed.
        let ahead = seq.wrapping_sub(self.next) as usize + self.bytes.len();
        if ahead >= self.limit || self.waiting.len() >= WAITING {
            self.ended = self.waiting.len() >= WAITING;
            return;
        }
        let kept = bytes.get(..self.limit - ahead).unwrap_or(bytes);
        self.waiting.push((seq, kept.to_vec(), is_cut || kept.len() < bytes.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(segments: &[(u32, &[u8])], first: Option<u32>) -> Stream {
        let mut stream = Stream::default();
        for (seq, bytes) in segments {
            stream.add_segment(*seq, first, &Piece { bytes, len: bytes.len() as u32, stream: None });
        }
        stream
    }

    #[test]
    fn every_flow_pays_little() {
        assert!(size_of::<Payload>() <= 32, "{}", size_of::<Payload>());
    }

    #[test]
    fn what_is_packed_comes_out_the_same() {
        let mut collected = Collected { rounds: 3, ..Collected::default() };
        collected.sides[0].limit = LARGEST;
        collected.sides[0].add_segment(7, Some(7), &Piece { bytes: b"abc", len: 3, stream: None });
        for bytes in [&b"de"[..], &[9; 3000]] {
            collected.sides[1].add_datagram(&Piece { bytes, len: bytes.len() as u32, stream: None });
        }
        let before = format!("{collected:?}");
        let packed = Packed::of(&mut collected);
        let datagram = Piece { bytes: b"more", len: 4, stream: None };
        assert!(!packed.is_past(Side::A, &datagram) && packed.is_past(Side::B, &datagram));
        assert_eq!(packed.bytes.len(), Head::LEN + 3 + BUDGET + 2 * Packed::DATAGRAM);
        assert_eq!(format!("{:?}", packed.unpack(Box::default())), before);
    }

    #[test]
    fn a_segment_that_was_there_before_asks_nobody_again() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let mut say = |seq: u32, bytes: &[u8]| {
            let piece = Piece { bytes, len: bytes.len() as u32, stream: Some((seq, Some(u32::MAX))) };
            payload.see(Side::A, IpProto::TCP, [4000, 9999], &piece, &mut spare);
            payload.calls()
        };
        let asked = say(u32::MAX, b"abc\n");
        assert!(asked > 0);
        assert_eq!(
            [say(u32::MAX, b"abc\n"), say(u32::MAX, b"ab"), say(1, b"c\n")],
            [asked; 3],
            "over the top of the sequence numbers"
        );
        assert!(say(1, b"c\nd\n") > asked, "part of it is new");
    }

    #[test]
    fn a_flow_in_question_takes_little_more_than_it_said() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let piece = Piece { bytes: b"flood", len: 5, stream: None };
        payload.see(Side::A, IpProto::UDP, [4000, 9999], &piece, &mut spare);
        payload.pack(&mut spare);
        let State::Packed(packed) = &payload.0 else { panic!("{payload:?}") };
        assert!(packed.bytes.len() <= 88, "{}", packed.bytes.len());
        assert_eq!(spare.0.len(), 1);
    }

    #[test]
    fn a_flow_whose_segments_wait_is_packed_once_they_are_in_order() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let say = |payload: &mut Payload, seq: u32, spare: &mut Spare| {
            payload.see(Side::A, IpProto::TCP, [4000, 9999], &Piece { bytes: b"ab", len: 2, stream: Some((seq, Some(1))) }, spare)
        };
        assert!(say(&mut payload, 1, &mut spare) && !say(&mut payload, 5, &mut spare), "noted once");
        payload.pack(&mut spare);
        assert!(payload.is_loose(), "a segment waits");
        assert!(say(&mut payload, 3, &mut spare), "noted again");
        payload.pack(&mut spare);
        assert!(!payload.is_loose() && payload.is_open());
        assert!(!say(&mut payload, 5, &mut spare), "it was there before");
        assert!(!payload.is_loose(), "and is left alone");
        assert!(say(&mut payload, 7, &mut spare));
    }

    #[test]
    fn segments_are_put_in_order_and_repeats_left_out() {
        let said = stream(&[(103, b"defg"), (100, b"abc"), (100, b"abcdef"), (107, b"h")], Some(100));
        assert_eq!((said.bytes.as_slice(), said.from_start), (&b"abcdefgh"[..], true));
        let wrapped = stream(&[(u32::MAX, b"ab"), (1, b"c")], Some(u32::MAX));
        assert_eq!(wrapped.bytes, b"abc");
    }

    #[test]
    fn a_gap_that_stays_ends_a_side() {
        let segments: Vec<(u32, &[u8])> = (0..6).map(|n| (200 + n * 3, &b"xyz"[..])).collect();
        let said = stream(&segments, Some(100));
        assert!(said.ended && said.bytes.is_empty());
    }

    #[test]
    fn without_a_syn_the_first_segment_begins_and_a_keep_alive_does_not() {
        let said = stream(&[(99, b"\0"), (100, b"abc")], None);
        assert_eq!((said.bytes.as_slice(), said.from_start), (&b"abc"[..], false));
    }

    #[test]
    fn budgets_hold() {
        let said = stream(&[(0, &[7; 1500]), (1500, &[7; 1500])], Some(0));
        assert_eq!((said.bytes.len(), said.ended), (BUDGET, true));
        let mut said = Stream::default();
        for _ in 0..9 {
            said.add_datagram(&Piece { bytes: &[1; 600], len: 600, stream: None });
        }
        assert_eq!((said.bytes.len(), said.datagrams.len()), (BUDGET, DATAGRAMS));
    }

    #[test]
    fn a_recognizer_may_ask_for_more_before_the_budget_is_spent() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let ports = [1, 445];
        let mut say = |payload: &mut Payload, side, seq: u32, bytes: &[u8]| {
            payload.see(
                side,
                IpProto::TCP,
                ports,
                &Piece { bytes, len: bytes.len() as u32, stream: Some((seq, Some(1))) },
                &mut spare,
            );
        };
        // A negotiation of SMB 2, then a logon of 3000 bytes, then the share.
        let message = |command: u8, flags: u8, body: &[u8]| {
            let head = [&b"\xfeSMB"[..], &[64, 0, 1, 0, 0, 0, 0, 0, command, 0, 1, 0, flags, 0, 0, 0], &[0; 44]].concat();
            [&((head.len() + body.len()) as u32).to_be_bytes()[..], &head, body].concat()
        };
        let path: Vec<u8> = r"\\dc1\SYSVOL".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let tree = message(3, 0, &[&[9, 0, 0, 0, 72, 0, path.len() as u8, 0], path.as_slice()].concat());
        let (ask, logon) = (message(0, 0, &[36; 36]), message(1, 0, &[25; 3000]));
        say(&mut payload, Side::A, 1, &ask);
        say(&mut payload, Side::B, 1, &message(0, 1, &[65, 0, 1, 0, 0x11, 3, 0, 0]));
        say(&mut payload, Side::A, 1 + ask.len() as u32, &logon);
        say(&mut payload, Side::A, 1 + (ask.len() + logon.len()) as u32, &tree);
        assert!(!payload.is_open());
        let detail = payload.finding().and_then(|finding| finding.texts()?.detail.as_deref());
        assert_eq!(detail, Some(r"SMB 3.1.1 \\dc1\SYSVOL"));
    }

    #[test]
    fn what_follows_a_cut_segment_is_not_in_order() {
        let mut said = Stream::default();
        said.add_segment(0, Some(0), &Piece { bytes: b"abc", len: 10, stream: None });
        assert!(!said.add_segment(10, Some(0), &Piece { bytes: b"def", len: 3, stream: None }));
        assert_eq!((said.bytes.as_slice(), said.ended), (&b"abc"[..], true));
    }

    #[test]
    fn the_whole_of_a_datagram_takes_the_place_of_its_first_piece() {
        let mut said = Stream::default();
        let whole = Piece { bytes: b"abcdefgh", len: 8, stream: None };
        assert!(said.add_datagram(&Piece { bytes: b"abc", ..whole }) && said.add_datagram(&whole));
        assert_eq!((said.bytes.as_slice(), said.datagrams.len()), (&b"abcdefgh"[..], 1));
        // Another one that begins alike is another one.
        assert!(said.add_datagram(&Piece { bytes: b"abcdefghi", len: 9, stream: None }));
        assert_eq!(said.datagrams.len(), 2);
    }

    #[test]
    fn what_one_side_says_is_not_refused_while_the_other_may_prove_it() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, Some(1))) };
        payload.see(Side::A, IpProto::TCP, [1, 2], &piece(b"POST abcd12345\n"), &mut spare);
        payload.see(Side::B, IpProto::TCP, [1, 2], &piece(b"HTTP/1.1 400 Bad Request\r\n\r\n"), &mut spare);
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("HTTP"));
    }

    #[test]
    fn without_a_syn_the_side_that_makes_no_sense_may_speak_first() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, None)) };
        payload.see(
            Side::A,
            IpProto::TCP,
            [1, 389],
            &piece(b"\0\x3c\xf0\x81\x9e\x28\x74\x10\x89\x1d\x16\x25\x18\x66\xa4\xc1\x0a\xd9\x6d\xc1\x17"),
            &mut spare,
        );
        let answer = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0";
        payload.see(Side::B, IpProto::TCP, [1, 389], &piece(answer), &mut spare);
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("LDAP"));
    }

    #[test]
    fn a_flow_closes_when_a_recognizer_is_sure() {
        let (mut payload, mut spare) = (Payload::default(), Spare::default());
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, Some(1))) };
        payload.see(Side::A, IpProto::TCP, [1, 2], &piece(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &mut spare);
        assert!(payload.is_open() && payload.finding().is_some());
        payload.see(Side::B, IpProto::TCP, [1, 2], &piece(b"HTTP/1.1 200 OK\r\n\r\n"), &mut spare);
        assert!(!payload.is_open());
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("HTTP"));
        assert_eq!(spare.0.len(), 1);
    }
}
