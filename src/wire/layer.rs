//! What decoding a frame leaves behind.

use std::fmt;

use crate::net::{Addr, IpProto};

/// How many IP layers a frame may have before the walk stops; the stop is counted.
pub const MAX_LAYERS: usize = 16;

/// VLAN tags, outermost first; those beyond the fourth are passed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Vlans {
    ids: [u16; 4],
    len: u8,
}

impl Vlans {
    /// One more tag inside.
    #[inline]
    pub fn push(&mut self, id: u16) {
        if let Some(slot) = self.ids.get_mut(usize::from(self.len)) {
            *slot = id;
            self.len += 1;
        }
    }

    /// The ids.
    #[inline]
    pub fn as_slice(&self) -> &[u16] {
        self.ids.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A range of captured bytes within the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

impl Span {
    /// The bytes in their frame.
    #[inline]
    pub fn of<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        frame.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// How a layer was reached from the one around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Via {
    /// The tunnel's kind (`gre`, `ipip`, `vxlan` ...); empty for the outermost layer.
    pub kind: &'static str,
    /// VNI, GRE key, TEID, session or call id.
    pub key: Option<u32>,
}

/// Where a fragment lies in its datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// The datagram's identification.
    pub id: u32,
    /// Offset of its bytes in the datagram's payload.
    pub offset: u32,
    /// More follow.
    pub more: bool,
}

/// One IP layer of a frame: everything a flow table needs, and nothing it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layer {
    /// Source address.
    pub src: Addr,
    /// Destination address.
    pub dst: Addr,
    /// 4 or 6.
    pub version: u8,
    /// The protocol carried, after all IPv6 extension headers.
    pub protocol: IpProto,
    /// Time to live or hop limit: left out where duplicates are compared.
    pub ttl: u8,
    /// Whether the ports were there to be read.
    pub has_ports: bool,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// IP length by the header, whatever was captured.
    pub ip_len: u32,
    /// Set where this is a fragment (an IPv6 atomic fragment is none).
    pub fragment: Option<Fragment>,
    /// What the transport header says.
    pub transport: Transport,
    /// The IP header's first byte and the end of the captured packet.
    pub packet: Span,
    /// What the IP and extension headers carry, captured: a fragment's share of its datagram.
    pub ip_payload: Span,
    /// What the transport carries, captured.
    pub payload: Span,
    /// How long the transport's payload is by the headers, whatever was captured.
    pub payload_len: u32,
    /// How it was reached.
    pub via: Via,
    /// VLAN tags between the layer around this one and this one, outermost first.
    pub vlans: Vlans,
}

/// What the transport header says, for the protocols that say something a flow wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Transport {
    /// Nothing: a fragment without it, a cut header, or a protocol without one.
    #[default]
    None,
    /// A TCP header.
    Tcp(Tcp),
    /// ICMP or `ICMPv6`.
    Icmp(Icmp),
    /// ESP, AH, or ESP in UDP: the security parameters index.
    Spi(u32),
}

/// A TCP header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tcp {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Window as sent.
    pub window: u16,
    /// CWR ECE URG ACK PSH RST SYN FIN, from the high bit down.
    pub flags: u8,
}

impl Tcp {
    /// FIN.
    pub const FIN: u8 = 0x01;
    /// SYN.
    pub const SYN: u8 = 0x02;
    /// RST.
    pub const RST: u8 = 0x04;
    /// PSH.
    pub const PSH: u8 = 0x08;
    /// ACK.
    pub const ACK: u8 = 0x10;

    /// Whether all of `flags` are set.
    #[inline]
    pub fn has(self, flags: u8) -> bool {
        self.flags & flags == flags
    }
}

/// An ICMP or `ICMPv6` header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Icmp {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Echo identifier.
    pub id: Option<u16>,
    /// For an error: the packet it quotes, as far as it can be read.
    pub quoted: Option<Quoted>,
}

/// The packet an ICMP error quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// Its source.
    pub src: Addr,
    /// Its destination.
    pub dst: Addr,
    /// Its IP version.
    pub version: u8,
    /// Its protocol.
    pub protocol: IpProto,
    /// Its ports, where the quote holds them; for a quoted ICMP echo none.
    pub ports: Option<(u16, u16)>,
    /// Type, code and identifier of a quoted ICMP message that has them.
    pub icmp: Option<(u8, u8, Option<u16>)>,
}

/// A name that is counted: why a walk stopped, or what a frame holds instead of IP.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Word {
    /// A word of our own.
    Plain(&'static str),
    /// A link type nobody here reads.
    LinkType(u16),
    /// An EtherType that is not IP.
    EtherType(u16),
    /// An LLC service access point.
    Sap(u8),
    /// A PPP protocol that is not IP.
    Ppp(u16),
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(word) => f.write_str(word),
            Self::LinkType(n) => write!(f, "link-type-{n}"),
            Self::EtherType(n) => write!(f, "ethertype-0x{n:04x}"),
            Self::Sap(n) => write!(f, "llc-sap-0x{n:02x}"),
            Self::Ppp(n) => write!(f, "ppp-0x{n:04x}"),
        }
    }
}

/// Where and why a walk ended before the last header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// A stable word such as `ipv4-header-cut`.
    pub why: Word,
    /// Where in the frame.
    pub offset: u32,
}

/// What a frame turned out to be. A frame with at least one layer belongs to its innermost flow whatever the outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outcome {
    /// Everything that can be read was.
    #[default]
    Complete,
    /// The link layer (or a tunnel) was understood and holds no IP.
    NonIp(Word),
    /// Something could not be read.
    Stopped(Stop),
}

/// The layers of one frame; reused from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// Outermost first.
    pub layers: Vec<Layer>,
    /// How the walk ended.
    pub outcome: Outcome,
}
