//! The default table, at 80 and at 160 columns.

use flowlabel::net::IpProto;
use flowlabel::record::*;
use flowlabel::report::{View, format};

use super::golden;
use super::records::{audit_of_all_kinds, bare, finding_group, flow, full, matched, shapes, summary, tcp, udp, written};

fn sized(packets: u64, bytes: u64, record: FlowRecord<'static>) -> FlowRecord<'static> {
    let half = |n: u64| PerSide { client: n / 3, server: n - n / 3 };
    FlowRecord { packets: half(packets), bytes: half(bytes), ..record }
}

fn named(name: &'static str, mut record: FlowRecord<'static>) -> FlowRecord<'static> {
    record.server.name = Some(name);
    record
}

/// A morning in a server segment, judged.
fn office() -> Vec<FlowRecord<'static>> {
    let mut all = Vec::new();
    for n in 0..240u64 {
        let client = format!("10.1.8.{}", 20 + n % 40);
        let port = 1025 + n as u16;
        let server = format!("10.1.0.{}", 9 + n % 3);
        let name = ["fs1.corp.example", "fs2.corp.example", "dc1.corp.example"][(n % 3) as usize];
        let evidence = if n % 20 == 0 { Evidence::Port } else { Evidence::Payload };
        all.push(named(
            name,
            matched("SMB", evidence, sized(900 + n, 1_400_000 + n * 1000, tcp(n + 1, &client, port, &server, 445))),
        ));
        all.push(matched("Kerberos", Evidence::Payload, sized(4, 5200, udp(n + 300, &client, port, "10.1.0.11", 88))));
        all.push(matched("DNS", Evidence::Payload, sized(2, 260, udp(n + 600, &client, port, "10.1.0.11", 53))));
    }
    for n in 0..30u64 {
        let client = format!("10.1.8.{}", 20 + n);
        all.push(matched(
            "RPC",
            Evidence::Learned,
            sized(40, 22_000, tcp(n + 900, &client, 1300, "10.1.0.30", 49_664 + n as u16)),
        ));
        all.push(matched("LDAP Server", Evidence::Payload, sized(30, 9_000, tcp(n + 950, &client, 1400, "10.1.0.11", 389))));
    }
    let syn = FlowRecord { notes: vec!["unanswered"], ..sized(3, 156, tcp(1000, "10.1.8.21", 1500, "10.1.0.77", 2701)) };
    all.push(matched("SMS Remote Control", Evidence::Port, syn));
    let gre = sized(800, 410_000, bare(1001, IpProto::GRE, "10.1.8.99", None, "10.1.0.2", None));
    all.push(matched("GRE", Evidence::Protocol, gre));
    for n in 0..12u64 {
        all.push(FlowRecord {
            label: Some("SMS Remote Chat"),
            verdict: Some(Verdict::Mismatched),
            evidence: Some(Evidence::Port),
            flags: vec!["payload-contradicts-port"],
            reason: Some("TCP 2703 is documented for SMS Remote Chat, but the payload is a TLS handshake.".into()),
            ..sized(60, 28_000, tcp(1100 + n, "10.1.8.20", 1045 + n as u16, "10.1.0.9", 2703))
        });
    }
    for n in 0..3u64 {
        all.push(FlowRecord {
            verdict: Some(Verdict::Unmatched),
            flags: vec!["port-undocumented"],
            hint: Some("PostgreSQL"),
            reason: Some("No document lists TCP 5432.".into()),
            ..sized(200, 910_000, tcp(1200 + n, "10.1.8.33", 2045 + n as u16, "10.1.0.50", 5432))
        });
    }
    all
}

fn office_summary(records: &[FlowRecord<'_>]) -> Summary {
    let mut summary = summary(records);
    summary.run.inputs = vec![Input { path: "captures/segment-a.pcapng".into(), bytes: 380_000_000 }];
    summary.packets.undecodable = 140;
    summary.packets.non_ip = 2100;
    summary.packets.total += 2240;
    summary.non_ip = [("arp".to_owned(), 2004), ("lldp".to_owned(), 96)].into();
    summary.undecodable = [("ipv4-header-cut".to_owned(), 139), ("link-type-147".to_owned(), 1)].into();
    summary.fragments = 17;
    summary.damage.push(Damage {
        file: "captures/segment-a.pcapng".into(),
        packet: Some(2_518_350),
        offset: 380_000_104,
        reason: "the file ends inside of a block of 1508 bytes; 212 bytes of it are there".into(),
    });
    summary
}

/// The same traffic before there is a catalog, from several inputs, some of it IPv6.
fn unjudged() -> Vec<FlowRecord<'static>> {
    let strip =
        |record| FlowRecord { label: None, verdict: None, evidence: None, flags: vec![], hint: None, reason: None, ..record };
    let mut all: Vec<_> = office().into_iter().map(strip).collect();
    for n in 0..9u16 {
        all.push(sized(20, 9_000_000, tcp(2000, "2001:db8:8::20", 1045 + n, "2001:db8:1234:5678:9abc:def0:1234:5678", 443)));
        all.push(sized(8, 700, tcp(2000, "10.1.8.20", 5000, "10.1.0.9", 6000 + n)));
    }
    all.push(sized(8, 700, bare(2100, IpProto::TCP, "10.1.8.20", None, "10.1.0.9", None)));
    all.push(sized(8, 700, bare(2101, IpProto(253), "10.1.8.20", None, "10.1.0.9", None)));
    all
}

fn unjudged_summary(records: &[FlowRecord<'_>]) -> Summary {
    let mut summary = summary(records);
    summary.run.inputs = (1..=3).map(|n| Input { path: format!("monday/part-{n}.pcap.gz"), bytes: 1000 }).collect();
    summary
}

fn table(view: View, records: &[FlowRecord<'_>], summary: &Summary) -> String {
    written(format("table").unwrap(), &view, records, summary)
}

fn snapshot(name: &str, view: View, records: &[FlowRecord<'_>], summary: &Summary) {
    let text = table(view, records, summary);
    for line in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= view.width, "too wide: {line}");
        assert_eq!(line.trim_end(), line);
    }
    golden::check(&format!("tests/report/{name}.txt"), &text);
}

#[test]
fn judged() {
    let records = office();
    let summary = office_summary(&records);
    snapshot("judged-80", View::default(), &records, &summary);
    snapshot("judged-160", View { width: 160, ..View::default() }, &records, &summary);
}

#[test]
fn without_a_catalog() {
    let records = unjudged();
    let summary = unjudged_summary(&records);
    snapshot("unjudged-80", View::default(), &records, &summary);
    snapshot("unjudged-160", View { width: 160, ..View::default() }, &records, &summary);
}

#[test]
fn single_flows() {
    let mut records = shapes();
    records.extend(office().into_iter().rev().take(5));
    let summary = summary(&records);
    let view = View { flows: true, ..View::default() };
    golden::check("tests/report/flows-80.txt", &table(view, &records, &summary));
    golden::check("tests/report/flows-160.txt", &table(View { width: 160, ..view }, &records, &summary));
}

#[test]
fn audited() {
    let mut records = vec![full()];
    records
        .push(FlowRecord { policy: Some(Policy { status: PolicyStatus::Expected, by: vec![], findings: vec![] }), ..flow(18) });
    snapshot("audited-80", View::default(), &records, &summary(&records));
}

#[test]
fn nothing_at_all() {
    snapshot("empty-80", View::default(), &[], &Summary::default());
}

#[test]
fn colour_changes_nothing_but_colour() {
    let records = office();
    let summary = office_summary(&records);
    let plain = table(View::default(), &records, &summary);
    let colored = table(View { color: true, ..View::default() }, &records, &summary);
    let mut stripped = String::new();
    let mut pieces = colored.split('\x1b');
    stripped.push_str(pieces.next().unwrap());
    for piece in pieces {
        let (sequence, text) = piece.split_once('m').unwrap();
        assert!(["[0", "[1", "[2", "[31", "[32", "[33", "[36"].contains(&sequence), "{sequence}");
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}

#[test]
fn any_input_fits_any_screen() {
    let mut records = Vec::new();
    for n in 0..20_000u32 {
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
        let mut record = tcp(u64::from(n) + 1, "10.200.0.1", 40_000, &ip, n as u16);
        record.verdict = Some(Verdict::Unmatched);
        record.flags = vec!["port-undocumented"];
        record.reason = Some(
            format!("No document lists TCP {}, and there is more to say about it than fits a line or two. ", n as u16).repeat(4),
        );
        records.push(record);
    }
    let mut summary = office_summary(&records);
    summary.damage = vec![summary.damage[0].clone(); 500];
    for (width, height) in [(80, 40), (160, 50), (80, 30), (80, 24), (200, 60)] {
        let text = table(View { width, height, ..View::default() }, &records, &summary);
        assert!(text.lines().count() < height, "{width}x{height}: {} lines\n{text}", text.lines().count());
    }
    // Smaller than the sections need: still a few lines of each.
    let text = table(View { width: 10, height: 5, ..View::default() }, &records, &summary);
    assert!(text.lines().count() < 30, "{text}");
}

#[test]
fn an_update_leaves_the_table_as_if_it_had_always_been_so() {
    let before = FlowRecord { verdict: Some(Verdict::Unmatched), flags: vec!["port-undocumented"], ..flow(1) };
    let after = matched("RPC", Evidence::Learned, flow(1));
    let summary = summary(std::slice::from_ref(&after));
    let mut report = (format("table").unwrap().new)(&View::default());
    let mut out = Vec::new();
    report.flow(&before, &mut out).unwrap();
    report.update(&before, &after, &mut out).unwrap();
    report.finish(&summary, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), table(View::default(), &[after], &summary));
}

#[test]
fn a_row_for_many_ports_is_not_named_after_one_of_them() {
    let records = [
        FlowRecord { hint: Some("Db2"), ..tcp(1, "10.0.0.1", 1045, "10.0.0.2", 50000) },
        FlowRecord { hint: None, ..tcp(2, "10.0.0.1", 1045, "10.0.0.2", 55555) },
        FlowRecord { hint: Some("Redis"), ..tcp(3, "10.0.0.1", 1045, "10.0.0.2", 6379) },
    ];
    let text = table(View::default(), &records, &Summary::default());
    assert!(text.contains("tcp 49152-65535") && !text.contains("Db2"), "{text}");
    assert!(text.contains("tcp 6379 Redis?"), "{text}");
}

#[test]
fn the_head_speaks_of_all_flows_and_says_how_many_are_selected() {
    let records = office();
    let summary = office_summary(&records);
    let selected: Vec<_> = records.into_iter().filter(FlowRecord::is_flagged).collect();
    let text = table(View { width: 160, ..View::default() }, &selected, &summary);
    let of_all = format!("explained {:.0}% of flows", summary.explained.flows * 100.0);
    assert!(text.contains(&of_all) && text.contains(&format!("{} selected", selected.len())), "{text}");
}

fn audited_summary(audit: Audit) -> Summary {
    let mut summary = office_summary(&office());
    summary.audit = Some(audit);
    summary
}

#[test]
fn findings_come_first_and_coverage_after_them() {
    let records = office();
    let summary = audited_summary(audit_of_all_kinds());
    snapshot("findings-160", View { width: 160, height: 60, ..View::default() }, &records, &summary);
    let clean =
        Audit { findings: vec![], flows: StatusCounts { expected: 9, ..StatusCounts::default() }, ..audit_of_all_kinds() };
    let text = table(View::default(), &records, &audited_summary(clean));
    assert!(text.starts_with("AUDIT  HQ server segment  no findings  9 expected\nCOVERAGE  1 of 4 expectations seen"), "{text}");
}

/// Every kind is told with its numbers, and at least one finding with its line and its filter, on any screen.
#[test]
fn an_audit_of_any_size_fits_any_screen_and_verbose_tells_all() {
    let mut audit = audit_of_all_kinds();
    let kinds = FindingKind::ALL;
    audit.findings = (0..3000u64).map(|at| finding_group(kinds[at as usize / 300], at)).collect();
    audit.coverage = audit.coverage.iter().cycle().take(500).cloned().collect();
    let (records, summary) = (office(), audited_summary(audit));
    for (width, height) in [(80, 40), (160, 50), (80, 30), (200, 60)] {
        let text = table(View { width, height, ..View::default() }, &records, &summary);
        let rows: usize = text.lines().map(|line| line.chars().count().div_ceil(width).max(1)).sum();
        assert!(rows < height, "{width}x{height}: {rows} rows\n{text}");
        for kind in kinds {
            let told = [format!(" {kind}  300 findings, "), format!(" {kind} 300")];
            let text = text.replace('\n', " ");
            assert!(told.iter().any(|told| text.contains(told)), "{kind}\n{text}");
        }
        assert!(text.contains("sccm-2007:54") && text.contains("tcp.port"), "{text}");
    }
    let text = table(View { verbose: true, ..View::default() }, &records, &summary);
    assert!(!text.contains("--verbose"));
    assert!((1..200).all(|host| text.contains(&format!("10.1.0.{}", 11 + host))), "{text}");
}

#[test]
fn what_is_new_moved_and_gone_is_said() {
    let mut audit = audit_of_all_kinds();
    audit.findings.truncate(2);
    audit.findings[0].change = Some(Change::New);
    audit.findings[1].change = Some(Change::Moved);
    audit.findings[1].was = Some("TCP 8080".into());
    audit.gone =
        vec![Gone { what: "finding", kind: Some("refused".into()), link: None, text: "Nobody refuses TCP 80.\u{1b}[31m".into() }];
    let text = table(View { width: 120, ..View::default() }, &office(), &audited_summary(audit));
    for said in [
        "  new: 10.1.8.20",
        "  moved, was TCP 8080: 10.1.8.20",
        "GONE  1 of the baseline",
        "refused: Nobody refuses TCP 80.\\x1b[31m",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}
