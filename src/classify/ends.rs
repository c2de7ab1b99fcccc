//! Who is the client and who is the server: SYN, then what was announced, then what the payload or ICMP says, then the documented listening port, then who came first.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::learned::Learned;
use super::lookup::{listens, opened_from};
use crate::catalog::{Catalog, Entry};
use crate::flow::{Flow, Side, TcpState, request_type};
use crate::net::IpProto;
use crate::record::Direction;

/// The two ends of a flow, told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// Which side asked.
    pub client: Side,
    /// What says so.
    pub direction: Direction,
    /// Both ports are documented and neither is the likelier listener.
    pub both_documented: bool,
}

impl Ends {
    fn by(client: Side, direction: Direction) -> Self {
        Self { client, direction, both_documented: false }
    }
}

/// Tells the ends of a flow apart.
pub fn ends(flow: &Flow, catalog: Option<&Catalog>, learned: Option<&Learned<'_>>) -> Ends {
    if let Some(client) = flow.tcp.as_ref().and_then(TcpState::handshake_side) {
        return Ends::by(client, Direction::Syn);
    }
    if let Some(client) = icmp_client(flow) {
        return Ends::by(client, Direction::Payload);
    }
    if let Some(learned) = learned {
        return Ends::by(learned.client, Direction::Learned);
    }
    if let Some(client) = flow.payload.finding().and_then(|finding| finding.client) {
        return Ends::by(client, Direction::Payload);
    }
    catalog.filter(|_| flow.key.has_ports).map_or(Ends::by(Side::A, Direction::First), |catalog| by_port(flow, catalog))
}

/// An ICMP request says who asks, a reply who was asked.
fn icmp_client(flow: &Flow) -> Option<Side> {
    let kind = flow.icmp?.kind;
    let request = request_type(flow.key.protocol, kind);
    is_asked(flow.key.protocol, request).then_some(if request == kind { Side::A } else { Side::B })
}

/// Whether an ICMP type asks for a reply: echo, timestamp, information, mask, router solicitation; of `ICMPv6` echo, queries and
/// solicitations.
pub(super) fn is_asked(protocol: IpProto, request: u8) -> bool {
    match protocol {
        IpProto::ICMP => matches!(request, 8 | 10 | 13 | 15 | 17),
        IpProto::ICMP6 => matches!(request, 128 | 130 | 133 | 135 | 139 | 144),
        _ => false,
    }
}

fn by_port(flow: &Flow, catalog: &Catalog) -> Ends {
    let (a, b) = ends_of(flow);
    let transport = flow.key.protocol;
    // An active FTP server opens its data connections from port 20.
    match (opened_from(catalog, transport, a.1, b), opened_from(catalog, transport, b.1, a)) {
        (Some(_), None) => return Ends::by(Side::A, Direction::Port),
        (None, Some(_)) => return Ends::by(Side::B, Direction::Port),
        _ => {}
    }
    match (listens(catalog, transport, a), listens(catalog, transport, b)) {
        (None, Some(_)) => Ends::by(Side::A, Direction::Port),
        (Some(_), None) => Ends::by(Side::B, Direction::Port),
        (Some(of_a), Some(of_b)) => match likelier_listener((a.1, of_a), (b.1, of_b)) {
            Ordering::Greater => Ends::by(Side::B, Direction::Port),
            Ordering::Less => Ends::by(Side::A, Direction::Port),
            Ordering::Equal => Ends { both_documented: a.1 != b.1, ..Ends::by(Side::A, Direction::First) },
        },
        (None, None) => Ends::by(Side::A, Direction::First),
    }
}

/// Address and port of side A and of side B.
fn ends_of(flow: &Flow) -> ((IpAddr, u16), (IpAddr, u16)) {
    let key = &flow.key;
    let (lo, hi) = ((key.lo.to_ip(key.version), key.lo_port), (key.hi.to_ip(key.version), key.hi_port));
    if flow.a_is_lo { (lo, hi) } else { (hi, lo) }
}

/// Below 1024 beats above, a fixed port beats a range.
fn likelier_listener((a_port, a): (u16, &Entry), (b_port, b): (u16, &Entry)) -> Ordering {
    (a_port < 1024).cmp(&(b_port < 1024)).then(a.fixed.cmp(&b.fixed))
}
