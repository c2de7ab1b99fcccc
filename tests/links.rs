//! Every row of every link, as an independent reading of the documents has it (`tests/data/links.csv`): a flow in each direction, at the right and at a wrong
//! port, over the right and the wrong transport, as packets, judged by a policy that names the two roles and nothing else.
//!
//! What the documents say of a row is worked out here from the table alone, and not from the catalog.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use flowlabel::audit::{HostNames, Policy};
use flowlabel::catalog::Catalog;
use flowlabel::record::{FindingKind, PolicyStatus};
use support::learned::catalog;
use support::table::{Row, rows};
use support::traffic::{Judged, Talk, capture, judged};

const FROM: &str = "10.0.0.1";
const TO: &str = "10.0.0.2";
/// Somewhere in the Internet.
const FAR: &str = "198.51.100.7";
/// A port that no document knows, for either transport, and no recognizer guesses at.
const NOWHERE: u16 = 7;

/// One way to hold a row against traffic: one transport, one port.
struct Case<'r> {
    row: &'r Row,
    /// The roles, by the one name of each.
    from: String,
    to: String,
    both_ways: bool,
    transport: &'static str,
    port: u16,
}

impl Case<'_> {
    fn link(&self) -> &str {
        self.row.get("link")
    }

    fn ends(&self) -> (&'static str, &'static str) {
        let end = |role: &str, here| if role == "Internet" { FAR } else { here };
        (end(&self.from, FROM), end(&self.to, TO))
    }

    fn policy(&self, catalog: &Catalog) -> Policy {
        let mut roles: Vec<(String, Vec<&str>)> = Vec::new();
        for (role, host) in [(&self.from, FROM), (&self.to, TO)] {
            if role == "Internet" {
                continue;
            }
            match roles.iter_mut().find(|(known, _)| known == role) {
                Some((_, hosts)) => hosts.push(host),
                None => roles.push((role.clone(), vec![host])),
            }
        }
        let lines: Vec<String> = roles.iter().map(|(role, hosts)| format!("{role:?} = {hosts:?}")).collect();
        let text = format!("segment = [\"10.0.0.0/8\"]\n[roles]\n{}\n", lines.join("\n"));
        Policy::read("p.toml", &text, catalog, &HostNames::default(), &[]).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn judge(
        &self,
        policy: &Policy,
        catalog: &Catalog,
        (client, server): (&str, &str),
        transport: &'static str,
        port: u16,
    ) -> Judged {
        // DHCP is from 68 to 67 and back: from another port it is none.
        let from_port = if (transport, port) == ("udp", 67) { 68 } else { 40_000 };
        let talk = Talk::new(client, server, transport, port).at_port(from_port);
        let found = judged(&capture(&[talk]), policy, catalog);
        assert_eq!(found.len(), 1, "{}: {found:?}", self.link());
        found.into_iter().next().unwrap()
    }
}

/// Spellings of roles as reading C79 and the purposes in brackets have them.
fn role(spelling: &str) -> String {
    let plain = spelling.split(" (").next().unwrap().trim();
    let name = match plain {
        "Primary Site Server" => "Site Server",
        "SMS Provider" => "Provider",
        "SQL Server" => "Microsoft SQL Server",
        "Configuration Manager client" => "Client",
        "Global Catalog Domain Controller" => "Domain Controller",
        "Internet-based Management Point" => "Management Point",
        "Internet-based Software Update Point" => "Software Update Point",
        "Internet-based Fallback Status Point" => "Fallback Status Point",
        "VMM console on different computer" | "VMM console" => "VMM admin console",
        "WSUS Synchronization Server" => "WSUS server",
        "BMC" => "Baseboard Management Controller",
        other => other,
    };
    name.to_owned()
}

/// Every case of the table: each port that is a number, between each pair of roles that the row names.
fn cases(rows: &[Row]) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for row in rows.iter().filter(|row| row.get("status") != "defect" && !row.get("from").is_empty()) {
        let transport = match row.get("transport") {
            "tcp" => "tcp",
            "udp" => "udp",
            _ => continue,
        };
        for (from, to) in pairs(row) {
            for port in row.list("ports").iter().filter(|port| **port != "dynamic") {
                let numbers: Vec<u16> = port.split('-').map(|number| number.parse().unwrap()).collect();
                // Of the two ports of DHCP 68 is the one that asks.
                for port in numbers.into_iter().filter(|port| (transport, *port) != ("udp", 68)) {
                    cases.push(Case {
                        row,
                        from: role(from),
                        to: role(to),
                        both_ways: row.get("direction") == "<->",
                        transport,
                        port,
                    });
                }
            }
        }
    }
    cases
}

/// A row under two headings is about both: `A|B` to `C|D` is A to C and B to D, `A` to `C|D` is A to each.
fn pairs(row: &Row) -> Vec<(&str, &str)> {
    let (from, to) = (row.list("from"), row.list("to"));
    if from.len() == to.len() {
        return from.into_iter().zip(to).collect();
    }
    from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))).collect()
}

/// All rows that speak of this pair of roles in either order, whatever their link: (opens, answers, both ways, transport, ports).
fn said_of(all: &[Case<'_>], one: &str, other: &str, transport: &str, port: u16) -> BTreeSet<(String, bool)> {
    let about = |case: &&Case<'_>| {
        let ends = [case.from.as_str(), case.to.as_str()];
        ends.contains(&one) && ends.contains(&other) && case.transport == transport
    };
    let has_port = |case: &&Case<'_>| {
        case.row.list("ports").iter().any(|ports| {
            let numbers: Vec<u16> = ports.split('-').filter_map(|number| number.parse().ok()).collect();
            matches!(numbers[..], [single] if single == port)
                || matches!(numbers[..], [first, last] if (first..=last).contains(&port))
        })
    };
    all.iter().filter(about).filter(has_port).map(|case| (case.from.clone(), case.both_ways)).collect()
}

/// Whether a reading derives that `opens` may open this to `answers` (`tests/data/derived.csv`).
fn is_derived(derived: &[Row], (opens, answers): (&str, &str), transport: &str, port: u16) -> bool {
    derived.iter().any(|row| {
        let ends = (role(row.get("from")), role(row.get("to")));
        let straight = ends.0 == opens && ends.1 == answers && row.get("direction") != "<-";
        let turned = ends.0 == answers && ends.1 == opens && row.get("direction") != "->";
        (straight || turned) && row.get("transport") == transport && row.list("ports").contains(&port.to_string().as_str())
    })
}

/// What does not hold of a case.
fn complaints(case: &Case<'_>, all: &[Case<'_>], derived: &[Row], catalog: &Catalog) -> Vec<String> {
    let policy = case.policy(catalog);
    let (from, to) = case.ends();
    let judge = |ends, transport, port| case.judge(&policy, catalog, ends, transport, port);
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, way: &str, judged: &Judged| {
        if !holds {
            let row = format!("{} line {} {}", case.link(), case.row.get("line"), case.row.get("direction"));
            wrong.push(format!("{row} {}/{} {way}: {judged:?}", case.transport, case.port));
        }
    };
    let is = |judged: &Judged, status, kind| (judged.status, judged.kind) == (status, kind);
    // By a reading, and then it says so.
    let by_reading = |judged: &Judged, ends: (&str, &str), transport| {
        let noted = judged.notes.iter().any(|note| note == "derived") && is(judged, PolicyStatus::Expected, None);
        noted && is_derived(derived, ends, transport, case.port)
    };

    let there = judge((from, to), case.transport, case.port);
    hold(is(&there, PolicyStatus::Expected, None) && there.by.iter().any(|by| by == case.link()), "there", &there);

    let back = judge((to, from), case.transport, case.port);
    let holds = match case.back(all) {
        Back::Reversed if by_reading(&back, (&case.to, &case.from), case.transport) => true,
        Back::Reversed => is(&back, PolicyStatus::Unexpected, Some(FindingKind::Reversed)),
        Back::Allowed => is(&back, PolicyStatus::Expected, None),
    };
    hold(holds, "back", &back);

    let other = if case.transport == "tcp" { "udp" } else { "tcp" };
    let crossed = judge((from, to), other, case.port);
    let holds = if said_of(all, &case.from, &case.to, other, case.port).is_empty() {
        by_reading(&crossed, (&case.from, &case.to), other)
            || is(&crossed, PolicyStatus::Unexpected, Some(FindingKind::WrongTransport))
    } else {
        // It may be for the other direction only.
        is(&crossed, PolicyStatus::Expected, None)
    };
    hold(holds, &format!("over {other}"), &crossed);

    let astray = judge((from, to), case.transport, NOWHERE);
    hold(astray.status == PolicyStatus::Unexpected && astray.kind.is_some(), "at a wrong port", &astray);
    let stranger = judge(("10.0.0.9", to), case.transport, case.port);
    hold(stranger.status == PolicyStatus::Unexpected && stranger.kind.is_some(), "from a stranger", &stranger);
    wrong
}

/// What the documents say of the way back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    Allowed,
    Reversed,
}

impl Case<'_> {
    fn back(&self, all: &[Case<'_>]) -> Back {
        let rows = said_of(all, &self.from, &self.to, self.transport, self.port);
        let by_row = self.both_ways || self.from == self.to || rows.iter().any(|(opens, both)| *both || *opens == self.to);
        if by_row { Back::Allowed } else { Back::Reversed }
    }
}

#[test]
fn every_row_in_both_directions_at_both_ports_and_over_both_transports() {
    let catalog = catalog();
    let table = rows("links");
    let all = cases(&table);
    let derived = rows("derived");
    let wrong: Vec<String> = all.iter().flat_map(|case| complaints(case, &all, &derived, &catalog)).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    let links: BTreeSet<&str> = all.iter().map(Case::link).collect();
    // The printed links: 47 of Configuration Manager, four of AMT, and the rows of the VMM article that have a port.
    let missing: Vec<String> =
        (1..=47).map(|n| format!("sccm.link.{n:02}")).filter(|link| !links.contains(link.as_str())).collect();
    assert!(missing.is_empty(), "no case of {missing:?}");
    assert!(["a", "b", "c", "d"].iter().all(|letter| links.contains(format!("sccm.amt.{letter}").as_str())));
    assert!(links.iter().filter(|link| link.starts_with("vmm16.")).count() >= 20, "{links:?}");
    let (one_way, both): (Vec<&Case<'_>>, Vec<&Case<'_>>) = all.iter().partition(|case| case.back(&all) == Back::Reversed);
    assert!(one_way.len() > 100 && both.len() > 35, "{} one way, {} both ways", one_way.len(), both.len());
}

/// A protocol that shows itself in its bytes, at a port where its link does not have it.
#[test]
fn a_known_protocol_at_a_wrong_port_is_found_on_every_link_that_has_it() {
    let catalog = catalog();
    let table = rows("links");
    let http = (
        "\"GET /sms_mp/.sms_aut?mplist HTTP/1.1\\r\\nHost: mp1\\r\\n\\r\\n\"",
        "\"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\"",
    );
    let mut found = 0;
    let mut seen = BTreeSet::new();
    for case in cases(&table).iter().filter(|case| case.row.get("protocol") == "HTTP") {
        // This row names a program and no protocol.
        if case.row.get("protocol_printed") == "Load balancer config provider" {
            continue;
        }
        if !seen.insert((case.link().to_owned(), case.from.clone(), case.to.clone())) {
            continue;
        }
        let policy = case.policy(&catalog);
        let (from, to) = case.ends();
        let talk = Talk::new(from, to, "tcp", 48_080).saying(http.0, http.1);
        let judged = judged(&capture(&[talk]), &policy, &catalog);
        assert_eq!(judged[0].kind, Some(FindingKind::WrongPort), "{}: {judged:?}", case.link());
        assert!(judged[0].text.contains("80"), "{judged:?}");
        found += 1;
    }
    assert!(found > 15, "{found}");
}

// ---- rows without a number ------------------------------------------------------------------------------------------

/// The rows of a table that have this transport, between each pair of roles, with the roles' one names.
fn rows_over<'r>(rows: &'r [Row], transport: &'static str) -> Vec<Case<'r>> {
    let of = |row: &'r Row| {
        pairs(row).into_iter().map(move |(from, to)| Case {
            row,
            from: role(from),
            to: role(to),
            both_ways: row.get("direction") == "<->",
            transport,
            port: 0,
        })
    };
    rows.iter().filter(|row| row.get("transport") == transport && !row.get("from").is_empty()).flat_map(of).collect()
}

/// DCE/RPC as C706 has it: a bind for the interface 12345778-1234-abcd-ef00-0123456789ac, and its acknowledgement.
const BIND: &str = "0x05000b03 0x10000000 0x4800 0x0000 0x01000000 0xb810b810 zeros 4 0x01000000 0x0000 0x0100 \
                    0x785734123412cdabef000123456789ac 0x01000000 0x045d888aeb1cc9119fe808002b104860 0x02000000";
const BOUND: &str = "length16le 8(0x05000c03 0x10000000 0x0000 0x0000 0x01000000 0xb810b810 0x5b3c0000 size16le(\"1026\\0\") zeros 1 \
                     0x01000000 zeros 4 0x045d888aeb1cc9119fe808002b104860 0x02000000)";

/// "Randomly allocated high TCP ports" are no licence: the port has to be announced by the mapper, or to speak DCE/RPC.
#[test]
fn a_dynamic_port_is_expected_where_it_is_announced_or_speaks_rpc_and_nowhere_else() {
    let catalog = catalog();
    let (table, derived) = (rows("links"), rows("derived"));
    let all: Vec<Case<'_>> = rows_over(&table, "tcp").into_iter().filter(|case| case.row.get("ports") == "dynamic").collect();
    let links: BTreeSet<&str> = all.iter().map(Case::link).collect();
    assert!(links.len() >= 16 && links.contains("sccm.amt.a"), "{links:?}");
    for case in &all {
        let policy = case.policy(&catalog);
        let (from, to) = case.ends();
        let speaks = |client: &str, server: &str| {
            let talk = Talk::new(client, server, "tcp", 1026).saying(BIND, BOUND);
            judged(&capture(&[talk]), &policy, &catalog).remove(0)
        };
        let is_by_link = |judged: &Judged| {
            (judged.status, judged.kind) == (PolicyStatus::Expected, None) && judged.by.iter().any(|by| by == case.link())
        };
        let there = speaks(from, to);
        assert!(is_by_link(&there), "{} {}: {there:?}", case.link(), case.from);
        // Another row may be about the way back.
        let opens = |other: &Case<'_>| {
            let (one, two) = (&other.from, &other.to);
            (one, two) == (&case.to, &case.from) || (other.both_ways && (one, two) == (&case.from, &case.to))
        };
        let both = all.iter().any(opens);
        let back = speaks(to, from);
        let kinds = if both { (PolicyStatus::Expected, None) } else { (PolicyStatus::Unexpected, Some(FindingKind::Reversed)) };
        let by_reading = back.notes.iter().any(|note| note == "derived")
            && derived.iter().any(|row| row.get("id") == case.link() && row.get("ports") == "dynamic");
        assert!(by_reading || (back.status, back.kind) == kinds, "{}: {back:?}", case.link());
        assert_eq!(speaks("10.0.0.9", to).status, PolicyStatus::Unexpected, "{}", case.link());
        let dark = case.judge(&policy, &catalog, (from, to), "tcp", 1026);
        assert_eq!((dark.status, dark.kind), (PolicyStatus::Unexpected, Some(FindingKind::DynamicUnexplained)), "{dark:?}");
        assert!(dark.link.is_some(), "{dark:?}");
        let [mapper, announced] = announced(from, to, &policy, &catalog);
        assert!(is_by_link(&announced) && announced.is_learned, "{}: {announced:?}", case.link());
        assert_eq!(mapper.kind, None, "{}: {mapper:?}", case.link());
    }
}

/// A mapper that says 1026, and a conversation there that nothing shows for what it is. The mapper's words are those of the demo's scenario.
fn announced(from: &str, to: &str, policy: &Policy, catalog: &Catalog) -> [Judged; 2] {
    let demo = std::fs::read_to_string(support::repository("fixtures/demo/segment/scenario.toml")).unwrap();
    let payloads = demo[demo.find("[payloads]").unwrap()..demo.find("[[flow]]").unwrap()].replace("0x0a010005", "0x0a000002");
    let text = format!(
        "title = \"mapper\"\nstart = 2026-03-02T08:00:00Z\n{payloads}\n\
         [[flow]]\nfrom = \"{from}:40000\"\nto = \"{to}:135\"\nprotocol = \"tcp\"\n\
         steps = ['open', '> @bind-epm', '< @ack-135', '> @ept-map', '< @ept-mapped', 'close']\n\
         [[flow]]\nat = 5.0\nfrom = \"{from}:40001\"\nto = \"{to}:1026\"\nprotocol = \"tcp\"\n\
         steps = ['open', '> noise 24', '< noise 40', 'close']\n"
    );
    let found = judged(&support::capture(&text).unwrap(), policy, catalog);
    found.try_into().unwrap_or_else(|found| panic!("{found:?}"))
}

/// Reading C54: PPTP between sites goes on as GRE, which either end begins. No other tunnel is meant.
#[test]
fn gre_is_expected_beside_pptp_and_no_other_tunnel_is() {
    let catalog = catalog();
    let derived = rows("derived");
    let cases = rows_over(&derived, "gre");
    assert_eq!(cases.iter().map(|case| case.row.get("id")).collect::<Vec<_>>(), ["sccm.link.01", "sccm.ras-sender"]);
    let gre = ("0x3001880b 0x00080001 0x00000001 noise 8", "0x3001880b 0x00080002 0x00000001 noise 8");
    for case in &cases {
        let policy = case.policy(&catalog);
        let tunnel = |client: &str, server: &str, transport, (asks, answers): (&str, &str)| {
            judged(&capture(&[Talk::new(client, server, transport, 0).saying(asks, answers)]), &policy, &catalog).remove(0)
        };
        for (client, server) in [(FROM, TO), (TO, FROM)] {
            let found = tunnel(client, server, "ip-47", gre);
            assert_eq!((found.status, found.kind), (PolicyStatus::Expected, None), "{found:?}");
            assert!(found.notes.iter().any(|note| note == "derived"), "{found:?}");
            assert!(found.by.iter().any(|by| by == case.row.get("id")), "{found:?}");
        }
        assert_eq!(tunnel("10.0.0.9", TO, "ip-47", gre).status, PolicyStatus::Unexpected);
        let other = tunnel(FROM, TO, "ip-50", ("0x00001001 0x00000001 noise 40", "0x00001002 0x00000001 noise 40"));
        assert_eq!((other.status, other.transport.as_str()), (PolicyStatus::Unexpected, "esp"), "{other:?}");
    }
}

/// An echo is asked by the side that the row names, and no other message of ICMP is meant.
#[test]
fn echoes_are_expected_from_the_side_that_asks() {
    let catalog = catalog();
    let table = rows("links");
    let echoes = [
        ("icmp", ["10.0.0.1", "10.0.0.2", "10.0.0.9"], ["8/0", "0/0", "253/0", "254/0"]),
        ("icmp6", ["fd00::1", "fd00::2", "fd00::9"], ["128/0", "129/0", "200/0", "201/0"]),
    ];
    let mut found = BTreeSet::new();
    for (transport, [one, other, stranger], [ask, answer, odd, odd_answer]) in echoes {
        for case in rows_over(&table, transport) {
            let text = format!("[roles]\n{:?} = [\"{one}\"]\n{:?} = [\"{other}\"]\n", case.from, case.to);
            let policy = Policy::read("p.toml", &text, &catalog, &HostNames::default(), &[]).unwrap();
            let echo = |client: &str, server: &str, ask: &str, answer: &str| {
                let text = format!(
                    "title = \"echo\"\nstart = 2026-03-02T08:00:00Z\n[[flow]]\nfrom = \"{client}\"\nto = \"{server}\"\nprotocol = \"icmp\"\n\
                     steps = ['> {ask} 0x00010001 noise 24', '< {answer} 0x00010001 noise 24']\n"
                );
                judged(&support::capture(&text).unwrap(), &policy, &catalog).remove(0)
            };
            let there = echo(one, other, ask, answer);
            assert_eq!(
                (there.status, there.kind, there.transport.as_str()),
                (PolicyStatus::Expected, None, transport),
                "{there:?}"
            );
            assert_eq!(there.by, [case.link()]);
            let back = echo(other, one, ask, answer);
            assert_eq!((back.status, back.kind), (PolicyStatus::Unexpected, Some(FindingKind::Reversed)), "{back:?}");
            assert_eq!(echo(stranger, other, ask, answer).status, PolicyStatus::Unexpected);
            let odd = echo(one, other, odd, odd_answer);
            assert_eq!(odd.status, PolicyStatus::Unexpected, "{odd:?}");
            found.insert((case.link().to_owned(), transport));
        }
    }
    let known = [("sccm.link.42", "icmp"), ("sccm.link.42", "icmp6"), ("vmm16.src.16", "icmp")];
    assert_eq!(found, known.map(|(link, transport)| (link.to_owned(), transport)).into());
}
