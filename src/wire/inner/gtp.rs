//! GTP's user plane: version 1 (3GPP TS 29.281) and version 0 (3GPP TS 09.60). Only a T-PDU carries a packet.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const T_PDU: u8 = 0xff;
/// Flags, type, length, TEID.
const V1_HEADER: usize = 8;
/// Sequence number, N-PDU number, type of the first extension header: there if one of them is.
const V1_OPTIONAL: usize = 4;
const V0_HEADER: usize = 20;
const EXTENSION: u8 = 0x04;
/// Extension, sequence number, N-PDU number.
const ANY_OPTIONAL: u8 = 0x07;
/// Extension headers of one packet.
const MAX_EXTENSIONS: usize = 16;

/// Reads a GTP header of either version; GTP' and the control plane are no tunnels.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(&[flags, T_PDU, ..]) = window.peek::<V1_HEADER>() else { return Ok(Next::Done) };
    let protocol_type = flags & 0x10 != 0;
    match (flags >> 5, protocol_type) {
        (0, true) => version_zero(walk, window),
        (1, true) => version_one(walk, window, flags),
        _ => Ok(Next::Done),
    }
}

fn version_zero<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<V0_HEADER>("gtp-header-cut")?;
    // The flow label, as the tunnel identifier proper is a subscriber's number.
    let flow_label = u32::from(u16::from_be_bytes([header[6], header[7]]));
    carried(walk, window.skip(V0_HEADER), flow_label)
}

fn version_one<'a>(walk: &mut Walk<'_>, window: Window<'a>, flags: u8) -> Result<Next<'a>, Stop> {
    let teid = window.be32(4).ok_or_else(|| window.stop("gtp-header-cut"))?;
    if flags & ANY_OPTIONAL == 0 {
        return carried(walk, window.skip(V1_HEADER), teid);
    }
    let first = window.byte(V1_HEADER + V1_OPTIONAL - 1).ok_or_else(|| window.stop("gtp-header-cut"))?;
    let rest = window.skip(V1_HEADER + V1_OPTIONAL);
    if flags & EXTENSION == 0 {
        return carried(walk, rest, teid);
    }
    let inside = past_extensions(first, rest).ok_or_else(|| rest.stop("gtp-extension-cut"))?;
    carried(walk, inside, teid)
}

/// Each starts with its length in words and ends with the type of the next (TS 29.281 section 5.2.1).
fn past_extensions(mut kind: u8, mut window: Window<'_>) -> Option<Window<'_>> {
    for _ in 0..MAX_EXTENSIONS {
        if kind == 0 {
            return Some(window);
        }
        let len = usize::from(window.byte(0)?) * 4;
        kind = window.byte(len.checked_sub(1)?)?;
        window = window.skip(len);
    }
    None
}

/// The header does not say what a T-PDU is; its first byte does. 0x40 to 0x44 are no IPv4 header, and 0x4f is more likely the start of PPP.
fn carried<'a>(walk: &mut Walk<'_>, inside: Window<'a>, key: u32) -> Result<Next<'a>, Stop> {
    let next = match inside.byte(0) {
        Some(0x45..=0x4e) => Next::Ipv4(inside),
        Some(0x60..=0x6f) => Next::Ipv6(inside),
        _ => return Ok(Next::Done),
    };
    walk.tunnel("gtp", Some(key));
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        carries_nothing, carries_passenger, decode_packet, ipv4, ipv6, passenger, stopped, summary, udp, with,
    };

    const OUTER: (u8, Option<(u16, u16)>) = (17, Some((2152, 2152)));

    fn gtp(header: &str, inside: &[u8]) -> Vec<u8> {
        ipv4(17, &udp(2152, 2152, &with(header, inside)))
    }

    #[test]
    fn a_t_pdu_carries_a_packet_behind_optional_fields_and_extensions() {
        carries_passenger(&gtp("30 ff 0022 00000063", &passenger()), OUTER, "gtp", Some(99));
        carries_passenger(&gtp("32 ff 0026 00000063 0001 00 00", &passenger()), OUTER, "gtp", Some(99));
        carries_passenger(&gtp("34 ff 002a 00000063 0000 00 85 01100985 01100900", &passenger()), OUTER, "gtp", Some(99));
        let six = decode_packet(&gtp("30 ff 0030 00000063", &ipv6(17, &udp(1111, 2222, b""))));
        assert_eq!(summary(&six)[1], (17, Some((1111, 2222)), "gtp", Some(99)));
    }

    #[test]
    fn version_0_has_a_longer_header() {
        carries_passenger(&gtp("1e ff 0022 0001 0002 ffffffff 0102030405060708", &passenger()), OUTER, "gtp", Some(2));
    }

    #[test]
    fn other_messages_and_versions_carry_nothing() {
        carries_nothing(&gtp("32 01 0004 00000000 0001 00 00", b""));
        carries_nothing(&gtp("50 ff 0022 00000063", &passenger()));
        carries_nothing(&gtp("20 ff 0022 00000063", &passenger()));
        carries_nothing(&gtp("30 ff 0004 00000063", b"\x00\x01\x02\x03"));
    }

    #[test]
    fn an_extension_of_no_length_stops() {
        assert_eq!(stopped(&decode_packet(&gtp("34 ff 0008 00000063 0000 00 85 00100900", b""))), "gtp-extension-cut");
    }
}
