//! DOCSIS: Ethernet behind a cable modem's MAC header.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// Frame control, parameter, length; the check sequence follows the extended header.
const HEADER: usize = 4;
const CHECK: usize = 2;
const EXTENDED: u8 = 0x01;
/// Frame control's type bits: zero for a packet.
const TYPE: u8 = 0xc0;
/// Elements of baseline privacy, upstream and downstream, and their enable bit.
const PRIVACY: [u8; 2] = [3, 4];
const ENCRYPTED: u8 = 0x80;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<{ HEADER + CHECK }>("docsis-header-cut")?;
    if header[0] & TYPE != 0 {
        return Ok(Next::NonIp(Word::Plain("docsis-management")));
    }
    let extended = if header[0] & EXTENDED == 0 { 0 } else { usize::from(header[1]) };
    if extended > 0 && is_encrypted(window.skip(HEADER)) {
        return Ok(Next::NonIp(Word::Plain("docsis-encrypted")));
    }
    Ok(Next::Link(LinkType::ETHERNET, window.skip(HEADER + extended + CHECK)))
}

/// The privacy element comes first where it is there at all.
fn is_encrypted(extended: Window<'_>) -> bool {
    extended.peek::<3>().is_some_and(|element| PRIVACY.contains(&(element[0] >> 4)) && element[2] & ENCRYPTED != 0)
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    const ETHERNET: &str = "020000000002 020000000001 0800";

    #[test]
    fn with_and_without_extended_header() {
        leads_to_ipv4(143, &format!("00 00 002c b017 {ETHERNET}"));
        leads_to_ipv4(143, &format!("01 04 0030 31 00 00 00 22e9 {ETHERNET}"));
    }

    #[test]
    fn frames_without_ip() {
        assert_eq!(outcome(143, "c2 00 0000 abcd"), "non-ip docsis-management");
        assert_eq!(outcome(143, "01 05 0030 44 10 8001 00 abcd 0102"), "non-ip docsis-encrypted");
        assert_eq!(outcome(143, "00"), "stop docsis-header-cut at 0");
    }
}
