//! GRE (RFC 1701, 2784, 2890) and the enhanced GRE of PPTP (RFC 2637).

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::{erspan, mpls, ppp};
use crate::net::LinkType;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
/// Of enhanced GRE only; the bit is reserved in version 0.
const ACKNOWLEDGEMENT: u16 = 0x0080;
/// PPTP's payload: its header is the enhanced one.
const PPP: u16 = 0x880b;
/// Source route entries of one header.
const MAX_ROUTES: usize = 64;

/// What a header says.
struct Header<'a> {
    payload_type: u16,
    key: Option<u32>,
    sequence: bool,
    payload: Window<'a>,
}

/// The header with its optional words, in the order of their flags.
fn header(window: Window<'_>) -> Option<Header<'_>> {
    let (flags, payload_type) = (window.be16(0)?, window.be16(2)?);
    let mut rest = window.skip(4);
    if flags & (CHECKSUM | ROUTING) != 0 {
        rest = rest.skip(4);
    }
    let mut key = None;
    if flags & KEY != 0 {
        // RFC 2637 section 4.1: the payload's length, and the call id.
        key = if payload_type == PPP { rest.be16(2).map(u32::from) } else { rest.be32(0) };
        rest = rest.skip(4);
    }
    if flags & SEQUENCE != 0 {
        rest = rest.skip(4);
    }
    if payload_type == PPP && flags & ACKNOWLEDGEMENT != 0 {
        rest = rest.skip(4);
    }
    if flags & ROUTING != 0 {
        rest = past_routes(rest)?;
    }
    Some(Header { payload_type, key, sequence: flags & SEQUENCE != 0, payload: rest })
}

/// RFC 1701: entries of an address family, an offset and a length, up to one that is all zero.
fn past_routes(mut window: Window<'_>) -> Option<Window<'_>> {
    for _ in 0..MAX_ROUTES {
        let &[family0, family1, _, len] = window.peek::<4>()?;
        window = window.skip(4 + usize::from(len));
        if (family0, family1, len) == (0, 0, 0) {
            return Some(window);
        }
    }
    None
}

/// Reads the header, and goes on by the payload's type.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Header { payload_type, key, sequence, payload } = header(window).ok_or_else(|| window.stop("gre-header-cut"))?;
    // A keep-alive's answer, an acknowledgement alone: nothing follows.
    if payload_type == 0 || payload.wire_len() == 0 {
        return Ok(Next::Done);
    }
    if matches!(payload_type, 0x88be | 0x22eb) {
        return erspan::read(walk, payload, payload_type, sequence);
    }
    walk.tunnel("gre", key);
    match payload_type {
        0x0800 => Ok(Next::Ipv4(payload)),
        0x86dd => Ok(Next::Ipv6(payload)),
        // Transparent Ethernet bridging (also NVGRE), and the number it had before.
        0x6558 | 0x6400 => Ok(Next::Link(LinkType::ETHERNET, payload)),
        0x8847 | 0x8848 => mpls::read(walk, payload),
        0x883e => wccp(payload),
        PPP => ppp::read(walk, payload),
        _ => Ok(Next::NonIp(Word::EtherType(payload_type))),
    }
}

/// WCCP: version 1 has the redirected packet right away, version 2 a redirect header of four bytes before it.
fn wccp(payload: Window<'_>) -> Result<Next<'_>, Stop> {
    match payload.header::<1>("wccp-packet-cut")?[0] >> 4 {
        4 => Ok(Next::Ipv4(payload)),
        _ => Ok(Next::Ipv4(payload.skip(4))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        carries_nothing, carries_passenger, decode_packet, ethernet, ipv4, ipv6, passenger, stopped, summary, udp, with,
    };

    fn gre(header: &str, inside: &[u8]) -> Vec<u8> {
        ipv4(47, &with(header, inside))
    }

    #[test]
    fn optional_words_are_skipped_in_their_order() {
        carries_passenger(&gre("0000 0800", &passenger()), (47, None), "gre", None);
        carries_passenger(&gre("8000 0800 cccc0000", &passenger()), (47, None), "gre", None);
        carries_passenger(&gre("b000 0800 cccc0000 00000007 00000001", &passenger()), (47, None), "gre", Some(7));
        // Two source route entries: four bytes of address family 0x0800, and the end.
        let routes = "4000 0800 00000000 0800 00 04 0a000009 0000 00 00";
        carries_passenger(&gre(routes, &passenger()), (47, None), "gre", None);
    }

    #[test]
    fn pptp_has_a_call_id_and_perhaps_an_acknowledgement() {
        carries_passenger(&gre("3081 880b 0026 0007 00000001 00000001 ff030021", &passenger()), (47, None), "gre", Some(7));
        carries_passenger(&gre("3001 880b 0023 0007 00000001 21", &passenger()), (47, None), "gre", Some(7));
        carries_nothing(&gre("2081 880b 0000 0007 00000001", b""));
    }

    #[test]
    fn the_payload_is_read_by_its_type() {
        carries_passenger(&gre("2000 6558 00000100", &ethernet(0x0800, &passenger())), (47, None), "gre", Some(256));
        carries_passenger(&gre("0000 8847 00010140", &passenger()), (47, None), "gre", None);
        carries_passenger(&gre("0000 883e", &passenger()), (47, None), "gre", None);
        carries_passenger(&gre("0000 883e 01020304", &passenger()), (47, None), "gre", None);
        let six = decode_packet(&gre("0000 86dd", &ipv6(17, &udp(1111, 2222, b""))));
        assert_eq!(summary(&six), [(47, None, "", None), (17, Some((1111, 2222)), "gre", None)]);
        carries_nothing(&gre("0000 2000", b"CDP, not IP"));
    }

    #[test]
    fn a_keep_alive_is_two_headers_and_nothing() {
        let answer = ipv4(47, &with("0000 0000", b""));
        assert_eq!(summary(&decode_packet(&gre("0000 0800", &answer))), [(47, None, "", None), (47, None, "gre", None)]);
    }

    #[test]
    fn a_header_that_is_cut_or_has_no_end_stops() {
        assert_eq!(stopped(&decode_packet(&ipv4(47, &[0, 0]))), "gre-header-cut");
        assert_eq!(stopped(&decode_packet(&gre("4000 0800 00000000 0800 00 04", b"1234"))), "gre-header-cut");
    }

    #[test]
    fn it_may_stand_in_udp() {
        let packet = ipv4(17, &udp(50000, 4754, &with("0000 0800", &passenger())));
        carries_passenger(&packet, (17, Some((50000, 4754))), "gre", None);
    }
}
