//! The first bytes of a flow, on their way to the recognizers: in order, gap-aware, and no more than a budget.
//!
//! A side's budget is one memory page's half, 2 KiB (and 8 where a recognizer asks for it before they are spent): enough for a TLS hello with its large key shares, for the headers of an HTTP request and for
//! several PDUs of everything else; datagrams share it. The bytes of a flow are held from its first payload until a recognizer is
//! sure, none is left, or [`ROUNDS`] rounds were spent; most flows are decided after two packets. After that a packet costs one comparison.
//!
//! The recognizers read a packet's payload where it lies. Between two packets a flow in question is [`Packed`]: millions that nobody answers
//! take little more than the bytes they said.

mod packed;
mod stream;

use packed::Packed;
use stream::{Room, Stream};

use crate::net::{IpProto, Side};
use crate::recognize::{Finding, Opening, Search};

/// Bytes kept of one side.
const BUDGET: usize = 2048;
/// The most that is kept of one side where a recognizer asks for more: a logon to a file server may come before what it is for.
const LARGEST: usize = 8192;
/// How often the recognizers are asked about one flow. Interactive logins come in many small pieces.
const ROUNDS: u8 = 16;
/// The same where a recognizer asked for more.
const MOST_ROUNDS: u8 = 32;

/// What the payload of a flow showed. 32 bytes.
#[derive(Debug, Default)]
pub struct Payload(State);

#[derive(Debug, Default)]
enum State {
    /// No payload yet.
    #[default]
    Fresh,
    /// In question.
    Open(Packed),
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
            State::Open(packed) => packed.finding.as_deref(),
            State::Closed(finding, _) => finding.as_ref(),
        }
    }

    /// How many recognizers were asked.
    pub fn calls(&self) -> u8 {
        match &self.0 {
            State::Fresh => 0,
            State::Open(packed) => packed.calls(),
            State::Closed(_, calls) => *calls,
        }
    }

    /// Takes a piece of payload and asks the recognizers where it brings something new. `ports` are those of A and B.
    pub fn see(&mut self, side: Side, transport: IpProto, ports: [u16; 2], piece: &Piece<'_>) {
        let mut packed = match &mut self.0 {
            State::Fresh => Packed::default(),
            State::Open(packed) if !packed.is_past(side, piece) => std::mem::take(packed),
            State::Open(_) | State::Closed(..) => return,
        };
        let found_before = packed.finding.take();
        let mut collected = packed.open();
        if !collected.add(side, piece) {
            self.0 = State::Open(Packed::of(&collected, found_before));
            return;
        }
        self.0 = match collected.ask(transport, ports) {
            (found, true) => State::Closed(found, collected.search.calls),
            (found, false) => State::Open(Packed::of(&collected, found.map(Box::new))),
        };
    }
}

/// The first bytes of both sides and where the search stands.
#[derive(Debug, Default)]
struct Collected<'a> {
    sides: [Stream<'a>; 2],
    search: Search,
    rounds: u8,
}

impl<'a> Collected<'a> {
    /// Adds a piece; whether it brought bytes in order.
    fn add(&mut self, side: Side, piece: &Piece<'a>) -> bool {
        let [a, b] = &mut self.sides;
        let stream = if side == Side::A { a } else { b };
        match piece.stream {
            None => stream.add_datagram(piece),
            Some((seq, first)) => stream.add_segment(seq, first, piece),
        }
    }

    /// Asks the recognizers: the best finding so far, and whether that was the last time.
    fn ask(&mut self, transport: IpProto, ports: [u16; 2]) -> (Option<Finding>, bool) {
        let (mut room_a, mut room_b) = (Room::new(), Room::new());
        let [a, b] = &self.sides;
        let opening = Opening { transport, ports, said: [a.said(&mut room_a), b.said(&mut room_b)] };
        let (finding, over) = self.search.round(&opening);
        let wanted = finding.as_ref().map_or(0, |finding| usize::from(finding.wants()));
        self.rounds += 1;
        let rounds = if wanted > BUDGET { MOST_ROUNDS } else { ROUNDS };
        let over = over || self.rounds >= rounds || (a.ended && b.ended);
        self.sides.iter_mut().for_each(|side| side.limit = side.limit.max(wanted.min(LARGEST)));
        (finding, over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flow_pays_little() {
        assert!(size_of::<Payload>() <= 32, "{}", size_of::<Payload>());
    }

    #[test]
    fn a_segment_that_was_there_before_asks_nobody_again() {
        let mut payload = Payload::default();
        let mut say = |seq: u32, bytes: &[u8]| {
            let piece = Piece { bytes, len: bytes.len() as u32, stream: Some((seq, Some(u32::MAX))) };
            payload.see(Side::A, IpProto::TCP, [4000, 9999], &piece);
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
    fn a_recognizer_may_ask_for_more_before_the_budget_is_spent() {
        let mut payload = Payload::default();
        let ports = [1, 445];
        let say = |payload: &mut Payload, side, seq: u32, bytes: &[u8]| {
            payload.see(side, IpProto::TCP, ports, &Piece { bytes, len: bytes.len() as u32, stream: Some((seq, Some(1))) });
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
    fn what_one_side_says_is_not_refused_while_the_other_may_prove_it() {
        let mut payload = Payload::default();
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, Some(1))) };
        payload.see(Side::A, IpProto::TCP, [1, 2], &piece(b"POST abcd12345\n"));
        payload.see(Side::B, IpProto::TCP, [1, 2], &piece(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("HTTP"));
    }

    #[test]
    fn without_a_syn_the_side_that_makes_no_sense_may_speak_first() {
        let mut payload = Payload::default();
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, None)) };
        payload.see(
            Side::A,
            IpProto::TCP,
            [1, 389],
            &piece(b"\0\x3c\xf0\x81\x9e\x28\x74\x10\x89\x1d\x16\x25\x18\x66\xa4\xc1\x0a\xd9\x6d\xc1\x17"),
        );
        let answer = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0";
        payload.see(Side::B, IpProto::TCP, [1, 389], &piece(answer));
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("LDAP"));
    }

    #[test]
    fn a_flow_closes_when_a_recognizer_is_sure() {
        let mut payload = Payload::default();
        let piece = |bytes: &'static [u8]| Piece { bytes, len: bytes.len() as u32, stream: Some((1, Some(1))) };
        payload.see(Side::A, IpProto::TCP, [1, 2], &piece(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(payload.is_open() && payload.finding().is_some());
        payload.see(Side::B, IpProto::TCP, [1, 2], &piece(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!payload.is_open());
        assert_eq!(payload.finding().map(|finding| finding.protocol.name), Some("HTTP"));
    }
}
