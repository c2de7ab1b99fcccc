//! Records to bytes: how fast each format is, beside a copy of the bytes it writes.

use std::hint::black_box;
use std::io::{self, Write};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlabel::net::{IpProto, Timestamp};
use flowlabel::record::{
    CommunityTuple, ConnState, Direction, Evidence, Flow, FlowId, FlowRecord, History, Host, PerSide, SummaryBuilder, Tcp,
    Verdict,
};
use flowlabel::report::{FORMATS, View};

/// Records a run holds: enough that the ids and ports differ in length.
const RECORDS: u64 = 1000;

fn record(number: u64) -> FlowRecord<'static> {
    let (client, server) = ([10, 1, 8, (number % 250) as u8].into(), [10, 1, 0, 9].into());
    let (from, to) = (1024 + number as u16, 2703);
    let tuple = CommunityTuple { source: client, destination: server, protocol: IpProto::TCP, ports: Some((from, to)) };
    let history = History::from("ShADadfF").unwrap_or_default();
    FlowRecord {
        terse: false,
        kind: Flow::Flow,
        id: FlowId { packet: number * 977 + 1, layer: 0 },
        community_id: tuple,
        first: Timestamp::new(1_052_903_521 + number as i64, 203_441_000, 6),
        last: Timestamp::new(1_052_903_533 + number as i64, 703_441_000, 6),
        duration: 12.5 + number as f64 / 1e6,
        ip_version: 4,
        transport: IpProto::TCP,
        protocol: 6,
        vlans: vec![10],
        tunnels: vec![],
        client: Host { ip: client, port: Some(from), name: None },
        server: Host { ip: server, port: Some(to), name: Some("sms1.corp.example") },
        direction: Direction::Syn,
        packets: PerSide { client: 10 + number, server: 9 },
        bytes: PerSide { client: 1040 + number, server: 900 },
        icmp: None,
        icmp_errors: None,
        tcp: Some(Tcp { state: ConnState::SF, history, rtt_ms: Some(0.4), retransmissions: 0, gaps: 0 }),
        spis: vec![],
        label: Some("SMS Remote Chat"),
        detail: None,
        systems: vec!["svc.sms-remote-control", "sms20sp2.chat"],
        verdict: Some(Verdict::Matched),
        evidence: Some(Evidence::Port),
        learned_after: false,
        announced: false,
        flags: vec![],
        notes: vec![],
        reason: Some("TCP 2703 is documented for SMS Remote Chat; nothing is known of the payload.".into()),
        hint: None,
        payload: None,
        sources: vec!["kb832017:554", "q256884:45"],
        policy: None,
        leased: Vec::new(),
    }
}

/// What all records of a format are as bytes.
fn bytes(format: usize, records: &[FlowRecord<'_>]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if let Some(format) = FORMATS.get(format) {
        let mut report = (format.new)(&View::default());
        records.iter().try_for_each(|record| report.flow(record, &mut out))?;
    }
    Ok(out)
}

fn formats(c: &mut Criterion) {
    let records: Vec<_> = (0..RECORDS).map(record).collect();
    for (at, format) in FORMATS.iter().enumerate() {
        let whole = bytes(at, &records).unwrap_or_default();
        let mut group = c.benchmark_group(format.name);
        // The table writes nothing yet: its speed is in records.
        group.throughput(if whole.is_empty() { Throughput::Elements(RECORDS) } else { Throughput::Bytes(whole.len() as u64) });
        let mut out = Vec::with_capacity(whole.len());
        group.bench_function("records", |b| {
            let mut report = (format.new)(&View::default());
            b.iter(|| {
                out.clear();
                records.iter().try_for_each(|record| report.flow(black_box(record), &mut out))
            });
        });
        if !whole.is_empty() {
            group.bench_function("memcpy", |b| {
                b.iter(|| {
                    out.clear();
                    out.write_all(black_box(&whole))
                });
            });
        }
        group.finish();
    }
}

fn parts(c: &mut Criterion) {
    let records: Vec<_> = (0..RECORDS).map(record).collect();
    let mut group = c.benchmark_group("parts");
    group.throughput(Throughput::Elements(RECORDS));
    group.bench_function("timestamp", |b| b.iter(|| records.iter().map(|r| black_box(r.first).text().len()).sum::<usize>()));
    group.bench_function("community_id", |b| {
        let tuple = |r: &FlowRecord<'_>| CommunityTuple {
            source: r.client.ip,
            destination: r.server.ip,
            protocol: r.transport,
            ports: r.client.port.zip(r.server.port),
        };
        b.iter(|| records.iter().map(|r| black_box(tuple(r)).id().0.len()).sum::<usize>());
    });
    group.bench_function("summary", |b| {
        let mut builder = SummaryBuilder::default();
        b.iter(|| records.iter().for_each(|r| builder.flow(black_box(r))));
    });
    group.finish();
}

criterion_group!(benches, formats, parts);
criterion_main!(benches);
