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
