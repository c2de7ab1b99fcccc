//! Our flows against tshark's, flow by flow, over every capture at hand; and what is learned of each audits it without a finding.
//!
//! Both sides are summed by IP version, protocol and unordered pair of (address, port) over all layers: packets and IP bytes of each
//! direction must be equal, first and last time within a microsecond. Not judged: ICMP (its errors belong to the flow they quote),
//! what tshark refuses at once, formats other than pcap and pcapng, and flows inside of encapsulations that nobody promised.
//! A capture that differs is named in `captures/exceptions.toml` with its differences and who is right; one that is named and no longer
//! differs, or differs in another way, fails too. Where the captures are: `support::captures`.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use flowlabel::capture::{Options, Source, open};
use flowlabel::flow::{Flow, Settings};
use flowlabel::net::{Addr, Timestamp};
use flowlabel::pipeline;
use flowlabel::record::PacketCounts;
use serde::Deserialize;
use serde_json::Value;

use support::captures::{Page, folder, pages, say};
use support::learned::all_findings;

/// ICMP and `ICMPv6`.
const NOT_JUDGED: [u64; 2] = [1, 58];
/// Words of the oracle for encapsulations without a promise.
const UNNAMED: &[&str] = &["pim", "ayiya", "capwap.data", "wlan", "lisp-data", "ipcomp", "data", "nsh", "nhrp", "wg", "cmd"];
/// Nanoseconds by which times may differ.
const TOLERANCE: u128 = 1000;

/// An address and a port.
type End = (IpAddr, Option<u16>);
/// IP version, protocol, the smaller end, the larger end.
type Key = (u64, u64, End, End);
type Table = BTreeMap<Key, Counts>;

/// What is held, per direction from the smaller end first; times in nanoseconds.
#[derive(Clone, PartialEq, Debug, Default)]
struct Counts {
    packets: (u64, u64),
    bytes: (u64, u64),
    first: Option<i128>,
    last: Option<i128>,
}

#[derive(Deserialize)]
struct Exceptions {
    exception: Vec<Exception>,
}

/// A capture that is known to differ.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    capture: String,
    reason: String,
    differences: Vec<String>,
}

#[test]
fn every_flow_is_the_one_that_tshark_sees() {
    let Some(pages) = pages() else { return };
    let exceptions = exceptions();
    let judged: Vec<&Page> = pages.iter().filter(|page| is_judged(&page.text)).collect();
    assert!(judged.len() > 100, "the oracle names captures");
    let complaints: Vec<String> = differences(&judged)
        .iter()
        .filter_map(|(page, differences)| complaint(page, differences, exceptions.get(page.name.as_str())))
        .collect();
    let names: BTreeSet<&str> = judged.iter().map(|page| page.name.as_str()).collect();
    let unknown: Vec<_> = exceptions.keys().filter(|name| !names.contains(name.as_str())).collect();
    say(&format!("\n{} captures held against tshark, {} of them exceptions", judged.len(), exceptions.len()));
    assert!(unknown.is_empty(), "exceptions for captures that are not judged: {unknown:?}");
    assert!(complaints.is_empty(), "{} captures:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_exception_has_a_reason_and_differences() {
    assert!(exceptions().values().all(|exception| exception.reason.len() > 40 && !exception.differences.is_empty()));
}

#[test]
fn what_is_learned_of_a_capture_audits_it_without_a_finding() {
    let Some(folder) = folder() else { return };
    let mut captures = Vec::new();
    files(&folder.join("files"), &mut captures);
    let found = all_findings(&captures);
    say(&format!("\n{} captures learned and audited", captures.len()));
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

/// Every file below a folder.
fn files(below: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

fn exceptions() -> BTreeMap<String, Exception> {
    let text = include_str!("captures/exceptions.toml");
    let Exceptions { exception } = toml::from_str(text).unwrap();
    exception.into_iter().map(|exception| (exception.capture.clone(), exception)).collect()
}

fn complaint(page: &Page, differences: &[String], exception: Option<&Exception>) -> Option<String> {
    match exception {
        None if differences.is_empty() => None,
        None => Some(format!("{}: {} differences\n  {}", page.name, differences.len(), differences.join("\n  "))),
        Some(exception) if exception.differences == differences => None,
        Some(exception) => Some(format!(
            "{} is an exception for other differences than it shows\n  expected: {}\n  shown: {}",
            page.name,
            exception.differences.join("\n  "),
            differences.join("\n  ")
        )),
    }
}

/// Tells whether the capture is held against the oracle at all.
fn is_judged(page: &Value) -> bool {
    let refused =
        page["tshark"]["rc"].as_u64().is_some_and(|code| code != 0) && page["totals"]["frames"].as_u64().unwrap_or(0) == 0;
    let format = page["header"]["format"].as_str().unwrap_or_default();
    page.get("skipped").is_none() && matches!(format, "pcap" | "pcap-ns" | "pcap-modified" | "pcapng") && !refused
}

/// The differences of each capture, found on all processors.
fn differences<'a>(pages: &[&'a Page]) -> Vec<(&'a Page, Vec<String>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| pages.get(next.fetch_add(1, Ordering::Relaxed)).copied());
        mine.map(|page| (page, differences_of(page))).collect::<Vec<_>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn differences_of(page: &Page) -> Vec<String> {
    let (expected, apart) = expected(&page.text);
    let ours = Ours::read(&page.capture);
    let mut differences = packet_differences(&page.text, &ours);
    let keys: BTreeSet<&Key> = expected.keys().chain(ours.flows.keys()).filter(|key| !apart.contains_key(*key)).collect();
    differences.extend(keys.into_iter().filter_map(|key| difference(key, expected.get(key), ours.flows.get(key))));
    differences
}

/// The sums over packets: the buckets add up, and an undamaged file has as many packets as records.
fn packet_differences(page: &Value, ours: &Ours) -> Vec<String> {
    let (packets, header) = (ours.packets, &page["header"]);
    let mut differences = Vec::new();
    if packets.total != packets.flows + packets.non_ip + packets.undecodable {
        differences.push(format!("packets do not add up: {packets:?}"));
    }
    let clean = !ours.damaged && page["tshark"]["rc"].as_u64() == Some(0) && header["records"] == page["totals"]["frames"];
    if clean && header["records"].as_u64() != Some(packets.total) {
        differences.push(format!("{} packets, {} in the file", packets.total, header["records"]));
    }
    differences
}

fn difference(key: &Key, expected: Option<&Counts>, ours: Option<&Counts>) -> Option<String> {
    let (version, protocol, (a, a_port), (b, b_port)) = key;
    let port = |port: &Option<u16>| port.map_or(String::from("-"), |port| port.to_string());
    let flow = format!("IPv{version} {protocol} {a} {} {b} {}", port(a_port), port(b_port));
    let sums = |counts: &Counts| format!("{:?} packets {:?} bytes", counts.packets, counts.bytes);
    match (expected, ours) {
        (None, None) => None,
        (None, Some(ours)) => Some(format!("only here: {flow}: {}", sums(ours))),
        (Some(expected), None) => Some(format!("missing: {flow}: {}", sums(expected))),
        (Some(expected), Some(ours)) if sums(expected) != sums(ours) => {
            Some(format!("{flow}: tshark {}, here {}", sums(expected), sums(ours)))
        }
        (Some(expected), Some(ours)) => {
            let apart = |a: Option<i128>, b: Option<i128>| a.zip(b).map_or(0, |(a, b)| a.abs_diff(b));
            let most = apart(expected.first, ours.first).max(apart(expected.last, ours.last));
            (most > TOLERANCE).then(|| format!("{flow}: times differ by {most} ns"))
        }
    }
}

/// The oracle's flows, and those that are not judged.
fn expected(page: &Value) -> (Table, Table) {
    let (mut judged, mut apart) = (Table::new(), Table::new());
    for flow in page["flows"].as_array().into_iter().flatten() {
        let unnamed = flow["via"].as_str().unwrap().split('/').any(|word| UNNAMED.contains(&word));
        let number = |name: &str| flow[name].as_u64().unwrap();
        let Some((a, b)) = end(&flow["a"], &flow["a_port"]).zip(end(&flow["b"], &flow["b_port"])) else { continue };
        let counts = Counts {
            packets: (number("packets_ab"), number("packets_ba")),
            bytes: (number("bytes_ab"), number("bytes_ba")),
            first: nanoseconds(&flow["first"]),
            last: nanoseconds(&flow["last"]),
        };
        add(if unnamed { &mut apart } else { &mut judged }, (number("ip_version"), number("proto")), (a, b), counts);
    }
    (judged, apart)
}

/// An IPv6 address may name its zone.
fn end(address: &Value, port: &Value) -> Option<End> {
    let address = address.as_str()?.split('%').next()?.parse().unwrap();
    Some((address, port.as_u64().map(|port| u16::try_from(port).unwrap())))
}

/// Nanoseconds of seconds with a fraction.
fn nanoseconds(text: &Value) -> Option<i128> {
    let text = text.as_str().filter(|text| !text.is_empty())?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: i128 = format!("{fraction:0<9}")[..9].parse().unwrap();
    let whole = whole.parse::<i128>().unwrap() * 1_000_000_000;
    Some(if text.starts_with('-') { whole - fraction } else { whole + fraction })
}

fn add(table: &mut Table, (version, protocol): (u64, u64), (mut a, mut b): (End, End), mut counts: Counts) {
    if NOT_JUDGED.contains(&protocol) {
        return;
    }
    let swap = |pair: (u64, u64)| (pair.1, pair.0);
    if a > b {
        (a, b, counts.packets, counts.bytes) = (b, a, swap(counts.packets), swap(counts.bytes));
    }
    if a == b {
        (counts.packets, counts.bytes) = ((counts.packets.0 + counts.packets.1, 0), (counts.bytes.0 + counts.bytes.1, 0));
    }
    let sum = table.entry((version, protocol, a, b)).or_default();
    let plus = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
    (sum.packets, sum.bytes) = (plus(sum.packets, counts.packets), plus(sum.bytes, counts.bytes));
    sum.first = [sum.first, counts.first].into_iter().flatten().min();
    sum.last = [sum.last, counts.last].into_iter().flatten().max();
}

/// What flowlabel says of a capture.
struct Ours {
    flows: Table,
    packets: PacketCounts,
    damaged: bool,
}

impl Ours {
    fn read(capture: &Path) -> Self {
        let mut source = open(&[capture.to_owned()], &Options::default()).unwrap();
        let settings = Settings { split: None, ..Settings::default() };
        let outcome = pipeline::run(&mut *source, settings, 1, |_| (), &|_| ());
        let mut flows = Table::new();
        outcome.flows().for_each(|flow| add_flow(&mut flows, flow));
        Self { flows, packets: outcome.summary().packets, damaged: !source.damage().is_empty() }
    }
}

fn add_flow(table: &mut Table, flow: &Flow) {
    let key = &flow.key;
    let end = |addr: Addr, port: u16| (addr.to_ip(key.version), key.has_ports.then_some(port));
    let (lo, hi) = (end(key.lo, key.lo_port), end(key.hi, key.hi_port));
    let counts =
        Counts { packets: flow.packets.into(), bytes: flow.bytes.into(), first: printed(flow.first), last: printed(flow.last) };
    let kind = (u64::from(key.version), u64::from(key.protocol.0));
    add(table, kind, if flow.a_is_lo { (lo, hi) } else { (hi, lo) }, counts);
}

/// A time with the digits it is printed with.
fn printed(time: Timestamp) -> Option<i128> {
    let shown = 10_u32.pow(9 - u32::from(time.digits()));
    let nanos = i128::from(time.subsec_nanos() / shown * shown);
    time.is_some().then(|| i128::from(time.seconds()) * 1_000_000_000 + nanos)
}
