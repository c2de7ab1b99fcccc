//! Captures of conversations for tests that ask what one says of another: raw IP, packet by packet.

use std::path::PathBuf;

use super::header;

/// Raw IP (`LINKTYPE_RAW`).
const RAW: u32 = 101;

/// A capture that grows packet by packet, a tenth of a second apart unless told otherwise.
pub struct Capture {
    bytes: Vec<u8>,
    tenths: u32,
    /// What packets travel in, until told otherwise.
    tunnel: Option<Tunnel>,
}

/// What carries packets.
#[derive(Clone, Copy)]
pub enum Tunnel {
    /// GRE between two hosts, with a key.
    Gre(&'static str, &'static str, u32),
    /// VXLAN between two hosts, with a network.
    Vxlan(&'static str, &'static str, u32),
}

impl Capture {
    pub fn new() -> Self {
        let words = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, RAW];
        Self { bytes: words.into_iter().flat_map(u32::to_le_bytes).collect(), tenths: 10_000_000, tunnel: None }
    }

    pub fn later(&mut self, seconds: u32) {
        self.tenths += seconds * 10;
    }

    /// From here on everything travels like this.
    pub fn through(&mut self, tunnel: Option<Tunnel>) {
        self.tunnel = tunnel;
    }

    fn carried(&self, packet: &[u8]) -> Vec<u8> {
        let ip = |protocol| header::Ip { protocol, id: 1, piece: header::Piece::default() };
        let ends = |from: &str, to: &str| (from.parse().unwrap(), to.parse().unwrap());
        match self.tunnel {
            None => packet.to_vec(),
            Some(Tunnel::Gre(from, to, key)) => header::ip(ends(from, to), ip(47), &header::gre(Some(key), packet)),
            Some(Tunnel::Vxlan(from, to, network)) => {
                let ends = ends(from, to);
                let frame = header::ethernet(ends, header::ether_type(packet), packet);
                header::ip(ends, ip(17), &header::udp(ends, (50_000, 4789), &header::vxlan(network, &frame)))
            }
        }
    }

    pub fn packet(&mut self, ip: &[u8]) {
        let ip = self.carried(ip);
        self.tenths += 1;
        for word in [self.tenths / 10, self.tenths % 10 * 100_000, ip.len() as u32, ip.len() as u32] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(ip);
    }

    pub fn udp(&mut self, from: (&str, u16), to: (&str, u16), payload: &[u8]) {
        let ends = (from.0.parse().unwrap(), to.0.parse().unwrap());
        let ip = header::Ip { protocol: 17, id: self.tenths as u16, piece: header::Piece::default() };
        self.packet(&header::ip(ends, ip, &header::udp(ends, (from.1, to.1), payload)));
    }

    /// A segment: 20 bytes of header by RFC 9293 section 3.1 (its checksum is nobody's concern here), and the payload.
    pub fn tcp(&mut self, from: (&str, u16), to: (&str, u16), (flags, seq, ack): (u8, u32, u32), payload: &[u8]) {
        let ends = (from.0.parse().unwrap(), to.0.parse().unwrap());
        let ports = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
        let segment = [&ports[..], &seq.to_be_bytes(), &ack.to_be_bytes(), &[0x50, flags, 0x20, 0, 0, 0, 0, 0], payload].concat();
        let ip = header::Ip { protocol: 6, id: self.tenths as u16, piece: header::Piece::default() };
        self.packet(&header::ip(ends, ip, &segment));
    }

    /// A connection: opened, what each says in turn (the first is the client's), closed.
    pub fn connection(&mut self, client: (&str, u16), server: (&str, u16), said: &[&[u8]]) {
        let (mut mine, mut theirs) = (101, 501);
        self.tcp(client, server, (0x02, 100, 0), b"");
        self.tcp(server, client, (0x12, 500, 101), b"");
        self.tcp(client, server, (0x10, mine, theirs), b"");
        for (turn, bytes) in said.iter().enumerate() {
            if turn % 2 == 0 {
                self.tcp(client, server, (0x18, mine, theirs), bytes);
                mine += bytes.len() as u32;
            } else {
                self.tcp(server, client, (0x18, theirs, mine), bytes);
                theirs += bytes.len() as u32;
            }
        }
        self.tcp(client, server, (0x11, mine, theirs), b"");
        self.tcp(server, client, (0x11, theirs, mine + 1), b"");
        self.tcp(client, server, (0x10, mine + 1, theirs + 1), b"");
    }

    /// A question to the endpoint mapper and its answer: netlogon is at a port. Bytes by C706 (appendices L and O, section 12.6).
    pub fn mapped(&mut self, client: (&str, u16), port: u16) {
        self.asked(client, SERVER, &mapped(&[port]));
    }

    /// A connection to a server's endpoint mapper: bind, one call and its answer, which the operation and the stub are of.
    pub fn asked(&mut self, client: (&str, u16), server: &str, (operation, stub): &(u8, Vec<u8>)) {
        let bind = rpc(
            11,
            &[&[0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0][..], &MAPPER, &[3, 0, 0, 0], &NDR, &[2, 0, 0, 0]]
                .concat(),
        );
        let accepted = rpc(
            12,
            &[&[0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0, 4, 0][..], b"135\0\0\0", &[1, 0, 0, 0, 0, 0, 0, 0], &NDR, &[2, 0, 0, 0]]
                .concat(),
        );
        let request = rpc(0, &[&[0; 4][..], &[0, 0, *operation, 0], &[7; 40]].concat());
        self.connection(client, (server, 135), &[&bind, &accepted, &request, &rpc(2, &[&[0; 8][..], stub].concat())]);
    }

    pub fn write(&self, name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("flowlabel-announced-{}-{name}.pcap", std::process::id()));
        std::fs::write(&path, &self.bytes).unwrap();
        path
    }
}

const SERVER: &str = "10.0.0.2";
const MAPPER: [u8; 16] = [0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa];
const NDR: [u8; 16] = [0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60];
const NETLOGON: [u8; 16] = [0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb];

/// A bind to netlogon and its acceptance.
pub fn bind_to_netlogon() -> (Vec<u8>, Vec<u8>) {
    bind_to_netlogon_at(b"")
}

/// The same; the acceptance has a secondary address, which ends with a zero byte and is padded to four with what is before it.
pub fn bind_to_netlogon_at(address: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let offer = [0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0];
    let mut address = [&(address.len() as u16).to_le_bytes(), address].concat();
    address.resize(address.len().next_multiple_of(4), 0);
    let accepted = [&[0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0][..], &address, &[1, 0, 0, 0, 0, 0, 0, 0], &NDR, &[2, 0, 0, 0]];
    (rpc(11, &[&offer[..], &NETLOGON, &[1, 0, 0, 0], &NDR, &[2, 0, 0, 0]].concat()), rpc(12, &accepted.concat()))
}

pub fn rpc(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &(16 + body.len() as u16).to_le_bytes(), &[0, 0, 1, 0, 0, 0], body].concat()
}

/// `ept_map`: netlogon is at these ports.
pub fn mapped(ports: &[u16]) -> (u8, Vec<u8>) {
    let count = (ports.len() as u32).to_le_bytes();
    let mut stub = [&[0; 20][..], &count, &count, &[0; 4], &count].concat();
    stub.extend((1..=ports.len() as u32).flat_map(|referent| (referent * 4).to_le_bytes()));
    for port in ports {
        put_tower(&mut stub, *port);
    }
    stub.extend([0; 4]);
    (3, stub)
}

/// `ept_lookup`: netlogon is at these ports, each with an annotation, which is a string of at most 64 bytes.
pub fn looked_up(entries: &[(u16, &[u8])]) -> (u8, Vec<u8>) {
    let count = (entries.len() as u32).to_le_bytes();
    let mut stub = [&[0; 20][..], &count, &count, &[0; 4], &count].concat();
    for ((_, annotation), referent) in entries.iter().zip(1_u32..) {
        let text = [annotation, &[0][..]].concat();
        stub.extend([&[0; 16][..], &(referent * 4).to_le_bytes(), &[0; 4], &(text.len() as u32).to_le_bytes(), &text].concat());
        stub.resize(stub.len().next_multiple_of(4), 0);
    }
    for (port, _) in entries {
        put_tower(&mut stub, *port);
    }
    stub.extend([0; 4]);
    (2, stub)
}

fn put_tower(stub: &mut Vec<u8>, port: u16) {
    let tower = tower(port);
    let length = (tower.len() as u32).to_le_bytes();
    stub.extend([&length[..], &length, &tower].concat());
    stub.resize(stub.len().next_multiple_of(4), 0);
}

pub fn tower(port: u16) -> Vec<u8> {
    let floor = |left: &[u8], right: &[u8]| {
        [&(left.len() as u16).to_le_bytes()[..], left, &(right.len() as u16).to_le_bytes(), right].concat()
    };
    let uuid = |uuid: &[u8]| [&[0x0d][..], uuid, &[1, 0]].concat();
    let floors = [
        floor(&uuid(&NETLOGON), &[0, 0]),
        floor(&uuid(&NDR), &[0, 0]),
        floor(&[0x0b], &[0, 0]),
        floor(&[7], &port.to_be_bytes()),
    ];
    [&[4, 0][..], &floors.concat()].concat()
}
