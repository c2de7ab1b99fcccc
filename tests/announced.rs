//! What is announced labels what follows: captures by others held against tshark's reading of their announcements (where they are at hand), and
//! cases crafted byte by byte.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value;
use support::binary::{Said, read};
use support::captures::pages;
use support::conversation::{Capture, Tunnel, bind_to_netlogon_at, mapped};
use support::header;

const CLIENT: &str = "10.0.0.1";
const OTHER: &str = "10.0.0.3";
const SERVER: &str = "10.0.0.2";

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

/// `transport server: label evidence, note` of every flow whose label is one of these.
fn carried(capture: &Capture, name: &str, labels: &[&str]) -> Vec<String> {
    let path = capture.write(name);
    let one = read(&path, &["--workers", "1"]);
    assert!(one.out == read(&path, &["--workers", "3"]).out, "{name} with three workers");
    std::fs::remove_file(&path).unwrap();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |record: &Value| {
        let server = match record["server"]["port"].as_u64() {
            Some(port) => format!("{}/{port}", word(&record["server"]["ip"])),
            None => word(&record["server"]["ip"]),
        };
        format!("{} {server}: {} {}", word(&record["transport"]), word(&record["label"]), word(&record["evidence"]))
    };
    let (records, _) = one.records();
    records.iter().filter(|record| labels.contains(&word(&record["label"]).as_str())).map(line).collect()
}

/// An IP packet between two hosts, neither TCP nor UDP.
fn bare(capture: &mut Capture, from: &str, to: &str, protocol: u8, payload: &[u8]) {
    let ip = header::Ip { protocol, id: 1, piece: header::Piece::default() };
    capture.packet(&header::ip((from.parse().unwrap(), to.parse().unwrap()), ip, payload));
}

/// Enhanced GRE (RFC 2637 section 4.1) whose PPP is encrypted (MPPE, RFC 3078).
fn sealed_call(call: u16) -> Vec<u8> {
    [&[0x30, 0x01, 0x88, 0x0b, 0, 10][..], &call.to_be_bytes(), &[0, 0, 0, 1, 0x00, 0xfd, 0x90, 0x01], &SEALED[..6]].concat()
}

#[test]
fn a_pptp_call_announces_its_gre() {
    let mut capture = Capture::new();
    bare(&mut capture, OTHER, SERVER, 47, &sealed_call(9));
    // The answer to an outgoing call (section 2.8): the server's call id 7, the client's 3, connected.
    let message = |kind: u8, rest: &[u8]| {
        let length = (12 + rest.len()) as u16;
        [&length.to_be_bytes()[..], &[0, 1, 0x1a, 0x2b, 0x3c, 0x4d, 0, kind, 0, 0], rest].concat()
    };
    let (asked, accepted) = (message(7, &[0; 156]), message(8, &[&[0, 7, 0, 3, 1][..], &[0; 15]].concat()));
    capture.connection((CLIENT, 40_000), (SERVER, 1723), &[&asked, &accepted]);
    for (from, to, call) in [(CLIENT, SERVER, 7), (SERVER, CLIENT, 3)] {
        bare(&mut capture, from, to, 47, &sealed_call(call));
    }
    let expected = ["gre 10.0.0.2: GRE protocol", "gre 10.0.0.2: GRE learned"];
    assert_eq!(carried(&capture, "pptp", &["GRE"]), expected, "nobody announced the first");
}

#[test]
fn a_negotiation_of_keys_announces_sealed_packets() {
    let mut capture = Capture::new();
    // Headers of RFC 7296 section 3.1: the initial exchange, then the sealed one (35), requests and answers.
    let message = |exchange: u8, flags: u8, answered: u8| {
        let body = [0x5a; 72];
        let length = (28 + body.len()) as u32;
        let payload = if exchange == 34 { 33 } else { 46 };
        let head = [[1; 8], [answered; 8]].concat();
        let number = u32::from(exchange == 35);
        let first = [0, 0, 0, body.len() as u8];
        [&head[..], &[payload, 0x20, exchange, flags], &number.to_be_bytes(), &length.to_be_bytes(), &first, &body[4..]].concat()
    };
    for (exchange, answered) in [(34, 0), (35, 2)] {
        capture.udp((CLIENT, 500), (SERVER, 500), &message(exchange, 0x08, answered));
        capture.udp((SERVER, 500), (CLIENT, 500), &message(exchange, 0x20, 2));
    }
    for (from, to) in [(CLIENT, SERVER), (SERVER, CLIENT), (OTHER, SERVER)] {
        bare(&mut capture, from, to, 50, &header::esp(0xc0de, 1, SEALED));
        bare(&mut capture, from, to, 51, &header::ah(59, 0xbeef, 1, b""));
    }
    let of = |found: Vec<String>| found.into_iter().filter(|line| line.ends_with("learned")).count();
    let found = carried(&capture, "ike", &["IPSec ESP", "IPSec AH"]);
    assert_eq!((of(found.clone()), found.len()), (2, 4), "keys were negotiated by the first two only: {found:#?}");
}

#[test]
fn an_l2tp_server_may_answer_from_another_port() {
    let mut capture = Capture::new();
    // SCCRQ and SCCRP (RFC 2661 sections 6.1 and 6.2): message type, protocol version, framing, host name, tunnel id.
    let control = |kind: u8, tunnel: u8| {
        let attributes = [
            &[0x80, 8, 0, 0, 0, 0, 0, kind, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 10, 0, 0, 0, 3, 0, 0, 0, 3][..],
            &[0x80, 7, 0, 0, 0, 7, b'h', 0x80, 8, 0, 0, 0, 9, 0, 5],
        ]
        .concat();
        [&[0xc8, 0x02, 0, (12 + attributes.len()) as u8, 0, tunnel, 0, 0, 0, 0, 0, 0][..], &attributes].concat()
    };
    capture.udp((CLIENT, 1701), (SERVER, 1701), &control(1, 0));
    capture.udp((SERVER, 50_001), (CLIENT, 1701), &control(2, 5));
    // Data of a session whose PPP is encrypted.
    for (from, to) in [((SERVER, 50_001), (CLIENT, 1701)), ((CLIENT, 1701), (SERVER, 50_001))] {
        capture.udp(from, to, &[&[0x00, 0x02, 0, 5, 0, 1, 0xff, 0x03, 0x00, 0xfd][..], SEALED].concat());
    }
    let found = carried(&capture, "l2tp", &["L2TP"]);
    assert_eq!(found, ["udp 10.0.0.2/1701: L2TP payload", "udp 10.0.0.2/50001: L2TP learned"]);
}

#[test]
fn an_invitation_announces_its_media() {
    let mut capture = Capture::new();
    let described = |first: &str, host: &str, port: u16| {
        let sdp = format!("v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n");
        let head = "Via: SIP/2.0/UDP 10.0.0.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1@b\r\nCSeq: 1 INVITE\r\n";
        format!("{first}\r\n{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len()).into_bytes()
    };
    capture.udp((CLIENT, 5060), (SERVER, 5060), &described("INVITE sip:c@10.0.0.2 SIP/2.0", CLIENT, 30_000));
    capture.udp((SERVER, 5060), (CLIENT, 5060), &described("SIP/2.0 200 OK", SERVER, 40_000));
    // RTP (RFC 3550 section 5.1) of payload type 0, and a sender's report (section 6.4.1) one port above.
    for sequence in 0..4_u8 {
        for (from, to) in [((CLIENT, 30_000), (SERVER, 40_000)), ((SERVER, 40_000), (CLIENT, 30_000))] {
            capture.udp(from, to, &[&[0x80, 0, 0, sequence, 0, 0, sequence, 0xa0, 1, 2, 3, 4][..], &[0xff; 160]].concat());
        }
    }
    let report = [&[0x80, 200, 0, 6, 1, 2, 3, 4][..], &[0x11; 20]].concat();
    capture.udp((CLIENT, 30_001), (SERVER, 40_001), &report);
    capture.udp((SERVER, 40_001), (CLIENT, 30_001), &report);
    // The same between two who did not agree on anything stays a guess.
    capture.udp((OTHER, 30_000), (SERVER, 40_010), &[&[0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4][..], &[0xff; 160]].concat());
    // Both ends were announced: either may be listed as the one that listens.
    let found = carried(&capture, "sip", &["RTP", "RTCP"]);
    let labels: Vec<_> = found.iter().filter_map(|line| line.split_once(": ")).map(|(_, label)| label).collect();
    assert_eq!(labels, ["RTP learned", "RTCP learned"], "{found:?}");
}

#[test]
fn an_accepted_bind_announces_its_secondary_address() {
    let mut capture = Capture::new();
    let (bind, accepted) = bind_to_netlogon_at(b"49171\0");
    capture.connection((CLIENT, 40_000), (SERVER, 49_160), &[&bind, &accepted]);
    capture.connection((OTHER, 40_001), (SERVER, 49_171), &[SEALED, SEALED]);
    capture.connection((OTHER, 40_002), (SERVER, 49_172), &[SEALED, SEALED]);
    let expected = ["49160 matched RPC payload", "49171 matched RPC learned", "49172 unmatched - -"];
    assert_eq!(labelled(&capture, "secondary"), expected);
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
fn active_data_comes_from_the_port_below_control() {
    let mut capture = Capture::new();
    let port: &[u8] = b"PORT 10,0,0,1,195,80\r\n";
    let login: [&[u8]; 4] = [b"USER a\r\n", b"331 Password\r\n", b"PASS b\r\n", b"230 ok\r\n"];
    capture.connection((CLIENT, 40_000), (SERVER, 2121), &[&login[..], &[port, b"200 ok\r\n"]].concat());
    capture.connection((SERVER, 2120), (CLIENT, 50_000), &[b"a file"]);
    // The same way round, to a port that was not named.
    capture.connection((SERVER, 2120), (CLIENT, 50_001), &[b"a file"]);
    let learned = "50000 matched FTP default data learned";
    assert_eq!(labelled(&capture, "active")[1..], [learned, "50001 unmatched - -"]);
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn a_web_server_sends_its_clients_to_another_port_of_its_own() {
    let mut capture = Capture::new();
    let asked: &[u8] = b"GET /wsman HTTP/1.1\r\nHost: amt.example\r\n\r\n";
    for (client, port, to) in [
        (40_000, 16_992, "https://10.0.0.2:20443/logon.htm"),
        (40_001, 80, "https://amt.example:21443/wsman"),
        (40_002, 80, "https://elsewhere.example:22443/"),
        (40_003, 80, "https://10.0.0.3:23443/"),
    ] {
        let moved = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        capture.connection((CLIENT, client), (SERVER, port), &[asked, moved.as_bytes()]);
    }
    for (client, port) in [(41_000, 20_443), (41_001, 21_443), (41_002, 22_443)] {
        capture.connection((CLIENT, client), (SERVER, port), &[SEALED, SEALED]);
    }
    capture.connection((CLIENT, 41_003), (OTHER, 23_443), &[SEALED, SEALED]);
    let expected = ["20443 matched HTTPS learned", "21443 matched HTTPS learned", "22443 unmatched - -", "23443 unmatched - -"];
    let found = labelled(&capture, "redirected");
    assert_eq!(found[found.len() - 4..], expected, "{found:#?}");
}

#[test]
fn a_subscriber_says_where_it_waits_for_events() {
    let mut capture = Capture::new();
    let subscribe: &[u8] =
        b"SUBSCRIBE /e HTTP/1.1\r\nHost: a\r\nNT: upnp:event\r\nCALLBACK: <http://10.0.0.1:5431/e><http://10.0.0.1:5432/e>\r\n\r\n";
    capture.connection((CLIENT, 40_000), (SERVER, 80), &[subscribe, OK]);
    capture.connection((SERVER, 41_000), (CLIENT, 5431), &[SEALED, SEALED]);
    let event: &[u8] = b"NOTIFY /e HTTP/1.1\r\nHost: 10.0.0.1:5432\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\nSID: uuid:1\r\nSEQ: 0\r\nContent-Length: 0\r\n\r\n";
    capture.connection((SERVER, 41_001), (CLIENT, 5432), &[event, OK]);
    capture.connection((SERVER, 41_002), (CLIENT, 5433), &[SEALED, SEALED]);
    let learned = "matched SSDP event notification learned";
    assert_eq!(
        labelled(&capture, "events"),
        [format!("5431 {learned}"), format!("5432 {learned}"), "5433 unmatched - -".to_owned()]
    );
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
fn an_address_in_a_forged_header_is_noted_and_not_believed() {
    let mut capture = Capture::new();
    let notify = |host: &str| {
        format!(
            "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nLOCATION: http://{host}:2869/d.xml\r\n\r\n"
        )
    };
    capture.udp((CLIENT, 1900), ("239.255.255.250", 1900), notify("10.0.0.9").as_bytes());
    capture.udp((OTHER, 1900), ("239.255.255.250", 1900), notify(OTHER).as_bytes());
    let subscribe: &[u8] = b"SUBSCRIBE /e HTTP/1.1\r\nHost: a\r\nNT: upnp:event\r\nCALLBACK: <http://10.0.0.9:5431/e>\r\n\r\n";
    capture.connection((CLIENT, 40_000), (SERVER, 80), &[subscribe, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
    capture.connection((CLIENT, 40_001), ("10.0.0.9", 2869), &[SEALED, SEALED]);
    capture.connection((SERVER, 40_001), ("10.0.0.9", 5431), &[SEALED, SEALED]);
    capture.connection((CLIENT, 40_002), (OTHER, 2869), &[SEALED, SEALED]);
    let path = capture.write("forged");
    let (records, summary) = read(&path, &[]).records();
    std::fs::remove_file(&path).unwrap();
    let noted = |record: &Value| record["notes"].as_array().unwrap().contains(&Value::from("announces-other-host"));
    let noted: Vec<bool> = records.iter().map(noted).collect();
    assert_eq!(noted, [true, false, true, false, false, false], "{records:#?}");
    let learned = |record: &Value| record["evidence"] == "learned";
    assert_eq!(records.iter().map(learned).collect::<Vec<_>>(), [false, false, false, false, false, true]);
    let servers: Vec<&str> = summary["learned"].as_array().unwrap().iter().filter_map(|end| end["server"].as_str()).collect();
    assert_eq!(servers, [OTHER]);
}

#[test]
fn a_high_port_is_explained_by_an_announcement_or_by_its_payload_and_by_nothing_else() {
    let mut capture = Capture::new();
    capture.mapped((CLIENT, 40_000), 49_158);
    capture.connection((CLIENT, 40_001), (SERVER, 49_200), &[SEALED, SEALED]);
    // The same server, asked again a moment later, at the port beside.
    capture.connection((CLIENT, 40_002), (SERVER, 49_157), &[SEALED, SEALED]);
    capture.connection((CLIENT, 40_003), (SERVER, 49_159), &[SEALED, SEALED]);
    let (bind, accepted) = support::conversation::bind_to_netlogon();
    capture.connection((CLIENT, 40_004), (SERVER, 49_201), &[&bind, &accepted]);
    let expected = ["49200 unmatched - -", "49157 unmatched - -", "49159 unmatched - -", "49201 matched RPC payload"];
    assert_eq!(labelled(&capture, "licence"), expected);
}

#[test]
fn control_and_data_travel_in_different_tunnels() {
    let mut capture = Capture::new();
    capture.through(Some(Tunnel::Gre("192.0.2.1", "192.0.2.2", 7)));
    capture.mapped((CLIENT, 40_000), 49_158);
    capture.through(Some(Tunnel::Vxlan("192.0.2.3", "192.0.2.4", 9)));
    capture.connection((CLIENT, 40_001), (SERVER, 49_158), &[SEALED, SEALED]);
    capture.through(None);
    capture.connection((OTHER, 40_002), (SERVER, 49_158), &[SEALED, SEALED]);
    let path = capture.write("tunnels");
    let one = read(&path, &["--workers", "1"]);
    for workers in ["2", "3", "4"] {
        assert!(one.out == read(&path, &["--workers", workers]).out, "{workers} workers");
    }
    // Tunnels apart: two flows, both announced all the same.
    let apart = read(&path, &["--key", "tunnel"]);
    std::fs::remove_file(&path).unwrap();
    for said in [&one, &apart] {
        let data: Vec<String> = told(said).into_iter().filter(|line| line.starts_with("49158")).collect();
        assert_eq!(data, ["49158 matched RPC learned", "49158 matched RPC learned"]);
    }
}

#[test]
fn control_and_data_are_in_different_files_of_one_run() {
    let (mut control, mut data) = (Capture::new(), Capture::new());
    control.mapped((CLIENT, 40_000), 49_158);
    data.later(3600);
    data.connection((OTHER, 40_001), (SERVER, 49_158), &[SEALED, SEALED]);
    let (control, data) = (control.write("control"), data.write("data"));
    for (first, second, expected) in
        [(&control, &data, "49158 matched RPC learned"), (&data, &control, "49158 matched RPC learned after")]
    {
        for more in [&["--workers", "1"][..], &["--workers", "4"], &["--merge"]] {
            let options: Vec<&str> = [second.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
            let expected = if more == ["--merge"] { "49158 matched RPC learned" } else { expected };
            assert_eq!(told(&read(first, &options)), [expected], "{options:?}");
        }
    }
    std::fs::remove_file(control).unwrap();
    std::fs::remove_file(data).unwrap();
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
    all_learned(&capture, "many", 10_000, " matched TFTP learned");
}

#[test]
fn ten_thousand_announcements_of_ten_doors() {
    let mut capture = Capture::new();
    for n in 0..10_000_u16 {
        // One client after the other, and each time one of ten ports, as a server behind a firewall has it.
        let (client, port) = (format!("10.0.1.{}", 1 + n % 4), 50_000 + n % 10);
        let pasv = format!("227 Entering Passive Mode (10,0,0,2,{},{})\r\n", port >> 8, port & 255);
        let login: &[&[u8]] = &[b"USER a\r\n", b"331 Password\r\n", b"PASS b\r\n", b"230 ok\r\n", b"PASV\r\n", pasv.as_bytes()];
        capture.connection((&client, 1025 + n), (SERVER, 21), login);
        capture.connection((&client, 20_000 + n), (SERVER, port), &[b"", b"a file"]);
    }
    all_learned(&capture, "doors", 10_000, " matched FTP default data learned");
}

#[test]
fn ten_thousand_listeners() {
    let mut capture = Capture::new();
    for n in 0..100_u16 {
        let server = format!("10.9.0.{}", 1 + n);
        let ports: Vec<u16> = (0..100).map(|port| 49_152 + port).collect();
        capture.asked((CLIENT, 1025 + n), &server, &mapped(&ports));
    }
    for n in 0..10_000_u16 {
        let server = format!("10.9.0.{}", 1 + n / 100);
        capture.connection((OTHER, 1025 + n), (&server, 49_152 + n % 100), &[SEALED, SEALED]);
    }
    all_learned(&capture, "listeners", 10_000, " matched RPC learned");
}

/// Every flow to a high port is what it was announced as, for any number of workers and as a stream; in a time that grows with their number only.
fn all_learned(capture: &Capture, name: &str, flows: usize, ending: &str) {
    let begun = std::time::Instant::now();
    let lines = labelled(capture, name);
    assert_eq!(lines.len(), flows);
    assert!(lines.iter().all(|line| line.ends_with(ending)), "{:?}", lines.iter().find(|line| !line.ends_with(ending)));
    // Five runs of a build that is not optimised, on a machine that does other things too. A square would take longer by far.
    assert!(begun.elapsed().as_secs() < 300, "{:?}", begun.elapsed());
}

#[test]
fn more_than_can_be_remembered_is_told() {
    /// What the ledger remembers of listeners.
    const MOST: u64 = 1 << 17;
    let mut capture = Capture::new();
    for server in 1..=3_u8 {
        for part in 0..30_u16 {
            let ports = (0..2000).map(|n| 2000 + part * 2000 + n);
            let instances = ports.map(|port| format!("InstanceName;A;tcp;{port};;")).collect::<Vec<_>>().concat();
            let answer = [&[5][..], &(instances.len() as u16).to_le_bytes(), instances.as_bytes()].concat();
            capture.udp((CLIENT, 5000), (&format!("10.9.0.{server}"), 1434), b"\x03");
            capture.udp((&format!("10.9.0.{server}"), 1434), (CLIENT, 5000), &answer);
        }
    }
    // The first is forgotten, the last is not.
    capture.connection((CLIENT, 40_001), ("10.9.0.1", 2000), &[SEALED, SEALED]);
    capture.connection((CLIENT, 40_002), ("10.9.0.3", 61_999), &[SEALED, SEALED]);
    let path = capture.write("forgotten");
    let one = read(&path, &["--workers", "1"]);
    assert!(one.out == read(&path, &["--workers", "3"]).out);
    let table = support::binary::said_by(support::binary::flowlabel().arg("read").arg(&path));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(told(&one)[3..], ["2000 unmatched - -", "61999 matched SQL over TCP learned"]);
    let counts = &one.summary()["announcements"];
    assert_eq!((counts["heard"].as_u64(), counts["forgotten"].as_u64()), (Some(180_000), Some(180_000 - MOST)));
    assert!(table.out.contains("49 k announcements forgotten"), "{}", table.out);
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
