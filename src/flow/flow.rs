//! One flow: what was counted between two ends.

use std::collections::BTreeSet;

use super::followers::Follow;
use super::key::FlowKey;
use super::opening::Payload;
use super::tcp::TcpState;
use crate::net::{IpProto, Side, Timestamp};
use crate::record::{FlowId, Spi};
use crate::wire::{Layer, Transport, Vlans};

/// How many distinct VLANs, SPIs and tunnels a flow lists; further ones are still counted in its packets.
const MAX_LISTED: usize = 16;

/// The ICMP header of a flow's first packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IcmpSeen {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Echo identifier.
    pub id: Option<u16>,
}

/// A tunnel around a flow, by the key of the flow that carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OuterTunnel {
    /// `gre`, `vxlan` and so on.
    pub kind: &'static str,
    /// VNI, GRE key, TEID, session or call id.
    pub key: Option<u32>,
    /// The flow that carries it.
    pub flow: FlowKey,
    /// The layer it is in.
    pub layer: u8,
    /// The packet that showed it.
    pub packet: u64,
}

/// What only some flows have.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extras {
    /// VLAN ids, in order of appearance.
    pub vlans: Vec<u16>,
    /// Tunnels, in order of appearance, outermost first.
    pub tunnels: Vec<OuterTunnel>,
    /// SPIs, in order of appearance.
    pub spis: Vec<Spi>,
    /// Whether it carried another flow, as far as streaming knows.
    pub carries: bool,
    /// ICMP errors that quoted the flow.
    pub icmp_errors: u64,
    /// Their types and codes.
    pub icmp_error_codes: BTreeSet<(u8, u8)>,
    /// It announced an address that belongs to neither of its ends.
    pub foreign: bool,
}

/// A bidirectional flow.
#[derive(Debug)]
pub struct Flow {
    /// What its packets have in common.
    pub key: FlowKey,
    /// Its first packet in the input.
    pub id: FlowId,
    /// Whether side A is the key's `lo`.
    pub a_is_lo: bool,
    /// Whether it is followed for what it announces.
    pub follow: Follow,
    /// ICMP header of the first packet.
    pub icmp: Option<IcmpSeen>,
    /// Earliest packet time.
    pub first: Timestamp,
    /// Latest packet time.
    pub last: Timestamp,
    /// Time of the packet that stands last in the input.
    latest_in_input: Timestamp,
    /// Its number.
    latest_number: u64,
    /// Packets each side sent.
    pub packets: [u64; 2],
    /// IP bytes each side sent.
    pub bytes: [u64; 2],
    /// What TCP did.
    pub tcp: Option<TcpState>,
    /// What the payload showed.
    pub payload: Payload,
    /// What only some flows have.
    pub extras: Option<Box<Extras>>,
}

impl Flow {
    /// A flow that begins with a packet of side A.
    pub fn new(key: FlowKey, id: FlowId, a_is_lo: bool, layer: &Layer, time: Timestamp) -> Self {
        let icmp = match layer.transport {
            Transport::Icmp(icmp) => Some(IcmpSeen { kind: icmp.kind, code: icmp.code, id: icmp.id }),
            _ => None,
        };
        Self {
            key,
            id,
            a_is_lo,
            follow: Follow::default(),
            icmp,
            first: time,
            last: time,
            latest_in_input: time,
            latest_number: id.packet,
            packets: [0; 2],
            bytes: [0; 2],
            tcp: (layer.protocol == IpProto::TCP).then(TcpState::default),
            payload: Payload::default(),
            extras: None,
        }
    }

    /// A copy to look at: all that is known so far, without the bytes that recognizers still wait for.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { tcp: self.tcp.clone(), payload: self.payload.copy(), extras: self.extras.clone(), ..*self }
    }

    /// Whether it had packets after this one.
    pub fn had_packets_after(&self, number: u64) -> bool {
        self.latest_number > number
    }

    /// Whose packet it is, by the direction its key was made in.
    #[inline]
    pub fn side(&self, sender_is_lo: bool) -> Side {
        // A conversation of an endpoint with itself has one side only.
        if sender_is_lo == self.a_is_lo || (self.key.lo == self.key.hi && self.key.lo_port == self.key.hi_port) {
            Side::A
        } else {
            Side::B
        }
    }

    /// Counts a packet of a side.
    #[inline]
    pub fn count(&mut self, side: Side, id: FlowId, time: Timestamp, layer: &Layer) {
        let at = side.index();
        if let (Some(packets), Some(bytes)) = (self.packets.get_mut(at), self.bytes.get_mut(at)) {
            *packets += 1;
            *bytes += u64::from(layer.ip_len);
        }
        self.first = self.first.earliest(time);
        self.last = self.last.latest(time);
        // A fragment that waited for its first one may stand before packets already counted.
        if id.packet >= self.latest_number {
            self.latest_number = id.packet;
            self.latest_in_input = time;
        } else if id < self.id {
            self.id = id;
        }
    }

    /// The ports of A and B.
    pub fn ports(&self) -> [u16; 2] {
        let (lo, hi) = (self.key.lo_port, self.key.hi_port);
        if self.a_is_lo { [lo, hi] } else { [hi, lo] }
    }

    /// How long it had been silent when a packet came; a clock that went back counts 0.
    #[inline]
    pub fn silence(&self, time: Timestamp) -> u64 {
        time.nanos_since(self.latest_in_input)
    }

    /// Time of the packet that stands last in the input: its silence is counted from here.
    pub fn latest(&self) -> Timestamp {
        self.latest_in_input
    }

    /// Notes that it carries another flow; `true` the first time.
    pub fn note_carries(&mut self) -> bool {
        !std::mem::replace(&mut self.extras_mut().carries, true)
    }

    /// Lists VLAN ids.
    pub fn note_vlans(&mut self, vlans: &Vlans) {
        for id in vlans.as_slice() {
            add_once(&mut self.extras_mut().vlans, *id);
        }
    }

    /// Lists an SPI.
    pub fn note_spi(&mut self, spi: u32) {
        add_once(&mut self.extras_mut().spis, Spi(spi));
    }

    /// Lists a tunnel.
    pub fn note_tunnel(&mut self, tunnel: OuterTunnel) {
        let tunnels = &mut self.extras_mut().tunnels;
        let known =
            tunnels.iter().any(|t| (t.kind, t.key, t.flow, t.layer) == (tunnel.kind, tunnel.key, tunnel.flow, tunnel.layer));
        if !known && tunnels.len() < MAX_LISTED {
            tunnels.push(tunnel);
        }
    }

    /// Notes that it announced another host's address.
    pub fn note_foreign(&mut self) {
        self.extras_mut().foreign = true;
    }

    /// Counts an ICMP error that quoted it.
    pub fn note_icmp_error(&mut self, kind: u8, code: u8) {
        let extras = self.extras_mut();
        extras.icmp_errors += 1;
        extras.icmp_error_codes.insert((kind, code));
    }

    fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }
}

fn add_once<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < MAX_LISTED && !list.contains(&value) {
        list.push(value);
    }
}
