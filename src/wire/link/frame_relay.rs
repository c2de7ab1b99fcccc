//! Frame Relay: a Q.922 address, then RFC 2427's multiprotocol header or, as Cisco has it, an `EtherType`.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// The last byte of an address has it set (Q.922 section 3.3.2).
const EXTENSION: u8 = 0x01;
const MAX_ADDRESS: usize = 4;
/// Unnumbered information.
const UI: u8 = 0x03;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let address = window.bytes().iter().take(MAX_ADDRESS).position(|byte| byte & EXTENSION != 0);
    let inside = match address {
        Some(last) if last > 0 => window.skip(last + 1),
        None if window.bytes().len() < MAX_ADDRESS => return Err(window.stop("frame-relay-header-cut")),
        _ => return Err(window.stop("frame-relay-address")),
    };
    let control = *inside.header::<2>("frame-relay-header-cut")?;
    match control {
        [UI, _] => by_nlpid(walk, inside.skip(1)),
        _ => match u16::from_be_bytes(control) {
            kind @ inner::FIRST_ETHERTYPE.. => Ok(Next::Ether(kind, inside.skip(2))),
            _ => Ok(Next::NonIp(Word::Plain("frame-relay-control"))),
        },
    }
}

/// Network layer protocol identifier (ISO/IEC TR 9577), behind a pad byte where that aligns what follows.
fn by_nlpid<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let window = if window.peek() == Some(&[0]) { window.skip(1) } else { window };
    let [nlpid] = *window.header::<1>("frame-relay-header-cut")?;
    let inside = window.skip(1);
    match nlpid {
        0xcc => Ok(Next::Ipv4(inside)),
        0x8e => Ok(Next::Ipv6(inside)),
        0x80 => inner::snap(walk, inside),
        0xcf => inner::ppp(walk, inside),
        0x08 => Ok(Next::NonIp(Word::Plain("q933"))),
        0x81..=0x83 => Ok(Next::NonIp(Word::Plain("osi"))),
        0xb0 | 0xb1 => Ok(Next::NonIp(Word::Plain("frame-relay-fragment"))),
        _ => Ok(Next::NonIp(Word::Plain("frame-relay-nlpid"))),
    }
}

/// One byte says who sent it.
pub(super) fn with_direction<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<1>("frame-relay-header-cut")?;
    read(walk, window.skip(1))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn rfc_2427_by_nlpid() {
        leads_to_ipv4(107, "1841 03 cc");
        leads_to_ipv6(107, "1841 03 8e");
        leads_to_ipv4(206, "01 1841 03 cc");
        // SNAP, with the pad byte that aligns it, and PPP (RFC 1973).
        leads_to_ipv4(107, "1841 03 00 80 000000 0800");
        leads_to_ipv4(107, "1841 03 cf 0021");
        leads_to_ipv4(107, "1841 03 00 80 0080c2 0007 020000000002 020000000001 0800");
        assert_eq!(outcome(107, "1841 03 08 00"), "non-ip q933");
    }

    #[test]
    fn cisco_puts_an_ethertype_behind_the_address() {
        leads_to_ipv4(107, "1841 0800");
        // An address of four bytes.
        leads_to_ipv4(107, "18400041 0800");
    }

    #[test]
    fn an_address_has_two_to_four_bytes() {
        assert_eq!(outcome(107, "0141 03cc"), "stop frame-relay-address at 0");
        assert_eq!(outcome(107, "1040404040 03cc"), "stop frame-relay-address at 0");
        assert_eq!(outcome(107, "1841 03"), "stop frame-relay-header-cut at 2");
    }
}
