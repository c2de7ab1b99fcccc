//! Linux cooked captures, version 1 and 2: what an interface without a header of its own (or all of them at once) delivers.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const V1_HEADER: usize = 16;
const V2_HEADER: usize = 20;

/// Hardware types (ARPHRD) whose protocol field is no `EtherType`, or whose payload has a link header of its own.
mod hardware {
    pub(super) const IEEE80211: u16 = 801;
    pub(super) const IEEE80211_PRISM: u16 = 802;
    pub(super) const IEEE80211_RADIOTAP: u16 = 803;
    pub(super) const NETLINK: u16 = 824;
}

/// Protocols below the first `EtherType` that hold no IP and have a name.
const NON_IP: &[(u16, &str)] =
    &[(0x0001, "ipx"), (0x000c, "can"), (0x000d, "can"), (0x000e, "can"), (0x0017, "irda"), (0x00f6, "ieee802.15.4")];

pub(super) fn v1<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<V1_HEADER>("sll-header-cut")?;
    let hardware = u16::from_be_bytes([header[2], header[3]]);
    let protocol = u16::from_be_bytes([header[14], header[15]]);
    payload(walk, hardware, protocol, window.skip(V1_HEADER))
}

pub(super) fn v2<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<V2_HEADER>("sll2-header-cut")?;
    let protocol = u16::from_be_bytes([header[0], header[1]]);
    let hardware = u16::from_be_bytes([header[8], header[9]]);
    payload(walk, hardware, protocol, window.skip(V2_HEADER))
}

fn payload<'a>(walk: &mut Walk<'_>, hardware: u16, protocol: u16, inside: Window<'a>) -> Result<Next<'a>, Stop> {
    match hardware {
        hardware::IEEE80211 => return Ok(Next::Link(LinkType::IEEE802_11, inside)),
        hardware::IEEE80211_PRISM => return Ok(Next::Link(LinkType::PRISM, inside)),
        hardware::IEEE80211_RADIOTAP => return Ok(Next::Link(LinkType::RADIOTAP, inside)),
        hardware::NETLINK => return Ok(Next::NonIp(Word::Plain("netlink"))),
        _ => {}
    }
    match protocol {
        inner::FIRST_ETHERTYPE.. => Ok(Next::Ether(protocol, inside)),
        0x0003 => Ok(Next::Link(LinkType::ETHERNET, inside)),
        0x0004 => inner::llc(walk, inside),
        0x0007 => inner::ppp(walk, inside),
        _ => {
            let named = NON_IP.iter().find(|(listed, _)| *listed == protocol);
            Ok(Next::NonIp(Word::Plain(named.map_or("sll-protocol", |(_, name)| name))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const V1: &str = "0000 0001 0006 020000000001 0000";

    #[test]
    fn both_versions_lead_to_ip() {
        leads_to_ipv4(113, &format!("{V1} 0800"));
        leads_to_ipv6(113, &format!("{V1} 86dd"));
        leads_to_ipv4(276, "0800 0000 00000002 0001 00 06 020000000001 0000");
        leads_to_ipv6(276, "86dd 0000 00000002 0001 00 06 020000000001 0000");
    }

    #[test]
    fn numbers_below_ethertypes_have_meanings_of_their_own() {
        leads_to_ipv4(113, &format!("{V1} 0004 aaaa03 000000 0800"));
        leads_to_ipv4(113, &format!("{V1} 0003 020000000002 020000000001 0800"));
        leads_to_ipv4(113, &format!("{V1} 0007 ff03 0021"));
        assert_eq!(outcome(113, &format!("{V1} 000c 00000000")), "non-ip can");
        assert_eq!(outcome(113, &format!("{V1} 0002 00000000")), "non-ip sll-protocol");
    }

    #[test]
    fn the_hardware_type_comes_before_the_protocol() {
        // Netlink, where the protocol field holds a netlink family.
        assert_eq!(outcome(113, "0004 0338 0000 0000000000000000 0800 4500"), "non-ip netlink");
        // An 802.11 monitor interface: radiotap.
        leads_to_ipv4(
            113,
            "0000 0323 0006 020000000001 0000 0019 0000 0800 00000000 0802 0000 020000000002 020000000001 020000000003 0000 aaaa03 000000 0800",
        );
    }

    #[test]
    fn a_cut_header_is_a_stop() {
        assert_eq!(outcome(113, V1), "stop sll-header-cut at 0");
        assert_eq!(outcome(276, "0800"), "stop sll2-header-cut at 0");
    }
}
