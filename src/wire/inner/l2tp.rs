//! L2TP version 2 (RFC 2661: PPP in UDP) and version 3 (RFC 3931: Ethernet or PPP, in UDP or IP).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::ppp;
use crate::net::LinkType;

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
/// Flags, version, reserved: before the session id of version 3 in UDP.
const V3_UDP_FLAGS: usize = 4;
const SESSION: usize = 4;
/// A version 3 data header does not say how long its cookie is (0, 4 or 8 bytes) nor whether a sublayer of 4 bytes follows it: the control
/// connection agreed on both.
const COOKIE_AND_SUBLAYER: [usize; 4] = [0, 4, 8, 12];

/// Reads L2TP in UDP; control messages are no tunnel.
pub(super) fn in_udp<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(flags) = window.be16(0).filter(|flags| flags & CONTROL == 0) else { return Ok(Next::Done) };
    match flags & 0x000f {
        2 => version_two(walk, window, flags),
        3 => session(walk, window.skip(V3_UDP_FLAGS)),
        _ => Ok(Next::Done),
    }
}

/// Reads L2TP version 3 in IP; session 0 is the control connection.
pub(super) fn in_ip<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.be32(0) {
        Some(0) => Ok(Next::Done),
        Some(_) => session(walk, window),
        None => Err(window.stop("l2tp-header-cut")),
    }
}

/// A version 2 data header: the optional fields its flags tell, then PPP.
fn version_two<'a>(walk: &mut Walk<'_>, window: Window<'a>, flags: u16) -> Result<Next<'a>, Stop> {
    let cut = || window.stop("l2tp-header-cut");
    let (mut at, mut window) = (2, window);
    if flags & LENGTH != 0 {
        window = window.limit(usize::from(window.be16(at).ok_or_else(cut)?));
        at += 2;
    }
    let session = window.be16(at + 2).ok_or_else(cut)?;
    at += 4;
    if flags & SEQUENCE != 0 {
        at += 4;
    }
    if flags & OFFSET != 0 {
        at += 2 + usize::from(window.be16(at).ok_or_else(cut)?);
    }
    if window.wire_len() <= at {
        return Ok(Next::Done);
    }
    walk.tunnel("l2tp", Some(u32::from(session)));
    ppp::read(walk, window.skip(at))
}

/// A version 3 data message from its session id on: the first cookie length behind which a frame fits.
fn session<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let id = window.be32(0).ok_or_else(|| window.stop("l2tp-header-cut"))?;
    for skipped in COOKIE_AND_SUBLAYER {
        let inside = window.skip(SESSION + skipped);
        if is_ethernet(&inside) {
            walk.tunnel("l2tp", Some(id));
            return Ok(Next::Link(LinkType::ETHERNET, inside));
        }
        if is_ppp(&inside) {
            walk.tunnel("l2tp", Some(id));
            return ppp::read(walk, inside);
        }
    }
    Ok(Next::Done)
}

/// An Ethernet frame with IP in it, tagged or not: the type, and the version that belongs to it.
fn is_ethernet(window: &Window<'_>) -> bool {
    let mut at = 12;
    while matches!(window.be16(at), Some(0x8100 | 0x88a8)) {
        at += 4;
    }
    match (window.be16(at), window.byte(at + 2)) {
        (Some(0x0800), Some(first)) => first >> 4 == 4,
        (Some(0x86dd), Some(first)) => first >> 4 == 6,
        _ => false,
    }
}

/// PPP with IP in it: address and control bytes or not, the protocol in one byte or two (RFC 1661 section 6.5).
fn is_ppp(window: &Window<'_>) -> bool {
    let at = if window.be16(0) == Some(0xff03) { 2 } else { 0 };
    let at = if window.byte(at) == Some(0) { at + 1 } else { at };
    match (window.byte(at), window.byte(at + 1)) {
        (Some(0x21), Some(first)) => first >> 4 == 4,
        (Some(0x57), Some(first)) => first >> 4 == 6,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries_nothing, carries_passenger, ethernet, ipv4, passenger, udp, with};

    fn in_udp(header: &str, inside: &[u8]) -> Vec<u8> {
        ipv4(17, &udp(1701, 1701, &with(header, inside)))
    }

    #[test]
    fn version_2_carries_ppp_behind_optional_fields() {
        let outer = (17, Some((1701, 1701)));
        carries_passenger(&in_udp("0002 0001 0002 ff030021", &passenger()), outer, "l2tp", Some(2));
        carries_passenger(&in_udp("4002 002e 0001 0002 ff030021", &passenger()), outer, "l2tp", Some(2));
        carries_passenger(&in_udp("0802 0001 0002 00010002 0021", &passenger()), outer, "l2tp", Some(2));
        carries_passenger(&in_udp("0202 0001 0002 0003 7a7a7a 21", &passenger()), outer, "l2tp", Some(2));
    }

    #[test]
    fn control_messages_and_other_versions_carry_nothing() {
        carries_nothing(&in_udp("c802 000c 0001 0000 00000000", b""));
        carries_nothing(&in_udp("c803 000c 00000001 00000000", b""));
        carries_nothing(&in_udp("0001 0001 0002 ff030021", &passenger()));
        carries_nothing(&ipv4(115, &with("00000000 c803000c 00000001 00000000", b"")));
    }

    #[test]
    fn version_3_carries_ethernet_or_ppp_behind_a_cookie_of_any_length() {
        let frame = ethernet(0x0800, &passenger());
        for cookie in ["", "636f6f6b", "636f6f6b 69657321", "636f6f6b 69657321 40000001"] {
            let data = with(&format!("00000007 {cookie}"), &frame);
            carries_passenger(&ipv4(115, &data), (115, None), "l2tp", Some(7));
            carries_passenger(&in_udp("00030000", &data), (17, Some((1701, 1701))), "l2tp", Some(7));
        }
        carries_passenger(&ipv4(115, &with("00000007 ff030021", &passenger())), (115, None), "l2tp", Some(7));
        carries_passenger(
            &ipv4(115, &with("00000007", &ethernet(0x8100, &with("000a0800", &passenger())))),
            (115, None),
            "l2tp",
            Some(7),
        );
    }

    #[test]
    fn what_is_neither_is_not_entered() {
        carries_nothing(&ipv4(115, &with("00000007", b"something else altogether, of some length")));
    }
}
