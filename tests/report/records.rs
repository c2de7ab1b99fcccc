//! Hand-made records of every shape.

use flowlabel::net::{IpProto, Timestamp};
use flowlabel::record::*;
use flowlabel::report::{Format, View};

/// 2003-05-14 09:12:01 UTC.
pub const MORNING: i64 = 1_052_903_521;

/// A TCP flow nobody has judged yet.
pub fn flow(number: u64) -> FlowRecord<'static> {
    tcp(number, "10.1.8.20", 1045, "10.1.0.9", 2703)
}

pub fn tcp(number: u64, client: &str, from: u16, server: &str, to: u16) -> FlowRecord<'static> {
    let tcp =
        Tcp { state: ConnState::SF, history: History::from("ShADadfF").unwrap(), rtt_ms: Some(0.4), retransmissions: 0, gaps: 0 };
    FlowRecord { direction: Direction::Syn, tcp: Some(tcp), ..bare(number, IpProto::TCP, client, Some(from), server, Some(to)) }
}

pub fn udp(number: u64, client: &str, from: u16, server: &str, to: u16) -> FlowRecord<'static> {
    bare(number, IpProto::UDP, client, Some(from), server, Some(to))
}

pub fn bare(
    number: u64,
    transport: IpProto,
    client: &str,
    from: Option<u16>,
    server: &str,
    to: Option<u16>,
) -> FlowRecord<'static> {
    let (client, server) = (client.parse().unwrap(), server.parse().unwrap());
    let tuple = CommunityTuple { source: client, destination: server, protocol: transport, ports: from.zip(to) };
    FlowRecord {
        terse: false,
        kind: Flow::Flow,
        id: FlowId { packet: number, layer: 0 },
        community_id: tuple,
        first: Timestamp::new(MORNING, 203_441_000, 6),
        last: Timestamp::new(MORNING + 12, 703_441_000, 6),
        duration: 12.5,
        ip_version: if client.is_ipv4() { 4 } else { 6 },
        transport,
        protocol: transport.0,
        vlans: vec![],
        tunnels: vec![],
        client: Host { ip: client, port: from, name: None },
        server: Host { ip: server, port: to, name: None },
        direction: Direction::First,
        packets: PerSide { client: 10, server: 9 },
        bytes: PerSide { client: 1040, server: 900 },
        icmp: None,
        icmp_errors: None,
        tcp: None,
        spis: vec![],
        label: None,
        detail: None,
        systems: vec![],
        verdict: None,
        evidence: None,
        learned_after: false,
        announced: false,
        flags: vec![],
        notes: vec![],
        reason: None,
        hint: None,
        payload: None,
        sources: vec![],
        policy: None,
        leased: vec![],
    }
}

/// A judged flow.
pub fn matched(label: &'static str, evidence: Evidence, record: FlowRecord<'static>) -> FlowRecord<'static> {
    FlowRecord { label: Some(label), evidence: Some(evidence), verdict: Some(Verdict::Matched), ..record }
}

/// A record with every optional field there is, and nothing kind in its texts.
pub fn full() -> FlowRecord<'static> {
    let finding = Finding {
        kind: FindingKind::WrongPort,
        link: Some("sccm.link.17".into()),
        text: "The link is documented on 80, not on 8080.".into(),
        sources: vec!["sccm-2007:54".into()],
        filter: "ip.addr == 10.1.0.9 && tcp.port == 2703".into(),
    };
    let policy = Policy { status: PolicyStatus::Unexpected, by: vec!["expect:1".into()], findings: vec![finding] };
    FlowRecord {
        id: FlowId { packet: 17, layer: 1 },
        vlans: vec![10, 20],
        tunnels: vec![
            Tunnel { kind: "gre", id: Some(FlowId { packet: 17, layer: 0 }), key: Some(7) },
            Tunnel { kind: "ipip", id: None, key: None },
        ],
        client: Host { name: Some("=cmd|' /C calc'!A0"), ..flow(1).client },
        server: Host { name: Some("a\u{1b}[31m\u{202e}b\u{9b}"), ..flow(1).server },
        icmp_errors: Some(IcmpErrors { count: 2, codes: vec!["3/1".into(), "3/3".into()] }),
        spis: vec![Spi(0xc0ff_ee00)],
        label: Some("SMS Remote Chat"),
        detail: Some("TLS 1.2, \"quoted\""),
        systems: vec!["svc.sms-remote-control", "sms20sp2.chat"],
        verdict: Some(Verdict::Mismatched),
        evidence: Some(Evidence::Port),
        learned_after: true,
        flags: vec!["payload-contradicts-port"],
        notes: vec!["capture-started-mid-flow"],
        reason: Some("Port 2703 is documented for SMS Remote Chat, but the payload is TLS.".into()),
        hint: Some("HTTPS"),
        payload: Some(Payload { protocol: Some("TLS"), confidence: Some(Confidence::Certain), calls: 1 }),
        sources: vec!["kb832017:554", "q256884:45"],
        policy: Some(policy),
        ..flow(17)
    }
}

/// A flow of IPv6, without ports, of a protocol without a keyword, without a time.
pub fn sparse() -> FlowRecord<'static> {
    FlowRecord {
        first: Timestamp::NONE,
        last: Timestamp::NONE,
        duration: 0.0,
        ..bare(18, IpProto(253), "2001:db8::1", None, "ff02::1:ff00:1234", None)
    }
}

/// An ICMP flow.
pub fn icmp() -> FlowRecord<'static> {
    let icmp = Some(Icmp { kind: 8, code: 0, id: Some(512) });
    FlowRecord { icmp, ..bare(19, IpProto::ICMP, "10.1.8.20", None, "10.1.0.9", None) }
}

/// A record of each shape.
pub fn shapes() -> Vec<FlowRecord<'static>> {
    vec![flow(1), full(), sparse(), icmp(), udp(20, "10.1.8.20", 1050, "10.1.0.9", 53)]
}

/// The summary of a whole small run.
pub fn summary(records: &[FlowRecord<'_>]) -> Summary {
    let packets: u64 = records.iter().map(|record| record.packets.sum()).sum();
    let mut summary = Summary {
        packets: PacketCounts { total: packets, flows: packets, ..PacketCounts::default() },
        bytes: records.iter().map(|record| record.bytes.sum() + 14 * record.packets.sum()).sum(),
        first: records.iter().map(|record| record.first).reduce(Timestamp::earliest),
        last: records.iter().map(|record| record.last).reduce(Timestamp::latest),
        ..Summary::default()
    };
    summary.run.version = "0.1.0".into();
    summary.run.inputs = vec![Input { path: "x.pcap".into(), bytes: 887 }];
    let mut builder = SummaryBuilder::default();
    for record in records {
        builder.flow(record);
    }
    builder.finish(&mut summary);
    summary
}

/// What a format makes of records and a summary.
pub fn written(format: &Format, view: &View, records: &[FlowRecord<'_>], summary: &Summary) -> String {
    let mut report = (format.new)(view);
    let mut out = Vec::new();
    for record in records {
        report.flow(record, &mut out).unwrap();
    }
    report.finish(summary, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// An audit with one finding of each kind, and an expectation of each outcome.
pub fn audit_of_all_kinds() -> Audit {
    let mut findings: Vec<_> = FindingKind::ALL.iter().enumerate().map(|(at, kind)| finding_group(*kind, at as u64)).collect();
    findings.sort_by_key(|group| group.kind.severity());
    let cell = |from: Option<&str>, links: &[&str], findings| MatrixCell {
        from: from.map(str::to_owned),
        to: Some("Management Point".into()),
        links: links.iter().map(ToString::to_string).collect(),
        flows: 55,
        bytes: 90_000,
        findings,
    };
    Audit {
        policy: "HQ server segment".into(),
        flows: StatusCounts { expected: 4000, unexpected: 54, forbidden: 1, outside: 7 },
        findings,
        coverage: vec![
            expectation("sccm.link.17", Seen::Seen, true),
            expectation("sccm.link.18", Seen::Failed, true),
            Coverage { both_ways: true, ..expectation("sccm.link.19", Seen::Unseen, true) },
            Coverage { why: Some("no packet of any Client".into()), ..expectation("expect:1", Seen::Unseen, false) },
            Coverage { derived: true, ..expectation("sccm.link.20", Seen::Unseen, true) },
        ],
        matrix: vec![cell(Some("Client"), &["sccm.link.17"], 55), cell(None, &[], 0)],
        ..Audit::default()
    }
}

/// A finding about a server of its own.
pub fn finding_group(kind: FindingKind, at: u64) -> FindingGroup {
    let (server, port) = (format!("10.1.0.{}", 11 + at % 200), 80 + at as u16);
    FindingGroup {
        kind,
        link: Some("sccm.link.17".into()),
        text: format!(
            "10.1.8.20 (Client) opened TCP {port} to {server}, which sccm.link.17 allows to nobody: close the port, or say who may."
        ),
        sources: vec!["sccm-2007:54".into()],
        filter: format!("ip.addr == {server} && tcp.port == {port}"),
        label: Some("HTTP".into()),
        transport: "tcp".into(),
        server: server.parse().unwrap(),
        port: Some(port),
        server_roles: vec!["Management Point".into()],
        client_roles: vec!["Client".into()],
        clients: vec!["10.1.8.20".parse().unwrap()],
        flows: at + 1,
        packets: 10,
        bytes: 1000 + at,
        first: Timestamp::new(MORNING, 0, 6),
        last: Timestamp::new(MORNING + 9, 0, 6),
        witnesses: vec![FlowId { packet: 30, layer: 0 }],
        change: None,
        was: None,
    }
}

fn expectation(by: &str, status: Seen, observable: bool) -> Coverage {
    let seen = status == Seen::Seen;
    Coverage {
        by: by.into(),
        title: "Client -> Management Point".into(),
        from: "Client".into(),
        to: "Management Point".into(),
        both_ways: false,
        protocol: Some("HTTP".into()),
        transport: Some("tcp".into()),
        ports: vec!["80".into()],
        derived: false,
        status,
        flows: if seen { 55 } else { 0 },
        failed: u64::from(status == Seen::Failed),
        bytes: if seen { 90_000 } else { 0 },
        first: seen.then(|| Timestamp::new(MORNING, 0, 6)),
        last: seen.then(|| Timestamp::new(MORNING + 9, 0, 6)),
        clients: vec![],
        servers: vec![],
        observable,
        why: None,
        sources: vec!["sccm-2007:54".into()],
    }
}
