//! IPv4 (RFC 791).

use super::super::layer::{Fragment, Layer, Span, Stop, Transport, Via, Vlans};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::{Addr, IpProto};

/// The header without options.
const HEADER: usize = 20;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// What the fixed part of a header says.
pub(super) struct Header {
    /// With options.
    pub(super) len: usize,
    pub(super) total_len: u16,
    pub(super) protocol: IpProto,
    pub(super) fragment: Option<Fragment>,
    pub(super) src: Addr,
    /// Of a source-routed packet too: the header's own destination, not the last hop of the option.
    pub(super) dst: Addr,
}

/// Reads the fixed part of a header.
#[inline]
pub(super) fn header(h: &[u8; HEADER]) -> Result<Header, &'static str> {
    if h[0] >> 4 != 4 {
        return Err("ipv4-version");
    }
    let len = usize::from(h[0] & 0x0f) * 4;
    if len < HEADER {
        return Err("ipv4-header-length");
    }
    let flags = u16::from_be_bytes([h[6], h[7]]);
    let fragment = (flags & (MORE_FRAGMENTS | OFFSET) != 0).then(|| Fragment {
        id: u32::from(u16::from_be_bytes([h[4], h[5]])),
        offset: u32::from(flags & OFFSET) * 8,
        more: flags & MORE_FRAGMENTS != 0,
    });
    Ok(Header {
        len,
        total_len: u16::from_be_bytes([h[2], h[3]]),
        protocol: IpProto(h[9]),
        fragment,
        src: Addr::v4([h[12], h[13], h[14], h[15]]),
        dst: Addr::v4([h[16], h[17], h[18], h[19]]),
    })
}

/// Reads the header and writes down its layer.
pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let h = window.header::<HEADER>("ipv4-header-cut")?;
    let header = header(h).map_err(|why| window.stop(why))?;
    // Options of which nothing was captured may have been a source route: the destination is not known (tshark shows none either).
    if header.len > HEADER && window.bytes().len() == HEADER {
        return Err(window.stop("ipv4-header-cut"));
    }
    // A total length of 0 is what a capture sees before the network card has cut a large segment (TSO): the rest of the frame.
    let ip_len = match header.total_len {
        0 => window.wire_len() as u32,
        len if usize::from(len) < header.len => return Err(window.stop("ipv4-total-length")),
        len => u32::from(len),
    };
    let packet = window.limit(ip_len as usize);
    let inside = packet.skip(header.len);
    let layer = Layer {
        src: header.src,
        dst: header.dst,
        version: 4,
        protocol: header.protocol,
        ttl: h[8],
        has_ports: false,
        src_port: 0,
        dst_port: 0,
        ip_len,
        fragment: header.fragment,
        transport: Transport::None,
        packet: packet.span(),
        ip_payload: inside.span(),
        payload: Span::default(),
        payload_len: 0,
        via: Via::default(),
        vlans: Vlans::default(),
    };
    walk.push(layer).map_err(|why| window.stop(why))?;
    if packet.bytes().len() < header.len {
        return Err(window.stop("ipv4-options-cut"));
    }
    match header.fragment {
        Some(Fragment { offset: 1.., .. }) => Ok(Next::Done),
        _ => Ok(Next::Protocol(header.protocol, inside)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_cut, decode_packet, ethernet, hex, ipv4, passenger, stopped, summary, udp};
    use crate::net::Addr;
    use crate::wire::layer::Fragment;

    /// 10.0.0.1 to 10.0.0.2 with a loose source route over 10.0.0.9 (RFC 791 section 3.1), UDP.
    const SOURCE_ROUTED: &str = "4700 0024 1234 0000 40 11 0000 0a000001 0a000002 8307040a 00000900 0457 08ae 0008 0000";

    #[test]
    fn lengths_are_those_of_the_header_and_padding_is_not_payload() {
        let frame = ethernet(0x0800, &[passenger(), vec![0; 12]].concat());
        let layer = decode_cut(&frame, frame.len()).layers[0];
        assert_eq!((layer.ip_len, layer.payload_len), (34, 6));
        assert_eq!(layer.payload.of(&frame), b"inside");
        assert_eq!(layer.packet.of(&frame), passenger());
        assert_eq!(layer.ip_payload.of(&frame), udp(1111, 2222, b"inside"));
    }

    #[test]
    fn a_snap_length_changes_no_length() {
        let frame = ethernet(0x0800, &passenger());
        let layer = decode_cut(&frame, 14 + 20 + 8 + 2).layers[0];
        assert_eq!((layer.ip_len, layer.payload_len, layer.payload.of(&frame)), (34, 6, &b"in"[..]));
    }

    #[test]
    fn a_total_length_of_0_is_the_rest_of_the_frame() {
        let mut packet = passenger();
        packet[2..4].fill(0);
        let frame = ethernet(0x0800, &packet);
        let layer = decode_cut(&frame, 44).layers[0];
        assert_eq!(layer.ip_len, 34, "of the frame on the wire, not of what was captured");
    }

    #[test]
    fn a_total_length_below_the_header_is_no_packet() {
        let mut packet = passenger();
        packet[3] = 10;
        let decoded = decode_packet(&packet);
        assert_eq!((decoded.layers.len(), stopped(&decoded)), (0, "ipv4-total-length".into()));
    }

    #[test]
    fn impossible_headers_stop() {
        for (first, why) in [(0x55, "ipv4-version"), (0x44, "ipv4-header-length")] {
            let mut packet = passenger();
            packet[0] = first;
            let frame = ethernet(0x0800, &packet);
            assert_eq!(stopped(&decode_cut(&frame, frame.len())), why);
        }
        assert_eq!(stopped(&decode_cut(&ethernet(0x0800, &passenger()), 14 + 19)), "ipv4-header-cut");
    }

    #[test]
    fn a_source_routed_packet_keeps_the_destination_of_its_header() {
        let decoded = decode_packet(&hex(SOURCE_ROUTED));
        assert_eq!(decoded.layers[0].dst, Addr::v4([10, 0, 0, 2]));
        assert_eq!(summary(&decoded), [(17, Some((1111, 2222)), "", None)]);
    }

    #[test]
    fn options_that_are_cut_leave_the_layer_without_ports() {
        let frame = ethernet(0x0800, &hex(SOURCE_ROUTED));
        let cut = decode_cut(&frame, 14 + 24);
        assert_eq!((summary(&cut), stopped(&cut)), (vec![(17, None, "", None)], "ipv4-options-cut".into()));
        assert_eq!(decode_cut(&frame, 14 + 20).layers.len(), 0, "nothing of the options");
    }

    #[test]
    fn only_the_first_fragment_has_a_transport() {
        let mut first = ipv4(17, &udp(1111, 2222, b"a part of it"));
        first[6] = 0x20;
        let layer = decode_packet(&first).layers[0];
        assert_eq!(layer.fragment, Some(Fragment { id: 0x1234, offset: 0, more: true }));
        assert_eq!((layer.has_ports, layer.src_port), (true, 1111));
        let mut last = ipv4(17, b"more of it");
        last[7] = 3;
        let layer = decode_packet(&last).layers[0];
        assert_eq!(layer.fragment, Some(Fragment { id: 0x1234, offset: 24, more: false }));
        assert!(!layer.has_ports);
        assert_eq!(layer.ip_payload.end - layer.ip_payload.start, 10);
    }

    #[test]
    fn do_not_fragment_is_no_fragment() {
        let mut packet = passenger();
        packet[6] = 0x40;
        assert_eq!(decode_packet(&packet).layers[0].fragment, None);
    }
}
