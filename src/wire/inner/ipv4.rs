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
    if window.bytes().len() < header.len {
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
    match header.fragment {
        Some(Fragment { offset: 1.., .. }) => Ok(Next::Done),
        _ => Ok(Next::Protocol(header.protocol, inside)),
    }
}
