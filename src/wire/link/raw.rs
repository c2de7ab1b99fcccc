//! Raw IP: no link header; the first nibble is the IP version.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<1>("raw-ip-empty")?[0] >> 4 {
        4 => Ok(Next::Ipv4(window)),
        6 => Ok(Next::Ipv6(window)),
        _ => Ok(Next::NonIp(Word::Plain("raw-not-ip"))),
    }
}
