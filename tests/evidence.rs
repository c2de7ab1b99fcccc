//! What recognizers say of captures by others, against tshark where its dissector reads content, protocol by protocol. Where the captures are
//! not there (they are not in git: their licences differ) only the fixtures count, which `golden` holds.
//!
//! `EVIDENCE=KERBEROS,TLS cargo test --test evidence` lists each flow of these protocols on which the two differ, `EVIDENCE=all` those of all.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowlabel::capture::{self, open};
use flowlabel::catalog::{self, Catalog};
use flowlabel::flow::Settings;
use flowlabel::{engine, pipeline};
use serde_json::Value;

use support::captures::{Page, pages, say};

/// tshark's word for a layer above the transport, and ours: dissectors that check what they read, or that few would ask by mistake.
const WORDS: &[(&str, &str)] = &[
    ("cldap", "LDAP"),
    ("classicstun", "STUN"),
    ("dcerpc", "DCE/RPC"),
    ("dhcp", "DHCP"),
    ("dns", "DNS"),
    ("ftp", "FTP"),
    ("gquic", "QUIC"),
    ("http", "HTTP"),
    ("http2", "HTTP"),
    ("imap", "IMAP"),
    ("isakmp", "IKE"),
    ("kerberos", "Kerberos"),
    ("ldap", "LDAP"),
    ("llmnr", "LLMNR"),
    ("mdns", "mDNS"),
    ("nbdgm", "NetBIOS datagram service"),
    ("nbns", "NetBIOS name service"),
    ("nbss", "SMB"),
    ("ntp", "NTP"),
    ("pop", "POP3"),
    ("quic", "QUIC"),
    ("radius", "RADIUS"),
    ("rdp", "RDP"),
    ("rtsp", "RTSP"),
    ("sip", "SIP"),
    ("smb", "SMB"),
    ("smb2", "SMB"),
    ("smtp", "SMTP"),
    ("snmp", "SNMP"),
    ("ssdp", "SSDP"),
    ("ssh", "SSH"),
    ("stun", "STUN"),
    ("tds", "TDS"),
    ("telnet", "Telnet"),
    ("tftp", "TFTP"),
    ("tls", "TLS"),
];

/// Recall and precision (in thousandths) that were reached; what is missing is named in the comment.
const REACHED: &[(&str, u64, u64)] = &[
    // Six flows of one capture carry it on 445 without SMB around it, which tshark calls by the port.
    ("DCE/RPC", 1000, 990),
    ("DHCP", 1000, 1000),
    // Headers that tshark calls DNS by the port and that go on as something else, or stop.
    ("DNS", 975, 1000),
    ("FTP", 970, 1000),
    // Inside of SOCKS and of a compressed tunnel, or behind bytes that are none.
    ("HTTP", 993, 998),
    // A header broken on purpose.
    ("IKE", 940, 1000),
    ("IMAP", 1000, 1000),
    // Ten flows are another protocol on port 88, broken on purpose, which tshark reads as Kerberos 4.
    ("Kerberos", 870, 1000),
    ("LDAP", 960, 1000),
    ("NTP", 1000, 1000),
    ("NetBIOS name service", 1000, 1000),
    ("POP3", 1000, 1000),
    ("QUIC", 1000, 1000),
    ("RADIUS", 860, 1000),
    ("RDP", 1000, 1000),
    // The six above.
    ("SMB", 935, 1000),
    ("SMTP", 970, 970),
    ("SNMP", 1000, 1000),
    ("SSDP", 1000, 1000),
    ("TDS", 1000, 1000),
    // Keep-alives of one byte, and what is not TLS on 443, both called so by the port; inside of MySQL.
    ("TLS", 935, 994),
    ("mDNS", 1000, 1000),
];

/// Flows whose payload contradicts their port, in captures that were made by breaking or rewriting others or to show just that.
const CONTRADICTIONS: usize = 13;

type Key = (u64, (IpAddr, u64), (IpAddr, u64));

/// Where the payload's protocol goes by other names.
fn ours(name: &str) -> &str {
    match name {
        "HTTPS" => "TLS",
        "HTTP/2" => "HTTP",
        "NetBIOS session service" => "SMB",
        "RADIUS accounting" => "RADIUS",
        "SNMP trap" => "SNMP",
        name => name,
    }
}

fn key(protocol: u64, a: (&Value, &Value), b: (&Value, &Value)) -> Option<Key> {
    let end = |(ip, port): (&Value, &Value)| Some((ip.as_str()?.split('%').next()?.parse().ok()?, port.as_u64()?));
    let (a, b) = (end(a)?, end(b)?);
    Some((protocol, a.min(b), a.max(b)))
}

/// The layers that tshark names for each flow of a capture, the likeliest first.
fn wanted(page: &Value) -> HashMap<Key, Vec<&str>> {
    let mut wanted: HashMap<Key, Vec<&str>> = HashMap::new();
    for flow in page["flows"].as_array().into_iter().flatten() {
        let protocol = flow["proto"].as_u64().unwrap_or(0);
        let Some(key) = key(protocol, (&flow["a"], &flow["a_port"]), (&flow["b"], &flow["b_port"])) else { continue };
        let first = flow["app_first"].as_str();
        let chains = flow["app_chains"].as_object().into_iter().flat_map(|chains| chains.keys());
        wanted.entry(key).or_default().extend(first.into_iter().chain(chains.flat_map(|chain| chain.split(':'))));
    }
    wanted
}

/// What is printed of each flow of a capture.
fn records(capture: &Path, catalog: &Catalog) -> Vec<Value> {
    let mut source = open(&[capture.to_owned()], &capture::Options::default()).unwrap();
    let settings = Settings { split: None, ..Settings::default() };
    let outcome = pipeline::run(&mut *source, settings, 1, |_| (), &|_| ());
    let heard = engine::Heard::default();
    let record = |flow| serde_json::to_value(engine::record(flow, outcome.carriers(), Some(catalog), &heard)).unwrap();
    outcome.flows().map(record).collect()
}

#[derive(Default)]
struct Score {
    right: u64,
    /// Flows that tshark calls something else.
    wrong: Vec<String>,
    missed: Vec<String>,
}

impl Score {
    fn recall(&self) -> u64 {
        self.right * 1000 / (self.right + self.missed.len() as u64).max(1)
    }

    fn precision(&self) -> u64 {
        self.right * 1000 / (self.right + self.wrong.len() as u64).max(1)
    }
}

/// What some captures show.
#[derive(Default)]
struct Tally {
    scores: BTreeMap<&'static str, Score>,
    contradictions: Vec<String>,
}

impl Tally {
    fn of(page: &Page, catalog: &Catalog) -> Self {
        let mut tally = Self::default();
        let wanted = wanted(&page.text);
        for record in records(&page.capture, catalog) {
            let (client, server) = (&record["client"], &record["server"]);
            let protocol = record["protocol"].as_u64().unwrap();
            let Some(key) = key(protocol, (&client["ip"], &client["port"]), (&server["ip"], &server["port"])) else { continue };
            if record["flags"].as_array().unwrap().iter().any(|flag| flag == "payload-contradicts-port") {
                tally.contradictions.push(format!("{} {}: {}", page.name, record["id"], record["reason"]));
            }
            if let Some(layers) = wanted.get(&key) {
                tally.count(&page.name, layers, &record);
            }
        }
        tally
    }

    /// Counts one flow: right if tshark names the protocol anywhere in it, wrong if it names only others, missed if it names it first.
    fn count(&mut self, capture: &str, layers: &[&str], record: &Value) {
        let word = |layer: &&str| WORDS.iter().find(|(theirs, _)| theirs == layer).map(|(_, ours)| *ours);
        let got = record["payload"]["protocol"].as_str().map(ours);
        let named = layers.first().and_then(word);
        let named_at_all = layers.iter().any(|layer| !layer.is_empty());
        let agrees = got.is_some_and(|got| layers.iter().filter_map(word).any(|name| name == got));
        let flow = || {
            let [client, server] = ["client", "server"].map(|end| &record[end]["port"]);
            let got = got.unwrap_or("nothing");
            format!("{capture} {} {} {client} {server}: {got}, tshark {}", record["id"], record["transport"], layers.join(" "))
        };
        if let Some((_, got)) = got.and_then(|got| WORDS.iter().find(|(_, ours)| *ours == got)) {
            let score = self.scores.entry(got).or_default();
            score.right += u64::from(agrees);
            // Where tshark has no opinion there is nothing to compare with.
            score.wrong.extend((!agrees && named_at_all).then(flow));
        }
        if let Some(named) = named.filter(|_| !agrees) {
            self.scores.entry(named).or_default().missed.push(flow());
        }
    }

    fn add(&mut self, other: Self) {
        self.contradictions.extend(other.contradictions);
        for (name, score) in other.scores {
            let sum = self.scores.entry(name).or_default();
            sum.right += score.right;
            sum.wrong.extend(score.wrong);
            sum.missed.extend(score.missed);
        }
    }

    fn table(&self) -> String {
        let mut table = String::new();
        for (name, score) in &self.scores {
            let (right, wrong, missed) = (score.right, score.wrong.len(), score.missed.len());
            let (recall, precision) = (score.recall(), score.precision());
            writeln!(
                table,
                "{name:24} right {right:5} wrong {wrong:3} missed {missed:3} recall {recall:4} precision {precision:4}"
            )
            .unwrap();
        }
        table
    }

    /// The flows on which we and tshark differ, of the protocols that `EVIDENCE` names.
    fn differences(&self) -> String {
        let asked = std::env::var("EVIDENCE").unwrap_or_default();
        let is_asked = |name: &str| asked == "all" || asked.split(',').any(|word| word.eq_ignore_ascii_case(name));
        let mut text = String::new();
        for (name, score) in self.scores.iter().filter(|(name, _)| is_asked(name)) {
            score.wrong.iter().for_each(|flow| writeln!(text, "{name} wrong: {flow}").unwrap());
            score.missed.iter().for_each(|flow| writeln!(text, "{name} missed: {flow}").unwrap());
        }
        text
    }
}

/// All captures, on all processors.
fn tally(pages: &[Page]) -> Tally {
    let catalog = Catalog::load(&catalog::Options::default()).unwrap();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| pages.get(next.fetch_add(1, Ordering::Relaxed)));
        // Made by flipping bits: what it holds is anybody's guess.
        mine.filter(|page| !page.name.contains("fuzz")).fold(Tally::default(), |mut sum, page| {
            sum.add(Tally::of(page, &catalog));
            sum
        })
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().fold(Tally::default(), |mut sum, worker| {
            sum.add(worker.join().unwrap());
            sum
        })
    })
}

#[test]
fn recognizers_agree_with_tshark() {
    let Some(pages) = pages() else { return };
    let tally = tally(&pages);
    let (table, differences) = (tally.table(), tally.differences());
    say(&format!("\n{table}{} contradictions\n{}\n{differences}", tally.contradictions.len(), tally.contradictions.join("\n")));
    for (name, recall, precision) in REACHED {
        let Some(score) = tally.scores.get(name) else { panic!("{name} is not met at all") };
        assert!(score.recall() >= *recall && score.precision() >= *precision, "{name} has become worse");
    }
    assert!(tally.contradictions.len() <= CONTRADICTIONS, "{:#?}", tally.contradictions);
}
