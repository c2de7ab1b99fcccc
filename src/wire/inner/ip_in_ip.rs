//! A packet right behind an IP header: IPv4 (RFC 2003), IPv6 (RFC 2473, 4213; 6to4 is the same), Ethernet (RFC 3378, 8986).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use crate::net::LinkType;

/// `EtherIP` version 3, twelve bits reserved.
const ETHERIP_HEADER: usize = 2;

/// IPv4 in IP.
pub(super) fn ipv4<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ipip", None);
    Ok(Next::Ipv4(window))
}

/// IPv6 in IP.
pub(super) fn ipv6<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ipv6", None);
    Ok(Next::Ipv6(window))
}

/// Ethernet in IP.
pub(super) fn ethernet<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    walk.tunnel("ethernet", None);
    Ok(Next::Link(LinkType::ETHERNET, window))
}

/// Ethernet behind an `EtherIP` header.
pub(super) fn etherip<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<ETHERIP_HEADER>("etherip-header-cut")?;
    walk.tunnel("etherip", None);
    Ok(Next::Link(LinkType::ETHERNET, window.skip(ETHERIP_HEADER)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        carries_passenger, decode_cut, decode_packet, ethernet, ipv4, ipv6, passenger, stopped, summary, udp, with,
    };

    #[test]
    fn each_kind_carries_a_packet() {
        carries_passenger(&ipv4(4, &passenger()), (4, None), "ipip", None);
        carries_passenger(&ipv6(4, &passenger()), (4, None), "ipip", None);
        carries_passenger(&ipv4(97, &with("3000", &ethernet(0x0800, &passenger()))), (97, None), "etherip", None);
        carries_passenger(&ipv6(143, &ethernet(0x0800, &passenger())), (143, None), "ethernet", None);
        carries_passenger(&ipv4(137, &with("00010140", &passenger())), (137, None), "mpls", Some(16));
        let six = decode_packet(&ipv4(41, &ipv6(17, &udp(1111, 2222, b""))));
        assert_eq!(summary(&six), [(41, None, "", None), (17, Some((1111, 2222)), "ipv6", None)]);
    }

    #[test]
    fn a_first_fragment_shows_the_packet_it_starts() {
        let mut packet = ipv4(4, &passenger());
        packet[6] = 0x20;
        assert_eq!(decode_packet(&packet).layers.len(), 2);
        packet[7] = 1;
        assert_eq!(decode_packet(&packet).layers.len(), 1);
    }

    #[test]
    fn tunnels_nest_to_the_depth_that_is_counted() {
        let nested = |depth| (1..depth).fold(passenger(), |packet, _| ipv4(4, &packet));
        let deepest = ethernet(0x0800, &nested(crate::wire::MAX_LAYERS));
        assert_eq!(decode_cut(&deepest, deepest.len()).layers.len(), crate::wire::MAX_LAYERS);
        let deeper = ethernet(0x0800, &nested(crate::wire::MAX_LAYERS + 1));
        let decoded = decode_cut(&deeper, deeper.len());
        assert_eq!((decoded.layers.len(), stopped(&decoded)), (crate::wire::MAX_LAYERS, "tunnel-depth".into()));
    }

    #[test]
    fn what_claims_the_other_version_stops() {
        assert_eq!(stopped(&decode_packet(&ipv4(41, &ipv4(17, &[0; 20])))), "ipv6-version");
    }
}
