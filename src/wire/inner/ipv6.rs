//! IPv6 (RFC 8200) and its extension headers.

use etherparse::Ipv6HeaderSlice;
use etherparse::err::ipv6::HeaderSliceError;

use super::super::layer::{Fragment, Layer, Span, Stop, Transport, Via, Vlans};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::{Addr, IpProto};

const HEADER: usize = 40;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
/// Nothing follows.
pub(super) const NO_NEXT_HEADER: IpProto = IpProto(59);
const DESTINATION: u8 = 60;
/// Extension headers of one packet: more than fit an Ethernet frame. RFC 8200 section 4.1 has a sane one end after 7.
const MAX_EXTENSIONS: usize = 256;

/// Where a chain of extension headers leads.
pub(super) struct Chain<'a> {
    /// The last next-header reached: a transport, or the header that could not be read.
    pub(super) protocol: IpProto,
    /// What follows the last header that was read.
    pub(super) inside: Window<'a>,
    /// What the fragment header says, with the part of the datagram that follows it.
    pub(super) fragment: Option<(Fragment, Window<'a>)>,
    /// Why the chain ended early.
    pub(super) broken: Option<&'static str>,
}

impl Chain<'_> {
    fn broken(self, why: &'static str) -> Self {
        Self { broken: Some(why), ..self }
    }
}

/// Walks hop-by-hop options, routing, destination options and fragment headers. Everything else is what the packet carries: AH is a
/// layer of its own, and Mobility, HIP, Shim6 are protocols without ports.
pub(super) fn extensions(first: IpProto, window: Window<'_>) -> Chain<'_> {
    let mut chain = Chain { protocol: first, inside: window, fragment: None, broken: None };
    for _ in 0..MAX_EXTENSIONS {
        let kind = chain.protocol.0;
        if !matches!(kind, HOP_BY_HOP | ROUTING | DESTINATION | FRAGMENT) {
            return chain;
        }
        // A header that is cut has still said what follows it.
        let Some(next) = chain.inside.byte(0) else { return chain.broken("ipv6-extension-cut") };
        chain.protocol = IpProto(next);
        if kind != FRAGMENT {
            let Some(len) = chain.inside.byte(1) else { return chain.broken("ipv6-extension-cut") };
            chain.inside = chain.inside.skip((usize::from(len) + 1) * 8);
            continue;
        }
        let Some(h) = chain.inside.peek::<8>() else { return chain.broken("ipv6-extension-cut") };
        chain.inside = chain.inside.skip(8);
        let offset_and_flags = u16::from_be_bytes([h[2], h[3]]);
        let fragment = Fragment {
            id: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
            offset: u32::from(offset_and_flags & 0xfff8),
            more: offset_and_flags & 1 != 0,
        };
        // An atomic fragment (RFC 6946) is a whole packet.
        if fragment.offset > 0 || fragment.more {
            chain.fragment = Some((fragment, chain.inside));
        }
        if fragment.offset > 0 {
            return chain;
        }
    }
    chain.broken("ipv6-extension-chain")
}

/// Whether this can be an IPv6 packet: asked where only a port says so.
pub(super) fn plausible(window: &Window<'_>) -> bool {
    window.peek::<HEADER>().is_some_and(|h| h[0] >> 4 == 6)
}

/// The packet's length. A payload length of 0 is a jumbogram or a large segment not yet cut, which both fill the frame; a packet that
/// says it has nothing behind its header has nothing.
fn ip_len(payload_len: u16, next_header: IpProto, window: &Window<'_>) -> usize {
    match payload_len {
        0 if next_header == NO_NEXT_HEADER => HEADER,
        0 => window.wire_len(),
        len => usize::from(len) + HEADER,
    }
}

/// Reads the header and its extensions, and writes down their layer.
pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = Ipv6HeaderSlice::from_slice(window.bytes()).map_err(|error| {
        window.stop(if matches!(error, HeaderSliceError::Len(_)) { "ipv6-header-cut" } else { "ipv6-version" })
    })?;
    let next_header = IpProto(header.next_header().0);
    let ip_len = ip_len(header.payload_length(), next_header, &window);
    let packet = window.limit(ip_len);
    let chain = extensions(next_header, packet.skip(HEADER));
    let layer = Layer {
        src: Addr::v6(header.source()),
        dst: Addr::v6(header.destination()),
        version: 6,
        protocol: chain.protocol,
        ttl: header.hop_limit(),
        has_ports: false,
        src_port: 0,
        dst_port: 0,
        ip_len: ip_len as u32,
        fragment: chain.fragment.map(|(fragment, _)| fragment),
        transport: Transport::None,
        packet: packet.span(),
        ip_payload: chain.fragment.map_or(chain.inside, |(_, share)| share).span(),
        payload: Span::default(),
        payload_len: 0,
        via: Via::default(),
        vlans: Vlans::default(),
    };
    walk.push(layer).map_err(|why| window.stop(why))?;
    if let Some(why) = chain.broken {
        return Err(chain.inside.stop(why));
    }
    match chain.fragment {
        Some((Fragment { offset: 1.., .. }, _)) => Ok(Next::Done),
        _ => Ok(Next::Protocol(chain.protocol, chain.inside)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_cut, decode_packet, ethernet, hex, ipv6, stopped, summary, udp, with};
    use super::*;

    fn datagram() -> Vec<u8> {
        udp(1111, 2222, b"inside")
    }

    #[test]
    fn extension_headers_are_walked_and_counted_in_the_length() {
        // Hop-by-hop of 8 bytes, routing type 0 of 24 bytes, destination options of 16 bytes.
        let routing = "3c 02 00 01 00000000 20010db8 00000000 00000000 00000009";
        let chain = format!("2b 00 010400000000 {routing} 11 01 010400000000 0106000000000000");
        let decoded = decode_packet(&ipv6(0, &with(&chain, &datagram())));
        assert_eq!(summary(&decoded), [(17, Some((1111, 2222)), "", None)]);
        assert_eq!(decoded.layers[0].ip_len, 40 + 48 + 14);
        assert_eq!(decoded.layers[0].dst, Addr::v6("2001:db8::2".parse::<std::net::Ipv6Addr>().unwrap().octets()));
    }

    #[test]
    fn an_atomic_fragment_is_none() {
        let layer = decode_packet(&ipv6(44, &with("11 00 0000 00000007", &datagram()))).layers[0];
        assert_eq!((layer.fragment, layer.has_ports), (None, true));
    }

    #[test]
    fn fragments_carry_what_follows_their_header() {
        let first = ipv6(44, &with("11 00 0001 00000007", &datagram()));
        let frame = ethernet(0x86dd, &first);
        let layer = decode_packet(&first).layers[0];
        assert_eq!(layer.fragment, Some(Fragment { id: 7, offset: 0, more: true }));
        assert_eq!((layer.has_ports, layer.ip_payload.of(&frame)), (true, &datagram()[..]));
        let layer = decode_packet(&ipv6(44, &with("11 00 0028 00000007", b"the rest"))).layers[0];
        assert_eq!(layer.fragment, Some(Fragment { id: 7, offset: 40, more: false }));
        assert_eq!((layer.has_ports, layer.protocol), (false, IpProto::UDP));
    }

    #[test]
    fn final_headers_are_the_protocol() {
        for last in [59, 135, 139, 140] {
            assert_eq!(summary(&decode_packet(&ipv6(last, &hex("11 00 010400000000")))), [(last, None, "", None)]);
        }
    }

    #[test]
    fn a_chain_that_is_cut_names_the_last_header_reached() {
        let frame = ethernet(0x86dd, &ipv6(0, &with("3c 00 010400000000 11 00 010400000000", &datagram())));
        for (captured, protocol) in [(0, 0), (1, 60), (2, 60), (8, 60), (9, 17), (16, 17)] {
            assert_eq!(summary(&decode_cut(&frame, 54 + captured)), [(protocol, None, "", None)], "{captured} bytes");
        }
    }

    #[test]
    fn a_chain_without_end_stops() {
        let chain: Vec<u8> = hex("00 00 010400000000").repeat(MAX_EXTENSIONS + 1);
        let frame = ethernet(0x86dd, &ipv6(0, &chain));
        assert_eq!(stopped(&decode_cut(&frame, frame.len())), "ipv6-extension-chain");
    }

    #[test]
    fn a_payload_length_of_0_is_the_rest_of_the_frame_if_something_follows() {
        let mut packet = ipv6(17, &datagram());
        packet[4..6].fill(0);
        let layer = decode_packet(&packet).layers[0];
        assert_eq!((layer.ip_len, layer.has_ports, layer.payload_len), (54, true, 6));
        let frame = ethernet(0x86dd, &[ipv6(59, b""), vec![0; 6]].concat());
        assert_eq!(decode_cut(&frame, frame.len()).layers[0].ip_len, 40, "Ethernet padding is no payload");
    }

    #[test]
    fn impossible_headers_stop() {
        let mut packet = ipv6(17, &datagram());
        packet[0] = 0x40;
        let frame = ethernet(0x86dd, &packet);
        assert_eq!(stopped(&decode_cut(&frame, frame.len())), "ipv6-version");
        assert_eq!(stopped(&decode_cut(&frame, 14 + 39)), "ipv6-header-cut");
    }
}
