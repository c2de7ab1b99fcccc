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

#[cfg(test)]
mod tests {
    use super::super::testing::{carries_nothing, decode_packet, ipv4, ipv6, passenger, summary, udp, with};

    #[test]
    fn indications_before_the_packet_are_skipped() {
        let inner = ipv6(17, &udp(1111, 2222, b"inside"));
        let authentication = "0001 02 02 aaaa bbbb 0102030405060708 00";
        let origin = "0000 f31e 5f5f5f5f";
        for indications in ["", authentication, origin, &format!("{authentication} {origin}")] {
            let decoded = decode_packet(&ipv4(17, &udp(50000, 3544, &with(indications, &inner))));
            assert_eq!(summary(&decoded), [(17, Some((50000, 3544)), "", None), (17, Some((1111, 2222)), "teredo", None)]);
        }
    }

    #[test]
    fn a_bubble_is_a_packet() {
        assert_eq!(summary(&decode_packet(&ipv4(17, &udp(3544, 50000, &ipv6(59, b"")))))[1], (59, None, "teredo", None));
    }

    #[test]
    fn what_is_no_ipv6_is_not_entered() {
        carries_nothing(&ipv4(17, &udp(50000, 3544, &passenger())));
        carries_nothing(&ipv4(17, &udp(50000, 3544, b"\x60")));
    }
}
