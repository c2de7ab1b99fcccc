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

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_cut, decode_packet, ethernet, hex, ipv4, stopped, with};
    use super::*;

    /// Ports 1045 and 2703, sequence 0x01020304, acknowledgement 0x05060708, 24 bytes, PSH and ACK, window 0x2000; an MSS option.
    const HEADER: &str = "0415 0a8f 01020304 05060708 60 18 2000 0000 0000 020405b4";

    #[test]
    fn every_field_is_where_the_specification_has_it() {
        let packet = ipv4(6, &with(HEADER, b"hello"));
        let layer = decode_packet(&packet).layers[0];
        assert_eq!((layer.src_port, layer.dst_port), (1045, 2703));
        let tcp = Tcp { seq: 0x0102_0304, ack: 0x0506_0708, window: 0x2000, flags: Tcp::PSH | Tcp::ACK };
        assert_eq!(layer.transport, Transport::Tcp(tcp));
        assert_eq!((layer.payload.of(&ethernet(0x0800, &packet)), layer.payload_len), (&b"hello"[..], 5));
    }

    #[test]
    fn ports_survive_a_header_that_is_cut() {
        let frame = ethernet(0x0800, &ipv4(6, &with(HEADER, b"hello")));
        for (captured, ports) in [(3, false), (4, true), (19, true)] {
            let cut = decode_cut(&frame, 34 + captured);
            assert_eq!((cut.layers[0].has_ports, cut.layers[0].transport), (ports, Transport::None));
            assert_eq!(stopped(&cut), "tcp-header-cut");
        }
        let options_cut = decode_cut(&frame, 34 + 21).layers[0];
        assert_eq!((options_cut.payload_len, options_cut.payload.of(&frame)), (5, &b""[..]));
    }

    #[test]
    fn a_data_offset_below_the_header_stops() {
        let mut packet = ipv4(6, &hex(HEADER));
        packet[20 + 12] = 0x40;
        let decoded = decode_packet(&packet);
        assert_eq!((decoded.layers[0].has_ports, stopped(&decoded)), (true, "tcp-header-length".into()));
    }
}
