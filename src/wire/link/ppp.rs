//! PPP in its captured forms; what it carries is read by `inner::ppp`.

use super::super::inner;
use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::chdlc;

/// PPP, where a serial line's first byte may say that this is Cisco's HDLC instead (RFC 1547 section 4.3.1).
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.peek() {
        Some([chdlc::UNICAST | chdlc::MULTICAST, 0]) => chdlc::read(walk, window),
        _ => inner::ppp(walk, window),
    }
}

/// One byte says who sent it.
pub(super) fn with_direction<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<1>("ppp-header-cut")?;
    read(walk, window.skip(1))
}

/// Linux pppd writes who sent it over the address byte ff; the control byte stays.
pub(super) fn pppd<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<2>("ppp-header-cut")? {
        [_, 0x03] => inner::ppp(walk, window.skip(2)),
        _ => read(walk, window.skip(1)),
    }
}
