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
