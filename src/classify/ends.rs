//! Who is the client and who is the server: SYN, then what ICMP says, then the documented listening port, then who came first.

use std::cmp::Ordering;

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
pub fn ends(flow: &Flow, catalog: Option<&Catalog>) -> Ends {
    if let Some(client) = flow.tcp.as_ref().and_then(TcpState::handshake_side) {
        return Ends::by(client, Direction::Syn);
    }
    if let Some(client) = icmp_client(flow) {
        return Ends::by(client, Direction::Payload);
    }
    catalog.filter(|_| flow.key.has_ports).map_or(Ends::by(Side::A, Direction::First), |catalog| by_port(flow, catalog))
}

/// An ICMP request says who asks, a reply who was asked.
fn icmp_client(flow: &Flow) -> Option<Side> {
    /// Types that are answered: `ICMP` echo, timestamp, information, mask, router solicitation; `ICMPv6` echo, queries, solicitations.
    const ANSWERED: &[(IpProto, &[u8])] =
        &[(IpProto::ICMP, &[8, 10, 13, 15, 17]), (IpProto::ICMP6, &[128, 130, 133, 135, 139, 144])];
    let kind = flow.icmp?.kind;
    let request = request_type(flow.key.protocol, kind);
    let answered = ANSWERED.iter().any(|(protocol, kinds)| *protocol == flow.key.protocol && kinds.contains(&request));
    answered.then_some(if request == kind { Side::A } else { Side::B })
}

fn by_port(flow: &Flow, catalog: &Catalog) -> Ends {
    let (a_port, b_port) = if flow.a_is_lo { (flow.key.lo_port, flow.key.hi_port) } else { (flow.key.hi_port, flow.key.lo_port) };
    let transport = flow.key.protocol;
    let entries = (catalog.port(transport, a_port), catalog.port(transport, b_port));
    match entries {
        (None, Some(_)) => return Ends::by(Side::A, Direction::Port),
        (Some(_), None) => return Ends::by(Side::B, Direction::Port),
        (Some(a), Some(b)) => match likelier_listener((a_port, a), (b_port, b)) {
            Ordering::Greater => return Ends::by(Side::B, Direction::Port),
            Ordering::Less => return Ends::by(Side::A, Direction::Port),
            Ordering::Equal => return Ends { both_documented: a_port != b_port, ..Ends::by(Side::A, Direction::First) },
        },
        (None, None) => {}
    }
    // An active FTP server opens its data connections from port 20.
    match (catalog.source_port(transport, a_port), catalog.source_port(transport, b_port)) {
        (Some(_), None) => Ends::by(Side::A, Direction::Port),
        (None, Some(_)) => Ends::by(Side::B, Direction::Port),
        _ => Ends::by(Side::A, Direction::First),
    }
}

/// Below 1024 beats above, a fixed port beats a range.
fn likelier_listener((a_port, a): (u16, &Entry), (b_port, b): (u16, &Entry)) -> Ordering {
    (a_port < 1024).cmp(&(b_port < 1024)).then(a.fixed.cmp(&b.fixed))
}
