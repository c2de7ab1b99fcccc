//! IP over FireWire as Darwin captures it (RFC 2734): two unique ids of eight bytes, then an `EtherType`.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 18;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("firewire-header-cut")?;
    Ok(Next::Ether(u16::from_be_bytes([header[16], header[17]]), window.skip(HEADER)))
}
