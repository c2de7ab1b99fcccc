//! Community ID version 1, seed 0 (corelight/community-id-spec): one string for a flow, the same in every tool.
//!
//! SHA-1 over seed, addresses, protocol, a zero byte and ports, the smaller endpoint first, in base64. The specification
//! gives ports to TCP, UDP and SCTP only, and to ICMP its types; every other protocol, UDP-Lite among them, has none. It
//! leaves a TCP, UDP or SCTP flow whose ports were never seen (a lone fragment, a cut header) to the implementation: it is
//! hashed without ports here, which collides with no flow that has them.

use std::fmt;
use std::net::IpAddr;

use arrayvec::{ArrayString, ArrayVec};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use sha1::{Digest, Sha1};

use super::words::CommunityId;
use crate::net::IpProto;

/// The tuple of a flow, from the side of one of its packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommunityTuple {
    /// Where the packet came from.
    pub source: IpAddr,
    /// Where it went.
    pub destination: IpAddr,
    /// What IP carried.
    pub protocol: IpProto,
    /// Source and destination port; for ICMP and `ICMPv6` the packet's type and code.
    pub ports: Option<(u16, u16)>,
}

/// ICMP types that answer each other (as Zeek pairs them), request first.
const ICMP_PAIRS: &[(u16, u16)] = &[(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)];

/// The same for `ICMPv6`.
const ICMP6_PAIRS: &[(u16, u16)] = &[(128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145)];

/// Seed, two IPv6 addresses, protocol, padding, two ports.
const LONGEST_INPUT: usize = 2 + 16 + 16 + 2 + 4;

impl CommunityTuple {
    /// Its Community ID.
    pub fn id(&self) -> CommunityId {
        let (ports, one_way) = self.hashed_ports();
        let (source_port, destination_port) = ports.unwrap_or_default();
        let from = (octets(self.source), source_port.to_be_bytes());
        let to = (octets(self.destination), destination_port.to_be_bytes());
        let (low, high) = if !one_way && from > to { (to, from) } else { (from, to) };

        let seed = [0, 0];
        let both = [low.1, high.1];
        let hashed = if ports.is_some() { both.as_flattened() } else { &[] };
        let mut input = ArrayVec::<u8, LONGEST_INPUT>::new();
        for part in [&seed, &*low.0, &*high.0, &[self.protocol.0, 0], hashed] {
            // Never fails: the parts are at most LONGEST_INPUT bytes.
            let _ = input.try_extend_from_slice(part);
        }
        printed(&Sha1::digest(&input))
    }

    /// The ports to hash, and whether the tuple has a direction: an ICMP message that nothing answers is not turned round.
    fn hashed_ports(&self) -> (Option<(u16, u16)>, bool) {
        let pairs = match self.protocol {
            IpProto::TCP | IpProto::UDP | IpProto::SCTP => return (self.ports, false),
            IpProto::ICMP => ICMP_PAIRS,
            IpProto::ICMP6 => ICMP6_PAIRS,
            _ => return (None, false),
        };
        let Some((kind, code)) = self.ports else { return (None, false) };
        match pairs.iter().find(|(request, answer)| *request == kind || *answer == kind) {
            Some((request, answer)) => (Some((kind, if *request == kind { *answer } else { *request })), false),
            None => (Some((kind, code)), true),
        }
    }
}

impl fmt::Display for CommunityTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl Serialize for CommunityTuple {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.id().serialize(serializer)
    }
}

/// An address in network byte order.
fn octets(ip: IpAddr) -> ArrayVec<u8, 16> {
    match ip {
        IpAddr::V4(ip) => ip.octets().into_iter().collect(),
        IpAddr::V6(ip) => ip.octets().into(),
    }
}

/// The version and the digest in base64, which is 28 letters.
fn printed(digest: &[u8]) -> CommunityId {
    let mut letters = [0u8; 28];
    let length = STANDARD.encode_slice(digest, &mut letters).unwrap_or(0);
    let base64 = letters.get(..length).and_then(|ascii| std::str::from_utf8(ascii).ok()).unwrap_or_default();
    let mut id = ArrayString::new();
    id.push_str("1:");
    id.push_str(base64);
    CommunityId(id)
}
