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

fn vni(h: [u8; HEADER]) -> u32 {
    u32::from_be_bytes([0, h[4], h[5], h[6]])
}

/// Reads a VXLAN header. Anything without its flag on the port is no tunnel.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(&h) = window.peek::<HEADER>().filter(|h| h[0] & I != 0) else { return Ok(Next::Done) };
    walk.tunnel("vxlan", Some(vni(h)));
    Ok(Next::Link(LinkType::ETHERNET, window.skip(HEADER)))
}

/// Reads a VXLAN-GPE header, which says what follows.
pub(super) fn gpe<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(&h) = window.peek::<HEADER>().filter(|h| h[0] & P != 0) else { return Ok(Next::Done) };
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

#[cfg(test)]
mod tests {
    use super::super::testing::{carries_nothing, carries_passenger, ethernet, ipv4, passenger, udp, with};

    #[test]
    fn both_ports_carry_ethernet_behind_the_network_identifier() {
        let payload = with("08000000 01020300", &ethernet(0x0800, &passenger()));
        for port in [4789, 8472] {
            carries_passenger(&ipv4(17, &udp(50000, port, &payload)), (17, Some((50000, port))), "vxlan", Some(0x01_0203));
        }
        carries_passenger(&ipv4(17, &udp(4789, 50000, &payload)), (17, Some((4789, 50000))), "vxlan", Some(0x01_0203));
    }

    #[test]
    fn what_has_not_the_flag_is_none() {
        carries_nothing(&ipv4(17, &udp(4789, 53, &with("00000000 01020300", &ethernet(0x0800, &passenger())))));
        // A DNS query for example.com from port 4789, its identifier happening to look like the flag.
        let query = with("0812 0100 0001 0000 0000 0000 07", b"example\x03com\x00\x00\x01\x00\x01");
        carries_nothing(&ipv4(17, &udp(4789, 53, &query)));
    }

    #[test]
    fn the_generic_extension_says_what_follows() {
        let gpe = |next: &str, inside: &[u8]| ipv4(17, &udp(50000, 4790, &with(&format!("0c0000{next} 00000100"), inside)));
        carries_passenger(&gpe("01", &passenger()), (17, Some((50000, 4790))), "vxlan", Some(1));
        carries_passenger(&gpe("03", &ethernet(0x0800, &passenger())), (17, Some((50000, 4790))), "vxlan", Some(1));
        carries_passenger(&gpe("05", &with("00010140", &passenger())), (17, Some((50000, 4790))), "vxlan", Some(1));
        carries_nothing(&gpe("04", &passenger()));
    }
}
