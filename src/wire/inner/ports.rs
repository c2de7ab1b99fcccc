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

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_cut, decode_packet, ethernet, ipv4, stopped, summary, with};

    #[test]
    fn sctp_has_ports_once_its_common_header_is_whole() {
        let packet = ipv4(132, &with("03e8 07d0 00000007 00000000", b"chunk"));
        let decoded = decode_packet(&packet);
        assert_eq!(summary(&decoded), [(132, Some((1000, 2000)), "", None)]);
        assert_eq!(decoded.layers[0].payload_len, 5);
        let cut = decode_cut(&ethernet(0x0800, &packet), 34 + 11);
        assert_eq!((summary(&cut), stopped(&cut)), (vec![(132, None, "", None)], "sctp-header-cut".into()));
    }

    #[test]
    fn the_data_offset_of_dccp_is_in_words() {
        let packet = ipv4(33, &with("03e8 07d0 05 00 0000 01 000000 00000000 00000000", b"data"));
        let decoded = decode_packet(&packet);
        assert_eq!(summary(&decoded), [(33, Some((1000, 2000)), "", None)]);
        assert_eq!(decoded.layers[0].payload_len, 4);
        let cut = decode_cut(&ethernet(0x0800, &packet), 34 + 4);
        assert_eq!(summary(&cut), [(33, Some((1000, 2000)), "", None)]);
    }
}
