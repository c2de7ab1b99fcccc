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

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn captured_forms() {
        leads_to_ipv4(9, "ff03 0021");
        leads_to_ipv6(50, "ff03 0057");
        leads_to_ipv4(204, "01 ff03 0021");
        leads_to_ipv4(204, "00 0021");
        leads_to_ipv4(166, "00 03 0021");
        leads_to_ipv6(166, "01 03 0057");
    }

    #[test]
    fn a_serial_line_may_speak_cisco() {
        leads_to_ipv4(50, "0f00 0800");
        leads_to_ipv4(9, "8f00 0800");
    }

    #[test]
    fn cut_headers_are_stops() {
        assert_eq!(outcome(9, "ff03 00"), "stop ppp-header-cut at 2");
        assert_eq!(outcome(204, ""), "stop ppp-header-cut at 0");
    }
}
