//! VLAN tags: IEEE 802.1Q and 802.1ad.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<4>("vlan-tag-cut")?;
    walk.vlan(u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff);
    super::type_or_length(walk, u16::from_be_bytes([tag[2], tag[3]]), window.skip(4))
}
