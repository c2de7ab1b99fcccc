//! IPv4 (RFC 791).

use etherparse::Ipv4HeaderSlice;

use super::super::layer::{Fragment, Layer, Span, Stop, Transport, Via, Vlans};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::{Addr, IpProto};

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = Ipv4HeaderSlice::from_slice(window.bytes()).map_err(|_| window.stop("ipv4-header-cut"))?;
    // A total length of 0 is what a capture sees before the network card has cut a large segment (TSO): the rest of the frame.
    let ip_len = match header.total_len() {
        0 => window.wire_len() as u32,
        len => u32::from(len),
    };
    let window = window.limit(ip_len as usize);
    let inside = window.skip(header.slice().len());
    let protocol = IpProto(header.protocol().0);
    let fragment = header.is_fragmenting_payload().then(|| Fragment {
        id: u32::from(header.identification()),
        offset: u32::from(header.fragments_offset().value()) * 8,
        more: header.more_fragments(),
    });
    let layer = Layer {
        src: Addr::v4(header.source()),
        dst: Addr::v4(header.destination()),
        version: 4,
        protocol,
        ttl: header.ttl(),
        has_ports: false,
        src_port: 0,
        dst_port: 0,
        ip_len,
        fragment,
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
    if fragment.is_some_and(|fragment| fragment.offset > 0) {
        return Ok(Next::Done);
    }
    Ok(Next::Protocol(protocol, inside))
}
