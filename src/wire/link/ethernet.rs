//! Ethernet: IEEE 802.3, `EtherType` or length.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 14;
/// Values below are lengths of an LLC frame (IEEE 802.3 clause 3.2.6).
const FIRST_ETHERTYPE: u16 = 0x600;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("ethernet-header-cut")?;
    let kind = u16::from_be_bytes([header[12], header[13]]);
    let rest = window.skip(HEADER);
    if kind >= FIRST_ETHERTYPE {
        return Ok(Next::Ether(kind, rest));
    }
    Ok(Next::NonIp(Word::Plain("llc")))
}
