//! Teredo (RFC 4380): IPv6 in UDP, behind an authentication and an origin indication that may be there.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::ipv6;

/// Section 5.1.1: indicator, lengths of client identifier and authentication value, both of these, nonce, confirmation.
const AUTHENTICATION: u16 = 0x0001;
const AUTHENTICATION_FIXED: usize = 13;
/// Indicator, obscured port and address.
const ORIGIN: u16 = 0x0000;
const ORIGIN_LEN: usize = 8;

/// Skips the indications; what follows must look like IPv6.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let mut inside = window;
    if inside.be16(0) == Some(AUTHENTICATION) {
        let (Some(id), Some(value)) = (inside.byte(2), inside.byte(3)) else { return Ok(Next::Done) };
        inside = inside.skip(AUTHENTICATION_FIXED + usize::from(id) + usize::from(value));
    }
    if inside.be16(0) == Some(ORIGIN) {
        inside = inside.skip(ORIGIN_LEN);
    }
    if !ipv6::plausible(&inside) {
        return Ok(Next::Done);
    }
    walk.tunnel("teredo", None);
    Ok(Next::Ipv6(inside))
}
