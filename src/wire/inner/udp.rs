//! UDP (RFC 768) and UDP-Lite (RFC 3828).

use super::super::layer::{Stop, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::udp_tunnel;

const HEADER: usize = 8;

/// Reads a UDP header: the ports even where the rest of it was cut away.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let (src, dst) = walk.ports(&window).ok_or_else(|| window.stop("udp-header-cut"))?;
    let header = window.header::<HEADER>("udp-header-cut")?;
    let payload = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
        // 0: longer than the field can say (a jumbogram, or a segment not yet cut).
        0 => window.skip(HEADER),
        1..HEADER => return Err(window.stop("udp-length")),
        len => window.limit(len).skip(HEADER),
    };
    walk.transport(Transport::None, &payload);
    tunnel(walk, (src, dst), payload)
}

/// Reads a UDP-Lite header. Its coverage says what the checksum guards, not how long the datagram is.
pub(super) fn lite<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let ports = walk.ports(&window).ok_or_else(|| window.stop("udplite-header-cut"))?;
    window.header::<HEADER>("udplite-header-cut")?;
    let payload = window.skip(HEADER);
    walk.transport(Transport::None, &payload);
    tunnel(walk, ports, payload)
}

/// Enters the tunnel that one of the ports stands for, if the payload looks like it. The lower port is the likelier listener.
#[inline]
fn tunnel<'a>(walk: &mut Walk<'_>, (src, dst): (u16, u16), payload: Window<'a>) -> Result<Next<'a>, Stop> {
    for port in [src.min(dst), src.max(dst)] {
        if let Some(step) = udp_tunnel(port) {
            match step(walk, payload)? {
                Next::Done => {}
                next => return Ok(next),
            }
        }
    }
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_packet, ethernet, ipv4, stopped, udp};

    #[test]
    fn the_length_field_ends_the_payload() {
        let mut packet = ipv4(17, &udp(1111, 2222, b"inside and out"));
        packet[25] = 14;
        let layer = decode_packet(&packet).layers[0];
        assert_eq!((layer.payload_len, layer.payload.of(&ethernet(0x0800, &packet))), (6, &b"inside"[..]));
    }

    #[test]
    fn a_length_that_lies_is_held_to_the_packet() {
        let mut packet = ipv4(17, &udp(1111, 2222, b"inside"));
        packet[24] = 0xff;
        assert_eq!(decode_packet(&packet).layers[0].payload_len, 6);
        packet[24] = 0;
        packet[25] = 7;
        let decoded = decode_packet(&packet);
        assert_eq!((decoded.layers[0].has_ports, stopped(&decoded)), (true, "udp-length".into()));
    }

    #[test]
    fn the_coverage_of_udp_lite_is_no_length() {
        let mut packet = ipv4(136, &udp(1111, 2222, b"inside"));
        packet[25] = 8;
        let layer = decode_packet(&packet).layers[0];
        assert_eq!((layer.src_port, layer.dst_port, layer.payload_len), (1111, 2222, 6));
    }
}
