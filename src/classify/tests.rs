//! The rules of direction and label, a line a case, on flows and a small catalog written by hand.

use std::net::IpAddr;

use super::remarks::ANSWERED_OVER_UDP;
use super::{Ends, ends, label};
use crate::catalog::{Catalog, Options, RuleFile};
use crate::flow::{Flow, FlowKey, Identity, Side};
use crate::net::{Addr, IpProto, Timestamp};
use crate::record::{
    CommunityTuple, ConnState, Direction, Evidence, FlowId, FlowRecord, History, Host, Icmp, IcmpErrors, PerSide, Tcp, Verdict,
};
use crate::wire::{self, Layer, Span, Transport};

const RULES: &str = r#"
[[system]]
id = "t.low"
name = "Ports below 1024"
facts = [
    { protocol = "Low", transport = ["tcp", "udp"], port = [25, 53] },
    { protocol = "TcpOnly", transport = "tcp", port = 80 },
    { protocol = "DNS", transport = "udp", port = 54 },
    { protocol = "Trap", transport = "udp", port = 162 },
]
[[system]]
id = "t.high"
name = "Ports above"
facts = [
    { protocol = "Fixed", transport = ["tcp", "udp"], port = [2701, 2702] },
    { protocol = "Range", transport = ["tcp", "udp"], port = "2600-2800" },
    { protocol = "Doubtful", transport = "tcp", port = 3000, status = "doubtful", reading = "C39" },
    { protocol = "Derived", transport = "tcp", port = 3001, status = "derived", reading = "C94" },
    { protocol = "Wrong", transport = "tcp", port = 3002, status = "defect", reading = "C07" },
    { protocol = "Right", transport = "udp", port = 3002 },
]
[[system]]
id = "t.ftp"
name = "Opens from 20"
facts = [{ protocol = "FTP data", transport = "tcp", port = 20, opens = "from" }]
[[system]]
id = "t.dhcp"
name = "A pair"
facts = [{ protocol = "DHCP", transport = "udp", port = [67, 68], pair = true }]
[[system]]
id = "t.here"
name = "In one network only"
networks = ["10.1.0.0/16"]
facts = [
    { protocol = "Here", transport = "tcp", port = 4000 },
    { protocol = "Here", transport = "tcp", port = 25 },
]
[[system]]
id = "t.protocols"
name = "Without ports"
facts = [{ protocol = "ESP", transport = "esp" }, { protocol = "Echo request", transport = "icmp", type = 8 }]
"#;

fn catalog() -> Catalog {
    Catalog::from_files(vec![RuleFile { name: "t.toml".to_owned(), text: RULES.into(), layer: 1 }]).unwrap()
}

fn layer(protocol: IpProto, (src, src_port): ([u8; 4], u16), (dst, dst_port): ([u8; 4], u16)) -> Layer {
    Layer {
        src: Addr::v4(src),
        dst: Addr::v4(dst),
        version: 4,
        protocol,
        ttl: 64,
        has_ports: true,
        src_port,
        dst_port,
        ip_len: 100,
        fragment: None,
        transport: Transport::None,
        packet: Span::default(),
        ip_payload: Span::default(),
        payload: Span::default(),
        payload_len: 0,
        via: wire::Via::default(),
        vlans: wire::Vlans::default(),
    }
}

fn flow_of(layer: &Layer) -> Flow {
    let (key, a_is_lo) = FlowKey::of(layer, Identity::of(layer));
    Flow::new(key, FlowId { packet: 1, layer: 0 }, a_is_lo, layer, Timestamp::new(0, 0, 6))
}

const A: [u8; 4] = [10, 1, 0, 1];
const B: [u8; 4] = [10, 2, 0, 2];

/// (protocol, port of the first sender, port of the other, client, direction, both documented)
type EndsCase = (IpProto, u16, u16, Side, Direction, bool);

#[test]
fn the_documented_port_tells_the_server() {
    use Direction::{First, Port};
    use Side::{A as FirstSender, B as Other};
    let cases: &[EndsCase] = &[
        // One documented port: whoever sends first.
        (IpProto::TCP, 40001, 80, FirstSender, Port, false),
        (IpProto::TCP, 80, 40001, Other, Port, false),
        (IpProto::UDP, 40001, 53, FirstSender, Port, false),
        (IpProto::UDP, 53, 40001, Other, Port, false),
        // Documented for TCP only: UDP 80 tells nothing.
        (IpProto::UDP, 80, 40001, FirstSender, First, false),
        // Below 1024 beats above.
        (IpProto::TCP, 2701, 80, FirstSender, Port, false),
        (IpProto::TCP, 80, 2701, Other, Port, false),
        // A fixed port beats a range, on both sides of it; a range alone still counts.
        (IpProto::TCP, 2750, 2701, FirstSender, Port, false),
        (IpProto::TCP, 2701, 2750, Other, Port, false),
        (IpProto::TCP, 2750, 40001, Other, Port, false),
        // Neither is the likelier: the first sender, with a note.
        (IpProto::TCP, 2701, 2702, FirstSender, First, true),
        (IpProto::TCP, 2702, 2701, FirstSender, First, true),
        (IpProto::UDP, 53, 25, FirstSender, First, true),
        (IpProto::UDP, 2650, 2750, FirstSender, First, true),
        // The same port at both ends is nothing to doubt about: servers talk so among themselves.
        (IpProto::UDP, 53, 53, FirstSender, First, false),
        // Nothing documented.
        (IpProto::TCP, 40002, 40001, FirstSender, First, false),
        // FTP data: opened from 20, also towards a number that is documented above 1024, never below.
        (IpProto::TCP, 20, 40001, FirstSender, Port, false),
        (IpProto::TCP, 40001, 20, Other, Port, false),
        (IpProto::TCP, 20, 2701, FirstSender, Port, false),
        (IpProto::TCP, 2701, 20, Other, Port, false),
        (IpProto::TCP, 20, 80, FirstSender, Port, false),
        (IpProto::TCP, 80, 20, Other, Port, false),
        (IpProto::UDP, 20, 40001, FirstSender, First, false),
        // DHCP, both ways.
        (IpProto::UDP, 68, 67, FirstSender, Port, false),
        (IpProto::UDP, 67, 68, Other, Port, false),
        (IpProto::UDP, 40001, 68, FirstSender, First, false),
    ];
    let catalog = catalog();
    for &(protocol, first, other, client, direction, both_documented) in cases {
        let flow = flow_of(&layer(protocol, (A, first), (B, other)));
        let expected = Ends { client, direction, both_documented };
        assert_eq!(ends(&flow, Some(&catalog), None), expected, "{protocol} {first} -> {other}");
        let mirrored = flow_of(&layer(protocol, (B, first), (A, other)));
        assert_eq!(ends(&mirrored, Some(&catalog), None), expected, "{protocol} {first} -> {other}, addresses swapped");
    }
}

#[test]
fn a_port_of_other_networks_tells_nothing() {
    let catalog = catalog();
    let from_there = flow_of(&layer(IpProto::TCP, (A, 4000), (B, 40001)));
    assert_eq!(ends(&from_there, Some(&catalog), None).client, Side::B);
    let elsewhere = flow_of(&layer(IpProto::TCP, (B, 4000), (A, 40001)));
    assert_eq!(
        ends(&elsewhere, Some(&catalog), None),
        Ends { client: Side::A, direction: Direction::First, both_documented: false }
    );
}

#[test]
fn a_handshake_beats_every_port() {
    let catalog = catalog();
    for (flags, client) in [(wire::Tcp::SYN, Side::A), (wire::Tcp::SYN | wire::Tcp::ACK, Side::B)] {
        let header = wire::Tcp { seq: 1, ack: 0, window: 1000, flags };
        let mut flow = flow_of(&layer(IpProto::TCP, (A, 80), (B, 40001)));
        flow.tcp.as_mut().unwrap().see(Side::A, header, 0, Timestamp::new(0, 0, 6));
        assert_eq!(ends(&flow, Some(&catalog), None), Ends { client, direction: Direction::Syn, both_documented: false });
    }
}

#[test]
fn without_a_catalog_the_first_sender_is_the_client() {
    let flow = flow_of(&layer(IpProto::TCP, (A, 80), (B, 40001)));
    assert_eq!(ends(&flow, None, None), Ends { client: Side::A, direction: Direction::First, both_documented: false });
}

/// A record that somebody answered.
pub(super) fn record(transport: IpProto, client: u16, server: u16) -> FlowRecord<'static> {
    let host = |ip, port| Host { ip: IpAddr::from(ip), port: Some(port), name: None };
    let tuple = CommunityTuple { source: A.into(), destination: B.into(), protocol: transport, ports: None };
    FlowRecord {
        terse: false,
        kind: crate::record::Flow::Flow,
        id: FlowId { packet: 1, layer: 0 },
        community_id: tuple,
        first: Timestamp::new(0, 0, 6),
        last: Timestamp::new(0, 0, 6),
        duration: 0.0,
        ip_version: 4,
        transport,
        protocol: transport.0,
        vlans: Vec::new(),
        tunnels: Vec::new(),
        client: host(B, client),
        server: host(A, server),
        direction: Direction::Port,
        packets: PerSide { client: 1, server: 1 },
        bytes: PerSide::default(),
        icmp: None,
        icmp_errors: None,
        tcp: None,
        spis: Vec::new(),
        label: None,
        detail: None,
        systems: Vec::new(),
        verdict: None,
        evidence: None,
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

fn labelled<'a>(mut record: FlowRecord<'a>, catalog: &'a Catalog) -> FlowRecord<'a> {
    label(&mut record, catalog, false, None, None);
    record
}

/// (transport, client's port, server's port, label, notes, part of the reason)
type MatchCase = (IpProto, u16, u16, &'static str, &'static [&'static str], &'static str);

#[test]
fn what_is_documented_is_matched() {
    let cases: &[MatchCase] = &[
        (IpProto::TCP, 40001, 80, "TcpOnly", &[], "TCP 80 is TcpOnly (t:7)."),
        (IpProto::UDP, 40001, 53, "Low", &[], "UDP 53 is Low (t:6)."),
        (IpProto::TCP, 40001, 2701, "Fixed", &[], "TCP 2701 is Fixed"),
        (IpProto::TCP, 40001, 2600, "Range", &[], "TCP 2600 is Range"),
        (IpProto::TCP, 40001, 2800, "Range", &[], "TCP 2800 is Range"),
        (IpProto::TCP, 40001, 3000, "Doubtful", &["doubtful-fact"], "hardly true (reading C39)"),
        (IpProto::TCP, 40001, 3001, "Derived", &["derived-fact"], "No document prints it: it was derived (reading C94)"),
        (IpProto::TCP, 20, 40001, "FTP data", &[], "A connection opened from TCP 20 is FTP data"),
        (IpProto::TCP, 20, 2701, "FTP data", &[], "A connection opened from TCP 20 is FTP data"),
        (IpProto::TCP, 20, 80, "TcpOnly", &[], "TCP 80"),
        (IpProto::UDP, 68, 67, "DHCP", &[], "UDP 67"),
        (IpProto::UDP, 67, 67, "DHCP", &[], "UDP 67"),
        (IpProto::TCP, 40001, 4000, "Here", &[], "TCP 4000"),
    ];
    let catalog = catalog();
    for &(transport, client, server, name, notes, reason) in cases {
        let record = labelled(record(transport, client, server), &catalog);
        let case = format!("{transport} {client} -> {server}: {record:?}");
        assert_eq!((record.label, record.verdict), (Some(name), Some(Verdict::Matched)), "{case}");
        assert_eq!((record.evidence, record.notes.as_slice()), (Some(Evidence::Port), notes), "{case}");
        assert!(record.flags.is_empty() && record.reason.as_ref().unwrap().contains(reason), "{case}");
        assert!(!record.systems.is_empty() && !record.sources.is_empty(), "{case}");
    }
}

/// (transport, client's port, server's port, flag, part of the reason)
type MissCase = (IpProto, u16, u16, &'static str, &'static str);

#[test]
fn what_is_not_documented_is_not() {
    let cases: &[MissCase] = &[
        (IpProto::TCP, 40001, 81, "port-undocumented", "No document lists TCP 81."),
        (IpProto::UDP, 40001, 80, "transport-undocumented", "80 is documented for TCP only, as TcpOnly (t:7)"),
        (IpProto::TCP, 40001, 3002, "transport-undocumented", "t:19 prints Wrong here by mistake (reading C07)."),
        (IpProto::TCP, 40001, 20, "port-undocumented", "FTP data is opened from TCP 20 (t:25)"),
        (IpProto::UDP, 40001, 68, "port-undocumented", "UDP 68 is the client's end of DHCP (t:29) and talks to 67 only"),
        (IpProto::TCP, 40001, 68, "transport-undocumented", "68 is documented for UDP only, as DHCP (t:29)"),
        (IpProto::UDP, 20, 40001, "port-undocumented", "No document lists UDP 40001"),
    ];
    let catalog = catalog();
    for &(transport, client, server, flag, reason) in cases {
        let record = labelled(record(transport, client, server), &catalog);
        let case = format!("{transport} {client} -> {server}: {record:?}");
        assert_eq!((record.label, record.verdict, record.evidence), (None, Some(Verdict::Unmatched), None), "{case}");
        assert_eq!(record.flags, [flag], "{case}");
        assert!(record.reason.as_ref().unwrap().contains(reason), "{case}");
    }
}

#[test]
fn where_nobody_knows_who_listens_both_ports_are_looked_at() {
    let catalog = catalog();
    let guessed = |transport, client, server| {
        labelled(FlowRecord { direction: Direction::First, ..record(transport, client, server) }, &catalog)
    };
    let other_transport = guessed(IpProto::UDP, 80, 40001);
    assert_eq!(other_transport.flags, ["transport-undocumented"]);
    let neither = guessed(IpProto::TCP, 6379, 40001);
    assert!(neither.reason.unwrap().starts_with("No document lists TCP 40001, nor 6379 at the other end."));
    assert!(neither.hint.is_some(), "6379 is registered");
}

#[test]
fn networks_narrow_the_candidates() {
    let catalog = catalog();
    let inside = labelled(record(IpProto::TCP, 40001, 25), &catalog);
    assert!(inside.systems.contains(&"t.here") && inside.systems.contains(&"t.low"), "{inside:?}");
    let there = Host { ip: IpAddr::from(B), port: Some(25), name: None };
    let outside = labelled(FlowRecord { server: there.clone(), ..record(IpProto::TCP, 40001, 25) }, &catalog);
    assert_eq!(
        (outside.label, outside.systems.as_slice(), outside.sources.as_slice()),
        (Some("Low"), &["t.low"][..], &["t:6"][..])
    );
    let nothing =
        labelled(FlowRecord { server: Host { port: Some(4000), ..there }, ..record(IpProto::TCP, 40001, 4000) }, &catalog);
    assert_eq!(nothing.flags, ["port-undocumented"]);
}

fn without_ports(transport: IpProto, icmp: Option<Icmp>) -> FlowRecord<'static> {
    let mut record = FlowRecord { icmp, ..record(transport, 0, 0) };
    (record.client.port, record.server.port) = (None, None);
    record
}

#[test]
fn protocols_and_icmp_types_stand_for_themselves() {
    let icmp = |kind| Some(Icmp { kind, code: 0, id: None });
    let catalog = catalog();
    for (record, name) in [
        (without_ports(IpProto(50), None), Some("ESP")),
        (without_ports(IpProto(51), None), None),
        (without_ports(IpProto::ICMP, icmp(8)), Some("Echo request")),
        (without_ports(IpProto::ICMP, icmp(0)), Some("Echo request")),
        (without_ports(IpProto::ICMP, icmp(13)), None),
        (without_ports(IpProto::ICMP, None), None),
    ] {
        let record = labelled(record, &catalog);
        assert_eq!(record.label, name, "{record:?}");
        match name {
            Some(_) => assert_eq!(record.evidence, Some(Evidence::Protocol)),
            None => assert_eq!(record.flags, ["protocol-undocumented"]),
        }
    }
    assert_eq!(labelled(without_ports(IpProto::TCP, None), &catalog).flags, ["ports-unseen"]);
}

fn tcp(state: ConnState, history: &str) -> Tcp {
    Tcp { state, history: History::from(history).unwrap(), rtt_ms: None, retransmissions: 0, gaps: 0 }
}

fn errors(codes: &[&str]) -> IcmpErrors {
    IcmpErrors { count: 1, codes: codes.iter().map(|code| (*code).to_owned()).collect() }
}

#[test]
fn how_a_connection_went() {
    use ConnState::{OTH, REJ, RSTOS0, RSTR, RSTRH, S0, S1, SF, SH, SHR};
    type Case = (ConnState, &'static str, (u64, u64), &'static [&'static str], &'static [&'static str]);
    let cases: &[Case] = &[
        (SF, "ShADadFf", (5, 4), &[], &[]),
        (S1, "ShA", (2, 1), &[], &[]),
        (REJ, "Sr", (1, 1), &[], &["refused"]),
        (S0, "S", (3, 0), &[], &["unanswered"]),
        (S0, "S", (1, 0), &["3/13"], &["refused"]),
        (S0, "S", (1, 0), &["3/1"], &["unanswered"]),
        (SH, "SF", (2, 0), &[], &["unanswered"]),
        (RSTOS0, "SR", (2, 0), &[], &["unanswered"]),
        // The client heard an answer that the tap did not see.
        (S0, "SAD", (3, 0), &[], &["one-direction-only"]),
        (SH, "SADF", (4, 0), &[], &["one-direction-only"]),
        (SHR, "^hf", (0, 2), &[], &["one-direction-only"]),
        (RSTRH, "^hr", (0, 2), &[], &["one-direction-only"]),
        // Accepted, then broken off; an error about one packet of many.
        (RSTR, "ShAr", (2, 2), &[], &[]),
        (SF, "ShADadFf", (5, 4), &["3/4"], &[]),
    ];
    let catalog = catalog();
    for &(state, history, (client, server), codes, notes) in cases {
        let record = FlowRecord {
            direction: Direction::Syn,
            packets: PerSide { client, server },
            tcp: Some(tcp(state, history)),
            icmp_errors: Some(errors(codes)),
            ..record(IpProto::TCP, 40001, 80)
        };
        let record = labelled(record, &catalog);
        assert_eq!(record.notes, notes, "{state} {history} {codes:?}");
        assert_eq!(record.is_explained(), !notes.contains(&"refused") && !notes.contains(&"unanswered"), "{state} {history}");
    }
    let middle = FlowRecord { tcp: Some(tcp(OTH, "Dd")), ..record(IpProto::TCP, 40001, 80) };
    assert_eq!(labelled(middle, &catalog).notes, ["capture-started-mid-flow"]);
    let fragments = FlowRecord { tcp: Some(tcp(OTH, "")), ..without_ports(IpProto::TCP, None) };
    assert!(labelled(fragments, &catalog).notes.is_empty(), "fragments say nothing of the connection's age");
}

#[test]
fn how_a_datagram_fared() {
    type Case = (u16, [u8; 4], (u64, u64), &'static [&'static str], &'static [&'static str]);
    const GROUP: [u8; 4] = [224, 0, 1, 1];
    let cases: &[Case] = &[
        // 54 is DNS here, a question; 162 is a report that nobody answers; 9999 nobody knows.
        (54, A, (1, 1), &[], &[]),
        (54, A, (1, 0), &[], &["unanswered"]),
        (54, A, (0, 1), &[], &["one-direction-only"]),
        (162, A, (1, 0), &[], &["one-direction-only"]),
        (9999, A, (1, 0), &[], &["one-direction-only"]),
        (162, A, (1, 0), &["3/3"], &["refused"]),
        (162, A, (1, 0), &["3/1"], &["unanswered"]),
        // One lost datagram of many that were answered.
        (54, A, (9, 8), &["3/3"], &[]),
        (54, [10, 1, 0, 255], (1, 0), &[], &[]),
        (54, [255, 255, 255, 255], (1, 0), &[], &[]),
        (54, GROUP, (1, 0), &[], &[]),
    ];
    let catalog = catalog();
    for &(port, to, (client, server), codes, notes) in cases {
        let mut record = record(IpProto::UDP, 40001, port);
        record.server.ip = to.into();
        let record = FlowRecord { packets: PerSide { client, server }, icmp_errors: Some(errors(codes)), ..record };
        assert_eq!(labelled(record, &catalog).notes, notes, "{port} at {to:?}, {client}/{server} packets, {codes:?}");
    }
}

#[test]
fn protocols_without_ports_that_nobody_answers() {
    let one_way = |record| FlowRecord { packets: PerSide { client: 1, server: 0 }, ..record };
    let icmp = |kind| without_ports(IpProto::ICMP, Some(Icmp { kind, code: 0, id: None }));
    let catalog = catalog();
    for (record, notes) in [
        (icmp(8), &["unanswered"][..]),
        // Redirects and errors are never answered.
        (icmp(5), &[]),
        (icmp(3), &[]),
        (without_ports(IpProto(50), None), &["one-direction-only"]),
        (without_ports(IpProto(47), None), &["one-direction-only"]),
        (without_ports(IpProto::IGMP, None), &[]),
    ] {
        let record = labelled(one_way(record), &catalog);
        assert_eq!(record.notes, notes, "{record:?}");
    }
}

#[test]
fn a_failed_attempt_says_what_to_look_at() {
    let catalog = catalog();
    let refused =
        FlowRecord { direction: Direction::Syn, tcp: Some(tcp(ConnState::REJ, "Sr")), ..record(IpProto::TCP, 40001, 80) };
    let reason = labelled(refused, &catalog).reason.unwrap();
    assert_eq!(reason, "TCP 80 is TcpOnly (t:7). It was refused: nothing listens there, or a filter says no.");
}

#[test]
fn answered_protocols_are_sorted_names_of_the_catalog() {
    assert!(ANSWERED_OVER_UDP.is_sorted());
    let catalog = Catalog::load(&Options::default()).unwrap();
    for name in ANSWERED_OVER_UDP {
        let facts = catalog.protocols_named(name).iter().filter_map(|at| catalog.fact(*at));
        assert!(facts.into_iter().any(|fact| fact.transport == Some(IpProto::UDP)), "{name} is no protocol over UDP");
    }
}
