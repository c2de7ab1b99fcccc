//! IP over `InfiniBand` (RFC 4391): an `EtherType` and two reserved bytes behind the transport's headers.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

const LOCAL_ROUTE: usize = 8;
const GLOBAL_ROUTE: usize = 40;
const BASE_TRANSPORT: usize = 12;
const DATAGRAM: usize = 8;
const ENCAPSULATION: usize = 4;
/// The unreliable datagram's only operation without immediate data: "send only".
const UD_SEND_ONLY: u8 = 0x64;

/// A global route header, then the encapsulation.
pub(super) fn ip_over_ib<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<{ GLOBAL_ROUTE + ENCAPSULATION }>("ipoib-header-cut")?;
    encapsulated(window.skip(GLOBAL_ROUTE))
}

/// From the local route header on, whose "link next header" says what follows.
pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<LOCAL_ROUTE>("infiniband-header-cut")?;
    let transport = match header[1] & 0x03 {
        0b01 => return Ok(Next::Link(LinkType::IPV6, window.skip(LOCAL_ROUTE))),
        0b10 => window.skip(LOCAL_ROUTE),
        0b11 => window.skip(LOCAL_ROUTE + GLOBAL_ROUTE),
        _ => return Ok(Next::NonIp(Word::Plain("infiniband-raw"))),
    };
    match transport.header::<BASE_TRANSPORT>("infiniband-header-cut")?[0] {
        UD_SEND_ONLY => encapsulated(transport.skip(BASE_TRANSPORT + DATAGRAM)),
        _ => Ok(Next::NonIp(Word::Plain("infiniband"))),
    }
}

/// Management datagrams use the same operation: only a known type before two zero bytes is IP.
fn encapsulated(window: Window<'_>) -> Result<Next<'_>, Stop> {
    let [high, low, reserved @ ..] = *window.header::<ENCAPSULATION>("ipoib-header-cut")?;
    match (u16::from_be_bytes([high, low]), reserved) {
        (kind @ (0x0800 | 0x0806 | 0x8035 | 0x86dd), [0, 0]) => Ok(Next::Ether(kind, window.skip(ENCAPSULATION))),
        _ => Ok(Next::NonIp(Word::Plain("infiniband"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const GLOBAL: &str = "60000000 0050 1b ff fe800000000000000002c90300000001 fe800000000000000002c90300000002";
    const SEND_ONLY: &str = "64 00 ffff 00000001 00000001";
    const DATAGRAM: &str = "00000b1b 00000001";

    #[test]
    fn behind_a_global_route_header() {
        leads_to_ipv4(242, &format!("{GLOBAL} 0800 0000"));
        leads_to_ipv6(242, &format!("{GLOBAL} 86dd 0000"));
        assert_eq!(outcome(242, "60"), "stop ipoib-header-cut at 0");
    }

    #[test]
    fn from_the_local_route_header_on() {
        leads_to_ipv4(247, &format!("0002 0001 0011 0002 {SEND_ONLY} {DATAGRAM} 0800 0000"));
        leads_to_ipv4(247, &format!("0003 0001 0011 0002 {GLOBAL} {SEND_ONLY} {DATAGRAM} 0800 0000"));
        leads_to_ipv6(247, "0001 0001 0011 0002");
    }

    #[test]
    fn other_datagrams() {
        let management = "0101 0101 0000 0000";
        assert_eq!(outcome(247, &format!("0002 0001 0011 0002 {SEND_ONLY} {DATAGRAM} {management}")), "non-ip infiniband");
        assert_eq!(outcome(247, "0002 0001 0011 0002 04 00 ffff 00000001 00000001"), "non-ip infiniband");
    }
}
