//! Cisco HDLC (RFC 1547 section 4.3.1): address, control, and an `EtherType` or one of Cisco's own protocols.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

pub(super) const UNICAST: u8 = 0x0f;
pub(super) const MULTICAST: u8 = 0x8f;
const HEADER: usize = 4;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("chdlc-header-cut")?;
    Ok(match u16::from_be_bytes([header[2], header[3]]) {
        0x8035 => Next::NonIp(Word::Plain("slarp")),
        0xfefe => Next::NonIp(Word::Plain("osi")),
        kind => Next::Ether(kind, window.skip(HEADER)),
    })
}

/// One byte says who sent it.
pub(super) fn with_direction<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<1>("chdlc-header-cut")?;
    read(walk, window.skip(1))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn ethertypes_and_ciscos_own() {
        leads_to_ipv4(104, "0f00 0800");
        leads_to_ipv6(104, "8f00 86dd");
        leads_to_ipv4(104, "0f00 8847 00010140");
        leads_to_ipv4(205, "00 0f00 0800");
        assert_eq!(outcome(104, "8f00 8035 00000002"), "non-ip slarp");
        assert_eq!(outcome(104, "8f00 2000 02b4"), "non-ip cdp");
        assert_eq!(outcome(104, "0f00 08"), "stop chdlc-header-cut at 0");
    }
}
