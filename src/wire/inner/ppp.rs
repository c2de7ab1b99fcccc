//! PPP (RFC 1661) with or without HDLC framing (RFC 1662) and with a compressed protocol field.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// All stations, unnumbered information (RFC 1662 section 3.1).
const FRAMING: [u8; 2] = [0xff, 0x03];

/// Protocols that hold no IP and have a name.
const NON_IP: &[(u16, &str)] = &[
    (0x0023, "osi"),
    (0x002b, "ipx"),
    (0x8021, "ppp-ipcp"),
    (0x8057, "ppp-ipv6cp"),
    (0x80fd, "ppp-ccp"),
    (0xc021, "ppp-lcp"),
    (0xc023, "ppp-pap"),
    (0xc025, "ppp-lqr"),
    (0xc223, "ppp-chap"),
    (0xc227, "ppp-eap"),
    // No IP that can be read: header compression needs the packets before, the others a key or a dictionary.
    (0x002d, "ppp-vj-compressed"),
    (0x002f, "ppp-vj-uncompressed"),
    (0x003d, "ppp-multilink"),
    (0x0053, "ppp-encrypted"),
    (0x00fd, "ppp-compressed"),
];

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let window = if window.peek() == Some(&FRAMING) { window.skip(FRAMING.len()) } else { window };
    let (protocol, inside) = protocol(window)?;
    match protocol {
        0x0021 => Ok(Next::Ipv4(inside)),
        0x0057 => Ok(Next::Ipv6(inside)),
        0x0281 | 0x0283 => super::mpls(walk, inside),
        0x0031 => bridged(inside),
        _ => {
            let named = NON_IP.iter().find(|(listed, _)| *listed == protocol);
            Ok(Next::NonIp(named.map_or(Word::Ppp(protocol), |(_, name)| Word::Plain(name))))
        }
    }
}

/// One byte when it is odd, as protocol field compression leaves it (RFC 1661 section 6.5), else two.
fn protocol(window: Window<'_>) -> Result<(u16, Window<'_>), Stop> {
    let [first] = *window.header::<1>("ppp-header-cut")?;
    if first & 1 == 1 {
        return Ok((u16::from(first), window.skip(1)));
    }
    let bytes = window.header::<2>("ppp-header-cut")?;
    Ok((u16::from_be_bytes(*bytes), window.skip(2)))
}

/// A bridged frame (RFC 3518 section 4.2): flags and pad count, MAC type, and for types with one the LAN id.
fn bridged(window: Window<'_>) -> Result<Next<'_>, Stop> {
    const LAN_ID: u8 = 0x40;
    let [flags, mac] = *window.header::<2>("ppp-bridge-header-cut")?;
    let skip = if flags & LAN_ID == 0 { 2 } else { 6 };
    Ok(match mac {
        1 => Next::Link(LinkType::ETHERNET, window.skip(skip)),
        _ => Next::NonIp(Word::Plain("ppp-bridged")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn protocol_fields_of_one_and_two_bytes() {
        leads_to_ipv4(9, "0021");
        leads_to_ipv4(9, "21");
        leads_to_ipv6(9, "ff03 57");
        leads_to_ipv4(9, "ff03 0281 00010140");
    }

    #[test]
    fn bridged_ethernet() {
        leads_to_ipv4(9, "0031 00 01 020000000002 020000000001 0800");
        leads_to_ipv4(9, "0031 40 01 00000001 020000000002 020000000001 0800");
        assert_eq!(outcome(9, "0031 00 04 00"), "non-ip ppp-bridged");
    }

    #[test]
    fn protocols_without_ip() {
        assert_eq!(outcome(9, "ff03 c021 01"), "non-ip ppp-lcp");
        assert_eq!(outcome(9, "002d 01"), "non-ip ppp-vj-compressed");
        assert_eq!(outcome(9, "4025"), "non-ip ppp-0x4025");
    }
}
