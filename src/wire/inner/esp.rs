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
