//! What hosts are called goes to the records of other flows: from which protocols, when, escaped, and the same for any number of workers.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::program::{self, Said, run};
use tempfile::TempDir;

/// A segment on which each host is named in another way before or after it is spoken to on 445.
const SEGMENT: &str = r#"
title = "Hosts are named in many ways"
start = 2026-03-02T08:00:00Z
hosts = { ws = "10.1.8.20", dc1 = "10.1.0.5", sms1 = "10.1.0.9", files = "10.1.0.40", printer = "10.1.0.77", old = "10.1.0.41", web = "10.1.0.80", all = "10.1.255.255" }

[payloads]
q-sms1 = 'name "sms1.corp.example" 0x00010001'
is-sms1 = '0x8580 0x00010001 zeros 4 @q-sms1 0xc00c 0x00010001 0x00000e10 size16(0x0a010009)'
q-40 = 'name "40.0.1.10.in-addr.arpa" 0x000c0001'
is-40 = '0x8580 0x00010001 zeros 4 @q-40 0xc00c 0x000c0001 0x00000e10 size16(name "files.corp.example")'
printer = '0x0000 0x8400 0x0000 0x0001 zeros 4 name "printer.local" 0x00018001 0x00000078 size16(0x0a01004d)'
# OLD<20>, registered by its owner
old = '0x20 "EPEMEECACACACACACACACACACACACACA\0"'
register-old = '0x0001 0x2910 0x0001 0x0000 0x0000 0x0001 @old 0x00200001 0xc00c 0x00200001 0x000493e0 size16(0x0000 0x0a010029)'
# DHCPREQUEST of 10.1.8.20, by WS20
request = '0x01010600 0x00000007 zeros 4 0x0a010814 zeros 12 zeros 208 0x63825363 0x350103 0x0c04 "WS20" 0xff'

[[flow]]
name = "DNS"
at = 0.0
from = "ws:1040"
to = "dc1:53"
protocol = "udp"
steps = ['> 0x0101 0x0100 0x00010000 zeros 4 @q-sms1', '< 0x0101 @is-sms1']

[[flow]]
name = "mDNS"
at = 0.1
from = "printer:5353"
to = "224.0.0.251:5353"
protocol = "udp"
steps = ['> @printer']

[[flow]]
name = "NetBIOS"
at = 0.2
from = "old:137"
to = "all:137"
protocol = "udp"
steps = ['> @register-old']

[[flow]]
name = "DHCP"
at = 0.3
from = "ws:68"
to = "dc1:67"
protocol = "udp"
steps = ['> @request']

[[flow]]
name = "to each"
at = 1.0
from = "ws:1041"
to = "sms1:445"
protocol = "tcp"
steps = ['open', 'close']

[[flow]]
name = "to each"
at = 1.1
from = "ws:1042"
to = "printer:445"
protocol = "tcp"
steps = ['open', 'close']

[[flow]]
name = "to each"
at = 1.2
from = "ws:1043"
to = "old:445"
protocol = "tcp"
steps = ['open', 'close']

[[flow]]
name = "named later"
at = 1.3
from = "ws:1044"
to = "files:445"
protocol = "tcp"
steps = ['open', 'close']

[[flow]]
name = "what fills the time between"
at = 100.0
from = "ws:2000"
to = "all:9"
protocol = "udp"
steps = ['> 0x00']
repeat = 9000
every = 0.01

[[flow]]
name = "reverse lookup"
at = 200.0
from = "ws:1045"
to = "dc1:53"
protocol = "udp"
steps = ['> 0x0102 0x0100 0x00010000 zeros 4 @q-40', '< 0x0102 @is-40']

[[flow]]
name = "Web"
at = 201.0
from = "ws:1046"
to = "web:80"
protocol = "tcp"
steps = ['open', '> "GET / HTTP/1.1\r\nHost: web.corp.example\r\n\r\n"', '< "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"', 'close']

[[flow]]
name = "to the Web server otherwise"
at = 202.0
from = "ws:1047"
to = "web:445"
protocol = "tcp"
steps = ['open', 'close']
"#;

/// What each server on 445 is called.
const EXPECTED: &[(&str, &str)] = &[
    ("10.1.0.9", "sms1.corp.example"),
    ("10.1.0.77", "printer.local"),
    ("10.1.0.41", "OLD"),
    ("10.1.0.40", "files.corp.example"),
    ("10.1.0.80", "web.corp.example"),
];

fn put(scenario: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    fs::write(&path, support::capture(scenario).unwrap()).unwrap();
    (folder, path)
}

/// The names of the clients and servers of flows to 445, by the server's address.
fn names(flows: &[Value]) -> BTreeMap<String, (Value, Value)> {
    let to_445 = flows.iter().filter(|flow| flow["server"]["port"] == 445);
    let named = |flow: &Value| (flow["client"]["name"].clone(), flow["server"]["name"].clone());
    to_445.map(|flow| (flow["server"]["ip"].as_str().unwrap().to_owned(), named(flow))).collect()
}

#[test]
fn every_protocol_that_names_hosts_names_them_in_other_flows() {
    let flows = program::flows(&support::capture(SEGMENT).unwrap(), &[]);
    let names = names(&flows);
    for (ip, name) in EXPECTED {
        assert_eq!(names[*ip], ("WS20".into(), (*name).into()), "{ip}");
    }
    assert_eq!(names.len(), EXPECTED.len());
    let verdicts: Vec<_> = flows.iter().filter(|flow| flow["server"]["port"] == 445).map(|flow| &flow["verdict"]).collect();
    assert!(verdicts.iter().all(|verdict| **verdict == "matched"), "a name changes no label");
}

#[test]
fn the_summary_says_where_names_are_from() {
    let (_folder, path) = put(SEGMENT);
    let out = run(&["read", path.to_str().unwrap(), "--format", "ndjson"]).out;
    let summary: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let row = |name: &Value| {
        format!("{} {} {}", name["host"].as_str().unwrap(), name["name"].as_str().unwrap(), name["from"].as_str().unwrap())
    };
    let rows: Vec<String> = summary["names"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        "10.1.0.9 sms1.corp.example dns",
        "10.1.0.40 files.corp.example dns",
        "10.1.0.41 OLD netbios",
        "10.1.0.77 printer.local mdns",
        "10.1.0.80 web.corp.example payload",
        "10.1.8.20 WS20 dhcp",
    ];
    assert_eq!(rows, expected);
    assert_eq!(summary["names"][0]["packet"], 2, "the answer, not the question");
}

#[test]
fn workers_and_streaming_change_no_name() {
    let (_folder, path) = put(SEGMENT);
    let read = |options: &[&str]| run(&[&["read", path.to_str().unwrap(), "--format", "ndjson"], options].concat()).out;
    let whole = read(&["--workers", "1"]);
    assert_eq!(whole, read(&["--workers", "4"]));
    // The flow to the file server ends before the reverse lookup: what it is called follows as an update.
    let streamed = read(&["--stream"]);
    let lines: Vec<Value> = streamed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut flows: BTreeMap<String, Value> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["type"] != "summary") {
        let flow = flows.entry(line["id"].to_string()).or_insert_with(|| line.clone());
        for (field, value) in line.as_object().unwrap() {
            flow[field] = value.clone();
        }
    }
    assert!(lines.iter().any(|line| line["type"] == "update"));
    let streamed: Vec<Value> = flows.into_values().collect();
    let whole: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(names(&streamed), names(&whole));
}

/// A DNS answer, then a flow to the address it gave.
fn answered(name: &str) -> String {
    format!(
        r#"
title = "A name of a stranger's choice"
start = 2026-03-02T08:00:00Z
hosts = {{ ws = "10.1.8.20", dc1 = "10.1.0.5", sms1 = "10.1.0.9" }}

[[flow]]
name = "DNS"
at = 0.0
from = "ws:1040"
to = "dc1:53"
protocol = "udp"
steps = ['> 0x0101 0x0100 0x00010000 zeros 4 0x01 "a" 0x00 0x00010001', '< 0x0101 0x8580 0x00000001 zeros 4 {name} 0x00 0x00010001 0x00000e10 size16(0x0a010009)']

[[flow]]
name = "SMB"
at = 1.0
from = "ws:1041"
to = "sms1:9999"
protocol = "tcp"
steps = ['open', 'close']
"#
    )
}

#[test]
fn hostile_names_reach_no_terminal_no_cell_and_no_page() {
    // An escape sequence, the mark that turns the direction, a formula, a script: in labels of a DNS name.
    let name = r#"size8(0x1b "[2J" 0xe280ae "=cmd" 0x22 "<script>")"#;
    let (folder, path) = put(&answered(name));
    let path = path.to_str().unwrap();
    let page = folder.path().join("page.html");
    for format in ["table", "csv", "json", "ndjson"] {
        let Said { out, err, .. } = run(&["read", path, "--flows", "--format", format, "--report", page.to_str().unwrap()]);
        assert!(!out.is_empty(), "{err}");
        let harmful = ['\u{1b}', '\u{202e}'];
        assert!(!out.contains(harmful) && !err.contains(harmful), "{format}");
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("[2J") && !page.contains("<script>\\") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert!(!page.contains(r#"=cmd"<script>"#));
    let flows = program::flows(&support::capture(&answered(name)).unwrap(), &[]);
    assert_eq!(flows[1]["server"]["name"], "\\x1b[2J\\u{202e}=cmd\"<script>");
}

#[test]
fn the_csv_has_the_names() {
    let (_folder, path) = put(SEGMENT);
    let out = run(&["read", path.to_str().unwrap(), "--format", "csv"]).out;
    let at = |name: &str| out.lines().next().unwrap().split(',').position(|column| column == name).unwrap();
    let (ip, name) = (at("server_ip"), at("server_name"));
    let named = out.lines().skip(1).filter(|line| line.split(',').nth(name) == Some("sms1.corp.example"));
    assert_eq!(named.map(|line| line.split(',').nth(ip).unwrap()).collect::<Vec<_>>(), ["10.1.0.9"]);
}

#[test]
fn a_proxy_answers_to_many_names_and_has_none_of_its_own() {
    let get = |at: u32, port: u32, host: &str| {
        format!(
            "[[flow]]\nname = \"{host}\"\nat = {at}.0\nfrom = \"10.1.8.20:{port}\"\nto = \"10.1.0.99:80\"\nprotocol = \"tcp\"\nsteps = ['open', \
             '> \"GET / HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n\"', '< \"HTTP/1.1 200 OK\\r\\n\\r\\n\"', 'close']\n"
        )
    };
    let other = "[[flow]]\nname = \"other\"\nat = 9.0\nfrom = \"10.1.8.20:1090\"\nto = \"10.1.0.99:445\"\nprotocol = \"tcp\"\nsteps = ['open', 'close']\n";
    let head = "title = \"A proxy\"\nstart = 2026-03-02T08:00:00Z\n";
    let one = [head, &get(0, 1040, "a.example"), other].concat();
    let two = [head, &get(0, 1040, "a.example"), &get(1, 1041, "b.example"), other].concat();
    let name = |scenario: &str| names(&program::flows(&support::capture(scenario).unwrap(), &[]))["10.1.0.99"].1.clone();
    assert_eq!((name(&one), name(&two)), ("a.example".into(), Value::Null));
    let own = program::flows(&support::capture(&two).unwrap(), &[]);
    assert_eq!((&own[0]["server"]["name"], &own[1]["server"]["name"]), (&"a.example".into(), &"b.example".into()));
}
