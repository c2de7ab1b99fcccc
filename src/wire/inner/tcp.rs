//! TCP (RFC 9293).

use super::super::layer::{Stop, Tcp, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const MIN_HEADER: usize = 20;

/// Reads the header: the ports even where the rest of it was cut away.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.ports(&window).ok_or_else(|| window.stop("tcp-header-cut"))?;
    let h = window.header::<MIN_HEADER>("tcp-header-cut")?;
    let header_len = usize::from(h[12] >> 4) * 4;
    if header_len < MIN_HEADER {
        return Err(window.stop("tcp-header-length"));
    }
    let tcp = Tcp {
        seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        window: u16::from_be_bytes([h[14], h[15]]),
        flags: h[13],
    };
    walk.transport(Transport::Tcp(tcp), &window.skip(header_len));
    Ok(Next::Done)
}
