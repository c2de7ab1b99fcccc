//! What the summary says of the records.

use flowlabel::record::*;

use super::records::{flow, matched, summary, tcp};

fn with_bytes(client: u64, record: FlowRecord<'static>) -> FlowRecord<'static> {
    FlowRecord { bytes: PerSide { client, server: 0 }, ..record }
}

#[test]
fn verdicts_labels_evidence_and_shares() {
    let mut refused = matched("SMB", Evidence::Port, with_bytes(100, tcp(3, "10.0.0.1", 1, "10.0.0.2", 445)));
    refused.notes = vec!["refused"];
    let records = [
        matched("SMB", Evidence::Payload, with_bytes(500, flow(1))),
        matched("Kerberos", Evidence::Port, with_bytes(300, flow(2))),
        refused,
        FlowRecord { verdict: Some(Verdict::Unmatched), ..with_bytes(100, flow(4)) },
    ];
    let summary = summary(&records);
    assert_eq!(summary.flows, FlowCounts { total: 4, matched: 3, mismatched: 0, unmatched: 1, evicted: 0 });
    assert_eq!(summary.explained, Explained { flows: 0.5, bytes: 0.8 });
    assert_eq!(summary.evidence, EvidenceCounts { learned: 0, payload: 1, protocol: 0, port: 2 });
    let labels: Vec<_> =
        summary.labels.iter().map(|label| (label.label.as_deref(), label.flows, label.packets, label.bytes)).collect();
    assert_eq!(labels, [(Some("SMB"), 2, 38, 600), (Some("Kerberos"), 1, 19, 300), (None, 1, 19, 100)]);
}

#[test]
fn nothing_is_a_share_of_zero_and_null_quantiles() {
    let summary = summary(&[]);
    assert_eq!(summary.explained, Explained { flows: 0.0, bytes: 0.0 });
    assert_eq!(summary.quantiles, Quantiles::default());
    assert_eq!(summary.labels, []);
    assert_eq!(PacketLengths::default().quantiles(), QuantilesOf::default());
}

#[test]
fn an_update_moves_a_flow_from_one_count_to_another() {
    let before = FlowRecord { verdict: Some(Verdict::Unmatched), ..flow(1) };
    let after = matched("RPC", Evidence::Learned, flow(1));
    let mut builder = SummaryBuilder::default();
    builder.flow(&before);
    builder.update(&before, &after);
    let mut updated = Summary::default();
    builder.finish(&mut updated);
    let direct = summary(&[after]);
    assert_eq!(updated.flows, direct.flows);
    assert_eq!(updated.labels, direct.labels);
    assert_eq!(updated.evidence, direct.evidence);
    assert_eq!(updated.explained, direct.explained);
    assert_eq!(updated.quantiles, direct.quantiles);
}

#[test]
fn quantiles_have_three_digits_and_an_exact_maximum() {
    let records: Vec<_> = (1..=1000u64)
        .map(|n| {
            let mut record = flow(n);
            record.duration = n as f64 / 10.0;
            record.tcp.as_mut().unwrap().rtt_ms = Some(n as f64 / 1000.0 + 0.000_123);
            record
        })
        .collect();
    let quantiles = summary(&records).quantiles;
    assert_eq!(quantiles.flow_seconds, QuantilesOf { p50: Some(50.0), p90: Some(90.0), p99: Some(99.0), max: Some(100.0) });
    assert_eq!(quantiles.rtt_ms, QuantilesOf { p50: Some(0.5), p90: Some(0.9), p99: Some(0.99), max: Some(1.000_123) });
}

#[test]
fn one_value_is_every_quantile() {
    let quantiles = summary(&[flow(1)]).quantiles;
    assert_eq!(quantiles.flow_seconds, QuantilesOf { p50: Some(12.5), p90: Some(12.5), p99: Some(12.5), max: Some(12.5) });
    let mut wild = flow(1);
    wild.duration = 2e10;
    assert_eq!(summary(&[wild]).quantiles.flow_seconds.max, Some(2e10));
}

#[test]
fn packet_lengths_are_exact_and_lies_are_bounded() {
    let mut lengths = PacketLengths::default();
    (1..=100).for_each(|length| lengths.record(length * 15));
    assert_eq!(lengths.quantiles(), QuantilesOf { p50: Some(750.0), p90: Some(1350.0), p99: Some(1485.0), max: Some(1500.0) });
    let mut other = PacketLengths::default();
    (0..300).for_each(|n| other.record(u32::MAX - n));
    lengths.merge(&other);
    let merged = lengths.quantiles();
    assert_eq!(merged.max, Some(f64::from(u32::MAX)));
    assert_eq!(merged.p50, Some(4_290_000_000.0));
}
