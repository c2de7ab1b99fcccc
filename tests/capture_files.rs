//! Every capture of a folder of captures by others, packet by packet counted as an independent reading of its framing counted it.
//!
//! The folder is `../shared/captures` beside the repository, or what `FLOWLABEL_CAPTURES` names: `files/` holds the captures, `oracle/` a
//! JSON file for each with `header.records` (a parser of its own, not tshark) and `totals.frames` (tshark's count).

#![cfg(test)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flowlabel::capture::{Batch, Options, Source, open};
use serde_json::Value;

/// Captures where the right number is not the oracle's, with the number and why.
const EXCEPTIONS: &[(&str, u64, &str)] = &[
    (
        "libpcap/tests/shb-option-too-long.pcapng",
        0,
        "no block repeats its length at its end (the first says 52 and 0x30303030); tshark and libpcap refuse the file",
    ),
    (
        "pcapplusplus/Tests/Fuzzers/RegressionTests/regression_samples/clusterfuzz-testcase-minimized-FuzzTarget-5766899836387328",
        1,
        "version 2.3 with the lengths 0x20202020 and 4: the swapped order of such files makes it a whole packet of 4 bytes",
    ),
    (
        "python-pcapng/test_data/test007.ntar",
        1,
        "the last block's length of 139 is no multiple of 4, but it is repeated where the padded block ends, so the block is whole",
    ),
];

fn folder() -> PathBuf {
    std::env::var_os("FLOWLABEL_CAPTURES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"), PathBuf::from)
}

/// Past the test harness, which hides what a test that passes prints.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn json_files(below: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(below).expect("the oracle can be listed") {
        let path = entry.expect("the oracle can be listed").path();
        if path.is_dir() {
            json_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "json") {
            into.push(path);
        }
    }
}

/// Packets read, first damage.
fn read(path: &Path) -> (u64, Option<String>) {
    let mut source = open(&[path.to_owned()], &Options::default()).expect("a capture that is there opens");
    let mut batch = Batch::default();
    let mut packets = 0;
    while source.fill(&mut batch) {
        for packet in &batch.packets {
            packets += 1;
            assert_eq!(packet.number, packets, "{}: numbers run on", path.display());
            assert_eq!(batch.frame(packet).data.len(), packet.captured as usize, "{}: {packets}", path.display());
        }
    }
    (packets, source.damage().first().map(|damage| damage.reason.clone()))
}

#[test]
fn every_capture_has_as_many_packets_as_its_framing() {
    let folder = folder();
    let mut oracles = Vec::new();
    if !folder.join("oracle").is_dir() {
        say(&format!("\nNOT TESTED: there are no captures in {} (set FLOWLABEL_CAPTURES)", folder.display()));
        return;
    }
    json_files(&folder.join("oracle"), &mut oracles);
    oracles.sort();
    let (mut judged, mut damaged, mut wrong) = (0, 0, Vec::new());
    for oracle in &oracles {
        let name = oracle.strip_prefix(folder.join("oracle")).expect("below the oracle").with_extension("");
        let page: Value = serde_json::from_slice(&std::fs::read(oracle).expect("readable")).expect("JSON");
        if !page["header"]["format"].as_str().is_some_and(|format| format.starts_with("pcap")) {
            continue;
        }
        let name = name.to_string_lossy();
        let exception = EXCEPTIONS.iter().find(|(path, ..)| *path == name).map(|(_, packets, _)| *packets);
        let expected = exception.or(page["header"]["records"].as_u64()).expect("the oracle counted");
        let (packets, damage) = read(&folder.join("files").join(&*name));
        judged += 1;
        damaged += u64::from(damage.is_some());
        let tail = &page["header"]["tail_cut"];
        let unsaid = exception.is_none() && tail.is_string() && damage.is_none();
        if packets != expected || unsaid {
            wrong.push(format!("{name}: {packets} packets, expected {expected}; damage {damage:?}, oracle {tail}"));
        }
    }
    say(&format!("\n{judged} captures read, {damaged} of them damaged, {} exceptions", EXCEPTIONS.len()));
    assert!(judged > 0, "the oracle names captures");
    assert!(wrong.is_empty(), "{} captures differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn exceptions_have_reasons() {
    assert!(EXCEPTIONS.iter().all(|(.., reason)| !reason.is_empty()));
}
