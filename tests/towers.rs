//! `flowlabel rpc --format json` against tshark's `epm` dissector: the same interfaces at the same ports, in the fixtures and, where they are at hand, in
//! the captures by others. It runs where tshark is installed.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::binary::{flowlabel, said_by};
use support::captures::{pages, say};

/// Server, transport, interface, its major version, port.
type Tower = (String, &'static str, String, u64, u64);

/// One column for each of these, the values of a packet in their order.
const FIELDS: [&str; 10] = [
    "ip.src",
    "ipv6.src",
    "tcp.srcport",
    "udp.srcport",
    "epm.tower.num_floors",
    "epm.tower.proto_id",
    "epm.uuid",
    "epm.uuid_version",
    "epm.proto.tcp_port",
    "epm.proto.udp_port",
];

/// What tshark reads in the answers of mappers; `None` where it is not installed.
fn read_by_tshark(capture: &Path) -> Option<BTreeSet<Tower>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(capture).args(["-Y", "epm && dcerpc.pkt_type == 2", "-T", "fields", "-E", "occurrence=a"]);
    tshark.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let output = tshark.output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().flat_map(towers).collect())
}

/// The towers of one packet. Each floor that is an interface or a syntax (13) takes a UUID, one with a port takes a port of its transport.
fn towers(line: &str) -> Vec<Tower> {
    let columns: Vec<Vec<&str>> =
        line.split('\t').map(|column| column.split(',').filter(|value| !value.is_empty()).collect()).collect();
    let mut columns: BTreeMap<&str, std::vec::IntoIter<&str>> =
        FIELDS.into_iter().zip(columns.into_iter().map(Vec::into_iter)).collect();
    let mut next = |field: &str| columns.get_mut(field).and_then(Iterator::next).map(str::to_owned);
    let server = next("ip.src").or_else(|| next("ipv6.src")).unwrap();
    let (own_tcp, own_udp) = (number(next("tcp.srcport")), number(next("udp.srcport")));
    let mut found = Vec::new();
    while let Some(floors) = number(next("epm.tower.num_floors")) {
        let (mut interface, mut place) = (None, None);
        for _ in 0..floors {
            match number(next("epm.tower.proto_id")) {
                Some(13) => {
                    let named = (next("epm.uuid"), number(next("epm.uuid_version")).and_then(low_byte_first));
                    interface = interface.or(Some(named));
                }
                Some(7) => place = Some(("tcp", number(next("epm.proto.tcp_port")))),
                Some(8) => place = Some(("udp", number(next("epm.proto.udp_port")))),
                _ => {}
            }
        }
        // That the mapper is where it was asked is no news.
        let is_news = |(transport, port): &(&str, Option<u64>)| *port != if *transport == "tcp" { own_tcp } else { own_udp };
        if let (Some((Some(uuid), Some(version))), Some((transport, Some(port)))) = (interface, place.filter(is_news))
            && port > 0
        {
            found.push((server.clone(), transport, uuid, version, port));
        }
    }
    found
}

/// tshark takes a version's high byte first, while all numbers of a tower but ports and addresses have the low byte first (C706 appendix L): netlogon, whose
/// specification calls it 1.0, is 256 to it.
fn low_byte_first(version: u64) -> Option<u64> {
    u16::try_from(version).ok().map(|version| version.swap_bytes().into())
}

/// Decimal, or hexadecimal with `0x`.
fn number(text: Option<String>) -> Option<u64> {
    let text = text?;
    text.strip_prefix("0x").map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16)).ok()
}

/// What the real binary lists as learned from mappers, but for RPC over HTTP, of which tshark names another field.
fn listed(capture: &Path) -> BTreeSet<Tower> {
    let said = said_by(flowlabel().arg("rpc").arg(capture).args(["--format", "json"]));
    let told: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err));
    let mapped =
        told["learned"].as_array().unwrap().iter().filter(|end| ["ept_map", "ept_lookup"].iter().any(|how| end["how"] == *how));
    let tower = |end: &Value| {
        let text = |field: &str| end[field].as_str().unwrap().to_owned();
        let transport = if end["transport"] == "udp" { "udp" } else { "tcp" };
        let version = text("version").split('.').next().unwrap().parse().unwrap();
        (text("server"), transport, text("interface"), version, end["port"].as_u64().unwrap())
    };
    mapped.filter(|end| end["protocol"] != "RPC over HTTP").map(tower).collect()
}

/// Captures with answers of mappers: the fixtures', and those of others.
fn captures() -> Vec<PathBuf> {
    let fixtures = ["servers/samba", "servers/samba-clients", "servers/samba-pipe", "announced/mapper", "announced/smb-pipes"];
    let ours = fixtures.iter().map(|case| support::repository("fixtures").join(case).join("capture.pcap"));
    let has_towers = |text: &Value| text["epm_towers"].as_array().is_some_and(|towers| !towers.is_empty());
    let theirs = pages().unwrap_or_default().into_iter().filter(|page| has_towers(&page.text)).map(|page| page.capture);
    ours.chain(theirs).collect()
}

#[test]
fn the_ledger_lists_what_tshark_reads_in_the_answers_of_endpoint_mappers() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for capture in captures() {
        let Some(expected) = read_by_tshark(&capture) else {
            return say("\nNOT TESTED: tshark is not installed");
        };
        let told = listed(&capture);
        let missing: Vec<_> = expected.difference(&told).collect();
        let invented: Vec<_> = told.difference(&expected).collect();
        checked += expected.len();
        if !missing.is_empty() || !invented.is_empty() {
            wrong.push(format!("{}: not listed {missing:?}, not read by tshark {invented:?}", capture.display()));
        }
    }
    println!("{checked} towers");
    assert!(wrong.is_empty() && checked > 0, "{wrong:#?}");
}
