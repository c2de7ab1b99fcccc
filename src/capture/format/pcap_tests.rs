//! Files written out by hand, in both byte orders; `tshark -r` reads the same values from the same bytes.

use proptest::prelude::*;

use crate::capture::testing::{Outcome, pcap_file, pcap_header, pcap_record, read_bytes, read_drops, u16_in, u32_in};
use crate::net::Timestamp;

/// Times as they print.
fn times(out: &Outcome) -> Vec<&str> {
    out.packets.iter().map(|packet| packet.time.as_str()).collect()
}

/// A file of two packets of 4 and 3 bytes with the record header extended by `extra`.
fn two_packets(big: bool, magic: u32, version: (u16, u16), network: u32, swapped: bool, extra: &[u8]) -> Vec<u8> {
    let mut out = pcap_header(big, magic, version, 65_535, network);
    if magic & 0xffff_0000 == 0x1c00_0000 {
        out.extend(u32_in(big, 39));
    }
    for (seconds, fraction, data) in [(1000, 5, &[1u8, 2, 3, 4][..]), (1001, 999_999, &[5, 6, 7])] {
        let (captured, wire) = (data.len() as u32, 60);
        let (first, second) = if swapped { (wire, captured) } else { (captured, wire) };
        out.extend(pcap_record(big, [seconds, fraction, first, second], &[extra, data].concat()));
    }
    out
}

const MICROS: [&str; 2] = ["1970-01-01T00:16:40.000005Z", "1970-01-01T00:16:41.999999Z"];
const NANOS: [&str; 2] = ["1970-01-01T00:16:40.000000005Z", "1970-01-01T00:16:41.000999999Z"];

fn linux_extra(big: bool, len: usize) -> Vec<u8> {
    // Interface 2, protocol IPv4, to us, padding.
    let mut extra = [&u32_in(big, 2)[..], &u16_in(big, 0x0800)[..]].concat();
    extra.resize(len, 0);
    extra
}

#[test]
fn every_variant_in_both_byte_orders() {
    for big in [false, true] {
        let nokia = u32_in(big, 0x9fbf_b601);
        let cases = [
            (two_packets(big, 0xa1b2_c3d4, (2, 4), 1, false, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_3c4d, (2, 4), 1, false, &[]), 1, NANOS),
            (two_packets(big, 0xa1b2_c3d4, (2, 2), 1, true, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (2, 3), 1, true, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (2, 3), 1, false, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (543, 0), 1, true, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (2, 2), 6, true, &[]), 1, NANOS),
            (two_packets(big, 0xa1b2_c3d4, (2, 2), 24, true, &[]), 0, NANOS),
            (two_packets(big, 0x1c00_01ac, (2, 4), 1, false, &[]), 1, NANOS),
            (two_packets(big, 0x1c00_01ab, (2, 4), 1, false, &[]), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (2, 4), 1, false, &linux_extra(big, 8)), 1, MICROS),
            (two_packets(big, 0xa1b2_cd34, (2, 4), 1, false, &linux_extra(big, 8)), 1, MICROS),
            (two_packets(big, 0xa1b2_cd34, (2, 4), 1, false, &linux_extra(big, 12)), 1, MICROS),
            (two_packets(big, 0xa1b2_c3d4, (2, 4), 1, false, &nokia), 1, MICROS),
            // An FCS of four bytes is announced above the link type.
            (two_packets(big, 0xa1b2_c3d4, (2, 4), 0x2400_0001, false, &[]), 1, MICROS),
        ];
        for (case, (file, link, expected)) in cases.iter().enumerate() {
            let out = read_bytes(file);
            assert_eq!(times(&out), expected, "case {case}, big {big}: {out:?}");
            assert_eq!((out.damage.len(), out.notes.len()), (0, 0), "case {case}: {out:?}");
            let packets: Vec<_> = out.packets.iter().map(|p| (p.link, p.wire_len, p.data.as_slice())).collect();
            assert_eq!(packets, [(*link, 60, &[1, 2, 3, 4][..]), (*link, 60, &[5, 6, 7][..])], "case {case}, big {big}");
        }
    }
}

#[test]
fn a_pipe_of_single_bytes_gives_the_same() {
    for big in [false, true] {
        let file = pcap_file(big, 9);
        let (whole, drops) = (read_bytes(&file), read_drops(&file));
        assert_eq!(whole.packets, drops.packets);
        assert_eq!(drops.packets.len(), 9);
        // Each packet is handed on when it is whole.
        assert_eq!((whole.batches, drops.batches), (1, 9));
    }
}

#[test]
fn impossible_fractions_are_what_wireshark_shows() {
    // tshark -T fields -e frame.time_epoch prints these as 1418145370.1000000000, 1418145370.000000000, 1416849573.1074885184,
    // -1398322701.849375560 and (nanoseconds) -1418145370.2147483648.
    let micros = [
        (1_418_145_370, 1_000_000, Timestamp::new(1_418_145_370, 100_000_000, 6)),
        (1_418_145_370, 0x8000_0000, Timestamp::new(1_418_145_370, 0, 6)),
        (1_416_849_573, 520_765_928, Timestamp::new(1_416_849_573, 107_488_518, 6)),
        (1_398_322_701, 471_597_027, Timestamp::new(-1_398_322_702, 150_624_440, 6)),
    ];
    for (seconds, fraction, expected) in micros {
        let mut file = pcap_header(false, 0xa1b2_c3d4, (2, 4), 65_535, 1);
        file.extend(pcap_record(false, [seconds, fraction, 1, 1], &[0]));
        assert_eq!(read_drops(&file).packets[0].time, expected.to_string(), "{seconds} {fraction}");
    }
    let mut file = pcap_header(false, 0xa1b2_3c4d, (2, 4), 65_535, 1);
    file.extend(pcap_record(false, [1_418_145_370, 0x8000_0000, 1, 1], &[0]));
    assert_eq!(read_drops(&file).packets[0].time, Timestamp::new(-1_418_145_371, 785_251_636, 9).to_string());
}

#[test]
fn a_snap_length_that_lies_is_no_damage() {
    let mut file = pcap_header(false, 0xa1b2_c3d4, (2, 4), 10, 1);
    file.extend(pcap_record(false, [1000, 0, 20, 20], &[9; 20]));
    let out = read_bytes(&file);
    assert_eq!((out.packets.len(), out.damage.len()), (1, 0));
}

#[test]
fn every_cut_gives_the_whole_packets_and_one_damage() {
    for big in [false, true] {
        let file = pcap_file(big, 3);
        for len in 0..=file.len() {
            let out = read_bytes(&file[..len]);
            let whole = len.saturating_sub(24) / 36;
            assert_eq!(out.packets.len(), whole, "cut at {len}");
            assert_eq!(out.refused.is_some(), len < 24, "cut at {len}: {out:?}");
            let clean = len >= 24 && (len - 24).is_multiple_of(36);
            assert_eq!(out.damage.is_empty(), clean || len < 24, "cut at {len}: {out:?}");
            if let Some(damage) = out.damage.first() {
                assert_eq!((damage.packet, damage.offset), (Some(whole as u64 + 1), 24 + 36 * whole as u64), "cut at {len}");
            }
            assert_eq!(out.packets, read_drops(&file[..len]).packets, "cut at {len}");
        }
    }
}

#[test]
fn the_message_says_where_the_file_is_cut() {
    let file = pcap_file(false, 2);
    let reason = |len: usize| read_bytes(&file[..len]).damage[0].reason.clone();
    assert_eq!(reason(24 + 36 + 5), "the file ends in a packet's header, after 5 of 16 bytes; nothing was read beyond");
    assert_eq!(reason(24 + 36 + 18), "the file ends in a packet, after 2 of 20 captured bytes; nothing was read beyond");
}

#[test]
fn a_hole_is_passed_over_when_many_packets_follow() {
    let mut file = pcap_file(false, 100);
    // Packets 10 to 12 (from 1) become noise with absurd lengths.
    file[24 + 9 * 36..24 + 12 * 36].fill(0xee);
    let out = read_bytes(&file);
    assert_eq!(out.packets.len(), 97);
    assert_eq!((out.damage[0].packet, out.damage[0].offset), (Some(10), 24 + 9 * 36));
    assert!(out.damage[0].reason.ends_with("108 bytes were passed over"), "{:?}", out.damage);
}

#[test]
fn after_a_hole_few_packets_do_not_convince() {
    let mut file = pcap_file(false, 20);
    file[24 + 9 * 36..24 + 12 * 36].fill(0xee);
    let out = read_bytes(&file);
    assert_eq!((out.packets.len(), out.damage.len()), (9, 1));
    assert!(out.damage[0].reason.ends_with("nothing was read beyond"), "{:?}", out.damage);
}

#[test]
fn odd_headers_are_noted() {
    let out = read_bytes(&two_packets(false, 0xa1b2_c3d4, (1, 4), 0x0020_0001, false, &[]));
    assert_eq!(out.packets.len(), 2);
    assert_eq!(
        out.notes,
        [
            "pcap version 1.4 is not known; read as 2.4",
            "reserved bits are set in the link type field 0x00200001; read as link type 1"
        ]
    );
}

#[test]
fn batches_are_full_and_complete() {
    let mut file = pcap_header(true, 0xa1b2_c3d4, (2, 4), 65_535, 1);
    for n in 0..2500u32 {
        file.extend(pcap_record(true, [n, 0, 4, 4], &n.to_be_bytes()));
    }
    let out = read_bytes(&file);
    assert_eq!((out.packets.len(), out.batches), (2500, 3));
    assert!(out.packets.iter().enumerate().all(|(n, packet)| packet.data == (n as u32).to_be_bytes()));
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(big: bool, changes in prop::collection::vec((0usize..132, any::<u8>()), 1..8)) {
        let mut file = pcap_file(big, 3);
        for (at, byte) in changes {
            file[at] = byte;
        }
        let out = read_bytes(&file);
        prop_assert!(out.packets.iter().map(|packet| packet.data.len() + 16).sum::<usize>() <= file.len());
        prop_assert_eq!(out.packets.len() as u64, read_bytes(&file).packets.len() as u64);
    }
}
