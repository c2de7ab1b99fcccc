//! The headers of Prism and AVS drivers before an 802.11 frame: both say how long they are.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::wlan;

/// Message code or magic number, and length.
const HEADER: usize = 8;
/// AVS: its magic number, less the version in the lowest byte.
const AVS_MAGIC: [u8; 3] = [0x80, 0x21, 0x10];

/// Prism: in the byte order of whoever captured. Drivers deliver AVS headers under this link type too.
pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("prism-header-cut")?;
    if header.starts_with(&AVS_MAGIC) {
        return avs(walk, window);
    }
    let len = [header[4], header[5], header[6], header[7]];
    // A length is small: of the two readings the one with the zero bytes in front is meant.
    behind(walk, window, u32::from_le_bytes(len).min(u32::from_be_bytes(len)))
}

/// AVS: in network order.
pub(super) fn avs<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("avs-header-cut")?;
    behind(walk, window, u32::from_be_bytes([header[4], header[5], header[6], header[7]]))
}

fn behind<'a>(walk: &mut Walk<'_>, window: Window<'a>, len: u32) -> Result<Next<'a>, Stop> {
    let len = len as usize;
    if len < HEADER {
        return Err(window.stop("prism-header-length"));
    }
    if len > window.bytes().len() {
        return Err(window.stop("prism-header-cut"));
    }
    wlan::read(walk, window.skip(len))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    const DATA: &str = "0801 0000 020000000002 020000000001 020000000003 0000 aaaa03 000000 0800";

    #[test]
    fn prism_in_both_byte_orders() {
        let values = "00".repeat(136);
        leads_to_ipv4(119, &format!("44000000 90000000 {values} {DATA}"));
        leads_to_ipv4(119, &format!("00000044 00000090 {values} {DATA}"));
    }

    #[test]
    fn avs_under_both_link_types() {
        let values = "00".repeat(56);
        leads_to_ipv4(163, &format!("80211001 00000040 {values} {DATA}"));
        leads_to_ipv4(119, &format!("80211001 00000040 {values} {DATA}"));
    }

    #[test]
    fn lengths_that_lie() {
        assert_eq!(outcome(119, "44000000 04000000 0801"), "stop prism-header-length at 0");
        assert_eq!(outcome(163, "80211001 00000040 0801"), "stop prism-header-cut at 0");
    }
}
