//! From flows to frames: sequence numbers, fragments, tunnels, times.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Fallible;
use super::header::{self, Ip, Piece, Segment};
use super::scenario::{self, Action, End, Flow, Fragments, Link, Order, Scenario, Side, Step, Via};

/// One frame of the capture.
pub struct Frame {
    /// Nanoseconds since 1970.
    pub time: i128,
    pub bytes: Vec<u8>,
}

const SYN: u8 = 0x02;
const FIN: u8 = 0x01;
const ACK: u8 = 0x10;
const PSH_ACK: u8 = 0x18;

/// The most bytes of a TCP segment on Ethernet without options.
const SEGMENT: usize = 1460;

/// All frames of a scenario, in the order of the file.
pub fn frames(scenario: &Scenario) -> Fallible<Vec<Frame>> {
    let start = i128::from(scenario.start_seconds()?) * 1_000_000_000;
    let mut ids = BTreeMap::new();
    let mut frames = Vec::new();
    for (number, flow) in scenario.flows.iter().enumerate() {
        let of_flow = |error| format!("flow {} ({}): {error}", number + 1, flow.name);
        for time in 0..flow.repeat {
            let mut talk = Talk::begin(scenario, flow, (number as u32) << 8 | u32::from(time), &mut ids).map_err(of_flow)?;
            talk.clock += start + nanos(flow.at + flow.every * f64::from(time));
            for step in scenario::steps(scenario, flow).map_err(of_flow)? {
                talk.take(step).map_err(of_flow)?;
            }
            frames.append(&mut talk.frames);
        }
    }
    frames.sort_by_key(|frame| frame.time);
    if scenario.order == Order::Reversed {
        frames.reverse();
    }
    Ok(frames)
}

fn nanos(seconds: f64) -> i128 {
    (seconds * 1e9).round() as i128
}

/// The next IP identification of each sender.
type Ids = BTreeMap<IpAddr, u16>;

/// A flow under way.
struct Talk<'a> {
    flow: &'a Flow,
    link: Link,
    via: Vec<Via>,
    protocol: u8,
    asker: End,
    other: End,
    /// The next sequence number of the asker and of the other (TCP, ESP).
    next: [u32; 2],
    /// The next sequence number of the tunnel, each way.
    tunnel_next: [u32; 2],
    /// The last packet: who sent it, its transport bytes.
    last: Option<(Side, Vec<u8>)>,
    ids: &'a mut Ids,
    clock: i128,
    frames: Vec<Frame>,
}

impl<'a> Talk<'a> {
    fn begin(scenario: &Scenario, flow: &'a Flow, number: u32, ids: &'a mut Ids) -> Fallible<Self> {
        let mut asker = scenario.end(&flow.from)?;
        asker.port = asker.port.wrapping_add(if asker.port == 0 { 0 } else { number as u16 & 0xff });
        let other = scenario.end(&flow.to)?;
        if asker.ip.is_ipv4() != other.ip.is_ipv4() {
            return Err("both ends must be of one family".into());
        }
        // Initial sequence numbers that differ from flow to flow and from side to side.
        let first = number.wrapping_add(1).wrapping_mul(0x9e37_79b1);
        let protocol = protocol_number(&flow.protocol, asker.ip)?;
        Ok(Self {
            flow,
            link: scenario.link,
            via: flow.via.iter().map(|text| Via::parse(scenario, text)).collect::<Fallible<_>>()?,
            protocol,
            asker,
            other,
            next: if protocol == 6 { [first, !first] } else { [1, 1] },
            tunnel_next: [0, 0],
            last: None,
            ids,
            clock: 0,
            frames: Vec::new(),
        })
    }

    fn take(&mut self, step: Step) -> Fallible<()> {
        self.clock += nanos(step.wait);
        let shown = self.frames.len();
        match step.action {
            Action::Send { side, flags, data } => self.send(side, flags, &data)?,
            Action::Icmp { side, kind, code, rest } => {
                let message = header::icmp(self.ends(side), kind, code, &rest);
                self.packet(side, self.protocol, message);
            }
            Action::Error { by, kind, code } => self.error(by, kind, code)?,
            Action::Again => {
                let (side, bytes) = self.last.clone().ok_or("nothing was sent before `again`")?;
                self.packet(side, self.protocol, bytes);
            }
        }
        if step.unseen {
            self.frames.truncate(shown);
        }
        Ok(())
    }

    fn send(&mut self, side: Side, flags: Option<u8>, data: &[u8]) -> Fallible<()> {
        match self.protocol {
            6 => self.send_tcp(side, flags, data),
            _ if flags.is_some() => return Err("only TCP has flags".into()),
            17 => {
                let (from, to) = self.sender_first(side);
                let datagram = header::udp((from.ip, to.ip), (from.port, to.port), data);
                self.packet(side, 17, datagram);
            }
            50 => {
                let sequence = self.advance(side, 1);
                let packet = header::esp(self.flow.spi[side as usize], sequence, data);
                self.packet(side, 50, packet);
            }
            protocol => self.packet(side, protocol, data.to_vec()),
        }
        Ok(())
    }

    /// Data longer than a segment goes in several, and the receiver acknowledges every second.
    fn send_tcp(&mut self, side: Side, flags: Option<u8>, data: &[u8]) {
        let mut pieces = data.chunks(SEGMENT).peekable();
        let mut sent = 0;
        while let Some(piece) = pieces.next().or_else(|| (sent == 0).then_some(&[][..])) {
            let last = pieces.peek().is_none();
            self.segment(side, if last { flags.unwrap_or(PSH_ACK) } else { ACK }, piece);
            sent += 1;
            if !last && sent % 2 == 0 {
                self.segment(opposite(side), ACK, &[]);
            }
        }
    }

    fn segment(&mut self, side: Side, flags: u8, data: &[u8]) {
        let (from, to) = self.sender_first(side);
        let ack = if flags & ACK == 0 { 0 } else { self.next[opposite(side) as usize] };
        let length = data.len() as u32 + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        let seq = self.advance(side, length);
        let bytes = header::tcp((from.ip, to.ip), &Segment { ports: (from.port, to.port), seq, ack, flags, data });
        self.packet(side, 6, bytes);
    }

    /// The present sequence number of a side, which grows by `length`.
    fn advance(&mut self, side: Side, length: u32) -> u32 {
        let next = &mut self.next[side as usize];
        std::mem::replace(next, next.wrapping_add(length))
    }

    fn sender_first(&self, side: Side) -> (End, End) {
        if side == Side::Asker { (self.asker, self.other) } else { (self.other, self.asker) }
    }

    fn ends(&self, side: Side) -> (IpAddr, IpAddr) {
        let (from, to) = self.sender_first(side);
        (from.ip, to.ip)
    }

    /// An ICMP error that quotes the IP header and the first eight bytes of the last packet (for IPv6: all that fits).
    fn error(&mut self, by: Option<IpAddr>, kind: u8, code: u8) -> Fallible<()> {
        let (side, bytes) = self.last.clone().ok_or("nothing was sent before the error")?;
        let (from, to) = self.ends(side);
        let whole = Ip { protocol: self.protocol, id: self.ids.get(&from).copied().unwrap_or(0), piece: Piece::default() };
        let quoted = header::ip((from, to), whole, &bytes);
        let kept = if from.is_ipv4() { 28 } else { 1232 };
        let rest = [&[0; 4], &quoted[..quoted.len().min(kept)]].concat();
        let ends = (by.unwrap_or(to), from);
        let message = header::icmp(ends, kind, code, &rest);
        self.emit(opposite(side), ends, header::icmp_protocol(from), &message);
        Ok(())
    }

    fn packet(&mut self, side: Side, protocol: u8, transport: Vec<u8>) {
        self.emit(side, self.ends(side), protocol, &transport);
        self.last = Some((side, transport));
    }

    /// A transport's bytes as IP packets, in whatever carries them, one frame a fragment.
    fn emit(&mut self, side: Side, ends: (IpAddr, IpAddr), protocol: u8, transport: &[u8]) {
        let ah = self.via.iter().find_map(|via| if let Via::Ah(spi) = via { Some(*spi) } else { None });
        let protected = ah.map(|spi| header::ah(protocol, spi, self.tunnel_sequence(side), transport));
        let (protocol, payload) = protected.as_ref().map_or((protocol, transport), |protected| (51, &protected[..]));
        let id = self.next_id(ends.0);
        let mut packets: Vec<_> = pieces(payload, self.flow.mtu, ends.0.is_ipv4())
            .into_iter()
            .map(|(piece, bytes)| header::ip(ends, Ip { protocol, id, piece }, bytes))
            .collect();
        match self.flow.fragments {
            Fragments::Reversed => packets.reverse(),
            Fragments::FirstLost if packets.len() > 1 => drop(packets.remove(0)),
            Fragments::InOrder | Fragments::FirstLost => {}
        }
        for packet in packets {
            let bytes = self.carried(side, ends, packet);
            self.frames.push(Frame { time: self.clock, bytes });
            self.clock += nanos(self.flow.pace);
        }
    }

    fn next_id(&mut self, sender: IpAddr) -> u16 {
        let id = self.ids.entry(sender).or_insert(0);
        *id = id.wrapping_add(1);
        *id
    }

    fn tunnel_sequence(&mut self, side: Side) -> u32 {
        self.tunnel_next[side as usize] += 1;
        self.tunnel_next[side as usize]
    }

    /// The packet inside of all its tunnels, with the link's header in front.
    fn carried(&mut self, side: Side, ends: (IpAddr, IpAddr), packet: Vec<u8>) -> Vec<u8> {
        let mut wrapped = Wrapped { ends, ether_type: header::ether_type(&packet), bytes: packet };
        for via in self.via.clone().into_iter().rev() {
            wrapped = self.wrap(side, via, &wrapped);
        }
        match self.link {
            Link::Ethernet => header::ethernet(wrapped.ends, wrapped.ether_type, &wrapped.bytes),
            Link::Raw => wrapped.bytes,
        }
    }

    fn wrap(&mut self, side: Side, via: Via, inner: &Wrapped) -> Wrapped {
        let packet = &inner.bytes;
        let tag = |id, ether_type| Wrapped { ends: inner.ends, ether_type, bytes: header::vlan(id, inner.ether_type, packet) };
        match via {
            Via::Vlan(id) => tag(id, 0x8100),
            Via::ServiceVlan(id) => tag(id, 0x88a8),
            Via::Ah(_) => Wrapped { bytes: packet.clone(), ..*inner },
            Via::IpIp(ends) => self.outer(side, ends, if inner.ether_type == 0x86dd { 41 } else { 4 }, packet),
            Via::Gre(ends, key) => self.outer(side, ends, 47, &header::gre(key, packet)),
            Via::Pptp(ends, call) => {
                let sequence = self.tunnel_sequence(side);
                self.outer(side, ends, 47, &header::pptp(call, sequence, packet))
            }
            Via::Vxlan(ends, network) => {
                let frame = header::ethernet(inner.ends, inner.ether_type, packet);
                let ends_now = turned(side, ends);
                let datagram = header::udp(ends_now, (49_152 + self.asker.port % 1024, 4789), &header::vxlan(network, &frame));
                self.outer(side, ends, 17, &datagram)
            }
        }
    }

    fn outer(&mut self, side: Side, ends: (IpAddr, IpAddr), protocol: u8, payload: &[u8]) -> Wrapped {
        let ends = turned(side, ends);
        let id = self.next_id(ends.0);
        let bytes = header::ip(ends, Ip { protocol, id, piece: Piece::default() }, payload);
        Wrapped { ends, ether_type: header::ether_type(&bytes), bytes }
    }
}

/// A packet on its way out: what is so far around it.
struct Wrapped {
    ends: (IpAddr, IpAddr),
    ether_type: u16,
    bytes: Vec<u8>,
}

fn turned(side: Side, ends: (IpAddr, IpAddr)) -> (IpAddr, IpAddr) {
    if side == Side::Asker { ends } else { (ends.1, ends.0) }
}

fn opposite(side: Side) -> Side {
    if side == Side::Asker { Side::Other } else { Side::Asker }
}

fn protocol_number(word: &str, ip: IpAddr) -> Fallible<u8> {
    match word {
        "tcp" => Ok(6),
        "udp" => Ok(17),
        "icmp" => Ok(header::icmp_protocol(ip)),
        "esp" => Ok(50),
        other => other.strip_prefix("ip-").and_then(|n| n.parse().ok()).ok_or_else(|| format!("unknown protocol {other:?}")),
    }
}

/// The payload in pieces that fit; all but the last are a multiple of eight bytes.
fn pieces(payload: &[u8], mtu: usize, is_ipv4: bool) -> Vec<(Piece, &[u8])> {
    if payload.len() + if is_ipv4 { 20 } else { 40 } <= mtu {
        return vec![(Piece::default(), payload)];
    }
    let room = mtu.saturating_sub(if is_ipv4 { 20 } else { 48 }).max(8) / 8 * 8;
    let count = payload.len().div_ceil(room);
    let piece = |n| Piece { offset: n * room, more: n + 1 < count };
    payload.chunks(room).enumerate().map(|(n, bytes)| (piece(n), bytes)).collect()
}
