//! The flows of a shard that are followed because they may announce others. All others cost one comparison.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::flow::Flow;
use super::opening::Piece;
use crate::announce::{Announcement, Follower, Hearing, Route, Segment, by_port, by_protocol};
use crate::naming::{Claim, Lately, Lease, Teller, Told, reader};
use crate::net::{IpProto, Side, Timestamp};

/// Flows one shard follows at a time.
const MOST: usize = 1024;
/// Bytes that all followers of one shard may keep together.
const BYTES: usize = 2 << 20;

/// Whether a flow is followed. A byte of every flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Follow {
    /// No payload yet.
    #[default]
    Unasked,
    /// Its ports say nothing; its payload may.
    Undecided,
    /// It is.
    Yes,
    /// Each of its datagrams may name hosts.
    Names,
    /// Not any more.
    Never,
}

/// The packet that is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub number: u64,
    pub time: Timestamp,
    pub side: Side,
}

/// The followers of one shard, by the place of their flow.
#[derive(Debug, Default)]
pub struct Followers {
    held: HashMap<u32, Follower, RandomState>,
    /// In the order they began; those that are gone are passed over.
    order: VecDeque<u32>,
    bytes: usize,
    /// Flows that were not followed to their end because there were too many, or too much of one.
    pub given_up: u64,
    /// What hosts were called lately.
    lately: Lately,
}

impl Followers {
    /// Shows a piece of payload to the flow's follower, which may begin with it.
    pub(super) fn see(&mut self, at: u32, flow: &mut Flow, shown: Shown, piece: &Piece<'_>, announced: &mut Vec<Announcement>) {
        if flow.follow != Follow::Yes && !self.begin(at, flow, piece) {
            return;
        }
        let Some(follower) = self.held.get_mut(&at) else {
            flow.follow = Follow::Never;
            return;
        };
        let before = follower.held();
        let mut hearing = hearing(flow, shown);
        match piece.stream {
            None => follower.datagram(shown.side, piece.bytes, &mut hearing),
            Some((seq, first)) => {
                let segment = Segment { seq, first, bytes: piece.bytes, len: piece.len };
                follower.segment(shown.side, &segment, &mut hearing);
            }
        }
        self.bytes = self.bytes + follower.held() - before;
        let is_too_much = self.bytes > BYTES;
        let is_over = follower.is_done() || is_too_much;
        self.given_up += u64::from(is_too_much);
        let foreign = hearing.foreign;
        announced.append(&mut hearing.announced);
        if foreign {
            flow.note_foreign();
        }
        if is_over || flow.tcp.as_ref().is_some_and(super::TcpState::is_closed) {
            flow.follow = Follow::Never;
            self.forget(at);
        }
    }

    /// Reads what a datagram of a flow calls other hosts.
    pub(super) fn name(&mut self, flow: &Flow, shown: Shown, bytes: &[u8], (claims, leases): (&mut Vec<Claim>, &mut Vec<Lease>)) {
        let Some(reader) = flow.payload.finding().and_then(|finding| reader(finding.protocol.name)) else { return };
        let Hearing { hosts: [a, b], version, .. } = hearing(flow, shown);
        let told = Told { bytes, by: if shown.side == Side::A { a } else { b }, version };
        let Shown { number: packet, time, .. } = shown;
        let mut teller = Teller { packet, time, origin: reader.origin, lately: &mut self.lately, claims, leases, told: 0 };
        // A message that breaks off has said what it said.
        let _ = (reader.read)(&told, &mut teller);
    }

    /// Forgets the follower of a flow.
    pub fn forget(&mut self, at: u32) {
        if let Some(follower) = self.held.remove(&at) {
            self.bytes -= follower.held();
        }
    }

    /// Begins to follow a flow where its ports or its payload say that it may announce others.
    fn begin(&mut self, at: u32, flow: &mut Flow, piece: &Piece<'_>) -> bool {
        let Some(route) = route(flow, piece.bytes) else { return false };
        flow.follow = Follow::Yes;
        self.held.insert(at, Follower::new((route.new)()));
        self.order.push_back(at);
        while self.held.len() > MOST {
            let Some(oldest) = self.order.pop_front() else { break };
            self.given_up += u64::from(self.held.contains_key(&oldest));
            self.forget(oldest);
        }
        if self.order.len() > 2 * MOST {
            let held = &self.held;
            self.order.retain(|at| held.contains_key(at));
        }
        true
    }
}

fn route(flow: &mut Flow, payload: &[u8]) -> Option<&'static Route> {
    let transport = flow.key.protocol;
    let by_port = match flow.follow {
        Follow::Unasked => by_port(transport, flow.ports(), payload),
        Follow::Undecided => None,
        Follow::Yes | Follow::Names | Follow::Never => return None,
    };
    flow.follow = Follow::Undecided;
    if by_port.is_some() {
        return by_port;
    }
    let protocol = flow.payload.finding()?.protocol.name;
    if reader(protocol).is_some() {
        flow.follow = Follow::Names;
    }
    by_protocol(transport, protocol, payload)
}

fn hearing(flow: &Flow, shown: Shown) -> Hearing<'_> {
    let key = &flow.key;
    let name = flow.payload.finding().and_then(|finding| finding.texts()?.server_name.as_deref());
    Hearing {
        packet: shown.number,
        time: shown.time,
        version: key.version,
        transport: if key.protocol == IpProto::UDP { IpProto::UDP } else { IpProto::TCP },
        hosts: if flow.a_is_lo { [key.lo, key.hi] } else { [key.hi, key.lo] },
        ports: flow.ports(),
        server_name: name,
        announced: Vec::new(),
        foreign: false,
    }
}
