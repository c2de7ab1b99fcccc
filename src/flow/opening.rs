//! The first bytes of a flow, on their way to the recognizers: in order, gap-aware, and no more than a budget.
//!
//! A side's budget is one memory page's half, 2 KiB (and 8 where a recognizer asks for it before they are spent): enough for a TLS hello with its large key shares, for the headers of an HTTP request and for
//! several PDUs of everything else; datagrams share it. The bytes of a flow are held from its first payload until a recognizer is
//! sure, none is left, or [`ROUNDS`] rounds were spent; most flows are decided after two packets. After that a packet costs one comparison.

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
pub struct Payload {
    state: State,
    calls: u8,
}

#[derive(Debug, Default)]
enum State {
    /// No payload yet.
    #[default]
    Fresh,
    /// In question.
    Open(Box<Collected>),
    /// Decided, or given up.
    Closed(Option<Finding>),
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

impl Payload {
    /// What was found so far, without the bytes it was found in.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { state: State::Closed(self.finding().cloned()), calls: self.calls }
    }

    /// Whether more payload can change anything.
    #[inline]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed(_))
    }

    /// What was found, so far or at all.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.state {
            State::Fresh => None,
            State::Open(collected) => collected.finding.as_ref(),
            State::Closed(finding) => finding.as_ref(),
        }
    }

    /// How many recognizers were asked.
    pub fn calls(&self) -> u8 {
        self.calls
    }

    /// Takes a piece of payload and asks the recognizers where it brings something new. `ports` are those of A and B.
    pub fn see(&mut self, side: Side, transport: IpProto, ports: [u16; 2], piece: &Piece<'_>, spare: &mut Spare) {
        if let State::Fresh = self.state {
            self.state = State::Open(spare.take());
        }
        let State::Open(collected) = &mut self.state else { return };
        if !collected.add(side, piece) {
            return;
        }
        let over = collected.ask(transport, ports);
        self.calls = collected.search.calls;
        if over {
            let finding = collected.finding.take();
            if let State::Open(used) = std::mem::replace(&mut self.state, State::Closed(finding)) {
                spare.give(used);
            }
        }
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

    /// Whether the piece brought bytes in order.
    fn add(&mut self, side: Side, piece: &Piece<'_>) -> bool {
        let [a, b] = &mut self.sides;
        let stream = if side == Side::A { a } else { b };
        match piece.stream {
            None => stream.add_datagram(piece),
            Some((seq, first)) => stream.add_segment(seq, first, piece),
        }
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

    fn said(&self) -> Said<'_> {
        Said { bytes: &self.bytes, datagrams: &self.datagrams, from_start: self.from_start, ended: self.ended }
    }

    fn add_datagram(&mut self, piece: &Piece<'_>) -> bool {
        if self.ended || piece.bytes.is_empty() {
            return false;
        }
        self.from_start = true;
        let kept = piece.bytes.get(..self.limit.saturating_sub(self.bytes.len())).unwrap_or(piece.bytes);
        self.bytes.extend_from_slice(kept);
        self.datagrams.push(Datagram { end: self.bytes.len() as u16, len: piece.len.min(u32::from(u16::MAX)) as u16 });
        self.ended = self.datagrams.len() >= DATAGRAMS || self.bytes.len() >= self.limit;
        true
    }

    fn add_segment(&mut self, seq: u32, first: Option<u32>, piece: &Piece<'_>) -> bool {
        if self.ended || piece.bytes.is_empty() {
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
