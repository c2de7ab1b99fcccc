//! Juniper routers: magic number, flags, typed extensions, then the frame of the interface or, without one, a protocol and its packet.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const HEADER: usize = 4;
const MAGIC: [u8; 3] = *b"MGC";
const NO_FRAME: u8 = 0x02;
const EXTENDED: u8 = 0x80;

pub(super) fn ethernet<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    behind(window, LinkType::ETHERNET)
}

pub(super) fn ppp<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    behind(window, LinkType::PPP)
}

pub(super) fn frame_relay<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    behind(window, LinkType::FRAME_RELAY)
}

pub(super) fn chdlc<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    behind(window, LinkType::CISCO_HDLC)
}

fn behind(window: Window<'_>, link: LinkType) -> Result<Next<'_>, Stop> {
    let [magic @ .., flags] = *window.header::<HEADER>("juniper-header-cut")?;
    if magic != MAGIC {
        return Err(window.stop("juniper-magic"));
    }
    let mut inside = window.skip(HEADER);
    if flags & EXTENDED != 0 {
        let len = u16::from_be_bytes(*inside.header::<2>("juniper-header-cut")?);
        inside = inside.skip(2 + usize::from(len));
    }
    if flags & NO_FRAME == 0 {
        return Ok(Next::Link(link, inside));
    }
    // The protocol's number is Juniper's own: 2 for IPv4, 6 for IPv6.
    let protocol = u32::from_le_bytes(*inside.header::<4>("juniper-header-cut")?);
    Ok(match protocol {
        2 => Next::Ipv4(inside.skip(4)),
        6 => Next::Ipv6(inside.skip(4)),
        _ => Next::NonIp(Word::Plain("juniper-protocol")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn the_frame_behind_extensions() {
        leads_to_ipv4(178, "4d4743 80 0006 040400000001 020000000002 020000000001 0800");
        leads_to_ipv4(178, "4d4743 00 020000000002 020000000001 0800");
        leads_to_ipv4(179, "4d4743 01 ff03 0021");
        leads_to_ipv4(180, "4d4743 01 1841 03 cc");
        leads_to_ipv4(181, "4d4743 01 0f00 0800");
    }

    #[test]
    fn a_packet_without_frame() {
        leads_to_ipv4(178, "4d4743 02 02000000");
        leads_to_ipv6(178, "4d4743 82 0000 06000000");
        assert_eq!(outcome(178, "4d4743 02 05000000"), "non-ip juniper-protocol");
        assert_eq!(outcome(178, "000000 00"), "stop juniper-magic at 0");
    }
}
