//! PPP over Ethernet, session stage (RFC 2516).

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 6;
const SESSION_DATA: u8 = 0;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("pppoe-header-cut")?;
    if header[1] != SESSION_DATA {
        return Ok(Next::NonIp(Word::Plain("pppoe-discovery")));
    }
    walk.tunnel("pppoe", Some(u32::from(u16::from_be_bytes([header[2], header[3]]))));
    let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
    super::ppp(walk, window.skip(HEADER).limit(len))
}
