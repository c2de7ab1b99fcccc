//! Ethernet behind the header of a capture card: Endace ERF, Hilscher `netANALYZER`, and mPackets (IEEE 802.3br) with their preamble.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const NETANALYZER_HEADER: usize = 4;
const PREAMBLE: usize = 8;
const ERF_HEADER: usize = 16;

/// `netANALYZER`: length, port, version of the header, status, then the frame. Events of its inputs have a bit set beside the version.
pub(super) fn netanalyzer<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<NETANALYZER_HEADER>("netanalyzer-header-cut")?;
    Ok(match header[1] & 0x3f {
        0x04 | 0x06 | 0x08 | 0x0a => Next::Link(LinkType::ETHERNET, window.skip(NETANALYZER_HEADER)),
        _ => Next::NonIp(Word::Plain("netanalyzer-event")),
    })
}

/// Preamble up to the delimiter: an express frame or the start of one that may be interrupted; the rest of such a one is no frame.
pub(super) fn mpacket<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let bytes = window.header::<PREAMBLE>("mpacket-preamble-cut")?;
    match bytes.iter().position(|byte| *byte != 0x55).map(|at| (at, bytes.get(at))) {
        Some((at, Some(0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3))) => Ok(Next::Link(LinkType::ETHERNET, window.skip(at + 1))),
        _ => Ok(Next::NonIp(Word::Plain("mpacket-continuation"))),
    }
}

/// Endace extensible record format: time, type, flags, lengths, extension headers while their highest bit says so.
pub(super) fn erf<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    const MORE: u8 = 0x80;
    let header = window.header::<ERF_HEADER>("erf-header-cut")?;
    let wire_len = usize::from(u16::from_be_bytes([header[14], header[15]]));
    let mut rest = window.skip(ERF_HEADER);
    let mut more = header[8] & MORE != 0;
    while more {
        more = rest.header::<8>("erf-extension-cut")?[0] & MORE != 0;
        rest = rest.skip(8);
    }
    Ok(match header[8] & !MORE {
        // Two bytes of offset and padding align what follows the Ethernet header.
        2 | 11 | 16 | 20 => Next::Link(LinkType::ETHERNET, rest.skip(2).limit(wire_len)),
        1 => Next::Link(LinkType::PPP_HDLC, rest.limit(wire_len)),
        21 => Next::Link(LinkType::INFINIBAND, rest.limit(wire_len)),
        22 => Next::Ipv4(rest.limit(wire_len)),
        23 => Next::Ipv6(rest.limit(wire_len)),
        _ => Next::NonIp(Word::Plain("erf-type")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const ETHERNET: &str = "020000000002 020000000001 0800";

    #[test]
    fn netanalyzer_frames_and_events() {
        leads_to_ipv4(240, &format!("00440000 {ETHERNET}"));
        assert_eq!(outcome(240, &format!("00450000 {ETHERNET}")), "non-ip netanalyzer-event");
    }

    #[test]
    fn mpackets() {
        leads_to_ipv4(274, &format!("55555555555555d5 {ETHERNET}"));
        leads_to_ipv4(274, &format!("55555555555555e6 {ETHERNET}"));
        assert_eq!(outcome(274, "5555555555556152 0102"), "non-ip mpacket-continuation");
    }

    #[test]
    fn erf_with_and_without_extension() {
        // Time, type, flags, record length, loss, wire length; 46 is 14 and 30 and 2 more.
        leads_to_ipv4(197, &format!("0000000000000000 02 00 0040 0000 002e 0000 {ETHERNET}"));
        leads_to_ipv4(197, &format!("0000000000000000 82 00 0048 0000 002e 0100000000000000 0000 {ETHERNET}"));
        leads_to_ipv4(197, "0000000000000000 16 00 0030 0000 001e");
        leads_to_ipv6(197, "0000000000000000 17 00 0042 0000 0032");
        assert_eq!(outcome(197, "0000000000000000 1b 00 0010 0000 0000"), "non-ip erf-type");
    }
}
