//! The usual frame in one go: TCP or UDP in IP without options, extension headers or fragments, over Ethernet with at most one VLAN tag.
//!
//! It must say exactly what the walk would, and leaves to the walk whatever it is not sure of: a tunnel's port, a length that lies, a header
//! that is cut.

use super::inner;
use super::layer::{Layer, Span, Tcp, Transport, Via, Vlans};
use crate::net::{Addr, Frame, IpProto, LinkType};

const ETHERNET: usize = 14;
const VLAN_TAG: usize = 4;
const IPV4: usize = 20;
const IPV6: usize = 40;
const TCP: usize = 20;
const UDP: usize = 8;
/// Everything but the "don't fragment" flag.
const FRAGMENTED: u16 = 0x3fff;

/// Appends the layer of a usual frame, made where it stays; `None` where the walk has to look.
#[inline]
pub(super) fn read(frame: &Frame<'_>, layers: &mut Vec<Layer>) -> Option<()> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    match ether_type(frame.data, ETHERNET)? {
        0x8100 => tagged(frame, layers),
        kind => ip(frame, kind, ETHERNET, Vlans::default(), layers),
    }
}

/// The type that ends a header of this length.
#[inline]
fn ether_type(data: &[u8], header: usize) -> Option<u16> {
    data.get(header - 2..)?.first_chunk().map(|kind| u16::from_be_bytes(*kind))
}

fn tagged(frame: &Frame<'_>, layers: &mut Vec<Layer>) -> Option<()> {
    let mut vlans = Vlans::default();
    vlans.push(ether_type(frame.data, ETHERNET + 2)? & 0x0fff);
    ip(frame, ether_type(frame.data, ETHERNET + VLAN_TAG)?, ETHERNET + VLAN_TAG, vlans, layers)
}

#[inline]
fn ip(frame: &Frame<'_>, kind: u16, at: usize, vlans: Vlans, layers: &mut Vec<Layer>) -> Option<()> {
    match kind {
        0x0800 => ipv4(frame, at, vlans, layers),
        0x86dd => ipv6(frame, at, vlans, layers),
        _ => None,
    }
}

#[inline]
fn ipv4(frame: &Frame<'_>, at: usize, vlans: Vlans, layers: &mut Vec<Layer>) -> Option<()> {
    let h = frame.data.get(at..)?.first_chunk::<IPV4>()?;
    if h[0] != 0x45 || u16::from_be_bytes([h[6], h[7]]) & FRAGMENTED != 0 {
        return None;
    }
    let src = Addr::v4([h[12], h[13], h[14], h[15]]);
    let dst = Addr::v4([h[16], h[17], h[18], h[19]]);
    let header = Header { version: 4, len: IPV4, protocol: IpProto(h[9]), ttl: h[8], src, dst };
    transport(frame, at, &header, usize::from(u16::from_be_bytes([h[2], h[3]])), vlans, layers)
}

#[inline]
fn ipv6(frame: &Frame<'_>, at: usize, vlans: Vlans, layers: &mut Vec<Layer>) -> Option<()> {
    let (h, addresses) = frame.data.get(at..)?.first_chunk::<IPV6>()?.split_first_chunk::<8>()?;
    let (src, dst) = addresses.split_first_chunk::<16>()?;
    let payload_len = usize::from(u16::from_be_bytes([h[4], h[5]]));
    if h[0] >> 4 != 6 || payload_len == 0 {
        return None;
    }
    let dst = Addr::v6(*dst.first_chunk()?);
    let header = Header { version: 6, len: IPV6, protocol: IpProto(h[6]), ttl: h[7], src: Addr::v6(*src), dst };
    transport(frame, at, &header, IPV6 + payload_len, vlans, layers)
}

/// What the flow wants of an IP header.
struct Header {
    version: u8,
    len: usize,
    protocol: IpProto,
    ttl: u8,
    src: Addr,
    dst: Addr,
}

/// Where a packet's parts lie in the frame.
struct Ends {
    /// Where the transport's payload begins by the headers.
    payload: usize,
    /// Where it ends by the headers, and what of the frame was on the wire.
    wire: usize,
    /// Where what was captured of it ends.
    captured: usize,
}

#[inline]
fn transport(frame: &Frame<'_>, at: usize, ip: &Header, ip_len: usize, vlans: Vlans, layers: &mut Vec<Layer>) -> Option<()> {
    let start = at + ip.len;
    let wire = (at + ip_len).min((frame.wire_len as usize).max(frame.data.len()));
    let captured = (at + ip_len).min(frame.data.len());
    let inside = frame.data.get(start..captured)?;
    let (transport, ends) = match ip.protocol {
        IpProto::TCP => tcp(inside, start, wire, captured)?,
        IpProto::UDP => udp(inside, start, wire, captured)?,
        _ => return None,
    };
    let &[s0, s1, d0, d1] = inside.first_chunk()?;
    layers.push(Layer {
        src: ip.src,
        dst: ip.dst,
        version: ip.version,
        protocol: ip.protocol,
        ttl: ip.ttl,
        has_ports: true,
        src_port: u16::from_be_bytes([s0, s1]),
        dst_port: u16::from_be_bytes([d0, d1]),
        ip_len: ip_len as u32,
        fragment: None,
        transport,
        packet: Span { start: at as u32, end: captured as u32 },
        ip_payload: Span { start: start as u32, end: captured as u32 },
        payload: Span { start: ends.payload.min(ends.captured) as u32, end: ends.captured as u32 },
        payload_len: (ends.wire - ends.payload) as u32,
        via: Via::default(),
        vlans,
    });
    Some(())
}

#[inline]
fn tcp(inside: &[u8], start: usize, wire: usize, captured: usize) -> Option<(Transport, Ends)> {
    let h = inside.first_chunk::<TCP>()?;
    let header_len = usize::from(h[12] >> 4) * 4;
    if header_len < TCP {
        return None;
    }
    let tcp = Tcp {
        seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        window: u16::from_be_bytes([h[14], h[15]]),
        flags: h[13],
    };
    Some((Transport::Tcp(tcp), Ends { payload: (start + header_len).min(wire), wire, captured }))
}

#[inline]
fn udp(inside: &[u8], start: usize, wire: usize, captured: usize) -> Option<(Transport, Ends)> {
    let &[s0, s1, d0, d1, l0, l1, ..] = inside.first_chunk::<UDP>()?;
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    let tunnel = [u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])].into_iter().any(inner::may_be_tunnel);
    if len < UDP || tunnel {
        return None;
    }
    let wire = wire.min(start + len);
    Some((Transport::None, Ends { payload: start + UDP, wire, captured: captured.min(wire) }))
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::super::layer::Outcome;
    use super::super::walk::walk;
    use super::*;
    use crate::net::Timestamp;

    /// What the walk makes of a frame must be what is said here, if anything is said.
    fn agrees(data: &[u8], wire_len: u32) -> bool {
        let frame = Frame { number: 1, time: Timestamp::NONE, link: LinkType::ETHERNET, data, wire_len };
        let (mut plain, mut layers) = (Vec::new(), Vec::new());
        if read(&frame, &mut plain).is_none() {
            assert_eq!(plain, []);
            return false;
        }
        assert_eq!(
            (walk(&frame, &mut layers), layers.as_slice()),
            (Outcome::Complete, plain.as_slice()),
            "{data:02x?} of {wire_len}"
        );
        true
    }

    fn frame(v4: bool, tcp: bool, tag: Option<u16>, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        let link = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let ip = match (tag, v4) {
            (None, true) => link.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64),
            (None, false) => link.ipv6([7; 16], [9; 16], 64),
            (Some(tag), true) => link.single_vlan(tag.try_into().unwrap()).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64),
            (Some(tag), false) => link.single_vlan(tag.try_into().unwrap()).ipv6([7; 16], [9; 16], 64),
        };
        if tcp {
            let options = [etherparse::TcpOptionElement::MaximumSegmentSize(1460)];
            ip.tcp(1045, 2703, 7, 1024).options(&options).unwrap().psh().write(&mut frame, payload).unwrap();
        } else {
            ip.udp(1045, 2703).write(&mut frame, payload).unwrap();
        }
        frame
    }

    #[test]
    fn usual_frames_are_read_here() {
        for (v4, tcp, tag) in every([false, true], [false, true], [None, Some(100)]) {
            let frame = frame(v4, tcp, tag, b"hello");
            assert!(agrees(&frame, frame.len() as u32), "{v4} {tcp} {tag:?}");
            assert!(agrees(&[frame.clone(), vec![0; 9]].concat(), frame.len() as u32 + 9), "padding");
        }
    }

    fn every(a: [bool; 2], b: [bool; 2], c: [Option<u16>; 2]) -> impl Iterator<Item = (bool, bool, Option<u16>)> {
        a.into_iter().flat_map(move |a| b.into_iter().flat_map(move |b| c.into_iter().map(move |c| (a, b, c))))
    }

    #[test]
    fn a_tunnel_is_left_to_the_walk() {
        let mut frame = frame(true, false, None, &[8, 0, 0, 0, 0, 0, 1, 0]);
        frame[36..38].copy_from_slice(&4789u16.to_be_bytes());
        assert!(!agrees(&frame, frame.len() as u32));
    }

    proptest! {
        #[test]
        fn what_is_read_here_is_what_the_walk_reads(
            v4: bool, tcp: bool, tag in prop::option::of(0..4096u16), payload in prop::collection::vec(any::<u8>(), 0..40),
            edits in prop::collection::vec((0..70usize, any::<u8>()), 0..6), cut in 0..60usize, wire in -20..40i64
        ) {
            let mut frame = frame(v4, tcp, tag, &payload);
            for (at, byte) in edits {
                if let Some(place) = frame.get_mut(at) {
                    *place = byte;
                }
            }
            let wire_len = (frame.len() as i64 + wire) as u32;
            frame.truncate(frame.len().saturating_sub(cut.saturating_sub(30)));
            agrees(&frame, wire_len);
        }
    }
}
