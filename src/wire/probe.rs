//! Frames for the tests of this floor: headers written by hand before one known packet, and the cuts every reader must survive.

use super::{Decoded, Outcome, decode};
use crate::net::{Addr, Frame, LinkType, Timestamp};

/// UDP from 10.1.0.9 port 53 to 10.1.8.20 port 1045 with two bytes of payload.
pub(super) const IPV4: [u8; 30] = [
    0x45, 0, 0, 30, 0x12, 0x34, 0, 0, 64, 17, 0x4a, 0x78, 10, 1, 0, 9, 10, 1, 8, 20, // IPv4
    0, 53, 0x04, 0x15, 0, 10, 0, 0, b'h', b'i',
];

/// The same from `fd00::9` to `fd00::14`.
pub(super) const IPV6: [u8; 50] = [
    0x60, 0, 0, 0, 0, 10, 17, 64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, // IPv6, source
    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, // destination
    0, 53, 0x04, 0x15, 0, 10, 0, 0, b'h', b'i',
];

/// The bytes that hexadecimal digits stand for; white space is passed over.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of digits: {hex}");
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8)).collect()
}

/// A frame decoded, of which more may have been on the wire than is here.
pub(super) fn decode_cut(link: u16, data: &[u8], wire_len: usize) -> Decoded {
    let frame = Frame { number: 1, time: Timestamp::new(0, 0, 6), link: LinkType(link), data, wire_len: wire_len as u32 };
    let mut decoded = Decoded::default();
    decode(&frame, &mut decoded);
    decoded
}

/// How the decoding of a frame without any layer ended.
pub(super) fn outcome(link: u16, hex: &str) -> String {
    let frame = bytes(hex);
    survives_cuts(link, &frame);
    let decoded = decode_cut(link, &frame, frame.len());
    assert!(decoded.layers.is_empty(), "a layer in {hex}");
    match decoded.outcome {
        Outcome::Complete => "complete".into(),
        Outcome::NonIp(word) => format!("non-ip {word}"),
        Outcome::Stopped(stop) => format!("stop {} at {}", stop.why, stop.offset),
    }
}

/// Holds that this header leads to IPv4, whole and cut; gives what was decoded.
pub(super) fn leads_to_ipv4(link: u16, header: &str) -> Decoded {
    leads_to(link, header, &IPV4, (Addr::v4([10, 1, 0, 9]), Addr::v4([10, 1, 8, 20])))
}

/// Holds that this header leads to IPv6, whole and cut; gives what was decoded.
pub(super) fn leads_to_ipv6(link: u16, header: &str) -> Decoded {
    let address = |last| Addr::v6([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    leads_to(link, header, &IPV6, (address(9), address(0x14)))
}

fn leads_to(link: u16, header: &str, packet: &[u8], ends: (Addr, Addr)) -> Decoded {
    let mut frame = bytes(header);
    let at = frame.len() as u32;
    frame.extend_from_slice(packet);
    survives_cuts(link, &frame);
    // Trailers and padding are no part of a packet.
    frame.extend_from_slice(&[0xaa; 8]);
    let decoded = decode_cut(link, &frame, frame.len());
    let layer = decoded.layers.first().unwrap_or_else(|| panic!("no layer behind {header}: {:?}", decoded.outcome));
    assert_eq!(decoded.layers.len(), 1, "{header}");
    assert_eq!((layer.src, layer.dst), ends, "{header}");
    assert_eq!((layer.src_port, layer.dst_port), (53, 1045), "{header}");
    assert_eq!((layer.packet.start, layer.packet.end), (at, at + packet.len() as u32), "{header}");
    assert_eq!(layer.via.kind, "", "a header of the link is no tunnel: {header}");
    decoded
}

/// Holds that a frame cut anywhere decodes without a panic, to nothing that is not in the whole, and never to nothing without a reason.
/// A cut that the capture does not know of (it says that the wire had no more) must not matter either.
pub(super) fn survives_cuts(link: u16, frame: &[u8]) {
    let whole = decode_cut(link, frame, frame.len());
    for (len, wire_len) in (0..frame.len()).flat_map(|len| [(len, frame.len()), (len, len)]) {
        let cut = decode_cut(link, frame.get(..len).unwrap_or_default(), wire_len);
        assert!(cut.layers.len() <= whole.layers.len(), "more layers in {len} bytes than in all");
        for (cut, whole) in cut.layers.iter().zip(&whole.layers) {
            assert_eq!((cut.src, cut.dst, cut.ip_len), (whole.src, whole.dst, whole.ip_len), "cut at {len}");
            assert!(cut.packet.end as usize <= len && cut.payload.end as usize <= len, "beyond the cut at {len}");
        }
        assert!(!cut.layers.is_empty() || cut.outcome != Outcome::Complete, "nothing in {len} bytes, and no reason why");
    }
}
