//! One function a header. Offsets and numbers are the RFCs'; every checksum is right.

use std::net::IpAddr;

/// The Internet checksum (RFC 1071).
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The address as bytes in network order.
pub fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// Writes at `place` the checksum over the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1) and `segment`.
fn seal(mut segment: Vec<u8>, place: usize, ends: (IpAddr, IpAddr), protocol: u8) -> Vec<u8> {
    let length = (segment.len() as u32).to_be_bytes();
    let pseudo = [octets(ends.0), octets(ends.1), length.to_vec(), vec![0, 0, 0, protocol], segment.clone()].concat();
    segment[place..place + 2].copy_from_slice(&checksum(&pseudo).to_be_bytes());
    segment
}

/// What one TCP segment says.
pub struct Segment<'a> {
    pub ports: (u16, u16),
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub data: &'a [u8],
}

/// Maximum segment size 1460, selective acknowledgements permitted: what hosts send with a SYN.
const SYN_OPTIONS: [u8; 8] = [2, 4, 5, 0xb4, 1, 1, 4, 2];

/// TCP (RFC 9293).
pub fn tcp(ends: (IpAddr, IpAddr), segment: &Segment) -> Vec<u8> {
    let options: &[u8] = if segment.flags & 2 == 0 { &[] } else { &SYN_OPTIONS };
    let mut out = Vec::with_capacity(28 + segment.data.len());
    out.extend(segment.ports.0.to_be_bytes());
    out.extend(segment.ports.1.to_be_bytes());
    out.extend(segment.seq.to_be_bytes());
    out.extend(segment.ack.to_be_bytes());
    out.push(((20 + options.len()) as u8 / 4) << 4);
    out.push(segment.flags);
    out.extend([0xff, 0xff, 0, 0, 0, 0]);
    out.extend(options);
    out.extend(segment.data);
    seal(out, 16, ends, 6)
}

/// UDP (RFC 768).
pub fn udp(ends: (IpAddr, IpAddr), ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + data.len());
    out.extend(ports.0.to_be_bytes());
    out.extend(ports.1.to_be_bytes());
    out.extend(((8 + data.len()) as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(data);
    let mut out = seal(out, 6, ends, 17);
    if out[6..8] == [0, 0] {
        out[6..8].copy_from_slice(&[0xff, 0xff]);
    }
    out
}

/// ICMP (RFC 792) and its IPv6 kind (RFC 4443): type, code, checksum and all that follows.
pub fn icmp(ends: (IpAddr, IpAddr), kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    let out = [&[kind, code, 0, 0], rest].concat();
    if ends.0.is_ipv6() {
        return seal(out, 2, ends, 58);
    }
    let sum = checksum(&out);
    [&[kind, code], &sum.to_be_bytes()[..], rest].concat()
}

/// The number of ICMP in the family of `ip`.
pub fn icmp_protocol(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 1 } else { 58 }
}

/// AH (RFC 4302) in transport mode, with a value of 96 bits that nobody can check.
pub fn ah(next: u8, spi: u32, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let value = [0xa5; 12];
    [&[next, 4, 0, 0], &spi.to_be_bytes()[..], &sequence.to_be_bytes(), &value, payload].concat()
}

/// ESP (RFC 4303): what follows the sequence number is opaque.
pub fn esp(spi: u32, sequence: u32, opaque: &[u8]) -> Vec<u8> {
    [&spi.to_be_bytes()[..], &sequence.to_be_bytes(), opaque].concat()
}

/// Where a piece of a datagram belongs.
#[derive(Clone, Copy, Default)]
pub struct Piece {
    pub offset: usize,
    pub more: bool,
}

impl Piece {
    fn is_whole(self) -> bool {
        self.offset == 0 && !self.more
    }
}

/// What an IP header says besides its addresses.
#[derive(Clone, Copy)]
pub struct Ip {
    pub protocol: u8,
    pub id: u16,
    pub piece: Piece,
}

/// IPv4 (RFC 791) or IPv6 (RFC 8200) in front of a payload.
pub fn ip(ends: (IpAddr, IpAddr), header: Ip, payload: &[u8]) -> Vec<u8> {
    if ends.0.is_ipv4() { ipv4(ends, header, payload) } else { ipv6(ends, header, payload) }
}

fn ipv4(ends: (IpAddr, IpAddr), header: Ip, payload: &[u8]) -> Vec<u8> {
    let place = (header.piece.offset / 8) as u16 | u16::from(header.piece.more) << 13;
    let mut out = vec![0x45, 0];
    out.extend(((20 + payload.len()) as u16).to_be_bytes());
    out.extend(header.id.to_be_bytes());
    out.extend(place.to_be_bytes());
    out.extend([128, header.protocol, 0, 0]);
    out.extend(octets(ends.0));
    out.extend(octets(ends.1));
    let sum = checksum(&out);
    out[10..12].copy_from_slice(&sum.to_be_bytes());
    out.extend(payload);
    out
}

fn ipv6(ends: (IpAddr, IpAddr), header: Ip, payload: &[u8]) -> Vec<u8> {
    let place = header.piece.offset as u16 | u16::from(header.piece.more);
    let fragment = [&[header.protocol, 0], &place.to_be_bytes()[..], &u32::from(header.id).to_be_bytes()].concat();
    let (next, extension) = if header.piece.is_whole() { (header.protocol, &[][..]) } else { (44, &fragment[..]) };
    let mut out = vec![0x60, 0, 0, 0];
    out.extend(((extension.len() + payload.len()) as u16).to_be_bytes());
    out.extend([next, 128]);
    out.extend(octets(ends.0));
    out.extend(octets(ends.1));
    out.extend(extension);
    out.extend(payload);
    out
}

/// The EtherType of an IP packet.
pub fn ether_type(packet: &[u8]) -> u16 {
    if packet.first().is_some_and(|byte| byte >> 4 == 6) { 0x86dd } else { 0x0800 }
}

/// GRE version 0 (RFC 2784, RFC 2890).
pub fn gre(key: Option<u32>, packet: &[u8]) -> Vec<u8> {
    let flags: u16 = if key.is_some() { 0x2000 } else { 0 };
    let key = key.map(u32::to_be_bytes);
    [&flags.to_be_bytes()[..], &ether_type(packet).to_be_bytes(), key.as_ref().map_or(&[], |key| &key[..]), packet].concat()
}

/// GRE version 1 as PPTP has it (RFC 2637 section 4.1), with a sequence number and PPP inside.
pub fn pptp(call: u16, sequence: u32, packet: &[u8]) -> Vec<u8> {
    let protocol: [u8; 2] = if ether_type(packet) == 0x86dd { [0x00, 0x57] } else { [0x00, 0x21] };
    let ppp = [&[0xff, 0x03], &protocol[..], packet].concat();
    let length = (ppp.len() as u16).to_be_bytes();
    [&[0x30, 0x01, 0x88, 0x0b], &length[..], &call.to_be_bytes(), &sequence.to_be_bytes(), &ppp].concat()
}

/// VXLAN (RFC 7348) in front of an Ethernet frame.
pub fn vxlan(network: u32, frame: &[u8]) -> Vec<u8> {
    [&[0x08, 0, 0, 0], &(network << 8).to_be_bytes()[..], frame].concat()
}

/// An 802.1Q tag in front of `ether_type` and payload.
pub fn vlan(id: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&id.to_be_bytes()[..], &ether_type.to_be_bytes(), payload].concat()
}

/// Ethernet II.
pub fn ethernet(ends: (IpAddr, IpAddr), ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&station(ends.1)[..], &station(ends.0), &ether_type.to_be_bytes(), payload].concat()
}

/// A station address made from the host's IP address; groups have theirs by RFC 1112 and RFC 2464.
fn station(ip: IpAddr) -> [u8; 6] {
    let octets = octets(ip);
    let [.., a, b, c, d] = octets[..] else { unreachable!("an address has at least four bytes") };
    match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => [0xff; 6],
        IpAddr::V4(ip) if ip.is_multicast() => [0x01, 0x00, 0x5e, b & 0x7f, c, d],
        IpAddr::V6(ip) if ip.is_multicast() => [0x33, 0x33, a, b, c, d],
        _ => [0x02, 0x00, a, b, c, d],
    }
}
