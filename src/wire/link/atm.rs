//! ATM: multiprotocol over AAL5 (RFC 2684), classical IP (RFC 2225), and the header of `SunATM`.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const SUN_HEADER: usize = 4;
const LLC_SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];

/// An LLC header comes first.
pub(super) fn rfc1483<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    inner::llc(walk, window)
}

/// LLC or, where the circuit carries nothing else, IP at once.
pub(super) fn classical_ip<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.peek() {
        Some(&LLC_SNAP) => inner::llc(walk, window),
        _ => super::raw::read(walk, window),
    }
}

/// Flags with the traffic's kind, path, channel.
pub(super) fn sun<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<SUN_HEADER>("sunatm-header-cut")?[0] & 0x0f {
        2 => inner::llc(walk, window.skip(SUN_HEADER)),
        1 => Ok(Next::NonIp(Word::Plain("atm-lane"))),
        _ => Ok(Next::NonIp(Word::Plain("atm-signalling"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    #[test]
    fn llc_or_ip_at_once() {
        for link in [11, 100] {
            leads_to_ipv4(link, "aaaa03 000000 0800");
        }
        leads_to_ipv4(106, "");
        leads_to_ipv4(19, "aaaa03 000000 0800");
    }

    #[test]
    fn sun_says_what_kind_of_traffic() {
        leads_to_ipv4(123, "82 00 0020 aaaa03 000000 0800");
        assert_eq!(outcome(123, "01 00 0020 0000"), "non-ip atm-lane");
        assert_eq!(outcome(123, "06 00 0005 0000"), "non-ip atm-signalling");
        assert_eq!(outcome(123, "06"), "stop sunatm-header-cut at 0");
    }

    #[test]
    fn bridged_ethernet() {
        leads_to_ipv4(100, "aaaa03 0080c2 0007 0000 020000000002 020000000001 0800");
    }
}
