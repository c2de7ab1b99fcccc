//! IPsec Authentication Header (RFC 4302). What it protects is readable, so it is decoded through: the transport behind it is one more
//! layer between the same addresses, and a packet behind it (tunnel mode) is the next layer.

use super::super::layer::{Layer, Span, Stop, Transport, Vlans};
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
    match chain.broken {
        Some(why) => Err(chain.inside.stop(why)),
        None => Ok(Next::Protocol(chain.protocol, chain.inside)),
    }
}
