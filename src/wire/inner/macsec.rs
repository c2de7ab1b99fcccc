//! MACsec (IEEE 802.1AE): the `SecTAG` is passed over where the user data is in clear.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// Control information, short length, packet number.
const SECTAG: usize = 6;
/// Secure channel identifier, where announced.
const SCI: usize = 8;
/// Integrity check value of the default cipher suite; it may be longer, and is no payload either way.
const ICV: usize = 16;

const SCI_PRESENT: u8 = 0x20;
const ENCRYPTED: u8 = 0x08;
const CHANGED: u8 = 0x04;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<SECTAG>("macsec-header-cut")?;
    if header[0] & (ENCRYPTED | CHANGED) != 0 {
        return Ok(Next::NonIp(Word::Plain("macsec")));
    }
    let sci = if header[0] & SCI_PRESENT == 0 { 0 } else { SCI };
    let secured = window.skip(SECTAG + sci);
    // The short length, where given, counts the user data; else all but the check value is.
    let data = match usize::from(header[1] & 0x3f) {
        0 => secured.limit(secured.wire_len().saturating_sub(ICV)),
        short => secured.limit(short),
    };
    let kind = u16::from_be_bytes(*data.header::<2>("macsec-data-cut")?);
    super::type_or_length(walk, kind, data.skip(2))
}
