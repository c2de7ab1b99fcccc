//! Packets the capture saw twice: a SPAN port that copies both directions, a tap before and behind a router, pktmon with its
//! several components.
//!
//! A duplicate is the same IP packet within [`WINDOW`] of packet time, apart from what a hop changes: time to live (hop limit) and
//! IPv4 header checksum. Layer 2 is not looked at, so VLAN tags, addresses and directions do not matter.
//!
//! Copies come microseconds apart, behind a router or a loaded mirror port up to a few milliseconds. What a host itself sends again
//! differs (a new IPv4 identification, a new timestamp or SACK option) or comes later: a TCP retransmission time-out is 200 ms or
//! more, multicast DNS waits 20 ms, neighbour discovery a second. 5 ms keeps clear of both. What is left to err on is a sender without
//! identification (IPv6, or IPv4 with 0) and without TCP timestamps that repeats a segment within a round trip shorter than that.

use super::key::{PRIMES, fold};
use crate::net::{Timestamp, prefetch};
use crate::wire::Layer;

/// How far apart two copies may be.
const WINDOW: u64 = 5_000_000;
/// Sets of packets remembered, by hash.
const SETS: usize = 256;
/// Packets remembered in a set, the newest first. All sets together hold the last thousand packets of a shard or so.
const WAYS: usize = 4;
/// Bytes looked at: the largest IPv4 header, and at least the first 128 after any usual one. TCP and UDP checksums cover the rest.
const HEAD: usize = 168;

/// Remembers the packets of the last moment. A fixed 16 KiB.
#[derive(Clone, Debug)]
pub struct Duplicates {
    sets: Box<[Set; SETS]>,
}

/// A cache line, so that a packet touches one.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Set([Seen; WAYS]);

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// 0 where there is none.
    fingerprint: u64,
    /// Nanoseconds since 1970, modulo 2^64.
    time: u64,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self { sets: Box::new([Set::default(); SETS]) }
    }
}

impl Duplicates {
    /// Whether the packet repeats one seen just before; `fingerprint` is that of its outermost IP layer.
    ///
    /// A packet that is no duplicate is remembered. A duplicate is not, so that what keeps repeating (a sender that does not count
    /// its identifications) is a duplicate of the last original only. Without a time nothing is one.
    #[inline]
    pub fn seen(&mut self, fingerprint: u64, time: Timestamp) -> bool {
        if !time.is_some() {
            return false;
        }
        let now = time.seconds().wrapping_mul(1_000_000_000).wrapping_add(i64::from(time.subsec_nanos())).cast_unsigned();
        let Some(Set(set)) = self.sets.get_mut(set_of(fingerprint)) else { return false };
        if set.iter().any(|seen| seen.fingerprint == fingerprint && near(seen.time, now)) {
            return true;
        }
        let [a, b, c, _] = *set;
        *set = [Seen { fingerprint, time: now }, a, b, c];
        false
    }

    /// Asks for what the packet will be compared with.
    #[inline]
    pub fn expect(&self, fingerprint: u64) {
        prefetch(self.sets.as_slice(), set_of(fingerprint));
    }
}

#[inline]
fn set_of(fingerprint: u64) -> usize {
    (fingerprint >> 32) as usize % SETS
}

/// A hash of what a hop leaves alone of an IP packet; `frame` holds the bytes the layer was decoded from. Never 0.
#[inline]
pub fn fingerprint(layer: &Layer, frame: &[u8]) -> u64 {
    let packet = layer.packet.of(frame);
    let packet = packet.get(..HEAD).unwrap_or(packet);
    // Of IPv4, time to live is byte 8 and the checksum bytes 10 and 11, of IPv6 the hop limit byte 7; the protocol is in already.
    let (changing, rest) = if layer.version == 4 { (8, 12) } else { (7, 8) };
    // What AH protects is a layer with the same bytes and another protocol.
    let mut hash = u64::from(layer.ip_len) << 8 | u64::from(layer.protocol.0);
    hash = fold(hash ^ word(packet.get(..changing).unwrap_or(packet)), PRIMES[0]);
    let (pairs, last) = packet.get(rest..).unwrap_or_default().as_chunks::<16>();
    for pair in pairs {
        let bits = u128::from_le_bytes(*pair);
        hash = fold(bits as u64 ^ hash, (bits >> 64) as u64 ^ PRIMES[1]);
    }
    let (low, high) = last.split_at(last.len().min(8));
    fold(word(low) ^ hash, word(high) ^ PRIMES[2]) | 1
}

/// Up to eight bytes as a number.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or_else(|| bytes.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)), |all| u64::from_le_bytes(*all))
}

/// Two copies may stand in either order of time when two interfaces were captured.
fn near(a: u64, b: u64) -> bool {
    a.wrapping_sub(b).min(b.wrapping_sub(a)) <= WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Frame, LinkType};
    use crate::wire::{Decoded, decode};

    /// A UDP packet from 10.0.0.1:1000 to 10.0.0.2:2000 with this identification, time to live and payload.
    fn ipv4(id: u16, ttl: u8, payload: &[u8]) -> Vec<u8> {
        let (total, udp) = (28 + payload.len() as u16, 8 + payload.len() as u16);
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend(id.to_be_bytes());
        // The checksum stands for one that follows the time to live.
        packet.extend([0x40, 0, ttl, 17, 0xab, 0xff - ttl, 10, 0, 0, 1, 10, 0, 0, 2, 3, 0xe8, 7, 0xd0]);
        packet.extend(udp.to_be_bytes());
        packet.extend([0x12, 0x34]);
        packet.extend(payload);
        packet
    }

    /// A TCP acknowledgement over IPv6.
    fn ipv6(hop_limit: u8, ack: u32) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 20, 6, hop_limit];
        packet.extend([0x20; 16]);
        packet.extend([0x21; 16]);
        packet.extend([1, 2, 3, 4, 0, 0, 0, 1]);
        packet.extend(ack.to_be_bytes());
        packet.extend([0x50, 0x10, 1, 0, 0, 0, 0, 0]);
        packet
    }

    fn ethernet(destination: u8, tag: Option<u16>, packet: &[u8]) -> Vec<u8> {
        let mut frame = vec![destination; 6];
        frame.extend([2; 6]);
        if let Some(tag) = tag {
            frame.extend([0x81, 0]);
            frame.extend(tag.to_be_bytes());
        }
        frame.extend(if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] });
        frame.extend(packet);
        frame
    }

    struct Tap {
        duplicates: Duplicates,
        micros: u32,
    }

    impl Tap {
        fn new() -> Self {
            Self { duplicates: Duplicates::default(), micros: 0 }
        }

        /// Whether the frame is a duplicate, `after` microseconds after the one before.
        fn sees(&mut self, after: i32, frame: &[u8]) -> bool {
            self.micros = self.micros.wrapping_add_signed(after);
            let time = Timestamp::new(1_700_000_000, self.micros * 1000, 6);
            let mut decoded = Decoded::default();
            let link = LinkType::ETHERNET;
            decode(&Frame { number: 1, time, link, data: frame, wire_len: frame.len() as u32 }, &mut decoded);
            self.duplicates.seen(fingerprint(&decoded.layers[0], frame), time)
        }
    }

    #[test]
    fn a_span_port_that_copies_both_directions() {
        let mut tap = Tap::new();
        let frame = ethernet(1, None, &ipv4(7, 64, b"hello"));
        assert!(!tap.sees(0, &frame));
        assert!(tap.sees(3, &frame));
        assert!(!tap.sees(3, &ethernet(1, None, &ipv4(8, 64, b"hello"))));
    }

    #[test]
    fn pktmon_shows_one_packet_at_every_component() {
        let mut tap = Tap::new();
        for id in 0..20 {
            let packet = ipv4(id, 128, b"through the stack");
            assert!(!tap.sees(40, &ethernet(1, None, &packet)));
            for component in 0..9 {
                assert!(tap.sees(15, &ethernet(1, None, &packet)), "component {component}");
            }
        }
    }

    #[test]
    fn a_tagged_and_an_untagged_copy() {
        let mut tap = Tap::new();
        let packet = ipv4(7, 64, b"hello");
        assert!(!tap.sees(0, &ethernet(1, Some(10), &packet)));
        assert!(tap.sees(1, &ethernet(1, None, &packet)));
        assert!(tap.sees(1, &ethernet(9, Some(20), &packet)));
    }

    #[test]
    fn padding_of_a_short_frame_is_no_difference() {
        let mut tap = Tap::new();
        let mut frame = ethernet(1, None, &ipv4(7, 64, b"x"));
        assert!(!tap.sees(0, &frame));
        frame.extend([0; 17]);
        assert!(tap.sees(1, &frame));
    }

    #[test]
    fn a_routed_copy_has_another_time_to_live_and_checksum() {
        let mut tap = Tap::new();
        assert!(!tap.sees(0, &ethernet(1, None, &ipv4(7, 64, b"hello"))));
        assert!(tap.sees(900, &ethernet(2, None, &ipv4(7, 63, b"hello"))));
        assert!(!tap.sees(900, &ethernet(1, None, &ipv6(64, 5))));
        assert!(tap.sees(900, &ethernet(2, None, &ipv6(63, 5))));
    }

    #[test]
    fn what_a_host_sends_again_is_no_duplicate() {
        let mut tap = Tap::new();
        assert!(!tap.sees(0, &ethernet(1, None, &ipv6(64, 5))));
        // A retransmission, all the same bytes, as early as a tail loss probe comes.
        assert!(!tap.sees(10_000, &ethernet(1, None, &ipv6(64, 5))));
        // At once, but with an identification of its own.
        assert!(!tap.sees(0, &ethernet(1, None, &ipv4(1, 64, b"again"))));
        assert!(!tap.sees(5, &ethernet(1, None, &ipv4(2, 64, b"again"))));
        // Another acknowledgement.
        assert!(!tap.sees(5, &ethernet(1, None, &ipv6(64, 6))));
    }

    #[test]
    fn what_keeps_repeating_is_a_duplicate_of_the_last_original_only() {
        let mut tap = Tap::new();
        let frame = ethernet(1, None, &ipv4(0, 64, b"tick"));
        let duplicates: Vec<bool> = (0..6).map(|_| tap.sees(2000, &frame)).collect();
        assert_eq!(duplicates, [false, true, true, false, true, true]);
    }

    #[test]
    fn copies_may_stand_in_either_order_of_time() {
        let mut tap = Tap::new();
        let frame = ethernet(1, None, &ipv4(7, 64, b"hello"));
        assert!(!tap.sees(1000, &frame));
        assert!(tap.sees(-700, &frame));
    }

    #[test]
    fn payload_beyond_the_headers_is_compared() {
        let mut tap = Tap::new();
        let mut payload = [0; 200];
        assert!(!tap.sees(0, &ethernet(1, None, &ipv4(0, 64, &payload))));
        payload[100] = 1;
        assert!(!tap.sees(0, &ethernet(1, None, &ipv4(0, 64, &payload))));
        assert!(!tap.sees(0, &ethernet(1, None, &ipv4(0, 64, &payload[..199]))));
    }

    #[test]
    fn a_copy_some_hundred_packets_later_is_still_known() {
        let mut tap = Tap::new();
        let frame = ethernet(1, None, &ipv4(0, 64, b"first"));
        assert!(!tap.sees(0, &frame));
        for id in 1..200 {
            assert!(!tap.sees(1, &ethernet(1, None, &ipv4(id, 64, b"other"))));
        }
        assert!(tap.sees(1, &frame));
    }

    #[test]
    fn without_a_time_nothing_is_a_duplicate() {
        let frame = ethernet(1, None, &ipv4(7, 64, b"hello"));
        let mut decoded = Decoded::default();
        let link = LinkType::ETHERNET;
        decode(&Frame { number: 1, time: Timestamp::NONE, link, data: &frame, wire_len: frame.len() as u32 }, &mut decoded);
        let mut duplicates = Duplicates::default();
        assert!(!duplicates.seen(fingerprint(&decoded.layers[0], &frame), Timestamp::NONE));
        assert!(!duplicates.seen(fingerprint(&decoded.layers[0], &frame), Timestamp::NONE));
    }
}
