//! Every capture of a folder of captures by others, packet by packet counted as an independent reading of its framing counted it.
//!
//! `header.records` of the oracle is counted by a parser of its own, not by tshark. Where the captures are: `support::captures`.

#![cfg(test)]

mod support;

use std::path::Path;

use flowlabel::capture::{Batch, Options, Source, open};

use support::captures::{Page, pages, say};

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
    let Some(pages) = pages() else { return };
    let (mut judged, mut damaged, mut wrong) = (0, 0, Vec::new());
    for Page { name, capture, text } in &pages {
        if !text["header"]["format"].as_str().is_some_and(|format| format.starts_with("pcap")) {
            continue;
        }
        let exception = EXCEPTIONS.iter().find(|(path, ..)| path == name).map(|(_, packets, _)| *packets);
        let expected = exception.or(text["header"]["records"].as_u64()).expect("the oracle counted");
        let (packets, damage) = read(capture);
        judged += 1;
        damaged += u64::from(damage.is_some());
        let tail = &text["header"]["tail_cut"];
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
