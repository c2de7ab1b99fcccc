//! ERSPAN: a mirrored Ethernet frame in GRE (draft-foschiano-erspan-03). Type I has no header of its own, II has 8 bytes, III has 12 and may
//! have 8 more.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// The GRE payload type of types I and II.
const TYPE_I_OR_II: u16 = 0x88be;
const TYPE_II_HEADER: usize = 8;
const TYPE_III_HEADER: usize = 12;
const SUBHEADER: usize = 8;
/// Version 1 is type II, version 2 is type III.
const VERSION_II: u8 = 1;
const VERSION_III: u8 = 2;

/// Reads the header, if the GRE payload type and its sequence bit say that there is one.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>, gre_type: u16, sequence: bool) -> Result<Next<'a>, Stop> {
    if gre_type == TYPE_I_OR_II && !sequence {
        walk.tunnel("erspan", None);
        return Ok(Next::Link(LinkType::ETHERNET, window));
    }
    let h = window.header::<TYPE_II_HEADER>("erspan-header-cut")?;
    let session = u32::from(u16::from_be_bytes([h[2], h[3]]) & 0x03ff);
    walk.tunnel("erspan", Some(session));
    match h[0] >> 4 {
        VERSION_II => Ok(Next::Link(LinkType::ETHERNET, window.skip(TYPE_II_HEADER))),
        VERSION_III => type_three(window),
        _ => Err(window.stop("erspan-version")),
    }
}

/// Type III tells what it mirrors, and whether a platform's subheader follows.
fn type_three(window: Window<'_>) -> Result<Next<'_>, Stop> {
    let h = window.header::<TYPE_III_HEADER>("erspan-header-cut")?;
    let frame_type = h[10] >> 2 & 0x1f;
    if frame_type != 0 {
        return Ok(Next::NonIp(Word::Plain("erspan-not-ethernet")));
    }
    let subheader = if h[11] & 1 == 1 { SUBHEADER } else { 0 };
    Ok(Next::Link(LinkType::ETHERNET, window.skip(TYPE_III_HEADER + subheader)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carries_nothing, carries_passenger, decode_packet, ethernet, ipv4, passenger, stopped, with};

    fn mirrored(headers: &str) -> Vec<u8> {
        ipv4(47, &with(headers, &ethernet(0x0800, &passenger())))
    }

    #[test]
    fn the_three_types_differ_in_their_headers() {
        carries_passenger(&mirrored("0000 88be"), (47, None), "erspan", None);
        carries_passenger(&mirrored("1000 88be 00000001 1001 0402 00000000"), (47, None), "erspan", Some(2));
        carries_passenger(&mirrored("1000 22eb 00000001 2001 0402 00000000 0000 0000"), (47, None), "erspan", Some(2));
        let subheader = "1000 22eb 00000001 2001 0402 00000000 0000 0001 0000000000000000";
        carries_passenger(&mirrored(subheader), (47, None), "erspan", Some(2));
    }

    #[test]
    fn tags_inside_belong_to_the_mirrored_layer() {
        let tagged = ethernet(0x8100, &with("000a 0800", &passenger()));
        let decoded = decode_packet(&ipv4(47, &with("0000 88be", &tagged)));
        assert_eq!((decoded.layers[0].vlans.as_slice(), decoded.layers[1].vlans.as_slice()), (&[][..], &[10][..]));
    }

    #[test]
    fn what_is_not_ethernet_or_no_known_version_is_not_entered() {
        carries_nothing(&mirrored("1000 22eb 00000001 2001 0402 00000000 0000 0800"));
        assert_eq!(stopped(&decode_packet(&mirrored("1000 88be 00000001 3001 0402 00000000"))), "erspan-version");
    }
}
