//! What bytes look like where no header says what they are: asked only behind a tunnel header that leaves it open.

use super::super::window::Window;

/// An Ethernet frame with IP in it, tagged or not: the type, and the version that belongs to it.
pub(super) fn is_ethernet(window: &Window<'_>) -> bool {
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
pub(super) fn is_ppp(window: &Window<'_>) -> bool {
    let at = if window.be16(0) == Some(0xff03) { 2 } else { 0 };
    let at = if window.byte(at) == Some(0) { at + 1 } else { at };
    match (window.byte(at), window.byte(at + 1)) {
        (Some(0x21), Some(first)) => first >> 4 == 4,
        (Some(0x57), Some(first)) => first >> 4 == 6,
        _ => false,
    }
}
