//! Transports of which a flow wants the ports only: SCTP (RFC 9260) and DCCP (RFC 4340).

use super::super::layer::{Stop, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const SCTP_HEADER: usize = 12;
/// Generic header with a short sequence number.
const DCCP_MIN_HEADER: usize = 12;

/// Reads an SCTP common header; its chunks are the payload.
pub(super) fn sctp<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    // A shorter packet is no SCTP: its ports are not believed (tshark neither).
    window.header::<SCTP_HEADER>("sctp-header-cut")?;
    walk.ports(&window);
    walk.transport(Transport::None, &window.skip(SCTP_HEADER));
    Ok(Next::Done)
}

/// Reads a DCCP generic header. The data offset counts from the header's start, in words.
pub(super) fn dccp<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.ports(&window).ok_or_else(|| window.stop("dccp-header-cut"))?;
    let header = window.header::<DCCP_MIN_HEADER>("dccp-header-cut")?;
    let header_len = usize::from(header[4]) * 4;
    if header_len < DCCP_MIN_HEADER {
        return Err(window.stop("dccp-data-offset"));
    }
    walk.transport(Transport::None, &window.skip(header_len));
    Ok(Next::Done)
}
