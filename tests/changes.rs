//! A hundred small changes: traffic is learned, one conversation is changed, and the audit finds that change and nothing else.
//!
//! The traffic is that of the demo's scenario. For each conversation in it: the same to a new host, from the other side, at another port, over the other
//! transport, with another protocol's bytes, refused, from a client that was never there; and one service that was never there.

#![cfg(test)]

mod support;

use std::fs;

use flowlabel::audit::{About, HostNames, Learner, Policy};
use flowlabel::catalog::Catalog;
use flowlabel::classify::FLAGS;
use flowlabel::record::FindingKind::{self, *};
use support::learned::catalog;
use support::scenario::{Flow, Scenario};
use support::table::rows;
use support::traffic::{Judged, judged};
use support::{craft, file, records, repository};

/// Hosts and a port that the traffic knows nothing of.
const NEW_SERVER: &str = "10.1.0.200";
const NEW_CLIENT: &str = "10.1.9.99";
const NEW_PORT: u16 = 7777;
/// Seconds after the start: all is over by then.
const LATER: f64 = 4000.0;

fn scenario() -> Scenario {
    let text = fs::read_to_string(repository("fixtures/demo/segment/scenario.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn capture(scenario: &Scenario) -> Vec<u8> {
    file::write(scenario, &craft::frames(scenario).unwrap())
}

/// What is learned of a capture.
fn learned(capture: &[u8], catalog: &Catalog) -> Policy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    fs::write(&path, capture).unwrap();
    let mut learner = Learner::default();
    records::each(&path, catalog, |record| learner.see(&record, catalog));
    let text = learner.draft(catalog, FLAGS, &About::default()).unwrap();
    Policy::read("learned", &text, catalog, &HostNames::default(), FLAGS).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A change, and which kinds of finding it may be.
struct Change {
    what: &'static str,
    flow: Flow,
    kinds: &'static [FindingKind],
}

/// An end without its port.
fn host(end: &str) -> &str {
    end.rsplit_once(':').map_or(end, |(host, _)| host)
}

fn port(end: &str) -> Option<u16> {
    end.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}

/// The flow once more, later and from a port of its own.
fn again(flow: &Flow, at: usize) -> Flow {
    Flow {
        name: format!("{}, changed", flow.name),
        at: LATER,
        from: format!("{}:{}", host(&flow.from), 50_000 + at),
        to: flow.to.clone(),
        protocol: flow.protocol.clone(),
        via: Vec::new(),
        pace: flow.pace,
        mtu: flow.mtu,
        fragments: flow.fragments,
        spi: flow.spi,
        repeat: 1,
        every: 0.0,
        steps: flow.steps.clone(),
    }
}

fn own(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// A conversation that nobody has had, over a transport.
fn something(transport: &str) -> Vec<String> {
    if transport == "tcp" { own(&["open", "> noise 24", "< noise 40", "close"]) } else { own(&["> noise 24", "< noise 40"]) }
}

/// Whether the documents list a port for this transport too, as an independent reading has them.
fn is_documented(transport: &str, port: u16) -> bool {
    let port = port.to_string();
    let lists = |name: &str, column: &str| {
        rows(name).iter().any(|row| row.get("transport") == transport && row.list(column).contains(&port.as_str()))
    };
    lists("facts", "port") || lists("derived", "ports")
}

/// Every change of a conversation.
fn changes(flow: &Flow, at: usize, before: &Judged) -> Vec<Change> {
    let Some(number) = port(&flow.to) else { return Vec::new() };
    let went_well = before.by.iter().all(|by| !by.starts_with("accept:"));
    let other = if flow.protocol == "tcp" { "udp" } else { "tcp" };
    let mut changes = vec![Change {
        what: "a new service",
        flow: Flow { to: format!("{}:{NEW_PORT}", host(&flow.to)), steps: something(&flow.protocol), ..again(flow, at) },
        kinds: &[Unexpected, DynamicUnexplained],
    }];
    if !is_documented(other, number) {
        changes.push(Change {
            what: "the wrong transport",
            flow: Flow { protocol: other.to_owned(), steps: something(other), ..again(flow, at) },
            kinds: &[WrongTransport, Unexpected, RoleMissing, DynamicUnexplained],
        });
    }
    if !went_well {
        return changes;
    }
    changes.extend([
        Change {
            what: "a new server",
            flow: Flow { to: format!("{NEW_SERVER}:{number}"), ..again(flow, at) },
            kinds: &[RoleMissing, Unexpected],
        },
        Change {
            what: "the other direction",
            flow: Flow {
                from: format!("{}:{}", host(&flow.to), 50_000 + at),
                to: format!("{}:{number}", host(&flow.from)),
                ..again(flow, at)
            },
            kinds: &[Reversed, RoleMissing, Unexpected],
        },
    ]);
    // RPC at a port that the system assigns is what the documents say of it.
    if before.payload.as_deref() != Some("DCE/RPC") {
        changes.push(Change {
            what: "a moved port",
            flow: Flow { to: format!("{}:{}", host(&flow.to), 20_000 + number % 1000), ..again(flow, at) },
            kinds: &[WrongPort, Unexpected, RoleMissing, DynamicUnexplained],
        });
    }
    if flow.protocol == "tcp" {
        changes.push(Change { what: "a refusal", flow: Flow { steps: own(&["refuse"]), ..again(flow, at) }, kinds: &[Refused] });
        changes.push(Change {
            what: "silence",
            flow: Flow { steps: own(&["> S", "+1 > S"]), ..again(flow, at) },
            kinds: &[Unanswered],
        });
    }
    // Where the bytes told what it is, other bytes tell that it is not.
    if flow.protocol == "tcp" && before.payload.is_some() && before.label.is_some() {
        let ssh = ["open", "> \"SSH-2.0-PuTTY\\r\\n\"", "< \"SSH-2.0-OpenSSH_3.6\\r\\n\"", "close"];
        changes.push(Change {
            what: "a masquerade",
            flow: Flow { steps: own(&ssh), ..again(flow, at) },
            kinds: &[PayloadContradictsPort],
        });
    }
    // Services are for any client; what roles and the site's own expectations allow is not.
    if before.by.iter().all(|by| !by.starts_with("svc.")) {
        changes.push(Change {
            what: "a new client",
            flow: Flow { from: format!("{NEW_CLIENT}:{}", 50_000 + at), ..again(flow, at) },
            kinds: &[Unexpected],
        });
    }
    changes
}

/// Whether a flow of the scenario can be changed: TCP or UDP between two hosts of the site, not inside of a tunnel, not announced by another one.
fn is_plain(flow: &Flow, before: &Judged) -> bool {
    let is_near = |ip: &str| ip.starts_with("10.") && !ip.ends_with(".255");
    matches!(flow.protocol.as_str(), "tcp" | "udp")
        && flow.via.is_empty()
        && is_near(&before.server)
        && is_near(&before.client)
        && !before.is_learned
}

#[test]
fn each_of_a_hundred_small_changes_is_found_and_nothing_else() {
    let catalog = catalog();
    let base = scenario();
    let policy = learned(&capture(&base), &catalog);
    let clean = judged(&capture(&base), &policy, &catalog);
    assert!(clean.iter().all(|judged| judged.kind.is_none()), "{clean:?}");

    let (mut tried, mut wrong) = (0, Vec::new());
    for at in 0..base.flows.len() {
        let flow = &base.flows[at];
        let ends = (base.end(&flow.from).unwrap().ip.to_string(), base.end(&flow.to).unwrap());
        let is_it = |judged: &&Judged| {
            (&judged.client, &judged.server, judged.port, &judged.transport)
                == (&ends.0, &ends.1.ip.to_string(), Some(ends.1.port), &flow.protocol)
        };
        let Some(before) = clean.iter().find(is_it).filter(|before| is_plain(flow, before)).cloned() else { continue };
        for change in changes(flow, at, &before) {
            let mut changed = scenario();
            let (client, server) = (changed.end(&change.flow.from).unwrap(), changed.end(&change.flow.to).unwrap());
            let (transport, kinds, what) =
                (change.flow.protocol.clone(), change.kinds, format!("{} of {:?}", change.what, flow.name));
            changed.flows.push(change.flow);
            let all = judged(&capture(&changed), &policy, &catalog);
            let found: Vec<&Judged> = all.iter().filter(|judged| judged.kind.is_some()).collect();
            let is_change = |judged: &Judged| {
                judged.client == client.ip.to_string()
                    && judged.server == server.ip.to_string()
                    && judged.port == Some(server.port)
                    && judged.transport == transport
            };
            tried += 1;
            match found[..] {
                [one] if is_change(one) && one.kind.is_some_and(|kind| kinds.contains(&kind)) => {}
                _ => wrong.push(format!("{what}: {found:#?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried} changes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried >= 100, "only {tried} changes were tried");
}
