//! What TCP did, segment by segment: history, connection state, handshake round trip, retransmissions, gaps.
//!
//! States and history letters are Zeek's (`conn_state` and `history` of its `conn.log`). Zeek knows the originator from the first
//! packet; here it is decided at the end of a flow, so everything is kept by side and named at output. Where this differs from
//! Zeek on purpose:
//!
//! * a segment that comes late but repeats nothing is no retransmission (Zeek's `t` takes any segment below the highest sequence
//!   number seen);
//! * `c` is never given, since checksums are not verified.
//!
//! Sequence numbers are compared as RFC 9293 section 3.4 has it, modulo 2^32. Payload lengths are those of the headers, so a
//! capture cut by its snap length reads like any other.
//!
//! A duplicate that the capture made (a SPAN port's second copy) looks like a retransmission: leave it out.

mod history;
mod holes;
#[cfg(test)]
mod tests;

use super::Side;
use crate::net::Timestamp;
use crate::record::{ConnState, History};
use crate::wire::Tcp;
use history::{Letter, Letters};
use holes::Holes;

/// A SYN with a new initial sequence number opens a new connection after this much silence, in nanoseconds. A handshake under way
/// is repeated after 1, 2, 4 and 8 seconds at the latest (RFC 6298) and with the number it has, so 10 seconds of silence and a
/// new number mean that the old attempt is over.
const IDLE: u64 = 10_000_000_000;

/// How far from what is expected a RST is still believed to close the connection, and how far behind a SYN may come in the
/// file: Zeek trusts SYN and RST to the same distance.
const NEAR: u32 = 1 << 20;

/// The largest window there is (RFC 7323 section 2.2). What lies further back than that in a long stream is not compared, and an
/// acknowledgement further ahead is not believed.
const MAX_WINDOW: u32 = 1 << 30;

/// Whether `a` comes after `b` in sequence space.
#[inline]
fn after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b) as i32 > 0
}

/// What `TcpState` reads of a segment.
#[derive(Clone, Copy, Debug)]
struct Segment {
    header: Tcp,
    seq: u32,
    payload: u32,
}

impl Segment {
    #[inline]
    fn of(header: Tcp, payload_len: u32) -> Self {
        Self { header, seq: header.seq, payload: payload_len.min(MAX_WINDOW) }
    }

    #[inline]
    fn syn(&self) -> bool {
        self.header.has(Tcp::SYN)
    }

    #[inline]
    fn fin(&self) -> bool {
        self.header.has(Tcp::FIN)
    }

    #[inline]
    fn rst(&self) -> bool {
        self.header.has(Tcp::RST)
    }

    #[inline]
    fn acks(&self) -> bool {
        self.header.has(Tcp::ACK)
    }

    /// One past its last byte; SYN and FIN take a number each (RFC 9293 section 3.4).
    #[inline]
    fn end(&self) -> u32 {
        self.seq.wrapping_add(self.payload).wrapping_add(u32::from(self.syn())).wrapping_add(u32::from(self.fin()))
    }

    /// A SYN and nothing that contradicts it.
    fn opens(&self) -> bool {
        self.syn() && !self.fin() && !self.rst()
    }
}

/// Where a side is, in Zeek's words. A SYN-ACK establishes both ends at once, as Zeek has it for a responder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    /// Nothing seen.
    #[default]
    Inactive,
    /// A SYN that was not answered.
    SynSent,
    /// Traffic from the middle of a connection.
    Partial,
    /// The handshake was seen, or its answer.
    Established,
    /// A FIN.
    Closed,
    /// A RST.
    Reset,
}

/// What one side did. The flags are bits of `seen`.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// The first sequence number known; the initial one where a SYN was seen.
    base: u32,
    /// The next one expected.
    next: u32,
    /// End of the last FIN.
    fin: u32,
    /// Sequence number of the last RST.
    rst: u32,
    repeated_payloads: u32,
    /// SYNs and FINs without payload that came again.
    repeated_flags: u16,
    zero_windows: u16,
    acknowledged_gaps: u16,
    seen: u16,
    phase: Phase,
    /// The phase before.
    before: Phase,
}

impl End {
    const SYN: u16 = 1;
    const SYN_ACK: u16 = 1 << 1;
    const FIN: u16 = 1 << 2;
    const RST: u16 = 1 << 3;
    const ACK: u16 = 1 << 4;
    const DATA: u16 = 1 << 5;
    const INCONSISTENT: u16 = 1 << 6;
    const MULTI_FLAG: u16 = 1 << 7;
    /// `base` and `next` hold.
    const KNOWN: u16 = 1 << 8;
    /// `base` is the initial sequence number.
    const INITIAL: u16 = 1 << 9;
    /// More than [`MAX_WINDOW`] bytes were sent, so that `base` no longer compares.
    const LONG: u16 = 1 << 10;
    /// A RST near what was expected.
    const ABORTED: u16 = 1 << 11;
    /// Payload, in whatever segment.
    const PAYLOAD: u16 = 1 << 12;

    #[inline]
    fn has(&self, any: u16) -> bool {
        self.seen & any != 0
    }

    /// Whether this SYN or SYN-ACK was sent before.
    fn repeats_syn(&self, segment: &Segment) -> bool {
        let kind = if segment.acks() { Self::SYN_ACK } else { Self::SYN };
        segment.syn() && self.has(kind) && self.has(Self::INITIAL) && self.base == segment.seq
    }

    /// Whether this SYN belongs before the segments seen so far and only comes late in the file.
    fn is_late_syn(&self, seq: u32) -> bool {
        self.has(Self::KNOWN) && !self.has(Self::INITIAL | Self::LONG) && self.base.wrapping_sub(seq.wrapping_add(1)) <= NEAR
    }

    /// The lowest sequence number that can be compared.
    fn floor(&self) -> u32 {
        if self.has(Self::LONG) { self.next.wrapping_sub(MAX_WINDOW) } else { self.base }
    }

    #[inline]
    fn expect(&mut self, next: u32) {
        self.next = next;
        if next.wrapping_sub(self.base) > MAX_WINDOW {
            self.seen |= Self::LONG;
        }
    }

    /// Whether an acknowledgement is about bytes of this side that were not seen.
    #[inline]
    fn lacks(&self, ack: u32) -> bool {
        self.has(Self::KNOWN) && (1..=MAX_WINDOW).contains(&ack.wrapping_sub(self.next))
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.before = self.phase;
            self.phase = phase;
        }
    }

    fn is_silent_or_partial(&self) -> bool {
        matches!(self.phase, Phase::Inactive | Phase::Partial)
    }
}

/// How far the measurement of the handshake has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Clock {
    /// No SYN yet.
    #[default]
    Waiting,
    /// A SYN left this side at `handshake` nanoseconds since 1970.
    Running(Side),
    /// `handshake` is the round trip in nanoseconds.
    Stopped,
    /// It cannot be told.
    Lost,
}

/// The state of one TCP connection as the tap sees it. About 120 bytes; holes take a box of their own while there are any.
#[derive(Clone, Debug, Default)]
pub struct TcpState {
    ends: [End; 2],
    holes: Option<Box<Holes>>,
    handshake: i64,
    letters: Letters,
    clock: Clock,
}

impl TcpState {
    /// Takes note of a segment that `side` sent. `payload_len` is by the headers.
    #[inline]
    pub fn see(&mut self, side: Side, header: Tcp, payload_len: u32, time: Timestamp) {
        let segment = Segment::of(header, payload_len);
        if self.goes_on(side, &segment) {
            let (end, _) = self.pair(side);
            end.expect(segment.end());
            return;
        }
        self.follow(side, &segment, time);
    }

    /// Whether a segment is the next one of a connection under way and changes nothing but what is expected after it.
    #[inline]
    fn goes_on(&self, side: Side, segment: &Segment) -> bool {
        const PLAIN: u8 = Tcp::SYN | Tcp::FIN | Tcp::RST | Tcp::ACK;
        let (end, peer) = (self.end(side), self.end(side.other()));
        let written = if segment.payload > 0 { End::KNOWN | End::DATA | End::PAYLOAD } else { End::KNOWN | End::ACK };
        segment.header.flags & PLAIN == Tcp::ACK
            && segment.header.window > 0
            && segment.seq == end.next
            && end.seen & written == written
            && matches!(end.phase, Phase::Established | Phase::Partial)
            && !peer.lacks(segment.header.ack)
            && self.holes.is_none()
            && !matches!(self.clock, Clock::Running(_))
    }

    /// Any segment.
    fn follow(&mut self, side: Side, segment: &Segment, time: Timestamp) {
        let repeats_syn = self.end(side).repeats_syn(segment);
        self.write_history(side, segment);
        self.watch_window(side, segment);
        self.time_handshake(side, segment, repeats_syn, time);
        if segment.rst() {
            self.judge_reset(side, segment);
        } else {
            self.follow_sequence(side, segment, repeats_syn);
        }
        self.advance(side, segment);
        self.believe_acknowledgement(side.other(), segment);
    }

    /// The sequence number of the first byte a side sends, where its SYN was seen.
    #[inline]
    pub fn first_byte(&self, side: Side) -> Option<u32> {
        let end = self.end(side);
        end.has(End::INITIAL).then(|| end.base.wrapping_add(1))
    }

    /// Who asked, as SYN or SYN-ACK tell, in whichever order they stand in the file. Where both sent a SYN (a simultaneous open)
    /// and no SYN-ACK tells them apart, the first one asked.
    pub fn handshake_side(&self) -> Option<Side> {
        let asked = |side: Side| self.end(side).has(End::SYN);
        let answered = |side: Side| self.end(side).has(End::SYN_ACK);
        match (asked(Side::A), asked(Side::B)) {
            (true, false) => Some(Side::A),
            (false, true) => Some(Side::B),
            (both, _) => match (answered(Side::A), answered(Side::B)) {
                (true, false) => Some(Side::B),
                (false, true) => Some(Side::A),
                _ if both => self.letters.iter().find(|(letter, _)| *letter == b's').map(|(_, side)| side),
                _ => None,
            },
        }
    }

    /// Whether it is over: a FIN from both sides, or a RST that is no stray.
    pub fn is_closed(&self) -> bool {
        let [a, b] = &self.ends;
        a.has(End::ABORTED) || b.has(End::ABORTED) || (a.has(End::FIN) && b.has(End::FIN))
    }

    /// Whether this segment opens a new connection between the same ports: a SYN with an initial sequence number other than the
    /// one remembered, when the connection is finished (closed, or the sender of this SYN has sent its FIN) or idle (`silence`,
    /// the nanoseconds since the flow's packet before, is ten seconds or more).
    ///
    /// A repeated SYN, one that comes late in the file, and a SYN-ACK are not new connections. Nor is a SYN with a new number while
    /// earlier ones are still unanswered: one record says that nobody answers.
    pub fn starts_new(&self, side: Side, header: Tcp, silence: u64) -> bool {
        let segment = Segment::of(header, 0);
        let end = self.end(side);
        if !segment.opens() || segment.acks() || end.is_late_syn(segment.seq) {
            return false;
        }
        if end.has(End::INITIAL) && end.base == segment.seq {
            return false;
        }
        self.is_closed() || end.has(End::FIN) || silence >= IDLE
    }

    /// The connection state, `originator` being who asked.
    pub fn state(&self, originator: Side) -> ConnState {
        use Phase::{Closed, Established, Inactive, Reset, SynSent};
        let (asker, answerer) = (self.end(originator), self.end(originator.other()));
        match (asker.phase, answerer.phase) {
            (SynSent, Reset) => ConnState::REJ,
            (Reset, Reset) if !asker.has(End::PAYLOAD) && !answerer.has(End::PAYLOAD) => ConnState::REJ,
            (_, Reset) if asker.is_silent_or_partial() => ConnState::RSTRH,
            (_, Reset) => ConnState::RSTR,
            (Reset, _) if !answerer.is_silent_or_partial() => ConnState::RSTO,
            (Reset, _) if self.is_syn_then_reset(originator) => ConnState::RSTOS0,
            (Reset, _) => ConnState::OTH,
            (Closed, Closed) => ConnState::SF,
            (Closed, _) if answerer.is_silent_or_partial() => ConnState::SH,
            (Closed, _) => ConnState::S2,
            (_, Closed) if asker.is_silent_or_partial() => ConnState::SHR,
            (_, Closed) => ConnState::S3,
            (SynSent, Inactive) => ConnState::S0,
            (Established, Established) => ConnState::S1,
            _ => ConnState::OTH,
        }
    }

    /// The history letters; `flipped` when the originator is not who sent the first packet.
    pub fn history(&self, originator: Side, flipped: bool) -> History {
        self.letters.print(originator, flipped)
    }

    /// From the client's SYN to its acknowledgement of the SYN-ACK, both as seen at the tap, in milliseconds.
    ///
    /// Not given when SYN or SYN-ACK were repeated before that acknowledgement, since nobody can say which one was answered (Karn's
    /// rule, RFC 6298 section 3); when both sides opened; and when one of the three was not captured or the clock went back.
    pub fn rtt_ms(&self) -> Option<f64> {
        (self.clock == Clock::Stopped).then(|| self.handshake as f64 / 1e6)
    }

    /// Segments of either side that repeated sequence numbers already seen, SYN and FIN included, keep-alives left out.
    pub fn retransmissions(&self) -> u64 {
        self.ends.iter().map(|end| u64::from(end.repeated_payloads) + u64::from(end.repeated_flags)).sum()
    }

    /// Holes in the sequence space of either side that were never filled.
    pub fn gaps(&self) -> u64 {
        self.holes.as_ref().map_or(0, |holes| holes.count())
    }

    #[inline]
    fn end(&self, side: Side) -> &End {
        let [a, b] = &self.ends;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    /// A side and its peer.
    #[inline]
    fn pair(&mut self, side: Side) -> (&mut End, &mut End) {
        let [a, b] = &mut self.ends;
        match side {
            Side::A => (a, b),
            Side::B => (b, a),
        }
    }

    /// The letter of what the segment is. `s`, `h`, `f` and `r` are written again when their sequence number differs from the last.
    fn write_history(&mut self, side: Side, segment: &Segment) {
        let (end, _) = self.pair(side);
        let first = |end: &mut End, bit: u16| {
            let first = !end.has(bit);
            end.seen |= bit;
            first
        };
        if segment.payload > 0 && !segment.rst() {
            end.seen |= End::PAYLOAD;
        }
        let written = match (segment.syn(), segment.fin(), segment.rst()) {
            (_, true, true) => first(end, End::INCONSISTENT).then_some(Letter::Inconsistent),
            (true, _, _) if !segment.opens() => first(end, End::MULTI_FLAG).then_some(Letter::MultiFlag),
            (true, _, _) => {
                let again = end.has(End::INITIAL) && end.base == segment.seq && end.has(End::SYN | End::SYN_ACK);
                end.seen |= if segment.acks() { End::SYN_ACK } else { End::SYN };
                (!again).then_some(if segment.acks() { Letter::SynAck } else { Letter::Syn })
            }
            (_, true, _) => {
                let at = segment.end();
                let again = !first(end, End::FIN) && end.fin == at;
                end.fin = at;
                (!again).then_some(Letter::Fin)
            }
            (_, _, true) => {
                let again = !first(end, End::RST) && end.rst == segment.seq;
                end.rst = segment.seq;
                (!again).then_some(Letter::Rst)
            }
            _ if segment.payload > 0 => first(end, End::DATA).then_some(Letter::Data),
            _ if segment.acks() => first(end, End::ACK).then_some(Letter::Ack),
            _ => None,
        };
        if let Some(letter) = written {
            self.letters.push(letter, side);
        }
    }

    /// A window of zero means something unless the segment is a RST, its sender has reset, or the other side has nothing more to send.
    fn watch_window(&mut self, side: Side, segment: &Segment) {
        let (end, peer) = self.pair(side);
        if segment.header.window == 0 && !segment.rst() && end.phase != Phase::Reset && peer.phase != Phase::Closed {
            end.zero_windows = end.zero_windows.saturating_add(1);
            let count = u32::from(end.zero_windows);
            self.write_scaled(Letter::ZeroWindow, side, count);
        }
    }

    /// Letters that are written at the first, the 10th, the 100th instance and so on.
    fn write_scaled(&mut self, letter: Letter, side: Side, count: u32) {
        if count > 0 && 10u32.pow(count.ilog10()) == count {
            self.letters.push(letter, side);
        }
    }

    fn time_handshake(&mut self, side: Side, segment: &Segment, repeats_syn: bool, time: Timestamp) {
        match self.clock {
            Clock::Waiting | Clock::Running(_) if segment.opens() && repeats_syn => self.clock = Clock::Lost,
            Clock::Waiting | Clock::Running(_) if segment.opens() && !segment.acks() => self.start_clock(side, time),
            Clock::Running(asker) if side == asker && segment.acks() && !segment.syn() && !segment.rst() => {
                let answer = self.end(side.other());
                let answered = answer.has(End::SYN_ACK) && segment.header.ack == answer.base.wrapping_add(1);
                let trip = nanos(time).and_then(|now| now.checked_sub(self.handshake)).filter(|trip| *trip >= 0);
                (self.clock, self.handshake) = match trip {
                    Some(trip) if answered => (Clock::Stopped, trip),
                    _ => (Clock::Lost, 0),
                };
            }
            _ => {}
        }
    }

    /// A first SYN, or one that begins again with a new number, starts the clock. One from the other side too makes it worthless,
    /// and so does one that comes late in the file: the acknowledgement went by before.
    fn start_clock(&mut self, side: Side, time: Timestamp) {
        let end = self.end(side);
        let late = end.has(End::KNOWN) && !end.has(End::INITIAL);
        let crossing = self.clock == Clock::Running(side.other());
        (self.clock, self.handshake) = match nanos(time) {
            Some(now) if !crossing && !late => (Clock::Running(side), now),
            _ => (Clock::Lost, 0),
        };
    }

    /// A RST moves no sequence number: its own is often garbage. It ends the connection where it fits.
    fn judge_reset(&mut self, side: Side, segment: &Segment) {
        let (end, _) = self.pair(side);
        let distance = segment.seq.wrapping_sub(end.next).cast_signed().unsigned_abs();
        if !end.has(End::KNOWN) || distance <= NEAR {
            end.seen |= End::ABORTED;
        }
    }

    fn follow_sequence(&mut self, side: Side, segment: &Segment, repeats_syn: bool) {
        let (end, _) = self.pair(side);
        let anew = segment.opens() && !(end.has(End::INITIAL) && end.base == segment.seq);
        if anew && end.is_late_syn(segment.seq) {
            end.base = segment.seq;
            end.seen |= End::INITIAL;
            return;
        }
        if anew || !end.has(End::KNOWN) {
            let known = if segment.syn() { End::KNOWN | End::INITIAL } else { End::KNOWN };
            end.seen = end.seen & !(End::INITIAL | End::LONG) | known;
            (end.base, end.next) = (segment.seq, segment.end());
            if let Some(holes) = &mut self.holes {
                holes.give_up(side);
            }
            return;
        }
        // In a simultaneous open the SYN comes once more with an ACK, which repeats nothing in earnest.
        let start = segment.seq.wrapping_add(u32::from(segment.syn() && !repeats_syn));
        self.follow_bytes(side, segment, start);
    }

    /// Bytes of a side whose sequence is known: new ones, with or without a hole before them, or old ones.
    fn follow_bytes(&mut self, side: Side, segment: &Segment, start: u32) {
        let (end, _) = self.pair(side);
        let (next, stop) = (end.next, segment.end());
        if start == next {
            end.expect(stop);
            return;
        }
        if after(start, next) {
            end.expect(stop);
            self.open_hole(side, next, start);
            return;
        }
        let (from, to) =
            (if after(end.floor(), start) { end.floor() } else { start }, if after(stop, next) { next } else { stop });
        if after(stop, next) {
            end.expect(stop);
        }
        if after(to, from) {
            let filled = self.holes.as_mut().map_or(0, |holes| holes.fill(side, from, to));
            let keep_alive = !segment.syn() && !segment.fin() && segment.payload <= 1 && start.wrapping_add(1) == next;
            if filled < to.wrapping_sub(from) && !(keep_alive && filled == 0) {
                self.count_retransmission(side, segment);
            }
        }
    }

    fn open_hole(&mut self, side: Side, start: u32, end: u32) {
        self.holes.get_or_insert_default().open(side, start, end);
    }

    /// A repeated SYN or FIN counts, but only payload is worth a letter.
    fn count_retransmission(&mut self, side: Side, segment: &Segment) {
        let (end, _) = self.pair(side);
        if segment.payload == 0 {
            end.repeated_flags = end.repeated_flags.saturating_add(1);
            return;
        }
        end.repeated_payloads = end.repeated_payloads.saturating_add(1);
        let count = end.repeated_payloads;
        self.write_scaled(Letter::Retransmission, side, count);
    }

    /// What the peer acknowledges, `sender` has sent: bytes of it that were not seen are a gap. Acknowledgements in a RST are not
    /// trusted, and those in a SYN acknowledge a SYN at most.
    fn believe_acknowledgement(&mut self, sender: Side, segment: &Segment) {
        let (end, peer) = self.pair(sender);
        if !segment.acks() || segment.syn() || segment.rst() || !end.has(End::KNOWN) {
            return;
        }
        let both_established = end.phase == Phase::Established && peer.phase == Phase::Established;
        let next = end.next;
        if end.lacks(segment.header.ack) {
            end.expect(segment.header.ack);
            self.open_hole(sender, next, segment.header.ack);
        }
        let Some(holes) = &mut self.holes else { return };
        for _ in 0..holes.acknowledge(sender, segment.header.ack) {
            if both_established {
                self.count_gap(sender);
            }
        }
    }

    fn count_gap(&mut self, side: Side) {
        let (end, _) = self.pair(side);
        end.acknowledged_gaps = end.acknowledged_gaps.saturating_add(1);
        let count = u32::from(end.acknowledged_gaps);
        self.write_scaled(Letter::Gap, side, count);
    }

    fn advance(&mut self, side: Side, segment: &Segment) {
        let (end, peer) = self.pair(side);
        match end.phase {
            Phase::Inactive => leave_inactive(end, peer, segment),
            Phase::Partial if segment.syn() && !segment.acks() && peer.phase == Phase::Inactive => end.enter(Phase::SynSent),
            Phase::SynSent | Phase::Partial | Phase::Established => {}
            // A RST after both FINs is housekeeping.
            Phase::Closed => {
                if segment.rst() && peer.phase != Phase::Closed {
                    end.enter(Phase::Reset);
                }
                return;
            }
            Phase::Reset => return,
        }
        if segment.rst() {
            end.enter(Phase::Reset);
        } else if segment.fin() {
            end.enter(Phase::Closed);
            // A FIN, a RST after it, and now the answer's FIN: that was a normal end.
            if peer.phase == Phase::Reset && peer.before == Phase::Closed {
                peer.enter(Phase::Closed);
            }
        }
    }

    /// The originator sent a SYN, then a RST, and nothing between them that would speak of a connection.
    fn is_syn_then_reset(&self, originator: Side) -> bool {
        let mut own = self.letters.iter().filter(|(_, side)| *side == originator).map(|(letter, _)| letter);
        own.next() == Some(b's') && own.find(|letter| b"hafgiqr".contains(letter)) == Some(b'r')
    }
}

/// The first segment of a side.
fn leave_inactive(end: &mut End, peer: &mut End, segment: &Segment) {
    let answers = matches!(peer.phase, Phase::SynSent | Phase::Established);
    if segment.syn() && (segment.acks() || answers) {
        end.enter(Phase::Established);
        if peer.phase == Phase::SynSent {
            peer.enter(Phase::Established);
        }
    } else if segment.syn() {
        end.enter(Phase::SynSent);
    } else if segment.rst() || segment.fin() {
        // The caller goes on from here.
    } else if peer.phase == Phase::SynSent && segment.payload == 0 {
        // Some acknowledge a SYN before they answer it with one of their own.
    } else if segment.acks() && peer.phase == Phase::Established {
        // Only the SYN was missed.
        end.enter(Phase::Established);
    } else {
        end.enter(Phase::Partial);
    }
}

/// Nanoseconds since 1970, where 64 bits hold them.
fn nanos(time: Timestamp) -> Option<i64> {
    time.is_some().then_some(())?;
    time.seconds().checked_mul(1_000_000_000)?.checked_add(i64::from(time.subsec_nanos()))
}
