//! Every system of the documents, from packets to its label through the real binary, and what must stay unmatched.
//!
//! Expected values come from `tests/data`, which was read from the documents apart from `rules/`.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use support::program;
use support::table::{Row, rows};

/// Documents in the order in which they name a shared port.
const DOCUMENTS: [&str; 5] = ["kb832017", "kb832017-early", "sccm-2007", "vmm-2016", "q256884"];

/// Who listens where several systems claim a port: readings C34 to C41.
const LISTENERS: &[(&str, u16, &str)] = &[
    ("tcp", 135, "svc.rpcss"),
    ("udp", 137, "svc.server"),
    ("udp", 138, "svc.server"),
    ("tcp", 139, "svc.server"),
    ("tcp", 445, "svc.server"),
    ("tcp", 80, "svc.w3svc"),
    ("tcp", 443, "svc.httpfilter"),
    ("tcp", 2869, "svc.upnphost"),
    ("tcp", 1433, "svc.mssqlserver"),
    ("udp", 1434, "svc.mssqlserver"),
    ("tcp", 3389, "svc.termservice"),
    ("udp", 9, "svc.simptcp"),
    ("tcp", 25, "svc.smtp"),
    ("udp", 25, "svc.smtp"),
    ("tcp", 53, "svc.dns-server"),
    ("udp", 53, "svc.dns-server"),
    ("udp", 67, "svc.dhcp-server"),
    ("tcp", 110, "svc.pop3svc"),
    ("tcp", 593, "svc.rpcss"),
    ("tcp", 389, "svc.lsass"),
    ("udp", 389, "svc.lsass"),
    // The FTP server itself; the gateway only passes it on.
    ("tcp", 21, "svc.msftpsvc"),
];

/// Systems without a port, and those in whose flows they show: what the note and the lines of the list of systems say.
const SHOWN_THROUGH: &[(&str, &[&str])] = &[
    // WMI goes over DCOM, so it begins at the endpoint mapper.
    ("vmm16.src.12", &["svc.rpcss"]),
    // CredSSP is a way to log on inside of WS-Management.
    ("vmm16.sfs.04", &["vmm16.sfs.03"]),
    // Exchange over MAPI, or RPC over HTTP through a Web server.
    ("named.outlook", &["svc.exchange", "svc.rpcss", "svc.w3svc"]),
    ("named.alerter", &["svc.messenger"]),
    ("named.trkwks", &["svc.trksvr"]),
    ("named.exchange55", &["svc.exchange"]),
    ("named.wms4", &["svc.wmserver"]),
    ("named.system-center-online", &["sccm.link.40"]),
    ("named.vmware-esx", &["vmm16.src.06", "vmm16.src.07", "vmm16.con.03"]),
];

/// Systems to which no document gives a port, and nothing carries them.
const WITHOUT_PORT: &[&str] = &[
    "sms12-20.remote-tools",
    "sccm.client-to-internet",
    "named.isa2000",
    "named.appcenter2000",
    "named.commerce",
    "named.mobile-information-server",
];

/// What a packet shows: a transport, and the listening port or ICMP type where there is one.
type Number = (String, u16);

/// One printed or derived row that lets a flow match.
#[derive(Clone, Debug)]
struct Claim {
    system: String,
    protocol: String,
    /// `documented`, `doubtful`, `derived`.
    status: String,
    source: String,
    /// Rank of its document, and its line there.
    order: (usize, u32),
    /// The server opens connections from the port.
    opens_from: bool,
}

/// All rows that let a flow match, by what a packet shows.
fn claims() -> BTreeMap<Number, Vec<Claim>> {
    let mut claims: BTreeMap<Number, Vec<Claim>> = BTreeMap::new();
    let mut add = |row: &Row, system: &str, ports: Vec<&str>, status: &str, how: &str| {
        let line: u32 = row.get("line").parse().unwrap();
        let claim = Claim {
            system: row.get(system).to_owned(),
            protocol: plain(row.get("protocol")),
            status: status.to_owned(),
            source: row.source(),
            order: (DOCUMENTS.iter().position(|document| *document == row.get("document")).unwrap(), line),
            opens_from: how == "source",
        };
        for number in ports.into_iter().flat_map(numbers) {
            claims.entry((row.get("transport").to_owned(), number)).or_default().push(claim.clone());
        }
    };
    for row in rows("facts").iter().filter(|row| matches!(row.get("match"), "yes" | "protocol" | "source")) {
        add(row, "system", or_nothing(row.list("port")), row.get("status"), row.get("match"));
    }
    for row in rows("links").iter().filter(|row| row.get("status") != "defect" && !row.get("transport").is_empty()) {
        let mut ports = row.list("ports");
        // 67 and 68 talk to each other; the second is the client's.
        ports.truncate(if row.get("note").starts_with("both ports") { 1 } else { ports.len() });
        add(row, "link", or_nothing(ports), row.get("status"), "yes");
    }
    for row in &rows("derived") {
        add(row, "id", or_nothing(row.list("ports")), "derived", "yes");
    }
    claims
}

/// A protocol without a port has one number: none.
fn or_nothing(ports: Vec<&str>) -> Vec<&str> {
    if ports.is_empty() { vec!["0"] } else { ports }
}

/// A port, or both ends, the middle and all around it of a range; of dynamic ports none.
fn numbers(port: &str) -> Vec<u16> {
    match port.split_once('-') {
        Some((first, last)) => {
            let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
            vec![first, first + 1, u16::midpoint(first, last), last - 1, last]
        }
        None => port.parse().into_iter().collect(),
    }
}

/// A protocol's name without the number that some cells print behind it.
fn plain(protocol: &str) -> String {
    protocol.split(" (IP protocol").next().unwrap_or_default().to_owned()
}

/// Printed before derived, the listener first, then the order of the documents.
fn candidates(number: &Number, claims: &[Claim]) -> Vec<Claim> {
    let listener = LISTENERS.iter().find(|(transport, port, _)| *transport == number.0 && *port == number.1);
    let is_listener = |claim: &Claim| listener.is_some_and(|(_, _, system)| *system == claim.system);
    let mut claims = claims.to_vec();
    claims.sort_by_key(|claim| (claim.status == "derived", !is_listener(claim), claim.order));
    claims
}

/// How a conversation is caught.
#[derive(Clone, Copy)]
enum Caught {
    FromTheStart,
    MidwayClientFirst,
    MidwayServerFirst,
}

/// A flow to craft, and what must become of it.
struct Case {
    number: Number,
    caught: Caught,
    version: u8,
    claims: Vec<Claim>,
}

impl Case {
    /// Whether the server opens connections from the port.
    fn opens_from(&self) -> bool {
        self.claims.first().is_some_and(|claim| claim.opens_from)
    }

    /// The addresses of client and server, this case's alone.
    fn hosts(&self, at: usize) -> (String, String) {
        match self.version {
            4 => (format!("10.1.{}.{}", at / 200, at % 200 + 1), format!("10.2.{}.{}", at / 200, at % 200 + 1)),
            _ => (format!("fd00:1::{at:x}:1"), format!("fd00:2::{at:x}:1")),
        }
    }

    /// The flow as a scenario has it.
    fn scenario(&self, at: usize) -> String {
        let (client, server) = self.hosts(at);
        let (from, to) = if self.number.0 == "tcp" || self.number.0 == "udp" {
            let ports = if self.opens_from() { (self.number.1, CLIENT_PORT) } else { (CLIENT_PORT, self.number.1) };
            (format!("[{client}]:{}", ports.0), format!("[{server}]:{}", ports.1))
        } else {
            (client, server)
        };
        let protocol = match self.number.0.as_str() {
            "gre" => "ip-47",
            "ah" => "ip-51",
            "icmp6" => "icmp",
            other => other,
        };
        let steps: Vec<_> = self.steps().into_iter().map(|step| format!("'{step}'")).collect();
        format!("[[flow]]\nfrom = \"{from}\"\nto = \"{to}\"\nprotocol = \"{protocol}\"\nsteps = [{}]\n", steps.join(", "))
    }

    fn steps(&self) -> Vec<String> {
        let both_ways = |ask: &str, answer: &str| match self.caught {
            Caught::MidwayServerFirst => vec![format!("< {answer}"), format!("> {ask}")],
            _ => vec![format!("> {ask}"), format!("< {answer}")],
        };
        match (self.number.0.as_str(), self.caught) {
            ("tcp", Caught::FromTheStart) => ["open", "close"].map(str::to_owned).to_vec(),
            ("tcp", _) => both_ways(".", "."),
            // A byte that is no protocol's, and another one: the same would be an echo.
            ("udp", _) => both_ways("0xfe", "0xfd"),
            ("esp", _) => both_ways("noise 40", "noise 40"),
            // Version 0 around an EtherType for experiments; AH around nothing (59).
            ("gre", _) => both_ways("0x000088b5 noise 8", "0x000088b5 noise 8"),
            ("ah", _) => both_ways("0x3b0400000000000100000001 zeros 12", "0x3b0400000000000200000001 zeros 12"),
            ("icmp", _) => both_ways("8/0 0x00010001", "0/0 0x00010001"),
            ("icmp6", _) => both_ways("128/0 0x00010001", "129/0 0x00010001"),
            (other, _) => panic!("nobody can craft {other}"),
        }
    }

    /// What is wrong with the record.
    fn complaints(&self, record: &Value) -> Vec<String> {
        let first = self.claims.first().unwrap();
        let mut complaints = Vec::new();
        let mut expect = |what: &str, found: &Value, wanted: Value| {
            if *found != wanted {
                complaints.push(format!("{what} is {found}, not {wanted}"));
            }
        };
        let label = record["label"].as_str().unwrap_or_default();
        let same_label = label.eq_ignore_ascii_case(&first.protocol);
        expect("label", &record["label"], (if same_label { label } else { &first.protocol }).into());
        expect("verdict", &record["verdict"], "matched".into());
        expect("evidence", &record["evidence"], self.evidence().into());
        expect("direction", &record["direction"], self.direction().into());
        expect("flags", &record["flags"], Value::Array(Vec::new()));
        expect("notes", &record["notes"], self.notes().into());
        let reason = record["reason"].as_str().unwrap_or_default();
        expect("what the reason says", &reason.contains(label).into(), true.into());
        complaints.extend(self.wrong_systems(record));
        complaints
    }

    fn evidence(&self) -> &'static str {
        if matches!(self.number.0.as_str(), "tcp" | "udp") { "port" } else { "protocol" }
    }

    fn direction(&self) -> &'static str {
        match (self.number.0.as_str(), self.caught) {
            ("tcp", Caught::FromTheStart) => "syn",
            ("tcp" | "udp", _) => "port",
            ("icmp" | "icmp6", _) => "payload",
            _ => "first",
        }
    }

    fn notes(&self) -> Vec<&'static str> {
        let best = ["documented", "doubtful", "derived"].into_iter().find(|s| self.claims.iter().any(|claim| claim.status == *s));
        let mut notes: Vec<_> = match best {
            Some("doubtful") => vec!["doubtful-fact"],
            Some("derived") => vec!["derived-fact"],
            _ => Vec::new(),
        };
        if self.number.0 == "tcp" && !matches!(self.caught, Caught::FromTheStart) {
            notes.push("capture-started-mid-flow");
        }
        notes
    }

    /// Every system that claims the number and no other, the listener first, the rest by document, each with a line of its own.
    fn wrong_systems(&self, record: &Value) -> Vec<String> {
        let mut complaints = Vec::new();
        let systems = words(&record["systems"]);
        let wanted: BTreeSet<&str> = self.claims.iter().map(|claim| claim.system.as_str()).collect();
        let found: BTreeSet<&str> = systems.iter().copied().collect();
        if found != wanted {
            let missing: Vec<_> = wanted.difference(&found).collect();
            let invented: Vec<_> = found.difference(&wanted).collect();
            complaints.push(format!("systems lack {missing:?} and invent {invented:?}"));
        }
        if systems.first().copied() != self.claims.first().map(|claim| claim.system.as_str()) {
            complaints.push(format!("{:?} comes first, not {}", systems.first(), self.claims.first().unwrap().system));
        }
        let rank = |system: &&str| {
            let of_system = self.claims.iter().filter(|claim| claim.system == **system);
            of_system.map(|claim| (claim.status == "derived", claim.order.0)).min()
        };
        if !systems.iter().skip(1).is_sorted_by_key(rank) {
            complaints.push(format!("systems are not in the order of the documents: {systems:?}"));
        }
        let sources = words(&record["sources"]);
        let lines: BTreeSet<&str> = self.claims.iter().map(|claim| claim.source.as_str()).collect();
        // A derived fact cites the line it was derived from, and readers may choose another one.
        let all_printed = self.claims.iter().all(|claim| claim.status != "derived");
        if all_printed && let Some(foreign) = sources.iter().find(|source| !lines.contains(**source)) {
            complaints.push(format!("{foreign} does not print it"));
        }
        let cited = |claim: &&Claim| sources.contains(&claim.source.as_str());
        for system in self.claims.iter().filter(|claim| claim.status != "derived").map(|claim| claim.system.as_str()) {
            if !self.claims.iter().filter(|claim| claim.system == system).any(|claim| cited(&claim)) {
                complaints.push(format!("no line of {system} among {sources:?}"));
            }
        }
        complaints
    }
}

/// In no document, for either transport, and in no range.
const CLIENT_PORT: u16 = 40_001;

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Every number in each way it can be caught, for IPv4, and from the start for IPv6.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, claims) in claims() {
        let claims = candidates(&number, &claims);
        let mut add = |caught, version| cases.push(Case { number: number.clone(), caught, version, claims: claims.clone() });
        let versions: &[u8] = match number.0.as_str() {
            "icmp" => &[4],
            "icmp6" => &[6],
            _ => &[4, 6],
        };
        for version in versions {
            add(Caught::FromTheStart, *version);
            add(Caught::MidwayServerFirst, *version);
        }
        if number.0 == "tcp" {
            add(Caught::MidwayClientFirst, 4);
        }
    }
    cases
}

/// The records of these flows, by the two addresses in either order.
fn records(flows: &[String], options: &[&str]) -> BTreeMap<(String, String), Value> {
    let mut scenario = "title = \"a walk\"\nstart = 2026-03-02T08:00:00Z\n".to_owned();
    for flow in flows {
        let _ = writeln!(scenario, "{flow}");
    }
    let capture = support::capture(&scenario).unwrap_or_else(|error| panic!("{error}"));
    let mut records = BTreeMap::new();
    for record in program::flows(&capture, options) {
        let ip = |end: &str| record[end]["ip"].as_str().unwrap().to_owned();
        let mut pair = [ip("client"), ip("server")];
        pair.sort();
        let [one, other] = pair;
        assert!(records.insert((one, other), record).is_none(), "two records where one was crafted");
    }
    assert_eq!(records.len(), flows.len(), "a record for each flow");
    records
}

fn record_of<'a>(records: &'a BTreeMap<(String, String), Value>, hosts: &(String, String)) -> &'a Value {
    let pair = if hosts.0 < hosts.1 { hosts.clone() } else { (hosts.1.clone(), hosts.0.clone()) };
    records.get(&pair).unwrap_or_else(|| panic!("no record between {pair:?}"))
}

#[test]
fn every_system_is_walked_from_packets_to_its_label() {
    let cases = cases();
    assert!(cases.len() > 500, "{} cases", cases.len());
    let flows: Vec<_> = cases.iter().enumerate().map(|(at, case)| case.scenario(at)).collect();
    let records = records(&flows, &[]);
    let mut complaints = Vec::new();
    let mut reached = BTreeSet::new();
    for (at, case) in cases.iter().enumerate() {
        let hosts = case.hosts(at);
        let record = record_of(&records, &hosts);
        reached.extend(words(&record["systems"]));
        let mut wrong = case.complaints(record);
        // Whatever came first in the file, who opened is the client; of bare protocols the first sender is.
        let first_sender_is_server = matches!(case.caught, Caught::MidwayServerFirst) && case.direction() == "first";
        let client = if first_sender_is_server { &hosts.1 } else { &hosts.0 };
        if record["client"]["ip"] != **client {
            wrong.push(format!("the client is {}", record["client"]["ip"]));
        }
        let (transport, number) = &case.number;
        complaints
            .extend(wrong.into_iter().map(|wrong| format!("{transport} {number} (IPv{}): {wrong}: {record}", case.version)));
    }
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
    nobody_is_left_out(&reached);
}

/// Each of the 173 systems was among the candidates of a flow, or shows through one that was, or says why it cannot.
fn nobody_is_left_out(reached: &BTreeSet<&str>) {
    let known = program::run(&["catalog", "systems", "--format", "json"]).json();
    let known: BTreeMap<&str, &Value> =
        known.as_array().unwrap().iter().map(|system| (system["id"].as_str().unwrap(), system)).collect();
    let ids: Vec<_> = include_str!("catalog/systems.txt").lines().collect();
    assert_eq!(ids.len(), 173);
    for id in ids {
        let system = known.get(id).unwrap_or_else(|| panic!("{id} is not in the catalog"));
        if let Some((_, carriers)) = SHOWN_THROUGH.iter().find(|(carried, _)| *carried == id) {
            assert_eq!(words(&system["via"]), *carriers, "{id} shows through others");
            assert!(carriers.iter().all(|carrier| reached.contains(carrier)), "{id}");
        } else if WITHOUT_PORT.contains(&id) {
            let why = system["without_port"].as_str();
            assert!(why.is_some_and(|why| !why.is_empty()), "{id} does not say why it has no port");
            assert!(!reached.contains(id), "{id} has a port after all");
        } else {
            assert!(reached.contains(id), "no packet leads to {id}");
        }
    }
}

/// A TCP conversation or a UDP question and its answer, between hosts of its own.
fn conversation(at: usize, transport: &str, client: u16, server: u16, steps: &[&str]) -> (String, (String, String)) {
    let hosts = (format!("10.3.{}.{}", at / 200, at % 200 + 1), format!("10.4.{}.{}", at / 200, at % 200 + 1));
    let steps: Vec<_> = steps.iter().map(|step| format!("'{step}'")).collect();
    let steps = steps.join(", ");
    let ends = format!("from = \"{}:{client}\"\nto = \"{}:{server}\"", hosts.0, hosts.1);
    (format!("[[flow]]\n{ends}\nprotocol = \"{transport}\"\nsteps = [{steps}]\n"), hosts)
}

const OPENED: &[&str] = &["open", "close"];
const MIDWAY: &[&str] = &["> .", "< ."];
const MIDWAY_BACKWARDS: &[&str] = &["< .", "> ."];
const ASKED: &[&str] = &["> 0xfe"];
const ANSWERED: &[&str] = &["> 0xfe", "< 0xfe"];
const ANSWERED_BACKWARDS: &[&str] = &["< 0xfe", "> 0xfe"];

#[test]
fn near_misses_stay_unmatched() {
    struct Miss {
        transport: String,
        port: u16,
        flag: String,
        hosts: (String, String),
    }
    let mut flows = Vec::new();
    let mut misses = Vec::new();
    for row in &rows("near-misses") {
        let (transport, port) = (row.get("transport"), row.get("port").parse().unwrap());
        let ways: &[&[&str]] = match (transport, port) {
            // Without a SYN nobody can say that 20 did not open the connection.
            ("tcp", 20) => &[OPENED],
            ("tcp", _) => &[OPENED, MIDWAY, MIDWAY_BACKWARDS],
            _ => &[ASKED, ANSWERED, ANSWERED_BACKWARDS],
        };
        for steps in ways {
            let client = row.get("client_port").parse().unwrap();
            let (flow, hosts) = conversation(flows.len(), transport, client, port, steps);
            flows.push(flow);
            misses.push(Miss { transport: transport.to_owned(), port, flag: row.get("flag").to_owned(), hosts });
        }
    }
    assert!(misses.len() > 300);
    let records = records(&flows, &[]);
    for miss in misses {
        let record = record_of(&records, &miss.hosts);
        let case = format!("{} {}: {record}", miss.transport, miss.port);
        assert_eq!(record["verdict"], "unmatched", "{case}");
        // The order of packets may call either end the server; 68 answers to 67 only, wherever it stands.
        assert!(record["flags"] == serde_json::json!([miss.flag]), "{case}");
        assert!(record["label"].is_null() && record["evidence"].is_null(), "{case}");
        assert!(words(&record["systems"]).is_empty() && words(&record["sources"]).is_empty(), "{case}");
        assert!(record["reason"].as_str().is_some_and(|reason| reason.contains(&miss.port.to_string())), "{case}");
    }
}

#[test]
fn random_high_ports_match_nothing() {
    let claims = claims();
    let is_free =
        |transport: &str, port: u16| !claims.contains_key(&(transport.to_owned(), port)) && !(63_000..=64_000).contains(&port);
    let mut flows = Vec::new();
    let mut expected = Vec::new();
    for at in 0..200_u16 {
        let (client, server) = (1025 + at * 317, 1031 + (at * 211) % 60_000);
        for (transport, steps) in [("tcp", OPENED), ("udp", ANSWERED)] {
            if is_free(transport, client) && is_free(transport, server) {
                let (flow, hosts) = conversation(flows.len(), transport, client, server, steps);
                flows.push(flow);
                expected.push(hosts);
            }
        }
    }
    assert!(expected.len() > 300, "{}", expected.len());
    let records = records(&flows, &[]);
    for hosts in expected {
        let record = record_of(&records, &hosts);
        assert_eq!(record["verdict"], "unmatched", "{record}");
        assert!(words(&record["systems"]).is_empty(), "{record}");
    }
}

#[test]
fn the_end_that_listens_decides() {
    type Case = (&'static str, (u16, u16), &'static [&'static str], Option<&'static str>, (u16, u16), &'static [&'static str]);
    let ftp_data = Some("FTP default data");
    // (transport, asker's and other's port, steps, label, client's and server's port, notes)
    let cases: &[Case] = &[
        // A fixed port inside of 1025 to 5000 beats the dynamic one at the other end, whoever is seen first.
        ("tcp", (1045, 2703), OPENED, Some("SMS Remote Chat"), (1045, 2703), &[]),
        ("tcp", (1045, 2703), MIDWAY_BACKWARDS, Some("SMS Remote Chat"), (1045, 2703), &["capture-started-mid-flow"]),
        ("tcp", (4999, 1433), MIDWAY_BACKWARDS, Some("SQL over TCP"), (4999, 1433), &["capture-started-mid-flow"]),
        // Both documented: below 1024 beats above, in either order.
        ("tcp", (2703, 80), MIDWAY, Some("HTTP"), (2703, 80), &["capture-started-mid-flow"]),
        ("tcp", (2703, 80), MIDWAY_BACKWARDS, Some("HTTP"), (2703, 80), &["capture-started-mid-flow"]),
        // A SYN says it outright.
        ("tcp", (80, 2703), OPENED, Some("SMS Remote Chat"), (80, 2703), &[]),
        // Both above: nobody can say, and the first sender counts as client.
        (
            "tcp",
            (1433, 2703),
            MIDWAY,
            Some("SMS Remote Chat"),
            (1433, 2703),
            &["both-ports-documented", "capture-started-mid-flow"],
        ),
        (
            "tcp",
            (1433, 2703),
            MIDWAY_BACKWARDS,
            Some("SQL over TCP"),
            (2703, 1433),
            &["both-ports-documented", "capture-started-mid-flow"],
        ),
        // A fixed port beats the range 63000-64000.
        ("udp", (63_500, 1434), ANSWERED_BACKWARDS, Some("SQL Probe"), (63_500, 1434), &[]),
        // Active FTP opens its data connection from 20, also towards a number documented for something else.
        ("tcp", (20, 1045), OPENED, ftp_data, (20, 1045), &[]),
        ("tcp", (20, 2703), OPENED, ftp_data, (20, 2703), &[]),
        ("tcp", (20, 1045), MIDWAY, ftp_data, (20, 1045), &["capture-started-mid-flow"]),
        ("tcp", (20, 1045), MIDWAY_BACKWARDS, ftp_data, (20, 1045), &["capture-started-mid-flow"]),
        // Somebody who hides behind 20 is not let through to a service.
        ("tcp", (20, 445), OPENED, Some("SMB"), (20, 445), &[]),
        ("tcp", (40_001, 20), OPENED, None, (40_001, 20), &[]),
        // DHCP: 68 and 67 in either order, between relay and server, and nobody else to 68.
        ("udp", (68, 67), ANSWERED, Some("DHCP Server"), (68, 67), &[]),
        ("udp", (68, 67), ANSWERED_BACKWARDS, Some("DHCP Server"), (68, 67), &[]),
        ("udp", (67, 67), ANSWERED, Some("DHCP Server"), (67, 67), &[]),
        ("udp", (40_001, 68), ASKED, None, (40_001, 68), &["one-direction-only"]),
        ("udp", (68, 68), ASKED, None, (68, 68), &["one-direction-only"]),
    ];
    let crafted: Vec<_> =
        cases.iter().enumerate().map(|(at, case)| conversation(at, case.0, case.1.0, case.1.1, case.2)).collect();
    let flows: Vec<_> = crafted.iter().map(|(flow, _)| flow.clone()).collect();
    let records = records(&flows, &[]);
    for ((transport, ports, _, label, (client, server), notes), (_, hosts)) in cases.iter().zip(&crafted) {
        let record = record_of(&records, hosts);
        let case = format!("{transport} {ports:?}: {record}");
        assert_eq!(record["label"].as_str(), *label, "{case}");
        assert_eq!((&record["client"]["port"], &record["server"]["port"]), (&(*client).into(), &(*server).into()), "{case}");
        assert_eq!(words(&record["notes"]), *notes, "{case}");
        assert_eq!(record["verdict"], if label.is_some() { "matched" } else { "unmatched" }, "{case}");
    }
}

#[test]
fn printed_mistakes_are_named_where_they_are_met() {
    // (transport, port, the line that prints it wrongly, the reading)
    let cases = [
        ("tcp", 123, "kb832017:690", "C07"),
        ("tcp", 8540, "vmm-2016:34", "C81"),
        ("tcp", 500, "kb832017:495", "C06"),
        ("tcp", 4500, "kb832017:495", "C06"),
        ("udp", 3, "kb832017-early:722", "C02"),
    ];
    let steps = |transport| if transport == "tcp" { OPENED } else { ANSWERED };
    let crafted: Vec<_> =
        cases.iter().enumerate().map(|(at, case)| conversation(at, case.0, CLIENT_PORT, case.1, steps(case.0))).collect();
    let flows: Vec<_> = crafted.iter().map(|(flow, _)| flow.clone()).collect();
    let records = records(&flows, &[]);
    for ((transport, port, source, reading), (_, hosts)) in cases.iter().zip(&crafted) {
        let reason = record_of(&records, hosts)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains(source) && reason.contains(reading), "{transport} {port}: {reason}");
    }
}
