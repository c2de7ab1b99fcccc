//! Frames for the tests of this folder, put together header by header, and what must hold of every frame however it is cut.

use super::super::layer::{Decoded, Icmp, Layer, Outcome, Transport};
use super::super::walk::decode;
use crate::net::{Frame, LinkType, Timestamp};

/// Bytes from their hexadecimal digits; blanks are for the reader.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// `head` in hexadecimal digits, then `body`.
pub(super) fn with(head: &str, body: &[u8]) -> Vec<u8> {
    [hex(head).as_slice(), body].concat()
}

/// An Ethernet frame.
pub(super) fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [hex("020000000001 020000000002").as_slice(), &kind.to_be_bytes(), payload].concat()
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2.
pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = (20 + payload.len()) as u16;
    [hex("4500").as_slice(), &len.to_be_bytes(), &hex("12340000 40"), &[protocol], &hex("0000 0a000001 0a000002"), payload]
        .concat()
}

/// An IPv6 packet from `2001:db8::1` to `2001:db8::2`.
pub(super) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let address = "20010db8 00000000 00000000 000000";
    let len = (payload.len() as u16).to_be_bytes();
    let addresses = hex(&format!("{address}01 {address}02"));
    [hex("60000000").as_slice(), &len, &[next, 0x40], &addresses, payload].concat()
}

/// A UDP datagram.
pub(super) fn udp(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let len = (8 + payload.len()) as u16;
    [src.to_be_bytes(), dst.to_be_bytes(), len.to_be_bytes(), [0, 0]]
        .into_iter()
        .flatten()
        .chain(payload.iter().copied())
        .collect()
}

/// The packet that tests put into tunnels: UDP from port 1111 to 2222 in IPv4.
pub(super) fn passenger() -> Vec<u8> {
    ipv4(17, &udp(1111, 2222, b"inside"))
}

/// Decodes an Ethernet frame of which the first `captured` bytes were captured.
pub(super) fn decode_cut(frame: &[u8], captured: usize) -> Decoded {
    let mut decoded = Decoded::default();
    let (time, link) = (Timestamp::NONE, LinkType::ETHERNET);
    decode(&Frame { number: 1, time, link, data: &frame[..captured], wire_len: frame.len() as u32 }, &mut decoded);
    decoded
}

/// Decodes an IPv4 or IPv6 packet in Ethernet, and checks what must hold however it is cut.
pub(super) fn decode_packet(packet: &[u8]) -> Decoded {
    let kind = if packet[0] >> 4 == 6 { 0x86dd } else { 0x0800 };
    let frame = ethernet(kind, packet);
    cut_everywhere(&frame);
    decode_cut(&frame, frame.len())
}

/// Cuts a frame at every length: never a panic, never more layers than with one byte more, and lengths by the headers.
pub(super) fn cut_everywhere(frame: &[u8]) {
    let whole = decode_cut(frame, frame.len());
    let mut layers = whole.layers.len();
    for captured in (0..=frame.len()).rev() {
        let cut = decode_cut(frame, captured);
        assert!(cut.layers.len() <= layers, "cut at {captured}: more layers");
        layers = cut.layers.len();
        for (layer, full) in cut.layers.iter().zip(&whole.layers) {
            assert_eq!((layer.src, layer.dst, layer.ip_len), (full.src, full.dst, full.ip_len), "cut at {captured}");
            spans_hold(layer, captured);
            if !layer.payload.of(frame).is_empty() {
                assert_eq!(layer.payload_len, full.payload_len, "cut at {captured}");
            }
        }
    }
}

/// The spans of a layer lie in each other and in what was captured.
pub(super) fn spans_hold(layer: &Layer, captured: usize) {
    for span in [layer.packet, layer.ip_payload, layer.payload] {
        assert!(span.start <= span.end && span.end as usize <= captured, "{layer:?}");
    }
    assert!(layer.packet.start <= layer.ip_payload.start && layer.ip_payload.end <= layer.packet.end, "{layer:?}");
    assert!(layer.payload.end <= layer.packet.end, "{layer:?}");
}

/// Protocol number, ports, tunnel and its key.
type Seen = (u8, Option<(u16, u16)>, &'static str, Option<u32>);

/// What tests ask of each layer.
pub(super) fn summary(decoded: &Decoded) -> Vec<Seen> {
    let ports = |layer: &Layer| layer.has_ports.then_some((layer.src_port, layer.dst_port));
    decoded.layers.iter().map(|layer| (layer.protocol.0, ports(layer), layer.via.kind, layer.via.key)).collect()
}

/// Asserts that a packet of `protocol` carries the passenger through a tunnel.
pub(super) fn carries_passenger(packet: &[u8], outer: (u8, Option<(u16, u16)>), kind: &'static str, key: Option<u32>) {
    let decoded = decode_packet(packet);
    assert_eq!(summary(&decoded), [(outer.0, outer.1, "", None), (17, Some((1111, 2222)), kind, key)]);
    assert_eq!(decoded.outcome, Outcome::Complete);
    assert_eq!(decoded.layers[1].ip_len, 34);
}

/// Asserts that a packet is no tunnel.
pub(super) fn carries_nothing(packet: &[u8]) {
    assert_eq!(decode_packet(packet).layers.len(), 1);
}

/// Why a walk stopped.
pub(super) fn stopped(decoded: &Decoded) -> String {
    match decoded.outcome {
        Outcome::Stopped(stop) => stop.why.to_string(),
        other => panic!("did not stop: {other:?}"),
    }
}

/// The ICMP header of the innermost layer.
pub(super) fn icmp(decoded: &Decoded) -> Icmp {
    match decoded.layers.last().map(|layer| layer.transport) {
        Some(Transport::Icmp(icmp)) => icmp,
        other => panic!("no ICMP: {other:?}"),
    }
}
