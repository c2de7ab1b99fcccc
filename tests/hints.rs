//! Hints beside tshark, protocol by protocol, in captures by others where they are at hand: how many of the flows that tshark names so we name
//! too, and how many we name so that tshark calls otherwise.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowlabel::catalog::{self, Catalog};
use flowlabel::record::FlowRecord;
use serde_json::Value;
use support::captures::{Page, pages, say};
use support::records;

/// tshark's words, ours, and what was reached: recall of the flows it names first, precision where it has an opinion, in thousandths. What is
/// missed began before the capture, is broken on purpose, or is called so by its port alone.
const REACHED: &[(&[&str], &str, u64, u64)] = &[
    (&["bgp"], "BGP", 1000, 1000),
    (&["bittorrent", "bt-dht", "bt-utp"], "BitTorrent", 800, 1000),
    (&["coap"], "CoAP", 1000, 660),
    (&["dhcpv6"], "DHCPv6", 950, 1000),
    (&["dnp3"], "DNP3", 1000, 1000),
    (&["dtls"], "DTLS", 1000, 1000),
    (&["enip"], "EtherNet/IP", 900, 1000),
    (&["gtp", "gtpv2"], "GTP", 1000, 1000),
    (&["hsrp"], "HSRP", 1000, 1000),
    (&["irc"], "IRC", 800, 1000),
    (&["llmnr"], "LLMNR", 980, 1000),
    (&["mbtcp", "modbus"], "Modbus/TCP", 840, 1000),
    (&["mdns"], "mDNS", 1000, 1000),
    (&["mqtt"], "MQTT", 920, 1000),
    (&["mysql"], "MySQL", 860, 1000),
    // Where the body of a call is broken tshark calls it RPC only.
    (&["nfs"], "NFS", 1000, 580),
    (&["openflow"], "OpenFlow", 1000, 1000),
    (&["pgsql"], "PostgreSQL", 930, 1000),
    (&["portmap"], "Portmapper", 1000, 1000),
    (&["resp"], "Redis", 520, 1000),
    (&["sip"], "SIP", 1000, 1000),
    (&["socks"], "SOCKS", 1000, 1000),
    (&["stun", "classicstun"], "STUN", 750, 1000),
    (&["syslog"], "Syslog", 500, 1000),
    (&["vnc"], "VNC", 1000, 1000),
    (&["wg"], "WireGuard", 550, 1000),
];

type Key = (u64, (IpAddr, u64), (IpAddr, u64));
type End<'a> = (&'a Value, &'a Value);

fn key(protocol: u64, a: End<'_>, b: End<'_>) -> Option<Key> {
    let end = |(ip, port): End<'_>| Some((ip.as_str()?.split('%').next()?.parse().ok()?, port.as_u64()?));
    let (a, b) = (end(a)?, end(b)?);
    Some((protocol, a.min(b), a.max(b)))
}

/// The layers that tshark names for each flow, the likeliest first.
fn named(page: &Page) -> HashMap<Key, Vec<String>> {
    let mut named: HashMap<Key, Vec<String>> = HashMap::new();
    for flow in page.text["flows"].as_array().into_iter().flatten() {
        let ends = ((&flow["a"], &flow["a_port"]), (&flow["b"], &flow["b_port"]));
        let Some(key) = key(flow["proto"].as_u64().unwrap_or(0), ends.0, ends.1) else { continue };
        let chains = flow["app_chains"].as_object().into_iter().flat_map(|chains| chains.keys());
        let layers = flow["app_first"].as_str().into_iter().chain(chains.flat_map(|chain| chain.split(':')));
        named.entry(key).or_default().extend(layers.filter(|layer| !layer.is_empty()).map(str::to_owned));
    }
    named
}

/// Right, called otherwise by tshark, missed.
#[derive(Default)]
struct Score {
    right: u64,
    wrong: Vec<String>,
    missed: Vec<String>,
}

type Scores = BTreeMap<&'static str, Score>;

fn count(page: &Page, layers: &[String], record: &FlowRecord<'_>, scores: &mut Scores) {
    let got = record.payload.and_then(|payload| payload.protocol);
    for (words, ours, ..) in REACHED {
        let is_named = |layers: &[String]| layers.iter().any(|layer| words.contains(&layer.as_str()));
        let flow = || format!("{} {}: {}, tshark {}", page.name, record.id, got.unwrap_or("nothing"), layers.join(" "));
        let score = scores.entry(ours).or_default();
        match (got == Some(*ours), is_named(layers)) {
            (true, true) => score.right += 1,
            (true, false) if !layers.is_empty() => score.wrong.push(flow()),
            (false, true) if is_named(layers.get(..1).unwrap_or_default()) => score.missed.push(flow()),
            _ => {}
        }
    }
}

fn scores_of(page: &Page, catalog: &Catalog) -> Scores {
    let (named, mut scores) = (named(page), Scores::new());
    let is_ours = |layer: &String| REACHED.iter().any(|(words, ..)| words.contains(&layer.as_str()));
    // Most captures have none of them, and tshark no other opinion than ours about what they have.
    if !named.values().flatten().any(is_ours) {
        return scores;
    }
    records::each(&page.capture, catalog, |record| {
        let end = |host: &flowlabel::record::Host<'_>| Some((host.ip, u64::from(host.port?)));
        let Some((client, server)) = end(&record.client).zip(end(&record.server)) else { return };
        let key = (u64::from(record.protocol), client.min(server), client.max(server));
        if let Some(layers) = named.get(&key) {
            count(page, layers, &record, &mut scores);
        }
    });
    scores
}

#[test]
fn hints_agree_with_tshark() {
    let Some(pages) = pages() else { return };
    let catalog = Catalog::load(&catalog::Options::default()).unwrap();
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Scores::new()));
    let work = || {
        while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Made by flipping bits: what it holds is anybody's guess.
            let scores = if page.name.contains("fuzz") { Scores::new() } else { scores_of(page, &catalog) };
            for (name, score) in scores {
                let mut sum = sum.lock().unwrap();
                let of = sum.entry(name).or_default();
                of.right += score.right;
                of.wrong.extend(score.wrong);
                of.missed.extend(score.missed);
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let scores = sum.into_inner().unwrap();
    let mut failures = Vec::new();
    for (_, name, recall, precision) in REACHED {
        let Score { right, wrong, missed } = &scores[name];
        let share = |others: &[String]| right * 1000 / (right + others.len() as u64).max(1);
        let (is, was) = ((share(missed), share(wrong)), (*recall, *precision));
        say(&format!(
            "{name:16} right {right:4} wrong {:3} missed {:3} recall {:4} precision {:4}",
            wrong.len(),
            missed.len(),
            is.0,
            is.1
        ));
        if std::env::var_os("EVIDENCE").is_some() {
            wrong.iter().chain(missed).for_each(|flow| say(flow));
        }
        if is.0 < was.0 || is.1 < was.1 {
            failures.push(format!("{name}: {is:?}, was {was:?}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
