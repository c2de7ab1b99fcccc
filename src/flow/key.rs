//! What makes two packets belong to one flow.

use crate::net::{Addr, IpProto};
use crate::wire::{Icmp, Layer, Quoted, Transport};

use super::SHARDS;

/// The part of a key that a datagram's first fragment lends to the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Identity {
    /// Nothing was there to be read, or the protocol has nothing.
    None,
    /// Source and destination port.
    Ports(u16, u16),
    /// The request type of the pair a type belongs to, and the echo identifier.
    Icmp(u8, u16),
}

impl Identity {
    /// What a layer shows.
    #[inline]
    pub fn of(layer: &Layer) -> Self {
        if layer.has_ports {
            return Self::Ports(layer.src_port, layer.dst_port);
        }
        match layer.transport {
            Transport::Icmp(icmp) => Self::Icmp(request_type(layer.protocol, icmp.kind), icmp.id.unwrap_or(0)),
            _ => Self::None,
        }
    }

    fn of_quoted(quoted: &Quoted) -> Self {
        match (quoted.ports, quoted.icmp) {
            (Some((src, dst)), _) => Self::Ports(src, dst),
            (None, Some((kind, _, id))) => Self::Icmp(request_type(quoted.protocol, kind), id.unwrap_or(0)),
            (None, None) => Self::None,
        }
    }
}

/// Replies and the requests they answer, as Community ID pairs them: (protocol, reply, request).
const REPLIES: &[(IpProto, u8, u8)] = &[
    (IpProto::ICMP, 0, 8),
    (IpProto::ICMP, 9, 10),
    (IpProto::ICMP, 14, 13),
    (IpProto::ICMP, 16, 15),
    (IpProto::ICMP, 18, 17),
    (IpProto::ICMP6, 129, 128),
    (IpProto::ICMP6, 131, 130),
    (IpProto::ICMP6, 134, 133),
    (IpProto::ICMP6, 136, 135),
    (IpProto::ICMP6, 140, 139),
    (IpProto::ICMP6, 145, 144),
];

/// The request type a type answers; a type that answers nothing stands for itself.
pub fn request_type(protocol: IpProto, kind: u8) -> u8 {
    REPLIES.iter().find(|(p, reply, _)| *p == protocol && *reply == kind).map_or(kind, |(_, _, request)| *request)
}

/// What `--key` adds to a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyParts {
    /// VLAN ids.
    pub vlan: bool,
    /// The tunnels around a layer.
    pub tunnel: bool,
}

/// Unordered: both directions have the same key. `lo` is the smaller (address, port).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FlowKey {
    /// Smaller address.
    pub lo: Addr,
    /// Larger address.
    pub hi: Addr,
    /// Port of `lo`; for ICMP the request type.
    pub lo_port: u16,
    /// Port of `hi`; for ICMP the echo identifier.
    pub hi_port: u16,
    /// What `--key` adds, hashed; for an ICMP error without a flow the addresses it quotes.
    pub extra: u32,
    /// IP version.
    pub version: u8,
    /// IP protocol.
    pub protocol: IpProto,
    /// Whether the ports are ports.
    pub has_ports: bool,
}

impl FlowKey {
    /// The key of a packet, and whether its sender is `lo`.
    #[inline]
    pub fn new(src: Addr, dst: Addr, version: u8, protocol: IpProto, identity: Identity) -> (Self, bool) {
        let (src_port, dst_port, has_ports) = match identity {
            Identity::Ports(src, dst) => (src, dst, true),
            Identity::Icmp(..) | Identity::None => (0, 0, false),
        };
        let forward = (src, src_port) <= (dst, dst_port);
        let (lo, hi, mut lo_port, mut hi_port) =
            if forward { (src, dst, src_port, dst_port) } else { (dst, src, dst_port, src_port) };
        if let Identity::Icmp(kind, id) = identity {
            (lo_port, hi_port) = (u16::from(kind), id);
        }
        (Self { lo, hi, lo_port, hi_port, extra: 0, version, protocol, has_ports }, forward)
    }

    /// The key of a layer, and whether its sender is `lo`; what `--key` adds is left out.
    #[inline]
    pub fn of(layer: &Layer, identity: Identity) -> (Self, bool) {
        Self::new(layer.src, layer.dst, layer.version, layer.protocol, identity)
    }

    /// The key of the packet an ICMP error quotes.
    pub fn of_quoted(quoted: &Quoted) -> Self {
        Self::new(quoted.src, quoted.dst, quoted.version, quoted.protocol, Identity::of_quoted(quoted)).0
    }

    /// `lo` and `hi`: the [`halves`] of the addresses.
    #[inline]
    fn hash(&self, seed: u64, lo: u64, hi: u64) -> u64 {
        let ports = u64::from(self.lo_port)
            | u64::from(self.hi_port) << 16
            | u64::from(self.protocol.0) << 32
            | u64::from(self.version) << 40
            | u64::from(self.has_ports) << 48;
        fold(fold(lo ^ seed, hi ^ PRIMES[0]) ^ ports, u64::from(self.extra) ^ PRIMES[1])
    }
}

/// What belongs to a key, and what its hash is mixed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keying {
    parts: KeyParts,
    seed: u64,
}

/// The key of a layer, and the hash under which its shard holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyed {
    /// The key.
    pub key: FlowKey,
    /// Its hash.
    pub hash: u64,
    /// Whether the sender is the key's `lo`.
    pub sender_is_lo: bool,
    /// Which shard that is, as [`shard_of`] says.
    pub shard: u8,
}

impl Keying {
    /// `seed` keeps a sender from choosing addresses that collide; it changes no output.
    pub fn new(parts: KeyParts, seed: u64) -> Self {
        Self { parts, seed }
    }

    /// The key of the last of a packet's layers, which are those from the outermost on.
    #[inline]
    pub fn key(&self, layers: &[Layer], identity: Identity) -> Option<Keyed> {
        let layer = layers.last()?;
        let (mut key, sender_is_lo) = FlowKey::of(layer, identity);
        if self.parts.vlan || self.parts.tunnel {
            key.extra = extra(self.parts, layers);
        }
        let (src, dst) = (halves(layer.src), halves(layer.dst));
        let (lo, hi) = if sender_is_lo { (src, dst) } else { (dst, src) };
        let shard = if matches!(layer.transport, Transport::Icmp(_)) { shard_of(layer) } else { shard_of_pair(src, dst) };
        Some(Keyed { key, hash: key.hash(self.seed, lo, hi), sender_is_lo, shard: shard as u8 })
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> u64 {
        key.hash(self.seed, halves(key.lo), halves(key.hi))
    }
}

/// What `--key` adds to a key, hashed.
fn extra(parts: KeyParts, layers: &[Layer]) -> u32 {
    let mut hash = 0;
    if let (true, Some(layer)) = (parts.vlan, layers.last()) {
        hash = layer.vlans.as_slice().iter().fold(hash, |hash, id| mix(hash, u64::from(*id)));
    }
    if parts.tunnel {
        for inside in layers.iter().skip(1) {
            hash = inside.via.kind.bytes().fold(hash, |hash, byte| mix(hash, u64::from(byte)));
            hash = mix(hash, inside.via.key.map_or(u64::MAX, u64::from));
        }
    }
    hash
}

/// Digits of pi: numbers with nothing up their sleeve.
pub(super) const PRIMES: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0];

/// A full multiplication folded: every bit of the input reaches every bit of the output.
#[inline]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[inline]
fn halves(addr: Addr) -> u64 {
    let bits = addr.bits();
    fold((bits as u64) ^ PRIMES[1], ((bits >> 64) as u64) ^ PRIMES[2])
}

/// Mixes a few more numbers into what `--key` adds.
pub fn mix(hash: u32, value: u64) -> u32 {
    fold(u64::from(hash) ^ PRIMES[0], value ^ PRIMES[2]) as u32
}

/// The key of the flow that an ICMP error quotes, and the error's own, for where that is unknown: errors about different flows are
/// flows of their own. `key` is that of its layer.
pub fn error_keys(icmp: &Icmp, key: &FlowKey) -> Option<(FlowKey, FlowKey)> {
    let target = FlowKey { extra: key.extra, ..FlowKey::of_quoted(icmp.quoted.as_ref()?) };
    let halves = [target.lo.bits(), target.hi.bits()].map(|bits| (bits as u64) ^ ((bits >> 64) as u64));
    let extra = mix(mix(mix(1, halves[0]), halves[1]), u64::from(target.protocol.0));
    Some((target, FlowKey { extra, ..*key }))
}

/// The shard of a layer: by its unordered address pair, for an ICMP error by the pair it quotes. Unseeded, since limits belong to shards.
#[inline]
pub fn shard_of(layer: &Layer) -> usize {
    let (src, dst) = match layer.transport {
        Transport::Icmp(Icmp { quoted: Some(quoted), .. }) => (quoted.src, quoted.dst),
        _ => (layer.src, layer.dst),
    };
    shard_of_pair(halves(src), halves(dst))
}

#[inline]
fn shard_of_pair(a: u64, b: u64) -> usize {
    // A sum does not care for order.
    (fold(a.wrapping_add(b), PRIMES[0]) >> 32) as usize % SHARDS
}
