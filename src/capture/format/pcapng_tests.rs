//! Blocks written out by hand, in both byte orders.

use proptest::prelude::*;

use crate::capture::testing::{
    Outcome, block, enhanced, interface, option, pcapng_file, read_bytes, read_drops, section, u16_in, u32_in,
};

fn times(out: &Outcome) -> Vec<&str> {
    out.packets.iter().map(|packet| packet.time.as_str()).collect()
}

fn offset_option(big: bool, seconds: i64) -> Vec<u8> {
    option(big, 14, &if big { seconds.to_be_bytes() } else { seconds.to_le_bytes() })
}

#[test]
fn interfaces_have_their_own_link_type_and_clock() {
    for big in [false, true] {
        let file = [
            section(big),
            interface(big, 1, 0, &[]),
            interface(big, 101, 0, &[option(big, 9, &[9]), option(big, 0, &[])].concat()),
            interface(big, 113, 0, &[option(big, 2, b"eth0"), option(big, 9, &[0x8a]), offset_option(big, 10)].concat()),
            enhanced(big, 1, 5_000_000_001, 60, &[1, 2, 3]),
            enhanced(big, 0, 5_000_001, 61, &[4]),
            enhanced(big, 2, 1024 + 512, 62, &[]),
        ]
        .concat();
        let out = read_bytes(&file);
        let links: Vec<_> = out.packets.iter().map(|p| (p.link, p.wire_len, p.data.len())).collect();
        assert_eq!(links, [(101, 60, 3), (1, 61, 1), (113, 62, 0)], "big {big}");
        assert_eq!(times(&out), ["1970-01-01T00:00:05.000000001Z", "1970-01-01T00:00:05.000001Z", "1970-01-01T00:00:11.5000Z"]);
        assert!(out.damage.is_empty(), "{out:?}");
    }
}

#[test]
fn sections_of_different_byte_order_start_anew() {
    let file = [pcapng_file(false, 2), pcapng_file(true, 3), section(false), enhanced(false, 0, 0, 1, &[1])].concat();
    let out = read_bytes(&file);
    assert_eq!(out.packets.len(), 5);
    assert_eq!(out.damage.len(), 1);
    // 28 bytes of section, 20 of interface, 52 a packet; the last block is after a section header of 28.
    assert_eq!((out.damage[0].packet, out.damage[0].offset), (Some(6), (48 + 2 * 52) + (48 + 3 * 52) + 28));
    assert!(out.damage[0].reason.starts_with("a packet names interface 0, which the section does not describe"));
}

#[test]
fn simple_and_obsolete_packets() {
    for big in [false, true] {
        let simple = [&u32_in(big, 100)[..], &[7; 12]].concat();
        let mut obsolete = [u16_in(big, 0), u16_in(big, 3)].concat();
        for word in [0u32, 1_500_000, 3, 90] {
            obsolete.extend(u32_in(big, word));
        }
        obsolete.extend([1, 2, 3]);
        let file = [section(big), interface(big, 1, 10, &[]), block(big, 3, &simple), block(big, 2, &obsolete)].concat();
        let out = read_bytes(&file);
        assert_eq!(times(&out), ["no time", "1970-01-01T00:00:01.500000Z"]);
        // Of the simple packet the snap length of 10 was captured.
        assert_eq!((out.packets[0].wire_len, out.packets[0].data.as_slice()), (100, &[7; 10][..]));
        assert_eq!((out.packets[1].wire_len, out.packets[1].data.as_slice()), (90, &[1, 2, 3][..]));
    }
}

#[test]
fn unknown_and_custom_blocks_are_passed_over() {
    let file = [
        section(false),
        block(false, 0xbad, &[0; 9]),
        interface(false, 1, 0, &[]),
        block(false, 0x8000_1234, &[1; 400]),
        block(false, 5, &[]),
        enhanced(false, 0, 0, 4, &[1; 4]),
        block(false, 0x4000_0bad, &[2; 5]),
    ]
    .concat();
    let out = read_bytes(&file);
    assert_eq!((out.packets.len(), out.damage.len()), (1, 0));
}

#[test]
fn garbage_in_options_ends_the_list() {
    let options = [option(false, 9, &[9]), vec![9, 0, 0xff, 0xff, 3]].concat();
    let file = [section(false), interface(false, 1, 0, &options), enhanced(false, 0, 1_000_000_001, 1, &[1])].concat();
    assert_eq!(times(&read_bytes(&file)), ["1970-01-01T00:00:01.000000001Z"]);
}

#[test]
fn every_cut_gives_the_whole_packets() {
    for big in [false, true] {
        let file = pcapng_file(big, 3);
        for len in 4..=file.len() {
            let out = read_bytes(&file[..len]);
            assert_eq!(out.packets.len(), len.saturating_sub(48) / 52, "cut at {len}");
            let clean = len == 28 || (len >= 48 && (len - 48).is_multiple_of(52));
            assert_eq!(out.damage.is_empty(), clean, "cut at {len}: {out:?}");
            assert_eq!(out.packets, read_drops(&file[..len]).packets, "cut at {len}");
        }
    }
}

/// The file of six packets with the third one's bytes changed: what is read of it.
fn with_third_changed(change: impl Fn(&mut [u8])) -> (Outcome, Vec<u8>) {
    let mut file = pcapng_file(false, 6);
    change(&mut file[48 + 2 * 52..48 + 3 * 52]);
    let out = read_bytes(&file);
    let first_bytes = out.packets.iter().filter_map(|packet| packet.data.first().copied()).collect();
    (out, first_bytes)
}

#[test]
fn a_bad_block_in_the_middle_costs_only_itself() {
    let changes: [fn(&mut [u8]); 6] = [
        // A length past the end of the file, an absurd one, one too short for a block, one that ends inside the block.
        |block| block[4..8].copy_from_slice(&0x0001_0000u32.to_le_bytes()),
        |block| block[4..8].copy_from_slice(&u32::MAX.to_le_bytes()),
        |block| block[4..8].copy_from_slice(&4u32.to_le_bytes()),
        |block| block[4..8].copy_from_slice(&24u32.to_le_bytes()),
        // The two lengths differ.
        |block| block[48..52].copy_from_slice(&7u32.to_le_bytes()),
        // More captured than the block holds.
        |block| block[20..24].copy_from_slice(&21u32.to_le_bytes()),
    ];
    for (case, change) in changes.into_iter().enumerate() {
        let (out, seen) = with_third_changed(change);
        assert_eq!(seen, [0, 1, 3, 4, 5], "case {case}: {:?}", out.damage);
        assert_eq!(out.damage.len(), 1, "case {case}: {:?}", out.damage);
        assert_eq!(out.damage[0].offset, 48 + 2 * 52, "case {case}");
        assert!(out.damage[0].reason.ends_with("; 52 bytes were passed over"), "case {case}: {:?}", out.damage);
    }
}

#[test]
fn a_block_of_noise_in_the_middle_costs_only_itself() {
    let (out, seen) = with_third_changed(|block| block.fill(0xee));
    assert_eq!(seen, [0, 1, 3, 4, 5], "{:?}", out.damage);
}

#[test]
fn an_unreadable_interface_keeps_its_place() {
    let file = [section(false), block(false, 1, &[1, 0]), interface(false, 113, 0, &[]), enhanced(false, 1, 0, 1, &[1])].concat();
    let out = read_bytes(&file);
    assert_eq!(out.packets[0].link, 113);
    assert_eq!(out.damage.len(), 1);
    let mut file =
        [section(false), interface(false, 1, 0, &[]), interface(false, 113, 0, &[]), enhanced(false, 1, 0, 1, &[1])].concat();
    file[28 + 4] = 7;
    assert_eq!(read_bytes(&file).packets[0].link, 113);
}

#[test]
fn lists_of_damage_are_bounded() {
    let mut file = section(false);
    for _ in 0..150 {
        file.extend(enhanced(false, 9, 0, 1, &[1]));
    }
    let out = read_bytes(&file);
    assert_eq!(out.damage.len(), 101);
    assert_eq!(out.damage[100].reason, "50 more places are damaged");
}

#[test]
fn a_length_that_forgets_its_padding_is_understood() {
    let mut bad = enhanced(false, 0, 0, 20, &[5; 21]);
    // Four bytes more than three quarters: 12 + 20 + 21 = 53, padded 56.
    assert_eq!(bad.len(), 56);
    bad[4] = 53;
    bad[52] = 53;
    let out = read_bytes(&[section(false), interface(false, 1, 0, &[]), bad, enhanced(false, 0, 0, 1, &[6])].concat());
    assert_eq!((out.packets.len(), out.damage.len()), (2, 0));
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(big: bool, changes in prop::collection::vec((0usize..204, any::<u8>()), 1..8)) {
        let mut file = pcapng_file(big, 3);
        for (at, byte) in changes {
            file[at] = byte;
        }
        let out = read_bytes(&file);
        prop_assert!(out.packets.iter().map(|packet| packet.data.len() + 16).sum::<usize>() <= file.len());
    }
}
