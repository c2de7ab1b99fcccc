//! FDDI (ISO 9314-2): frame control, destination, source, LLC.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 13;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<HEADER>("fddi-header-cut")?[0] & 0x70 {
        0x50 => inner::llc(walk, window.skip(HEADER)),
        _ => Ok(Next::NonIp(Word::Plain("fddi-control"))),
    }
}
