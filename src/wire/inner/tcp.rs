//! TCP (RFC 9293).

use super::super::layer::{Stop, Tcp, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const MIN_HEADER: usize = 20;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(layer) = walk.layer() else { return Ok(Next::Done) };
    let ports = window.header::<4>("tcp-header-cut")?;
    layer.has_ports = true;
    layer.src_port = u16::from_be_bytes([ports[0], ports[1]]);
    layer.dst_port = u16::from_be_bytes([ports[2], ports[3]]);
    let h = window.header::<MIN_HEADER>("tcp-header-cut")?;
    let header_len = usize::from(h[12] >> 4) * 4;
    if header_len < MIN_HEADER {
        return Err(window.stop("tcp-header-length"));
    }
    layer.transport = Transport::Tcp(Tcp {
        seq: u32::from_be_bytes([h[4], h[5], h[6], h[7]]),
        ack: u32::from_be_bytes([h[8], h[9], h[10], h[11]]),
        window: u16::from_be_bytes([h[14], h[15]]),
        flags: h[13],
    });
    layer.payload_len = window.wire_len().saturating_sub(header_len) as u32;
    layer.payload = window.skip(header_len).span();
    Ok(Next::Done)
}
