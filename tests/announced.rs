//! What is announced labels what follows: captures by others held against tshark's reading of their announcements (where they are at hand), and
//! cases crafted byte by byte.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use serde_json::Value;
use support::binary::{Said, read};
use support::captures::pages;
use support::header;

/// Raw IP (`LINKTYPE_RAW`).
const RAW: u32 = 101;

const CLIENT: &str = "10.0.0.1";
const OTHER: &str = "10.0.0.3";
const SERVER: &str = "10.0.0.2";

/// A capture that grows packet by packet, a tenth of a second apart unless told otherwise.
struct Capture {
    bytes: Vec<u8>,
    tenths: u32,
}

impl Capture {
    fn new() -> Self {
        let words = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, RAW];
        Self { bytes: words.into_iter().flat_map(u32::to_le_bytes).collect(), tenths: 10_000_000 }
    }

    fn later(&mut self, seconds: u32) {
        self.tenths += seconds * 10;
    }

    fn packet(&mut self, ip: &[u8]) {
        self.tenths += 1;
        for word in [self.tenths / 10, self.tenths % 10 * 100_000, ip.len() as u32, ip.len() as u32] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(ip);
    }

    fn udp(&mut self, from: (&str, u16), to: (&str, u16), payload: &[u8]) {
        let ends = (from.0.parse().unwrap(), to.0.parse().unwrap());
        let ip = header::Ip { protocol: 17, id: self.tenths as u16, piece: header::Piece::default() };
        self.packet(&header::ip(ends, ip, &header::udp(ends, (from.1, to.1), payload)));
    }

    /// A segment: 20 bytes of header by RFC 9293 section 3.1 (its checksum is nobody's concern here), and the payload.
    fn tcp(&mut self, from: (&str, u16), to: (&str, u16), (flags, seq, ack): (u8, u32, u32), payload: &[u8]) {
        let ends = (from.0.parse().unwrap(), to.0.parse().unwrap());
        let ports = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
        let segment = [&ports[..], &seq.to_be_bytes(), &ack.to_be_bytes(), &[0x50, flags, 0x20, 0, 0, 0, 0, 0], payload].concat();
        let ip = header::Ip { protocol: 6, id: self.tenths as u16, piece: header::Piece::default() };
        self.packet(&header::ip(ends, ip, &segment));
    }

    /// A connection: opened, what each says in turn (the first is the client's), closed.
    fn connection(&mut self, client: (&str, u16), server: (&str, u16), said: &[&[u8]]) {
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
    fn mapped(&mut self, client: (&str, u16), port: u16) {
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
        let request = rpc(0, &[&[0; 4][..], &[0, 0, 3, 0], &[7; 40]].concat());
        let tower = tower(port);
        let length = (tower.len() as u32).to_le_bytes();
        let answer = [
            &[0; 8][..],
            &[0; 20],
            &[1, 0, 0, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
            &[3, 0, 0, 0],
            &length,
            &length,
            &tower,
        ]
        .concat();
        self.connection(client, (SERVER, 135), &[&bind, &accepted, &request, &rpc(2, &answer)]);
    }

    fn write(&self, name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("flowlabel-announced-{}-{name}.pcap", std::process::id()));
        std::fs::write(&path, &self.bytes).unwrap();
        path
    }
}

const MAPPER: [u8; 16] = [0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa];
const NDR: [u8; 16] = [0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60];
const NETLOGON: [u8; 16] = [0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb];

fn rpc(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &(16 + body.len() as u16).to_le_bytes(), &[0, 0, 1, 0, 0, 0], body].concat()
}

fn tower(port: u16) -> Vec<u8> {
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

/// `server port: verdict label evidence`, and what else matters, of every flow to a port above 1024.
fn told(said: &Said) -> Vec<String> {
    let (records, _) = said.records();
    let high = records.iter().filter(|record| record["server"]["port"].as_u64().is_some_and(|port| port > 1024));
    let line = |record: &Value| {
        let word = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
        let after = if record["learned_after"] == true { " after" } else { "" };
        format!("{} {} {} {}{after}", record["server"]["port"], word("verdict"), word("label"), word("evidence"))
    };
    high.map(line).collect()
}

/// What is said of a capture; the same for any number of workers, and after a stream's updates.
fn labelled(capture: &Capture, name: &str) -> Vec<String> {
    let path = capture.write(name);
    let one = read(&path, &["--workers", "1"]);
    for workers in ["2", "3", "8"] {
        assert!(one.out == read(&path, &["--workers", workers]).out, "{name} with {workers} workers");
    }
    let (mut plain, summary) = one.records();
    let (mut streamed, streamed_summary) = read(&path, &["--stream"]).records();
    plain.sort_by_key(|record| record["id"].as_str().map(str::to_owned));
    streamed.sort_by_key(|record| record["id"].as_str().map(str::to_owned));
    assert_eq!(applied(streamed), plain, "{name} as a stream");
    assert_eq!(streamed_summary["evidence"], summary["evidence"], "{name} as a stream");
    assert_eq!(streamed_summary["learned"], summary["learned"], "{name} as a stream");
    std::fs::remove_file(&path).unwrap();
    told(&one)
}

/// Flows with their updates applied.
fn applied(lines: Vec<Value>) -> Vec<Value> {
    let (mut flows, updates): (Vec<Value>, Vec<Value>) = lines.into_iter().partition(|line| line["type"] == "flow");
    for update in updates {
        let flow = flows.iter_mut().find(|flow| flow["id"] == update["id"]).unwrap().as_object_mut().unwrap();
        let changes = update.as_object().unwrap().iter().filter(|(name, _)| *name != "type");
        flow.extend(changes.map(|(name, value)| (name.clone(), value.clone())));
    }
    flows
}

const SEALED: &[u8] = b"\xe7\x91\x03\xa9 what nobody recognises \xff\xfe";

#[test]
fn one_announcement_holds_for_two_clients() {
    let mut capture = Capture::new();
    capture.mapped((CLIENT, 40_000), 49_158);
    capture.connection((CLIENT, 40_001), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.connection((OTHER, 40_002), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.connection((OTHER, 40_003), (SERVER, 49_159), &[SEALED, SEALED]);
    let learned = "49158 matched RPC learned";
    assert_eq!(labelled(&capture, "two"), [learned, learned, "49159 unmatched - -"], "nobody announced the last one");
}

#[test]
fn an_announcement_holds_for_flows_that_began_before() {
    let mut capture = Capture::new();
    capture.connection((OTHER, 40_002), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.later(1000);
    capture.mapped((CLIENT, 40_000), 49_158);
    // So that a stream has given the first one away by then.
    for n in 0..3000 {
        capture.udp((CLIENT, 53), (OTHER, 53), &[n as u8; 20]);
    }
    assert_eq!(labelled(&capture, "after"), ["49158 matched RPC learned after"]);
}

#[test]
fn a_port_that_carries_something_else_is_mismatched_and_forgotten() {
    let mut capture = Capture::new();
    capture.mapped((CLIENT, 40_000), 49_158);
    let (get, ok): (&[u8], &[u8]) = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    capture.connection((CLIENT, 40_001), (SERVER, 49_158), &[get, ok]);
    capture.connection((CLIENT, 40_002), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.mapped((CLIENT, 40_003), 49_158);
    capture.connection((CLIENT, 40_004), (SERVER, 49_158), &[SEALED, SEALED]);
    let expected = ["49158 mismatched HTTP payload", "49158 unmatched - -", "49158 matched RPC learned"];
    assert_eq!(labelled(&capture, "reused"), expected, "announced again, it is believed again");
}

#[test]
fn a_data_port_is_for_one_conversation() {
    let mut capture = Capture::new();
    let pasv: &[u8] = b"227 Entering Passive Mode (10,0,0,2,195,80)\r\n";
    capture.connection(
        (CLIENT, 40_000),
        (SERVER, 2121),
        &[b"USER a\r\n", b"331 Password\r\n", b"PASS b\r\n", b"230 ok\r\n", b"PASV\r\n", pasv],
    );
    // Refused, then answered, then used by somebody else and once too often.
    capture.tcp((CLIENT, 40_001), (SERVER, 50_000), (0x02, 100, 0), b"");
    capture.tcp((SERVER, 50_000), (CLIENT, 40_001), (0x14, 0, 101), b"");
    capture.connection((OTHER, 40_002), (SERVER, 50_000), &[SEALED]);
    capture.connection((CLIENT, 40_003), (SERVER, 50_000), &[b"", b"a file"]);
    capture.connection((CLIENT, 40_004), (SERVER, 50_000), &[b"", b"a file"]);
    let (learned, not) = ("50000 matched FTP default data learned", "50000 unmatched - -");
    assert_eq!(labelled(&capture, "once")[1..], [learned, not, learned, not]);
}

#[test]
fn an_announcement_expires() {
    let mut capture = Capture::new();
    capture.mapped((CLIENT, 40_000), 49_158);
    capture.later(11 * 3600);
    capture.connection((CLIENT, 40_001), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.later(2 * 3600);
    capture.connection((CLIENT, 40_002), (SERVER, 49_158), &[SEALED, SEALED]);
    assert_eq!(labelled(&capture, "expired"), ["49158 matched RPC learned", "49158 unmatched - -"]);
}

#[test]
fn another_hosts_address_is_noted_and_not_believed() {
    let mut capture = Capture::new();
    let port: &[u8] = b"PORT 10,0,0,9,195,80\r\n";
    capture.connection(
        (CLIENT, 40_000),
        (SERVER, 21),
        &[b"USER a\r\n", b"331 Password\r\n", b"PASS b\r\n", b"230 ok\r\n", port, b"200 ok\r\n"],
    );
    capture.connection((SERVER, 20), ("10.0.0.9", 50_000), &[b"bounced"]);
    capture.connection((SERVER, 2000), ("10.0.0.9", 50_000), &[b"bounced"]);
    let path = capture.write("bounce");
    let (records, _) = read(&path, &[]).records();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(records[0]["notes"].as_array().unwrap().iter().filter(|note| *note == "announces-other-host").count(), 1);
    assert!(records.iter().all(|record| record["evidence"] != "learned"), "{records:#?}");
    assert_eq!(records[2]["verdict"], "unmatched");
}

#[test]
fn ten_thousand_announcements() {
    let mut capture = Capture::new();
    for n in 0..10_000_u16 {
        let client = format!("10.{}.{}.{}", 1 + n / 5000, n / 200 % 25, 1 + n % 200);
        let request = format!("\0\u{1}boot{n}\0octet\0");
        capture.udp((&client, 2000), (SERVER, 69), request.as_bytes());
        capture.udp((SERVER, 20_000 + n), (&client, 2000), b"\0\x03\0\x01data");
        capture.udp((&client, 2000), (SERVER, 20_000 + n), b"\0\x04\0\x01");
    }
    let path = capture.write("many");
    let one = read(&path, &["--workers", "1"]);
    assert!(one.out == read(&path, &["--workers", "3"]).out);
    std::fs::remove_file(&path).unwrap();
    let lines = told(&one);
    assert_eq!(lines.len(), 10_000);
    assert!(
        lines.iter().all(|line| line.ends_with(" matched TFTP learned")),
        "{:?}",
        lines.iter().find(|line| !line.ends_with("learned"))
    );
}

/// Ports that tshark reads out of a capture's announcements: the announcer and its port.
fn announced(page: &Value) -> BTreeSet<(IpAddr, u64)> {
    let ip = |value: &Value| value.as_str().and_then(|ip| ip.parse::<IpAddr>().ok());
    let towers = page["epm_towers"].as_array().into_iter().flatten().flat_map(|tower| {
        let server = ip(&tower["server"]);
        tower["tcp"].as_array().into_iter().flatten().filter_map(move |port| Some((server?, port.as_u64()?))).collect::<Vec<_>>()
    });
    let data = page["ftp_data_announced"].as_array().into_iter().flatten();
    towers.chain(data.filter_map(|data| Some((ip(&data["sender"])?, data["port"].as_u64()?)))).collect()
}

#[test]
fn every_tower_and_every_ftp_port_that_tshark_reads_is_learned() {
    let Some(pages) = pages() else { return };
    let (mut checked, mut missing) = (0, Vec::new());
    for page in pages {
        let wanted = announced(&page.text);
        if wanted.is_empty() {
            continue;
        }
        let (records, summary) = read(&page.capture, &[]).records();
        let at = |value: &Value, ip: &str| Some((value[ip].as_str()?.parse::<IpAddr>().ok()?, value["port"].as_u64()?));
        let learned: BTreeSet<_> =
            summary["learned"].as_array().unwrap().iter().filter_map(|endpoint| at(endpoint, "server")).collect();
        missing.extend(wanted.difference(&learned).map(|end| format!("{}: {end:?} is not learned", page.name)));
        checked += wanted.len();
        for record in &records {
            let is_new = record["transport"] == "tcp" && record["direction"] == "syn" && record["learned_after"] == false;
            let is_announced = at(&record["server"], "ip").is_some_and(|end| wanted.contains(&end));
            if is_new && is_announced && record["evidence"] != "learned" {
                missing.push(format!("{} {}: {} {}", page.name, record["id"], record["label"], record["reason"]));
            }
        }
    }
    println!("{checked} announcements");
    assert!(missing.is_empty(), "{missing:#?}");
}
