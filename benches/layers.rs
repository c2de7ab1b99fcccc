//! Each layer by itself, on the captures that ship with the source: reading, decoding, the flow table, the catalog; each recognizer on the first
//! bytes of all flows of the fixtures, and the decision that makes a record of a flow.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowlabel::capture::{Batch, Options, open};
use flowlabel::catalog::Catalog;
use flowlabel::engine::{self, Hearsay, Outcome, Tally, Work};
use flowlabel::flow::{FlowKey, Identity, KeyParts, Keying, SHARDS, Settings, Shard};
use flowlabel::net::IpProto;
use flowlabel::pipeline;
use flowlabel::recognize::{Datagram, Opening, RECOGNIZERS, Said};
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

fn fixtures() -> Box<dyn flowlabel::capture::Source> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    open(&[folder], &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The first bytes of both sides of a flow.
#[derive(Default)]
struct Began {
    transport: Option<IpProto>,
    ports: [u16; 2],
    sides: [(Vec<u8>, Vec<Datagram>); 2],
}

impl Began {
    /// Kept to the end of the benchmark.
    fn opening(self) -> Option<Opening<'static>> {
        let said = |(bytes, datagrams): (Vec<u8>, Vec<Datagram>)| Said {
            bytes: bytes.leak(),
            datagrams: datagrams.leak(),
            from_start: true,
            ended: false,
        };
        Some(Opening { transport: self.transport?, ports: self.ports, said: self.sides.map(said) })
    }
}

/// How the flows of the fixtures begin, as far as their packets come in order.
fn openings() -> Vec<Opening<'static>> {
    let (mut source, mut batch, mut decoded) = (fixtures(), Batch::default(), Decoded::default());
    let mut began: HashMap<FlowKey, Began> = HashMap::new();
    while source.fill(&mut batch) {
        for packet in &batch.packets {
            let frame = batch.frame(packet);
            decode(&frame, &mut decoded);
            for layer in decoded.layers.iter().filter(|layer| layer.has_ports && layer.fragment.is_none()) {
                let (key, is_lo) = FlowKey::of(layer, Identity::of(layer));
                let flow = began.entry(key).or_insert_with(|| Began {
                    transport: Some(layer.protocol),
                    ports: [key.lo_port, key.hi_port],
                    ..Began::default()
                });
                let [lo, hi] = &mut flow.sides;
                let (bytes, datagrams) = if is_lo { lo } else { hi };
                let payload = layer.payload.of(frame.data);
                if payload.is_empty() || bytes.len() + payload.len() > 2048 {
                    continue;
                }
                bytes.extend_from_slice(payload);
                if layer.protocol == IpProto::UDP {
                    datagrams.push(Datagram { end: bytes.len() as u16, len: payload.len() as u16 });
                }
            }
        }
    }
    began.into_values().filter_map(Began::opening).collect()
}

fn recognizers(criterion: &mut Criterion) {
    let openings = openings();
    let mut group = criterion.benchmark_group("recognizers");
    for recognizer in RECOGNIZERS {
        let begins = |bytes: &[u8]| bytes.first().is_some_and(|byte| recognizer.first.iter().any(|range| range.contains(byte)));
        let may_be = |opening: &&Opening<'_>| {
            recognizer.over.contains(&opening.transport) && opening.said.iter().any(|said| begins(said.bytes))
        };
        let asked: Vec<&Opening<'_>> = openings.iter().filter(may_be).collect();
        if asked.is_empty() {
            continue;
        }
        group.throughput(Throughput::Elements(asked.len() as u64));
        group.bench_function(recognizer.word, |bench| {
            bench.iter(|| {
                for opening in &asked {
                    black_box((recognizer.look)(opening));
                }
            });
        });
    }
    group.finish();
}

fn decision(criterion: &mut Criterion) {
    let catalog = Catalog::load(&flowlabel::catalog::Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let outcome: Outcome = pipeline::run(&mut *fixtures(), Settings::default(), 1, |_| (), &|_| ());
    let mut group = criterion.benchmark_group("decision");
    group.throughput(Throughput::Elements(outcome.len() as u64));
    group.bench_function("a record", |bench| {
        bench.iter(|| {
            for flow in outcome.flows() {
                black_box(engine::record_as(flow, outcome.carriers(), Some(&catalog), Hearsay::default(), false));
            }
        });
    });
    group.bench_function("a record without its sentence", |bench| {
        bench.iter(|| {
            for flow in outcome.flows() {
                black_box(engine::record_as(flow, outcome.carriers(), Some(&catalog), Hearsay::default(), true));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, packets, catalog, recognizers, decision);
criterion_main!(benches);
