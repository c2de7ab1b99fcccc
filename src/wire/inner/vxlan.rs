//! VXLAN (RFC 7348) and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe).

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::mpls;
use crate::net::LinkType;

const HEADER: usize = 8;
/// The network identifier is there.
const I: u8 = 0x08;
/// GPE: the next protocol is there.
const P: u8 = 0x04;

fn vni(h: &[u8; HEADER]) -> u32 {
    u32::from_be_bytes([0, h[4], h[5], h[6]])
}

/// Reads a VXLAN header. Anything without its flag on the port is no tunnel.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(h) = window.peek::<HEADER>().filter(|h| h[0] & I != 0) else { return Ok(Next::Done) };
    walk.tunnel("vxlan", Some(vni(h)));
    Ok(Next::Link(LinkType::ETHERNET, window.skip(HEADER)))
}

/// Reads a VXLAN-GPE header, which says what follows.
pub(super) fn gpe<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(h) = window.peek::<HEADER>().filter(|h| h[0] & P != 0) else { return Ok(Next::Done) };
    walk.tunnel("vxlan", Some(vni(h)));
    let inside = window.skip(HEADER);
    match h[3] {
        1 => Ok(Next::Ipv4(inside)),
        2 => Ok(Next::Ipv6(inside)),
        3 => Ok(Next::Link(LinkType::ETHERNET, inside)),
        5 => mpls::read(walk, inside),
        _ => Ok(Next::NonIp(Word::Plain("vxlan-gpe-not-ip"))),
    }
}
