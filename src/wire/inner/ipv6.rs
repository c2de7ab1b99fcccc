//! IPv6 (RFC 8200) and its extension headers.

use etherparse::Ipv6HeaderSlice;

use super::super::layer::{Layer, Span, Stop, Transport, Via, Vlans};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::{Addr, IpProto};

const HEADER: usize = 40;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = Ipv6HeaderSlice::from_slice(window.bytes()).map_err(|_| window.stop("ipv6-header-cut"))?;
    // 0: a jumbogram, or a large segment not yet cut; the rest of the frame.
    let ip_len = match header.payload_length() {
        0 => window.wire_len() as u32,
        len => u32::from(len) + HEADER as u32,
    };
    let window = window.limit(ip_len as usize);
    let inside = window.skip(HEADER);
    let protocol = IpProto(header.next_header().0);
    let layer = Layer {
        src: Addr::v6(header.source()),
        dst: Addr::v6(header.destination()),
        version: 6,
        protocol,
        ttl: header.hop_limit(),
        has_ports: false,
        src_port: 0,
        dst_port: 0,
        ip_len,
        fragment: None,
        spi: None,
        transport: Transport::None,
        packet: window.span(),
        ip_payload: inside.span(),
        payload: Span::default(),
        payload_len: 0,
        via: Via::default(),
        vlans: Vlans::default(),
    };
    walk.push(layer).map_err(|why| window.stop(why))?;
    Ok(Next::Protocol(protocol, inside))
}
