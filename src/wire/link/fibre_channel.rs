//! IP over Fibre Channel (RFC 2625): two network addresses of eight bytes, then LLC.

use super::super::inner;
use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 16;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<HEADER>("fibre-channel-header-cut")?;
    inner::llc(walk, window.skip(HEADER))
}
