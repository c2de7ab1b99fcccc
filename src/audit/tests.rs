//! Every row of the independently extracted table of links: the direction that is printed, the other one, and the other transport.

use crate::audit::{About, HostNames, Learner, Policy};
use crate::catalog::{Catalog, Options};
use crate::net::{IpProto, Timestamp, protocol_named};
use crate::record::{
    CommunityTuple, Direction, Evidence, FindingKind, Flow, FlowId, FlowRecord, Host, PerSide, PolicyStatus, Verdict,
};

/// A TCP or UDP conversation that was answered.
pub(super) fn record<'a>(transport: IpProto, client: &str, server: &str, port: u16) -> FlowRecord<'a> {
    let time = Timestamp::new(1_052_903_521, 0, 6);
    let host = |ip: &str, port| Host { ip: ip.parse().unwrap(), port: Some(port), name: None };
    FlowRecord {
        terse: false,
        kind: Flow::Flow,
        id: FlowId { packet: 1, layer: 0 },
        community_id: CommunityTuple {
            source: host(client, 40_000).ip,
            destination: host(server, port).ip,
            protocol: transport,
            ports: Some((40_000, port)),
        },
        first: time,
        last: time,
        duration: 0.0,
        ip_version: 4,
        transport,
        protocol: transport.0,
        vlans: Vec::new(),
        tunnels: Vec::new(),
        client: host(client, 40_000),
        server: host(server, port),
        direction: Direction::Syn,
        packets: PerSide { client: 3, server: 3 },
        bytes: PerSide { client: 300, server: 300 },
        icmp: None,
        icmp_errors: None,
        tcp: None,
        spis: Vec::new(),
        label: None,
        detail: None,
        systems: Vec::new(),
        verdict: Some(Verdict::Matched),
        evidence: Some(Evidence::Port),
        learned_after: false,
        announced: false,
        flags: Vec::new(),
        notes: Vec::new(),
        reason: None,
        hint: None,
        payload: None,
        sources: Vec::new(),
        policy: None,
        leased: Vec::new(),
    }
}

fn policy(catalog: &Catalog, text: &str) -> Policy {
    Policy::read("p.toml", text, catalog, &HostNames::default(), &[]).unwrap()
}

fn judged(policy: &Policy, transport: IpProto, client: &str, server: &str, port: u16) -> (PolicyStatus, Option<FindingKind>) {
    let mut record = record(transport, client, server, port);
    policy.judge(&mut record);
    let share = record.policy.unwrap();
    (share.status, share.findings.first().map(|finding| finding.kind))
}

#[test]
fn every_printed_link_is_expected_one_way_or_both() {
    let catalog = Catalog::load(&Options::default()).unwrap();
    let text = std::fs::read_to_string("tests/data/links.csv").unwrap();
    let mut lines = text.lines();
    // Quotes stand in the last column only, which is not asked for.
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut checked = 0;
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        let field = |name: &str| row[columns.iter().position(|column| *column == name).unwrap()];
        let (from, to) = (field("from"), field("to"));
        let single = !from.is_empty() && !from.contains('|') && !to.contains('|') && !to.contains("Internet");
        let port = field("ports").split('|').next().unwrap().split('-').next().unwrap().parse::<u16>();
        let (Ok(port), true, "cell") = (port, single && field("status") != "defect", field("where")) else { continue };
        let Some(transport @ (IpProto::TCP | IpProto::UDP)) = protocol_named(field("transport")).map(IpProto) else { continue };
        let same = catalog.same_role(from, to);
        let roles = if same {
            format!("{from:?} = [\"10.0.0.1\", \"10.0.0.2\"]")
        } else {
            format!("{from:?} = [\"10.0.0.1\"]\n{to:?} = [\"10.0.0.2\"]")
        };
        let policy = policy(&catalog, &format!("[roles]\n{roles}\n"));
        let there = judged(&policy, transport, "10.0.0.1", "10.0.0.2", port);
        assert_eq!(there, (PolicyStatus::Expected, None), "{row:?}");
        let back = judged(&policy, transport, "10.0.0.2", "10.0.0.1", port);
        if field("direction") == "<->" {
            assert_eq!(back, (PolicyStatus::Expected, None), "{row:?}");
        } else if back.0 != PolicyStatus::Expected {
            assert_eq!(back, (PolicyStatus::Unexpected, Some(FindingKind::Reversed)), "{row:?}");
        }
        let stranger = judged(&policy, transport, "10.0.0.9", "10.0.0.2", port);
        assert_eq!(stranger.0, PolicyStatus::Unexpected, "{row:?}");
        checked += 1;
    }
    assert!(checked > 120, "only {checked} rows were checked");
}

#[test]
fn the_other_transport_and_a_missing_role_are_told_apart() {
    let catalog = Catalog::load(&Options::default()).unwrap();
    let policy = policy(&catalog, "[roles]\n\"Management Point\" = [\"10.0.0.1\"]\n\"SQL Server\" = [\"10.0.0.2\"]\n");
    let kind = |transport, client, server| judged(&policy, transport, client, server, 1433).1;
    assert_eq!(kind(IpProto::TCP, "10.0.0.1", "10.0.0.2"), None);
    assert_eq!(kind(IpProto::UDP, "10.0.0.1", "10.0.0.2"), Some(FindingKind::WrongTransport));
    assert_eq!(kind(IpProto::TCP, "10.0.0.2", "10.0.0.1"), Some(FindingKind::Reversed));
    assert_eq!(kind(IpProto::TCP, "10.0.0.1", "10.0.0.3"), Some(FindingKind::RoleMissing));
    assert_eq!(kind(IpProto::TCP, "10.0.0.3", "10.0.0.2"), Some(FindingKind::Unexpected));
}

/// More conversations than are remembered one by one: what is beyond is let pass in the wide, and the draft still audits all of it clean.
#[test]
fn a_draft_of_more_than_can_be_remembered_is_wide_and_clean() {
    let catalog = Catalog::load(&Options::default()).unwrap();
    let mut learner = Learner::default();
    let all = || {
        (0..3000_u32).map(|n| {
            let client = format!("10.{}.{}.{}", n % 7, n / 256, n % 256);
            let mut record =
                record(if n % 3 == 0 { IpProto::UDP } else { IpProto::TCP }, &client, "10.9.0.1", (n * 19 % 60_000) as u16);
            record.verdict = Some(Verdict::Unmatched);
            record.evidence = None;
            record.notes = if n % 5 == 0 { vec!["refused"] } else { Vec::new() };
            record
        })
    };
    all().for_each(|record| learner.see(&record, &catalog));
    let text = learner.draft(&catalog, &[], &About::default()).unwrap();
    assert!(text.contains("too many different conversations") && text.lines().count() < 1500, "{text}");
    let policy = Policy::read("p.toml", &text, &catalog, &HostNames::default(), &[]).unwrap();
    for mut record in all() {
        policy.judge(&mut record);
        assert_eq!(record.policy.unwrap().findings, [], "{text}");
    }
}
