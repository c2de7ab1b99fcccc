//! The same bytes for any number of workers, and sums that agree: over the fixtures, and over the captures by others where they are
//! (`support::captures`), each folder as one long stream.

#![cfg(test)]

mod support;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use flowlabel::capture::{Batch, Options, Source, open};
use flowlabel::flow::Settings;
use flowlabel::pipeline;
use flowlabel::wire::{Decoded, decode};
use serde_json::Value;

use support::binary::{Said, read};
use support::captures::{folder, pages};

/// What changes which packets and flows there are. The limit is that of one flow in each shard.
const OPTIONS: &[&[&str]] = &[
    &[],
    &["--max-flows", "64"],
    &["--max-flows", "200", "--no-split"],
    &["--dedup"],
    &["--no-split"],
    &["--merge"],
    &["--stream"],
    &["--stream", "--max-flows", "200"],
    &["--key", "vlan,tunnel"],
    &["--dedup", "--idle-timeout", "1s", "--max-flows", "64", "--key", "tunnel", "--merge"],
];

#[test]
fn fixtures_give_the_same_bytes_for_any_number_of_workers() {
    same_for_any_number_of_workers(&support::repository("fixtures"), OPTIONS);
}

#[test]
fn each_fixture_alone_gives_the_same_bytes_for_any_number_of_workers() {
    for case in support::fixtures() {
        same_for_any_number_of_workers(&case.join("capture.pcap"), &[&[]]);
    }
}

#[test]
fn captures_give_the_same_bytes_for_any_number_of_workers() {
    let Some(folder) = folder() else { return };
    same_for_any_number_of_workers(&folder.join("files"), OPTIONS);
}

fn same_for_any_number_of_workers(input: &Path, choices: &[&[&str]]) {
    let mut layers = HashSet::new();
    for options in choices {
        let with = |workers: &str| read(input, &[*options, &["--workers", workers]].concat());
        let one = with("1");
        assert!(matches!(one.code, Some(0 | 3)), "{}: {}", input.display(), one.err);
        let seen = the_sums_agree(&one, options);
        if !options.contains(&"--dedup") {
            layers.insert(seen);
        }
        for workers in ["2", "3", "8"] {
            let several = with(workers);
            let what = format!("{} {options:?} with {workers} workers", input.display());
            assert!(one.out == several.out, "{what}: {}", first_difference(&one.out, &several.out));
            assert_eq!((one.code, &one.err), (several.code, &several.err), "{what}");
        }
    }
    assert_eq!(layers.len(), 1, "{}: options sort packets into other flows and lose none: {layers:?}", input.display());
}

fn first_difference(a: &str, b: &str) -> String {
    let different = a.lines().zip(b.lines()).enumerate().find(|(_, (a, b))| a != b);
    different.map_or("one ends early".to_owned(), |(at, (a, b))| format!("line {}\n{a}\n{b}", at + 1))
}

/// What must hold between the records and the summary. Returns the layers in the records: packets, and ICMP errors that quote a flow.
fn the_sums_agree(said: &Said, options: &[&str]) -> u64 {
    let (mut records, summary) = said.records();
    // What was learned of a flow after its record was written adds no flow.
    records.retain(|record| record["type"] == "flow");
    let flows = &summary["flows"];
    let number = |value: &Value| value.as_u64().unwrap();
    let values = |object: &Value| object.as_object().unwrap().values().map(number).sum::<u64>();
    let packets = &summary["packets"];
    assert_eq!(
        number(&packets["total"]),
        number(&packets["flows"]) + number(&packets["non_ip"]) + number(&packets["undecodable"])
    );
    assert_eq!(number(&packets["undecodable"]), values(&summary["undecodable"]));
    assert_eq!(number(&packets["non_ip"]), values(&summary["non_ip"]));
    assert!(values(&summary["cut_short"]) <= number(&packets["flows"]));
    assert_eq!(number(&flows["total"]), records.len() as u64);
    let verdicts = ["matched", "mismatched", "unmatched"].map(|verdict| number(&flows[verdict]));
    assert_eq!(verdicts.iter().sum::<u64>(), records.len() as u64);
    let labels = summary["labels"].as_array().unwrap();
    let of_labels = |field: &str| labels.iter().map(|label| number(&label[field])).sum::<u64>();
    let sides = |record: &Value, field: &str| number(&record[field]["client"]) + number(&record[field]["server"]);
    let of_records = |field: &str| records.iter().map(|record| sides(record, field)).sum::<u64>();
    assert_eq!(of_labels("flows"), records.len() as u64);
    assert_eq!(of_labels("packets"), of_records("packets"));
    assert_eq!(of_labels("bytes"), of_records("bytes"));
    assert!(records.iter().all(|record| sides(record, "packets") > 0));
    identities_hold(&records, number(&flows["evicted"]) > 0, options);
    let errors = |record: &Value| record["icmp_errors"]["count"].as_u64().unwrap_or(0);
    of_records("packets") + records.iter().map(errors).sum::<u64>()
}

/// No two records have one id, they come in its order, and a tunnel's is that of a record.
fn identities_hold(records: &[Value], evicted: bool, options: &[&str]) {
    let ids: Vec<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    let known: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "{options:?}: ids are unique");
    assert!(!evicted || options.contains(&"--max-flows"), "{options:?}: only a limit writes records early");
    if evicted || options.contains(&"--stream") {
        return;
    }
    let numbers = |id: &str| id.split('.').map(|part| part.parse::<u64>().unwrap()).collect::<Vec<_>>();
    assert!(ids.is_sorted_by_key(|id| numbers(id)), "{options:?}: records are in order");
    for tunnel in records.iter().flat_map(|record| record["tunnels"].as_array().unwrap()) {
        assert!(tunnel["id"].as_str().is_some_and(|id| known.contains(id)), "{options:?}: {tunnel}");
    }
}

/// Every layer of every packet is in exactly one record: as a packet, or as an ICMP error that quotes it.
#[test]
fn no_layer_of_a_packet_is_lost_or_counted_twice() {
    let fixtures = support::fixtures().into_iter().map(|case| case.join("capture.pcap"));
    let captures = pages().into_iter().flatten().map(|page| page.capture);
    for capture in fixtures.chain(captures) {
        let layers = Layers::of(&capture);
        for settings in settings() {
            let found = Found::of(&capture, settings);
            let what = format!("{} {settings:?}", capture.display());
            let dropped = if settings.dedup { found.duplicates } else { 0 };
            if settings.dedup && layers.deepest > 1 {
                // Duplicates are counted by their outermost layer and dropped at every layer.
                assert!(found.layers + dropped <= layers.count, "{what}");
            } else {
                assert_eq!(found.layers + dropped, layers.count, "{what}");
            }
            if found.errors == 0 && !settings.dedup {
                assert_eq!(found.bytes, layers.bytes, "{what}");
            }
        }
    }
}

fn settings() -> [Settings; 2] {
    let split = Settings::default();
    [split, Settings { split: None, dedup: true, ..split }]
}

/// What is in the packets of a capture.
#[derive(Default)]
struct Layers {
    count: u64,
    bytes: u64,
    deepest: usize,
}

impl Layers {
    fn of(capture: &Path) -> Self {
        let mut source = opened(capture);
        let (mut batch, mut decoded, mut layers) = (Batch::default(), Decoded::default(), Self::default());
        while source.fill(&mut batch) {
            for packet in &batch.packets {
                decode(&batch.frame(packet), &mut decoded);
                layers.count += decoded.layers.len() as u64;
                layers.bytes += decoded.layers.iter().map(|layer| u64::from(layer.ip_len)).sum::<u64>();
                layers.deepest = layers.deepest.max(decoded.layers.len());
            }
        }
        layers
    }
}

/// What is in its flows.
struct Found {
    layers: u64,
    bytes: u64,
    errors: u64,
    duplicates: u64,
}

impl Found {
    fn of(capture: &Path, settings: Settings) -> Self {
        let outcome = pipeline::run(&mut *opened(capture), settings, 1, |_| (), &|_| ());
        let mut found = Self { layers: 0, bytes: 0, errors: 0, duplicates: outcome.summary().duplicates };
        for flow in outcome.flows() {
            let errors = flow.extras.as_ref().map_or(0, |extras| extras.icmp_errors);
            found.layers += flow.packets.iter().sum::<u64>() + errors;
            found.bytes += flow.bytes.iter().sum::<u64>();
            found.errors += errors;
        }
        found
    }
}

fn opened(capture: &Path) -> Box<dyn Source> {
    open(&[PathBuf::from(capture)], &Options::default()).unwrap()
}
