//! Solaris IP observability: version, address family, and where the packet was seen.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::loopback;

const HEADER: usize = 24;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("ipnet-header-cut")?;
    Ok(loopback::by_family(u32::from(header[1]), window.skip(HEADER)))
}
