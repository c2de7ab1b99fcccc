//! The fuzz targets (`fuzz/`) on the stable toolchain: the fixtures, whole and damaged by chance, through the same doors.

#![cfg(test)]

mod support;

#[path = "../fuzz/entry.rs"]
mod entry;

use flowlabel::capture::{Batch, Options, Source, open};
use proptest::prelude::*;
use proptest::sample::Index;

/// Larger files are cut: a mutation near the start is worth more.
const LARGEST: usize = 8 << 10;

/// One change.
#[derive(Clone, Debug)]
enum Change {
    /// A byte becomes another.
    Set(Index, u8),
    /// Four bytes become a number that somebody may take for a length.
    Number(Index, u32),
    /// Bytes go.
    Remove(Index, usize),
    /// Bytes come twice.
    Repeat(Index, usize),
    /// The rest goes.
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let lengths = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7fff_ffff), Just(1 << 20), 0..100_u32, any::<u32>()];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        3 => (any::<Index>(), lengths).prop_map(|(at, number)| Change::Number(at, number)),
        1 => (any::<Index>(), 1..64_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), 1..256_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => any::<Index>().prop_map(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let run = |at: &Index, wanted: &usize| (at.index(length), (at.index(length) + wanted).min(length));
        match change {
            Change::Set(at, byte) => bytes[at.index(length)] = *byte,
            Change::Number(at, number) => {
                let start = at.index(length);
                let number = if number % 2 == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
                bytes[start..].iter_mut().zip(number).for_each(|(byte, new)| *byte = new);
            }
            Change::Remove(at, wanted) => {
                let (start, end) = run(at, wanted);
                bytes.drain(start..end);
            }
            Change::Repeat(at, wanted) => {
                let (start, end) = run(at, wanted);
                let again = bytes[start..end].to_vec();
                bytes.splice(start..start, again);
            }
            Change::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}

/// The files of all fixtures, cut to a size.
fn files() -> Vec<Vec<u8>> {
    let read = |case: std::path::PathBuf| std::fs::read(case.join("capture.pcap")).unwrap();
    let files = support::fixtures().into_iter().map(read);
    files.map(|bytes| bytes[..bytes.len().min(LARGEST)].to_vec()).collect()
}

/// Every frame of the fixtures, behind its link type.
fn frames() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for case in support::fixtures() {
        let mut source = open(&[case.join("capture.pcap")], &Options::default()).unwrap();
        let mut batch = Batch::default();
        while source.fill(&mut batch) {
            let of = |packet| [&batch.frame(packet).link.0.to_le_bytes()[..], batch.frame(packet).data].concat();
            frames.extend(batch.packets.iter().map(of));
        }
    }
    frames
}

/// One of the seeds with some changes.
fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (proptest::sample::select(seeds), proptest::collection::vec(change(), 0..6))
        .prop_map(|(seed, changes)| changed(seed, &changes))
}

/// Runs a door on mutated seeds.
fn hold(cases: u32, seeds: Vec<Vec<u8>>, door: fn(&[u8])) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(bytes in mutated(seeds))| door(&bytes));
}

#[test]
fn frames_damaged_by_chance_decode() {
    hold(4000, frames(), entry::decode);
}

#[test]
fn frames_under_a_link_type_that_is_not_theirs_decode() {
    let links = links();
    let frames = frames();
    for link in links {
        for frame in frames.iter().step_by(7) {
            entry::decode(&[&link.to_le_bytes()[..], &frame[2..]].concat());
        }
    }
}

/// Every number a link type of today may have, and some beyond.
fn links() -> impl Iterator<Item = u16> {
    (0..310).chain([u16::MAX])
}

#[test]
fn files_damaged_by_chance_read_alike_from_a_map_and_from_a_stream() {
    hold(400, files(), entry::capture_file);
}

#[test]
fn files_damaged_by_chance_become_records_whose_sums_agree() {
    hold(400, files(), entry::engine);
}

/// First bytes that lead deep into some recognizer.
const OPENINGS: &[&[u8]] = &[
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"\x05\x00\x0b\x03\x10\0\0\0\x48\0\0\0",
    b"\0\0\0\x85\xffSMB\x72",
    b"\x12\x01\0\x2f\0\0\0\0",
    b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0",
    b"\x30\x26\x02\x01\x01\x04\x06public\xa0",
    b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01",
    b"220 ready\r\n",
    b"*1\r\n$4\r\nPING\r\n",
    b"+PONG\r\n",
    b"\0\0\0\x08\x04\xd2\x16\x2f",
    b"\x5d\0\0\0\x0a5.5.5-10.11.6-MariaDB\0",
    b"\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04abcd",
    b"\x20\x02\0\0",
    b"\x80\0\0\x28\x11\x22\x33\x44\0\0\0\0\0\0\0\x02\0\x01\x86\xa3",
    b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x01",
    b"\x05\x02\0\x02",
    b"<34>1 2003-10-11T22:14:15.003Z host su",
    b"<?xml version='1.0'?><stream:stream",
    b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping",
    b"\x40\x01\x7d\x34\xbbtemperature",
    b"NICK me\r\nUSER me 0 * :Me\r\n",
    b"AMQP\0\0\x09\x01",
    b"@RSYNCD: 31.0\n",
    b"RFB 003.008\n",
    b"\x01\0\0\x14\x80\0\x01\x01",
    b"\0\0\0\x17\0\x12\0\x03\0\0\0\x01\0\x09rdkafka-1",
    b"\xff\xff\xff\xff\0\x40\0\x01",
];

/// What two sides say, each beginning like some protocol.
fn openings() -> impl Strategy<Value = Vec<u8>> {
    let side = || (proptest::sample::select(OPENINGS), proptest::collection::vec(any::<u8>(), 0..24));
    (any::<[u8; 5]>(), side(), side(), proptest::collection::vec(change(), 0..3)).prop_map(|(mut chosen, a, b, changes)| {
        let a = changed([a.0, &a.1].concat(), &changes);
        chosen[2] = a.len().min(255) as u8;
        [&chosen[..], &a, b.0, &b.1].concat()
    })
}

#[test]
fn recognizers_withstand_any_bytes_and_any_cut() {
    // The same cases in every run, so that a change is judged by what it changed; `make fuzz` looks further.
    let rng_seed = proptest::test_runner::RngSeed::Fixed(0x0f10_51ab);
    let config = ProptestConfig { cases: 6000, failure_persistence: None, rng_seed, ..ProptestConfig::default() };
    proptest!(config, |(bytes in openings())| entry::recognize(&bytes));
}

#[test]
fn every_recognizer_is_reached_by_its_seed() {
    let seeds = entry::seeds();
    for recognizer in flowlabel::recognize::RECOGNIZERS {
        let (_, seed) = seeds
            .iter()
            .find(|(word, _)| *word == recognizer.word)
            .unwrap_or_else(|| panic!("{}: a line is missing", recognizer.word));
        assert!(entry::reaches(recognizer.word, seed), "{} does not find its seed", recognizer.word);
        entry::recognize(seed);
    }
    assert_eq!(seeds.len(), flowlabel::recognize::RECOGNIZERS.len());
}

#[test]
fn recognizers_withstand_changes_of_their_seeds() {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(0x5eed_5eed);
    let config = ProptestConfig { cases: 6000, failure_persistence: None, rng_seed, ..ProptestConfig::default() };
    let seeds: Vec<Vec<u8>> = entry::seeds().into_iter().map(|(_, seed)| seed).collect();
    proptest!(config, |(bytes in mutated(seeds))| entry::withstand(&bytes));
}

/// What the sides of conversations that announce others say: for each line, whether A or B says it.
const ANNOUNCING: &[(u8, &[u8])] = &[
    (1, b"227 Entering Passive Mode (10,0,0,2,195,80)\r\n"),
    (0, b"EPRT |1|10.0.0.1|2002|\r\n"),
    (0, b"\0\x01boot\0octet\0blksize\x001456\0"),
    (1, b"\x05\x19\0InstanceName;A;tcp;49172;;"),
    (1, b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257\r\n\r\n"),
    (0, b"INVITE sip:b@c SIP/2.0\r\nContent-Length: 46\r\n\r\nv=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\n"),
    (0, b"NOTIFY * HTTP/1.1\r\nLOCATION: http://10.0.0.1:2869/d.xml\r\n\r\n"),
    (0, b"SUBSCRIBE /e HTTP/1.1\r\nCALLBACK: <http://10.0.0.1:5431/a>\r\n\r\n"),
    (0, b"\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0\xd0\x16\xd0\x16\0\0\0\0\x01\0\0\0\0\0\x01\0\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\0\x2b\x14\xa0\xfa\x03\0\0\0\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\0\x2b\x10\x48\x60\x02\0\0\0"),
    (0, b"\x05\0\0\x03\x10\0\0\0\x1c\0\0\0\x02\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0"),
    (1, b"\x05\0\x02\x03\x10\0\0\0\x40\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0"),
    (0, b"\0\0\0\x44\xfeSMB\x40\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0"),
    (0, b"\x80\0\0\x38\x11\x22\x33\x44\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02\0\0\0\x03"),
    (1, b"\0\x20\0\x01\x1a\x2b\x3c\x4d\0\x08\0\0\0\x80\x40\0\x01"),
    (0, b"\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x08\x20\x23\x01"),
    (0, b"\xc8\x02\0\x14\0\0\0\0\0\0\0\0\x80\x08\0\0\0\0\0\x01"),
];

#[test]
fn readers_of_announcements_withstand_any_conversation() {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(0xa11_0ced);
    let config = ProptestConfig { cases: 6000, failure_persistence: None, rng_seed, ..ProptestConfig::default() };
    let said = || {
        (proptest::sample::select(ANNOUNCING), proptest::collection::vec(change(), 0..4), 0_u8..8).prop_map(
            |((side, bytes), changes, lost)| {
                let bytes = changed(bytes.to_vec(), &changes);
                [&[side | (lost.saturating_sub(6) << 5), bytes.len().min(255) as u8][..], &bytes[..bytes.len().min(255)]].concat()
            },
        )
    };
    let talk =
        (any::<u8>(), proptest::collection::vec(said(), 1..8)).prop_map(|(route, said)| [vec![route], said.concat()].concat());
    proptest!(config, |(bytes in talk)| entry::announce(&bytes));
}
