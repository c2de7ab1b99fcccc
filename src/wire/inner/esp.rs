//! IPsec ESP (RFC 4303): what it carries is encrypted, its security parameters index is not.

use super::super::layer::{Stop, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// SPI and sequence number.
const HEADER: usize = 8;

/// Reads the header.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let h = window.header::<HEADER>("esp-header-cut")?;
    walk.transport(Transport::Spi(u32::from_be_bytes([h[0], h[1], h[2], h[3]])), &window.skip(HEADER));
    Ok(Next::Done)
}

/// ESP in UDP (RFC 3948), on the port it shares with IKE and with keep-alives. The UDP layer keeps its payload and gets the SPI.
pub(super) fn in_udp<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    // Section 2.2: IKE starts with four zero bytes, which no SPI is. Section 2.3: a keep-alive is the single byte 0xff.
    if let (Some(spi @ 1..), Some(_sequence)) = (window.be32(0), window.be32(4)) {
        walk.transport(Transport::Spi(spi), &window);
    }
    Ok(Next::Done)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_packet, hex, ipv4, udp};
    use super::*;

    const ESP: &str = "00001234 00000001 5a5a5a5a 5a5a5a5a";

    #[test]
    fn its_index_is_on_the_layer() {
        let layer = decode_packet(&ipv4(50, &hex(ESP))).layers[0];
        assert_eq!((layer.transport, layer.payload_len), (Transport::Spi(0x1234), 8));
    }

    #[test]
    fn in_udp_it_is_told_from_ike_and_keep_alives() {
        let transport = |payload: &[u8]| decode_packet(&ipv4(17, &udp(4500, 61000, payload))).layers[0].transport;
        assert_eq!(transport(&hex(ESP)), Transport::Spi(0x1234));
        assert_eq!(transport(&hex("00000000 0102030405060708")), Transport::None);
        assert_eq!(transport(&[0xff]), Transport::None);
    }

    #[test]
    fn in_udp_the_datagram_keeps_its_payload() {
        let decoded = decode_packet(&ipv4(17, &udp(4500, 4500, &hex(ESP))));
        assert_eq!((decoded.layers.len(), decoded.layers[0].has_ports, decoded.layers[0].payload_len), (1, true, 16));
    }
}
