//! ICMP (RFC 792) and `ICMPv6` (RFC 4443): type, code, echo identifier, and the packet an error quotes.

use etherparse::Ipv6HeaderSlice;

use super::super::layer::{Icmp, Quoted, Stop, Transport};
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::{has_ports, ipv4, ipv6};
use crate::net::{Addr, IpProto};

/// Type, code, checksum, and four bytes of which the type says what they are.
const HEADER: usize = 8;

/// What the type numbers of one ICMP version mean.
struct Types {
    echo: [u8; 2],
    /// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
    errors: &'static [u8],
}

impl Types {
    /// The identifier of an echo request or reply.
    fn echo_id(&self, kind: u8, window: &Window<'_>) -> Option<u16> {
        if self.echo.contains(&kind) { window.be16(4) } else { None }
    }
}

const V4: Types = Types { echo: [8, 0], errors: &[3, 4, 5, 11, 12] };
const V6: Types = Types { echo: [128, 129], errors: &[1, 2, 3, 4] };

/// Reads an ICMP message.
pub(super) fn v4<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    message(walk, window, &V4)
}

/// Reads an `ICMPv6` message.
pub(super) fn v6<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    message(walk, window, &V6)
}

fn message<'a>(walk: &mut Walk<'_>, window: Window<'a>, types: &Types) -> Result<Next<'a>, Stop> {
    let &[kind, code] = window.header::<2>("icmp-header-cut")?;
    let quoted = if types.errors.contains(&kind) { quote(window.skip(HEADER)) } else { None };
    let icmp = Icmp { kind, code, id: types.echo_id(kind, &window), quoted };
    walk.transport(Transport::Icmp(icmp), &window.skip(HEADER));
    Ok(Next::Done)
}

/// The packet an error quotes, as far as it was captured: at least its IP header.
fn quote(window: Window<'_>) -> Option<Quoted> {
    match window.byte(0)? >> 4 {
        4 => quote_v4(window),
        6 => quote_v6(window),
        _ => None,
    }
}

fn quote_v4(window: Window<'_>) -> Option<Quoted> {
    let header = ipv4::header(window.peek()?).ok()?;
    let first = header.fragment.is_none_or(|fragment| fragment.offset == 0);
    let inside = window.skip(header.len);
    Some(Quoted {
        src: header.src,
        dst: header.dst,
        version: 4,
        protocol: header.protocol,
        ports: if first { quoted_ports(header.protocol, &inside) } else { None },
        icmp: if first && header.protocol == IpProto::ICMP { quoted_icmp(&inside, &V4) } else { None },
    })
}

fn quote_v6(window: Window<'_>) -> Option<Quoted> {
    let header = Ipv6HeaderSlice::from_slice(window.bytes()).ok()?;
    let chain = ipv6::extensions(IpProto(header.next_header().0), window.skip(header.slice().len()));
    let first = chain.broken.is_none() && chain.fragment.is_none_or(|(fragment, _)| fragment.offset == 0);
    Some(Quoted {
        src: Addr::v6(header.source()),
        dst: Addr::v6(header.destination()),
        version: 6,
        protocol: chain.protocol,
        ports: if first { quoted_ports(chain.protocol, &chain.inside) } else { None },
        icmp: if first && chain.protocol == IpProto::ICMP6 { quoted_icmp(&chain.inside, &V6) } else { None },
    })
}

fn quoted_ports(protocol: IpProto, window: &Window<'_>) -> Option<(u16, u16)> {
    if has_ports(protocol) { Some((window.be16(0)?, window.be16(2)?)) } else { None }
}

fn quoted_icmp(window: &Window<'_>, types: &Types) -> Option<(u8, u8, Option<u16>)> {
    let kind = window.byte(0)?;
    Some((kind, window.byte(1)?, types.echo_id(kind, window)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{decode_cut, decode_packet, ethernet, hex, icmp, ipv4, ipv6, passenger, udp, with};
    use super::*;

    #[test]
    fn an_echo_has_its_identifier_and_nothing_else_has_one() {
        let echo = icmp(&decode_packet(&ipv4(1, &hex("08 00 0000 00ab 0001"))));
        assert_eq!(echo, Icmp { kind: 8, code: 0, id: Some(0xab), quoted: None });
        let reply = icmp(&decode_packet(&ipv6(58, &hex("81 00 0000 00ab 0001"))));
        assert_eq!(reply, Icmp { kind: 129, code: 0, id: Some(0xab), quoted: None });
        let timestamp = icmp(&decode_packet(&ipv4(1, &hex("0d 00 0000 00ab 0001"))));
        assert_eq!(timestamp.id, None);
        assert_eq!(icmp(&decode_packet(&ipv6(58, &hex("08 00 0000 00ab 0001")))).id, None, "8 is no echo in ICMPv6");
    }

    #[test]
    fn an_error_quotes_addresses_and_ports() {
        let error = icmp(&decode_packet(&ipv4(1, &with("03 03 0000 00000000", &passenger()))));
        let quoted = error.quoted.unwrap();
        assert_eq!((error.kind, error.code, quoted.ports, quoted.protocol), (3, 3, Some((1111, 2222)), IpProto::UDP));
        assert_eq!((quoted.src, quoted.dst), (Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2])));
    }

    #[test]
    fn a_quote_is_read_past_ipv6_extensions() {
        let inner = ipv6(0, &with("11 00 010400000000", &udp(1111, 2222, b"")));
        let quoted = icmp(&decode_packet(&ipv6(58, &with("01 04 0000 00000000", &inner)))).quoted.unwrap();
        assert_eq!((quoted.version, quoted.protocol, quoted.ports), (6, IpProto::UDP, Some((1111, 2222))));
    }

    #[test]
    fn a_quoted_echo_has_type_and_identifier() {
        let echo = ipv4(1, &hex("08 00 0000 00ab 0001"));
        let quoted = icmp(&decode_packet(&ipv4(1, &with("0b 00 0000 00000000", &echo)))).quoted.unwrap();
        assert_eq!((quoted.ports, quoted.icmp), (None, Some((8, 0, Some(0xab)))));
    }

    #[test]
    fn a_quoted_fragment_without_ports_has_none() {
        let mut inner = passenger();
        inner[7] = 1;
        let quoted = icmp(&decode_packet(&ipv4(1, &with("03 03 0000 00000000", &inner)))).quoted.unwrap();
        assert_eq!(quoted.ports, None);
    }

    #[test]
    fn a_quote_that_is_cut_gives_what_it_holds() {
        let frame = ethernet(0x0800, &ipv4(1, &with("03 03 0000 00000000", &passenger())));
        assert_eq!(icmp(&decode_cut(&frame, 42 + 19)).quoted, None);
        assert_eq!(icmp(&decode_cut(&frame, 42 + 23)).quoted.unwrap().ports, None);
        assert_eq!(icmp(&decode_cut(&frame, 42 + 24)).quoted.unwrap().ports, Some((1111, 2222)));
    }

    #[test]
    fn an_error_is_one_layer() {
        assert_eq!(decode_packet(&ipv4(1, &with("03 03 0000 00000000", &passenger()))).layers.len(), 1);
    }
}
