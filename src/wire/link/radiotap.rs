//! Radiotap: what a radio tells of an 802.11 frame, as fields that a bit mask announces (radiotap.org).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::wlan;

const HEADER: usize = 8;
const TSFT_PRESENT: u32 = 1;
const FLAGS_PRESENT: u32 = 1 << 1;
/// One more mask follows.
const MORE: u32 = 1 << 31;
/// Masks before a header is taken for nonsense.
const MAX_MASKS: usize = 16;

const CHECKSUM_AT_END: u8 = 0x10;
const PADDED: u8 = 0x20;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("radiotap-header-cut")?;
    let len = usize::from(u16::from_le_bytes([header[2], header[3]]));
    if len < HEADER {
        return Err(window.stop("radiotap-header-length"));
    }
    if len > window.bytes().len() {
        return Err(window.stop("radiotap-header-cut"));
    }
    let flags = flags(window.limit(len));
    let form = wlan::Form { checksum: flags & CHECKSUM_AT_END != 0, padded: flags & PADDED != 0 };
    wlan::frame(walk, window.skip(len), form)
}

/// The flags field, the second a header can have; none of its bits where it is absent.
fn flags(header: Window<'_>) -> u8 {
    let mask = |at: usize| header.skip(at).peek().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let present = mask(4);
    if present & FLAGS_PRESENT == 0 {
        return 0;
    }
    let masks = 1 + (1..MAX_MASKS).take_while(|n| mask(n * 4) & MORE != 0).count();
    let fields = 4 + masks * 4;
    // The time stamp is a number of eight bytes, aligned to its size.
    let at = if present & TSFT_PRESENT == 0 { fields } else { fields.next_multiple_of(8) + 8 };
    header.skip(at).peek().map_or(0, |[flags]| *flags)
}
