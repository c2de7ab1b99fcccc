//! ATM: multiprotocol over AAL5 (RFC 2684), classical IP (RFC 2225), and the header of `SunATM`.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const SUN_HEADER: usize = 4;
const LLC_SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];

/// An LLC header comes first.
pub(super) fn rfc1483<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    inner::llc(walk, window)
}

/// LLC or, where the circuit carries nothing else, IP at once.
pub(super) fn classical_ip<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.peek() {
        Some(&LLC_SNAP) => inner::llc(walk, window),
        _ => super::raw::read(walk, window),
    }
}

/// Flags with the traffic's kind, path, channel.
pub(super) fn sun<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<SUN_HEADER>("sunatm-header-cut")?[0] & 0x0f {
        2 => inner::llc(walk, window.skip(SUN_HEADER)),
        1 => Ok(Next::NonIp(Word::Plain("atm-lane"))),
        _ => Ok(Next::NonIp(Word::Plain("atm-signalling"))),
    }
}
