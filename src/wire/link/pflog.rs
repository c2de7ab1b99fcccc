//! What the BSD packet filter logs: a header of the length it says (padding to four bytes not counted), an address family in it.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::loopback;

/// Length, family, action, reason, and more that differs from system to system; the shortest of them.
const MIN_HEADER: usize = 45;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let [len, family] = *window.header::<2>("pflog-header-cut")?;
    let len = usize::from(len);
    if len < MIN_HEADER {
        return Err(window.stop("pflog-header-length"));
    }
    Ok(loopback::by_family(u32::from(family), window.skip(len.next_multiple_of(4))))
}
