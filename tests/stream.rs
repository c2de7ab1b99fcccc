//! `read --stream` says what `read` says, in the order in which flows end, for any number of workers and in bounded memory.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::header;

/// Raw IP (`LINKTYPE_RAW`).
const RAW: u32 = 101;

/// What the binary says, line by line; damage is part of some cases.
fn lines(capture: &Path, options: &[&str]) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.arg("read").arg(capture).args(["--format", "ndjson"]).args(options).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Flows by id with updates applied, and the summary.
fn applied(lines: &[Value]) -> (BTreeMap<String, Value>, Value) {
    let mut flows = BTreeMap::new();
    let mut summary = Value::Null;
    for line in lines {
        let id = line["id"].as_str().unwrap_or_default().to_owned();
        match line["type"].as_str() {
            Some("flow") => assert!(flows.insert(id, line.clone()).is_none(), "twice: {line}"),
            Some("update") => {
                let flow = flows.get_mut(&id).and_then(Value::as_object_mut).unwrap();
                let changes = line.as_object().unwrap().iter().filter(|(name, _)| *name != "type");
                flow.extend(changes.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => summary = line.clone(),
        }
    }
    (flows, summary)
}

/// An hour of a busy segment: a packet a second, some of them ICMP echo, GRE or VXLAN around UDP; ports are used again after a while.
/// One packet has a wild time.
fn hour() -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, RAW] {
        file.extend(u32::to_le_bytes(word));
    }
    for n in 0..3600_u32 {
        let packet = packet(n);
        let time = if n == 1700 { 4_000_000_000 } else { 1_000_000 + n };
        for word in [time, 0, packet.len() as u32, packet.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn packet(n: u32) -> Vec<u8> {
    let host = |last: u32| -> IpAddr { format!("10.0.{}.{}", last / 200, 1 + last % 200).parse().unwrap() };
    let (client, server) = (host(n % 37), host(1000 + n % 11));
    let ip = |ends, protocol, payload: &[u8]| {
        header::ip(ends, header::Ip { protocol, id: 1, piece: header::Piece::default() }, payload)
    };
    let datagram = |ends| ip(ends, 17, &header::udp(ends, (2000 + (n % 97) as u16, 53), b"question"));
    let gateways = (host(300 + n % 3), host(400));
    match n % 7 {
        0 => ip(gateways, 47, &header::gre(Some(7), &datagram((client, server)))),
        1 => ip((client, server), 1, &header::icmp((client, server), 8, 0, &[0, (n % 5) as u8, 0, 1])),
        _ => datagram((client, server)),
    }
}

#[test]
fn every_fixture_streams_to_the_same_records() {
    for case in support::fixtures() {
        let capture = case.join("capture.pcap");
        assert_eq!(applied(&lines(&capture, &["--stream"])), applied(&lines(&capture, &[])), "{}", capture.display());
    }
}

#[test]
fn an_hour_streams_to_the_same_records_in_the_order_of_their_ends() {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("hour.pcap");
    std::fs::write(&capture, hour()).unwrap();
    let plain = lines(&capture, &[]);
    let streamed = lines(&capture, &["--stream", "--workers", "1"]);
    let (flows, _) = applied(&plain);
    assert!(flows.len() > 1000, "{}", flows.len());
    assert!(flows.values().any(|flow| flow["tunnels"][0]["id"].is_string()));
    assert_eq!(applied(&streamed), applied(&plain));
    assert_ne!(streamed, plain, "nothing ended before the end");
    for workers in ["2", "3"] {
        assert_eq!(lines(&capture, &["--stream", "--workers", workers]), streamed, "{workers} workers");
    }
}
