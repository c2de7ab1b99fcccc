//! Darwin's PKTAP: which process and interface, then a frame of the link type the header names.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// Length, record type, link type; more follows.
const FIRST: usize = 12;
const MIN_HEADER: usize = 108;
const PACKET: u32 = 1;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let (len, kind, link) = header(window)?;
    if len < MIN_HEADER {
        return Err(window.stop("pktap-header-length"));
    }
    if len > window.bytes().len() {
        return Err(window.stop("pktap-header-cut"));
    }
    match (kind, u16::try_from(link)) {
        (PACKET, Ok(link)) => Ok(Next::Link(LinkType(link), window.skip(len))),
        (PACKET, Err(_)) => Err(window.stop("pktap-link-type")),
        _ => Ok(Next::NonIp(Word::Plain("pktap-no-packet"))),
    }
}

/// Darwin wrote PKTAP under a number that anyone may use: it is taken for PKTAP only where it looks like that in every field.
pub(super) fn user2<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match header(window) {
        Ok((len, 0 | PACKET, link)) if (MIN_HEADER..=2 * MIN_HEADER).contains(&len) && link <= 0xffff => read(walk, window),
        _ => Err(super::unknown(LinkType::USER2, window)),
    }
}

/// Header length, record type, link type.
fn header(window: Window<'_>) -> Result<(usize, u32, u32), Stop> {
    let h = window.header::<FIRST>("pktap-header-cut")?;
    let len = u32::from_le_bytes([h[0], h[1], h[2], h[3]]);
    let kind = u32::from_le_bytes([h[4], h[5], h[6], h[7]]);
    let link = u32::from_le_bytes([h[8], h[9], h[10], h[11]]);
    Ok((len as usize, kind, link))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    fn header(kind: u8, link: u8) -> String {
        format!("6c000000 {kind:02x}000000 {link:02x}000000 {}", "00".repeat(96))
    }

    #[test]
    fn any_link_type_inside() {
        let ethernet = format!("{} 020000000002 020000000001 0800", header(1, 1));
        leads_to_ipv4(258, &ethernet);
        leads_to_ipv4(149, &ethernet);
        leads_to_ipv4(258, &format!("{} ff03 0021", header(1, 9)));
        assert_eq!(outcome(258, &header(0, 1)), "non-ip pktap-no-packet");
    }

    #[test]
    fn a_private_link_type_is_not_guessed() {
        assert_eq!(outcome(149, "45000020 01000000 01000000 00"), "stop link-type-149 at 0");
    }

    #[test]
    fn lengths_that_lie() {
        assert_eq!(outcome(258, "0c000000 01000000 01000000"), "stop pktap-header-length at 0");
        assert_eq!(outcome(258, "6c000000 01000000 01000000"), "stop pktap-header-cut at 0");
    }
}
