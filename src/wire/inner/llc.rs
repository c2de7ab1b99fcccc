//! LLC (IEEE 802.2) and SNAP, as 802.3 lengths, Token Ring, FDDI, ATM and 802.11 lead to them.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// Unnumbered information: the only control field that carries a network layer.
const UI: u8 = 0x03;
const HEADER: usize = 3;
const SNAP_HEADER: usize = 5;
/// What aligns a bridged frame behind LLC and SNAP (RFC 2684 section 5.2); Frame Relay does without.
const BRIDGE_PAD: usize = 2;

const SAP_IP: u8 = 0x06;
const SAP_SNAP: u8 = 0xaa;

/// Service access points that hold no IP and have a name.
const SAPS: &[(u8, &str)] = &[
    (0x42, "stp"),
    (0x82, "bacnet"),
    (0x98, "arp"),
    (0xe0, "ipx"),
    (0xf0, "netbios"),
    (0xf4, "lan-manager"),
    (0xf8, "hp-ext"),
    (0xfc, "hp-ext"),
    (0xfe, "osi"),
    // Two bytes ff are no LLC header at all but the checksum of an IPX packet (Novell's raw 802.3).
    (0xff, "ipx"),
];

/// Cisco's SNAP protocols.
const CISCO: &[(u16, &str)] =
    &[(0x0104, "dtp"), (0x010b, "pvst"), (0x0111, "udld"), (0x2000, "cdp"), (0x2003, "vtp"), (0x2004, "dtp")];

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let [sap, _, control] = *window.header::<HEADER>("llc-header-cut")?;
    match (sap, control) {
        (SAP_SNAP, UI) => snap_padded(walk, window.skip(HEADER), BRIDGE_PAD),
        (SAP_IP, UI) => Ok(Next::Ipv4(window.skip(HEADER))),
        (SAP_SNAP | SAP_IP, _) => Ok(Next::NonIp(Word::Plain("llc-control"))),
        _ => {
            Ok(Next::NonIp(SAPS.iter().find(|(listed, _)| *listed == sap).map_or(Word::Sap(sap), |(_, name)| Word::Plain(name))))
        }
    }
}

/// SNAP alone, as Frame Relay has it.
pub(in super::super) fn snap<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    snap_padded(walk, window, 0)
}

/// The organisation says what its protocol number means.
fn snap_padded<'a>(walk: &mut Walk<'_>, window: Window<'a>, bridge_pad: usize) -> Result<Next<'a>, Stop> {
    let [organisation @ .., high, low] = *window.header::<SNAP_HEADER>("snap-header-cut")?;
    let protocol = u16::from_be_bytes([high, low]);
    let inside = window.skip(SNAP_HEADER);
    match organisation {
        // RFC 1042, and Cisco's and Apple's way to say the same.
        [0x00, 0x00, 0x00 | 0xf8] => super::ethertype(walk, protocol, inside),
        [0x00, 0x80, 0xc2] => Ok(bridged(protocol, inside.skip(bridge_pad))),
        [0x00, 0x00, 0x0c] => {
            let name = CISCO.iter().find(|(listed, _)| *listed == protocol).map_or("snap-cisco", |(_, name)| name);
            Ok(Next::NonIp(Word::Plain(name)))
        }
        [0x08, 0x00, 0x07] => Ok(Next::NonIp(Word::Plain("appletalk"))),
        _ => Ok(Next::NonIp(Word::Plain("snap"))),
    }
}

/// Whole frames over SNAP (RFC 2684 section 5.2, RFC 2427 section 4.2): Ethernet with and without its checksum.
fn bridged(protocol: u16, inside: Window<'_>) -> Next<'_> {
    match protocol {
        0x0001 | 0x0007 => Next::Link(LinkType::ETHERNET, inside),
        0x000e => Next::NonIp(Word::Plain("stp")),
        _ => Next::NonIp(Word::Plain("snap-bridged")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const MAC: &str = "020000000002 020000000001";

    #[test]
    fn snap_and_the_access_point_of_ip() {
        leads_to_ipv4(1, &format!("{MAC} 0026 aaaa03 000000 0800"));
        leads_to_ipv6(1, &format!("{MAC} 003a aaaa03 0000f8 86dd"));
        leads_to_ipv4(1, &format!("{MAC} 0021 060603"));
        // Jumbo frames have an EtherType that says LLC.
        leads_to_ipv4(1, &format!("{MAC} 8870 aaaa03 000000 0800"));
        leads_to_ipv4(1, &format!("{MAC} 0036 aaaa03 0080c2 0007 0000 {MAC} 0800"));
    }

    #[test]
    fn access_points_without_ip() {
        assert_eq!(outcome(1, &format!("{MAC} 0003 424203")), "non-ip stp");
        assert_eq!(outcome(1, &format!("{MAC} 0003 fefe03")), "non-ip osi");
        assert_eq!(outcome(1, &format!("{MAC} 0003 ffff00")), "non-ip ipx");
        assert_eq!(outcome(1, &format!("{MAC} 0003 7f7f03")), "non-ip llc-sap-0x7f");
        assert_eq!(outcome(1, &format!("{MAC} 0008 aaaa03 00000c 2000")), "non-ip cdp");
        assert_eq!(outcome(1, &format!("{MAC} 0008 aaaa03 080007 809b")), "non-ip appletalk");
        // A test frame may carry anything.
        assert_eq!(outcome(1, &format!("{MAC} 0008 aaaae3 000000 0800")), "non-ip llc-control");
    }
}
