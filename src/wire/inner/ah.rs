//! IPsec Authentication Header (RFC 4302). What it protects is readable, so it is decoded through: the transport behind it is one more
//! layer between the same addresses, and a packet behind it (tunnel mode) is the next layer.

use super::super::layer::{Fragment, Layer, Span, Stop, Transport, Vlans};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::ipv6;
use crate::net::IpProto;

/// Next header, length, reserved, SPI, sequence number; the integrity check value follows.
const FIXED: usize = 12;

/// Reads the header.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let h = window.header::<FIXED>("ah-header-cut")?;
    let spi = u32::from_be_bytes([h[4], h[5], h[6], h[7]]);
    // RFC 4302 section 2.2: in words, minus 2.
    let len = (usize::from(h[1]) + 2) * 4;
    let inside = window.skip(len);
    walk.transport(Transport::Spi(spi), &inside);
    if window.bytes().len() < len {
        return Err(window.stop("ah-header-cut"));
    }
    walk.tunnel("ah", None);
    match IpProto(h[0]) {
        IpProto::IPIP => Ok(Next::Ipv4(inside)),
        IpProto::IPV6 => Ok(Next::Ipv6(inside)),
        ipv6::NO_NEXT_HEADER => Ok(Next::Done),
        protocol => protected(walk, protocol, inside),
    }
}

/// The transport that AH protects: the same packet once more, without its AH.
fn protected<'a>(walk: &mut Walk<'_>, protocol: IpProto, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(&mut outer) = walk.layer() else { return Ok(Next::Done) };
    let chain = ipv6::extensions(protocol, window);
    let layer = Layer {
        protocol: chain.protocol,
        // Its fragments are those of the AH packet: they are joined there.
        fragment: None,
        transport: Transport::None,
        ip_payload: chain.inside.span(),
        payload: Span::default(),
        payload_len: 0,
        vlans: Vlans::default(),
        ..outer
    };
    walk.push(layer).map_err(|why| window.stop(why))?;
    match (chain.broken, chain.fragment) {
        (Some(why), _) => Err(chain.inside.stop(why)),
        (None, Some((Fragment { offset: 1.., .. }, _))) => Ok(Next::Done),
        (None, _) => Ok(Next::Protocol(chain.protocol, chain.inside)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        carries_passenger, decode_cut, decode_packet, ethernet, ipv4, ipv6, passenger, stopped, summary, udp, with,
    };
    use super::*;

    /// 24 bytes: length 4, SPI 0x100, sequence 1, a check value of 12 bytes.
    fn ah(next: &str, inside: &[u8]) -> Vec<u8> {
        with(&format!("{next} 04 0000 00000100 00000001 aaaaaaaa aaaaaaaa aaaaaaaa"), inside)
    }

    #[test]
    fn the_transport_it_protects_is_one_more_layer_of_the_same_length() {
        let decoded = decode_packet(&ipv4(51, &ah("11", &udp(1111, 2222, b"inside"))));
        assert_eq!(summary(&decoded), [(51, None, "", None), (17, Some((1111, 2222)), "ah", None)]);
        assert_eq!(decoded.layers[0].transport, Transport::Spi(0x100));
        assert_eq!(decoded.layers.iter().map(|layer| layer.ip_len).collect::<Vec<_>>(), [58, 58]);
        assert_eq!(decoded.layers[0].src, decoded.layers[1].src);
    }

    #[test]
    fn in_tunnel_mode_the_inner_packet_is_the_next_layer() {
        carries_passenger(&ipv4(51, &ah("04", &passenger())), (51, None), "ah", None);
    }

    #[test]
    fn it_stands_among_ipv6_extension_headers() {
        let inside = with("11 00 010400000000", &udp(1111, 2222, b"inside"));
        let decoded = decode_packet(&ipv6(0, &with("33 00 010400000000", &ah("3c", &inside))));
        assert_eq!(summary(&decoded), [(51, None, "", None), (17, Some((1111, 2222)), "ah", None)]);
    }

    #[test]
    fn a_later_fragment_behind_it_has_no_transport() {
        let decoded = decode_packet(&ipv6(51, &ah("2c", &with("11 00 0028 00000007", &udp(1111, 2222, b"")))));
        assert_eq!(summary(&decoded), [(51, None, "", None), (17, None, "ah", None)]);
    }

    #[test]
    fn nothing_behind_it_is_no_layer() {
        assert_eq!(summary(&decode_packet(&ipv6(51, &ah("3b", b"")))), [(51, None, "", None)]);
    }

    #[test]
    fn a_header_that_is_cut_protects_nothing_that_can_be_read() {
        let frame = ethernet(0x0800, &ipv4(51, &ah("11", &udp(1111, 2222, b"inside"))));
        for captured in [0, 11, 12, 23] {
            let cut = decode_cut(&frame, 34 + captured);
            assert_eq!((cut.layers.len(), stopped(&cut)), (1, "ah-header-cut".into()));
        }
        assert_eq!(decode_cut(&frame, 34 + 12).layers[0].transport, Transport::Spi(0x100));
    }
}
