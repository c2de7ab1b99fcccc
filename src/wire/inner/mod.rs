//! What stands inside a link layer: EtherTypes, IP headers, IP protocols, tunnels over UDP. One file each, one line in a table.

mod ipv4;
mod ipv6;
mod tcp;
mod udp;
mod vlan;

pub(super) use ipv4::read as ipv4;
pub(super) use ipv6::read as ipv6;

use super::layer::{Stop, Word};
use super::walk::{Next, Step, Walk};
use super::window::Window;
use crate::net::IpProto;

/// EtherTypes that lead to IP, besides IP itself.
const BY_ETHERTYPE: &[(u16, Step)] = &[(0x8100, vlan::read), (0x88a8, vlan::read), (0x9100, vlan::read)];

/// EtherTypes that hold no IP and have a name.
const NON_IP: &[(u16, &str)] = &[(0x0806, "arp"), (0x8035, "rarp"), (0x88cc, "lldp")];

/// IP protocols with a transport header or a packet inside.
const BY_PROTOCOL: &[(IpProto, Step)] = &[(IpProto::TCP, tcp::read), (IpProto::UDP, udp::read)];

/// UDP ports that carry tunnels.
const BY_UDP_PORT: &[(u16, Step)] = &[];

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
fn udp_tunnel(src: u16, dst: u16) -> Option<Step> {
    BY_UDP_PORT.iter().find(|(port, _)| *port == dst || *port == src).map(|(_, step)| *step)
}
