//! Ethernet (IEEE 802.3), and the ISL frames Cisco switches wrap around it.

use super::super::inner;
use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const HEADER: usize = 14;
/// The first five bytes of an ISL destination, and the same with the group bit off.
const ISL_DESTINATIONS: [[u8; 5]; 2] = [[0x01, 0x00, 0x0c, 0x00, 0x00], [0x0c, 0x00, 0x0c, 0x00, 0x00]];
/// Destination, type, source, length, SNAP header, high bits of the source, VLAN, index, reserved.
const ISL_HEADER: usize = 26;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("ethernet-header-cut")?;
    let kind = u16::from_be_bytes([header[12], header[13]]);
    if kind < inner::FIRST_ETHERTYPE && ISL_DESTINATIONS.iter().any(|isl| header.starts_with(isl)) {
        return isl(walk, window);
    }
    inner::type_or_length(walk, kind, window.skip(HEADER))
}

/// A whole frame stands behind an ISL header, whose VLAN number has 15 bits; the lowest bit of the field is for BPDUs.
fn isl<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<ISL_HEADER>("isl-header-cut")?;
    walk.vlan(u16::from_be_bytes([header[20], header[21]]) >> 1);
    Ok(Next::Link(LinkType::ETHERNET, window.skip(ISL_HEADER)))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn ethernet_leads_to_ip() {
        leads_to_ipv4(1, "020000000002 020000000001 0800");
        leads_to_ipv6(1, "020000000002 020000000001 86dd");
    }

    #[test]
    fn a_length_leads_to_llc_and_leaves_padding_out() {
        // 8 bytes of LLC and SNAP, 30 of IPv4.
        leads_to_ipv4(1, "020000000002 020000000001 0026 aaaa03 000000 0800");
        // The length ends before the packet does, and nothing behind it is read.
        assert_eq!(outcome(1, "020000000002 020000000001 0002 aaaa03 000000 0800 4500"), "stop llc-header-cut at 14");
    }

    #[test]
    fn between_length_and_type_is_neither() {
        assert_eq!(outcome(1, "020000000002 020000000001 05dd 4500"), "stop ethernet-type-or-length at 14");
    }

    #[test]
    fn isl_wraps_a_whole_frame() {
        let isl = "01000c0000 00 020000000001 0040 aaaa03 00000c 0015 0000 0000";
        let decoded = leads_to_ipv4(1, &format!("{isl} 020000000002 020000000001 0800"));
        assert_eq!(decoded.layers[0].vlans.as_slice(), [10]);
    }
}
