//! Each layer by itself, on the packets of the capture that ships with the source: reading, decoding, the flow table, the catalog.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlabel::capture::{Batch, Options, open};
use flowlabel::catalog::Catalog;
use flowlabel::engine::{Tally, Work};
use flowlabel::flow::{KeyParts, Keying, SHARDS, Settings, Shard};
use flowlabel::net::IpProto;
use flowlabel::wire::{Decoded, decode};

fn capture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo/segment/capture.pcap")
}

fn keying() -> Keying {
    Keying::new(KeyParts::default(), 7)
}

fn batch() -> Batch {
    let mut batch = Batch::default();
    let mut source = open(&[capture()], &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(source.fill(&mut batch) && !batch.packets.is_empty(), "the fixture has packets");
    batch
}

fn packets(criterion: &mut Criterion) {
    let batch = batch();
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Elements(batch.packets.len() as u64));
    group.bench_function("read", |bench| {
        bench.iter(|| {
            let mut batch = Batch::default();
            let mut source = open(&[capture()], &Options::default()).unwrap_or_else(|error| panic!("{error}"));
            while source.fill(&mut batch) {
                black_box(&batch);
            }
        });
    });
    group.bench_function("decode", |bench| {
        let mut decoded = Decoded::default();
        bench.iter(|| {
            for packet in &batch.packets {
                decode(&batch.frame(packet), &mut decoded);
                black_box(&decoded);
            }
        });
    });
    group.bench_function("etherparse, for comparison", |bench| {
        bench.iter(|| {
            for packet in &batch.packets {
                let _ = black_box(etherparse::LaxSlicedPacket::from_ethernet(batch.frame(packet).data));
            }
        });
    });
    group.bench_function("decode and sort by shard", |bench| {
        let mut work = Work::new(keying());
        work.batch = batch.clone();
        let mut tally = Tally::default();
        bench.iter(|| {
            work.decode(&mut tally);
            work.sort();
        });
    });
    group.bench_function("flow table", |bench| {
        let mut work = Work::new(keying());
        work.batch = batch.clone();
        work.decode(&mut Tally::default());
        work.sort();
        bench.iter(|| {
            for number in 0..SHARDS {
                let mut shard = Shard::new(Settings::default(), keying());
                work.account(number, &mut shard);
                black_box(shard.flows().len());
            }
        });
    });
    group.finish();
}

fn catalog(criterion: &mut Criterion) {
    let catalog = Catalog::load(&flowlabel::catalog::Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let mut group = criterion.benchmark_group("catalog");
    group.bench_function("load", |bench| bench.iter(|| Catalog::load(&flowlabel::catalog::Options::default())));
    group.throughput(Throughput::Elements(65_536));
    group.bench_function("port lookup", |bench| {
        bench.iter(|| (0..=u16::MAX).filter(|port| catalog.port(black_box(IpProto::TCP), *port).is_some()).count());
    });
    group.finish();
}

criterion_group!(benches, packets, catalog);
criterion_main!(benches);
