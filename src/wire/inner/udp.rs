//! UDP (RFC 768).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::udp_tunnel;

const HEADER: usize = 8;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let Some(layer) = walk.layer() else { return Ok(Next::Done) };
    let ports = window.header::<4>("udp-header-cut")?;
    let (src, dst) = (u16::from_be_bytes([ports[0], ports[1]]), u16::from_be_bytes([ports[2], ports[3]]));
    (layer.has_ports, layer.src_port, layer.dst_port) = (true, src, dst);
    let header = window.header::<HEADER>("udp-header-cut")?;
    let payload = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
        // 0: longer than the field can say (a jumbogram, or a segment not yet cut).
        0 => window.skip(HEADER),
        len => window.limit(len).skip(HEADER),
    };
    layer.payload = payload.span();
    layer.payload_len = payload.wire_len() as u32;
    let whole = layer.fragment.is_none();
    match udp_tunnel(src, dst) {
        Some(step) if whole => Ok(Next::Udp(step, payload)),
        _ => Ok(Next::Done),
    }
}
