//! Headers of a fixed length between an `EtherType` and the next one that say nothing a flow wants: they are passed over.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// IEEE 802.1CB redundancy tag: reserved, sequence number, `EtherType`.
pub(super) fn redundancy<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<6>("rtag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[4], tag[5]]), window.skip(6))
}

/// HSR (IEC 62439-3): path and size, sequence number, `EtherType`.
pub(super) fn hsr<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<6>("hsr-tag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[4], tag[5]]), window.skip(6))
}

/// Cisco `FabricPath`: two bytes of tree and hop count behind the outer addresses, then the whole frame.
pub(super) fn fabric_path<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<2>("fabricpath-tag-cut")?;
    Ok(Next::Link(LinkType::ETHERNET, window.skip(2)))
}

/// Provider backbone bridging (IEEE 802.1ah): the service instance, then the customer's addresses and `EtherType`.
pub(super) fn backbone<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<18>("pbb-tag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[16], tag[17]]), window.skip(18))
}

/// Cisco's timestamp tag, and Palo Alto's heartbeat backup under the same number: six bytes, `EtherType`.
pub(super) fn timestamp<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<8>("ttag-cut")?;
    super::type_or_length(walk, u16::from_be_bytes([tag[6], tag[7]]), window.skip(8))
}

/// Cisco metadata, which carries a security group: version, length in units of four bytes, options, `EtherType`.
pub(super) fn cisco_metadata<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<2>("cisco-metadata-cut")?;
    let inside = window.skip(2 + usize::from(header[1]) * 4);
    let kind = inside.header::<2>("cisco-metadata-cut")?;
    super::type_or_length(walk, u16::from_be_bytes(*kind), inside.skip(2))
}

/// Arista's timestamp header: subtype 1, and a version that says whether the time (TAI or UTC) has 64 or 48 bits.
pub(super) fn arista<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let time = match window.header::<4>("arista-header-cut")? {
        [0, 1, 0 | 1, 0x10] => 8,
        [0, 1, 0 | 1, 0x20] => 6,
        _ => return Ok(Next::NonIp(Word::Plain("arista"))),
    };
    let inside = window.skip(4 + time);
    let kind = inside.header::<2>("arista-header-cut")?;
    super::type_or_length(walk, u16::from_be_bytes(*kind), inside.skip(2))
}

/// Network service header (RFC 8300): its length in units of four bytes, and what follows it.
pub(super) fn service<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<8>("nsh-header-cut")?;
    let inside = window.skip(usize::from(header[1] & 0x3f) * 4);
    Ok(match header[3] {
        1 => Next::Ipv4(inside),
        2 => Next::Ipv6(inside),
        3 => Next::Link(LinkType::ETHERNET, inside),
        _ => Next::NonIp(Word::Plain("nsh")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const MAC: &str = "020000000002 020000000001";

    #[test]
    fn tags_between_ethertypes() {
        for tag in [
            "f1c1 0000 0007 0800",
            "892f 1026 0001 0800",
            "8988 010203040506 0800",
            "8909 01 01 00010064 0800",
            "d28b 0001 0010 5ceeed57384f59c8 0800",
            "d28b 0001 0120 ed57384f59c8 0800",
            "894f 0006 01 01 000001ff 0102030405060708090a0b0c0d0e0f10",
        ] {
            leads_to_ipv4(1, &format!("{MAC} {tag}"));
        }
    }

    #[test]
    fn whole_frames_behind_tags() {
        for tag in ["8903 4020", "88e7 00000001", "894f 0002 02 03 000001ff"] {
            leads_to_ipv4(1, &format!("{MAC} {tag} {MAC} 0800"));
            leads_to_ipv6(1, &format!("{MAC} {tag} {MAC} 8100 000a 86dd"));
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        assert_eq!(outcome(1, &format!("{MAC} d28b 0001 0011 5ceeed57384f59c8 0800")), "non-ip arista");
        assert_eq!(outcome(1, &format!("{MAC} 894f 0002 01 06 000001ff")), "non-ip nsh");
        assert_eq!(outcome(1, &format!("{MAC} f1c1 0000")), "stop rtag-cut at 14");
    }
}
