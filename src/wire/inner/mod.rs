//! What stands inside a link layer: `EtherType`s, IP headers, IP protocols, tunnels over UDP. One file each, one line in a table.
#![allow(clippy::unnecessary_wraps, reason = "every reader has the signature of `Step`, also one that never stops")]

mod ah;
mod erspan;
mod esp;
mod geneve;
mod gre;
mod gtp;
mod icmp;
mod ip_in_ip;
mod ipv4;
mod ipv6;
mod l2tp;
mod llc;
mod macsec;
mod mpls;
mod ports;
mod ppp;
mod pppoe;
#[cfg(test)]
mod properties;
mod tags;
mod tcp;
mod teredo;
#[cfg(test)]
mod testing;
mod udp;
mod vlan;
mod vxlan;

pub(super) use ipv4::read as ipv4;
pub(super) use ipv6::read as ipv6;
pub(super) use llc::{read as llc, snap};
pub(super) use mpls::read as mpls;
pub(super) use ppp::read as ppp;
pub(super) use pppoe::read as pppoe;

use super::layer::{Stop, Word};
use super::walk::{Next, Step, Walk};
use super::window::Window;
use crate::net::IpProto;

/// Values below are lengths of an LLC frame (IEEE 802.3 clause 3.2.6), those from [`FIRST_ETHERTYPE`] on types; between, neither.
const LAST_LENGTH: u16 = 1500;
/// The lowest `EtherType`.
pub(super) const FIRST_ETHERTYPE: u16 = 0x600;

/// `EtherType`s that lead to IP, besides IP itself.
const BY_ETHERTYPE: &[(u16, Step)] = &[
    (0x8100, vlan::read),
    (0x8847, mpls::read),
    (0x8848, mpls::read),
    (0x8864, pppoe::read),
    (0x8870, llc::read),
    (0x88a8, vlan::read),
    (0x88e5, macsec::read),
    (0x88e7, tags::backbone),
    (0x8903, tags::fabric_path),
    (0x8909, tags::cisco_metadata),
    (0x892f, tags::hsr),
    (0x894f, tags::service),
    (0x8988, tags::timestamp),
    (0x9100, vlan::read),
    (0x9200, vlan::read),
    (0xd28b, tags::arista),
    (0xf1c1, tags::redundancy),
];

/// `EtherType`s that hold no IP and have a name.
const NON_IP: &[(u16, &str)] = &[
    (0x0806, "arp"),
    (0x2000, "cdp"),
    (0x22ea, "srp"),
    (0x22f0, "avtp"),
    (0x6002, "dec-mop"),
    (0x6003, "decnet"),
    (0x8035, "rarp"),
    (0x809b, "appletalk"),
    (0x80f3, "aarp"),
    (0x8137, "ipx"),
    (0x872d, "wlccp"),
    (0x8808, "flow-control"),
    (0x8809, "slow-protocols"),
    (0x8863, "pppoe-discovery"),
    (0x886d, "intel-teaming"),
    (0x888e, "eapol"),
    (0x8892, "profinet"),
    (0x88a4, "ethercat"),
    (0x88b8, "goose"),
    (0x88ba, "sampled-values"),
    (0x88ca, "tipc"),
    (0x88cc, "lldp"),
    (0x88e1, "homeplug"),
    (0x88f5, "mvrp"),
    (0x88f7, "ptp"),
    (0x8902, "oam"),
    (0x8906, "fcoe"),
    (0x8914, "fip"),
    (0x8915, "roce"),
    (0x893a, "ieee1905"),
    (0x8947, "geonetworking"),
    (0x9000, "loopback"),
];

/// IP protocols with a transport header or a packet inside.
const BY_PROTOCOL: &[(IpProto, Step)] = &[
    (IpProto::TCP, tcp::read),
    (IpProto::UDP, udp::read),
    (IpProto::ICMP, icmp::v4),
    (IpProto::ICMP6, icmp::v6),
    (IpProto::SCTP, ports::sctp),
    (IpProto(33), ports::dccp),
    (IpProto::UDPLITE, udp::lite),
    (IpProto::GRE, gre::read),
    (IpProto::ESP, esp::read),
    (IpProto::AH, ah::read),
    (IpProto::IPIP, ip_in_ip::ipv4),
    (IpProto::IPV6, ip_in_ip::ipv6),
    (IpProto(97), ip_in_ip::etherip),
    (IpProto::L2TP, l2tp::in_ip),
    (IpProto(137), mpls::read),
    (IpProto(143), ip_in_ip::ethernet),
];

/// UDP ports that carry tunnels, in order of the port. A reader answers `Next::Done` where the payload is no tunnel of its kind.
const BY_UDP_PORT: &[(u16, Step)] = &[
    (1701, l2tp::in_udp),
    (2123, gtp::read),
    (2152, gtp::read),
    (3386, gtp::read),
    (3544, teredo::read),
    (4500, esp::in_udp),
    (4754, gre::read),
    (4789, vxlan::read),
    (4790, vxlan::gpe),
    (6081, geneve::read),
    (6635, mpls::read),
    (8472, vxlan::read),
];

/// What the two bytes behind a MAC header or a tag announce: the length of an LLC frame (padding follows it), or a type.
#[inline]
pub(super) fn type_or_length<'a>(walk: &mut Walk<'_>, kind: u16, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match kind {
        FIRST_ETHERTYPE.. => Ok(Next::Ether(kind, window)),
        ..=LAST_LENGTH => llc::read(walk, window.limit(usize::from(kind))),
        _ => Err(window.stop("ethernet-type-or-length")),
    }
}

/// What an `EtherType` announces.
#[inline]
pub(super) fn ethertype<'a>(walk: &mut Walk<'_>, kind: u16, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match kind {
        0x0800 => Ok(Next::Ipv4(window)),
        0x86dd => Ok(Next::Ipv6(window)),
        _ => {
            if let Some((_, step)) = BY_ETHERTYPE.iter().find(|(listed, _)| *listed == kind) {
                return step(walk, window);
            }
            let word =
                NON_IP.iter().find(|(listed, _)| *listed == kind).map_or(Word::EtherType(kind), |(_, name)| Word::Plain(name));
            Ok(Next::NonIp(word))
        }
    }
}

/// What an IP header carries.
#[inline]
pub(super) fn protocol<'a>(walk: &mut Walk<'_>, protocol: IpProto, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match protocol {
        IpProto::TCP => tcp::read(walk, window),
        IpProto::UDP => udp::read(walk, window),
        _ => match BY_PROTOCOL.iter().find(|(listed, _)| *listed == protocol) {
            Some((_, step)) => step(walk, window),
            None => Ok(Next::Done),
        },
    }
}

/// The tunnel a UDP port stands for.
#[inline]
fn udp_tunnel(port: u16) -> Option<Step> {
    let at = BY_UDP_PORT.binary_search_by_key(&port, |(listed, _)| *listed).ok()?;
    BY_UDP_PORT.get(at).map(|(_, step)| *step)
}

/// A bit for each tunnel port modulo their number: most ports are told apart from all of them without a search.
const TUNNEL_PORTS: [u64; 16] = {
    let mut bits = [0; 16];
    let mut rest = BY_UDP_PORT;
    while let [(port, _), others @ ..] = rest {
        let (mut at, mut words) = (0, bits.as_mut_slice());
        while let Some((word, further)) = words.split_first_mut() {
            if at == *port % 1024 / 64 {
                *word |= 1u64 << (*port % 64);
            }
            (at, words) = (at + 1, further);
        }
        rest = others;
    }
    bits
};

/// Whether a UDP port may stand for a tunnel; some that do not are taken for one.
#[inline]
pub(super) fn may_be_tunnel(port: u16) -> bool {
    TUNNEL_PORTS.get(usize::from(port % 1024 / 64)).is_some_and(|word| word & 1 << (port % 64) != 0)
}

/// Protocols whose header starts with two ports.
fn has_ports(protocol: IpProto) -> bool {
    matches!(protocol, IpProto::TCP | IpProto::UDP | IpProto::SCTP | IpProto::UDPLITE | IpProto(33))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tunnel_ports_are_sorted_and_each_stands_once() {
        assert!(BY_UDP_PORT.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn no_tunnel_port_is_overlooked() {
        assert!(BY_UDP_PORT.iter().all(|(port, _)| may_be_tunnel(*port)));
        assert!((0..=u16::MAX).filter(|port| may_be_tunnel(*port)).count() <= BY_UDP_PORT.len() * 64);
    }
}
