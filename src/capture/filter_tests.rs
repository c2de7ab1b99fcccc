use super::*;
use crate::capture::testing::{enhanced, interface, pcap_header, pcap_record, section};
use crate::capture::{Options, open};

/// An Ethernet frame with an IPv4 packet of a protocol from one port to another, cut to `len`.
fn frame(protocol: u8, from: u16, to: u16, len: usize) -> Vec<u8> {
    let mut out = vec![0u8; 12];
    out.extend([0x08, 0x00]);
    out.extend(packet(protocol, from, to));
    out.resize(len, 0);
    out
}

fn packet(protocol: u8, from: u16, to: u16) -> Vec<u8> {
    let mut out = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    out.extend(from.to_be_bytes());
    out.extend(to.to_be_bytes());
    out.resize(40, 0);
    out
}

/// The numbers of the packets of a file that match.
fn matching(file: &[u8], filter: &str) -> (Vec<u64>, Vec<String>) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("x");
    std::fs::write(&path, file).unwrap();
    let mut source = open(&[path], &Options { filter: Some(filter.to_owned()), ..Options::default() }).unwrap();
    let (mut batch, mut numbers) = (Batch::default(), Vec::new());
    while source.fill(&mut batch) {
        numbers.extend(batch.packets.iter().map(|packet| packet.number));
    }
    (numbers, source.notes().iter().map(|note| note.text.clone()).collect())
}

fn four_packets() -> Vec<u8> {
    let mut file = pcap_header(false, 0xa1b2_c3d4, (2, 4), 65_535, 1);
    for (protocol, from, to, len, wire) in
        [(6, 1025, 80, 54, 1500), (17, 53, 1026, 54, 54), (6, 80, 1025, 54, 54), (6, 1, 2, 30, 54)]
    {
        file.extend(pcap_record(false, [1, 0, len, wire], &frame(protocol, from, to, len as usize)));
    }
    file
}

#[test]
fn packets_that_match_keep_their_numbers() {
    // As `tcpdump -r` selects from the same file.
    let file = four_packets();
    assert_eq!(matching(&file, "tcp port 80").0, [1, 3]);
    assert_eq!(matching(&file, "udp").0, [2]);
    assert_eq!(matching(&file, "").0, [1, 2, 3, 4]);
    // The last packet is cut before its destination.
    assert_eq!(matching(&file, "host 10.0.0.2 and not udp").0, [1, 3]);
    assert_eq!(matching(&file, "host 10.0.0.1 and not udp").0, [1, 3, 4]);
    assert_eq!(matching(&file, "tcp[tcpflags] & tcp-syn != 0").0, [0u64; 0]);
}

#[test]
fn the_length_is_that_on_the_wire() {
    // The first packet was cut to 54 of its 1500 bytes.
    assert_eq!(matching(&four_packets(), "greater 1000").0, [1]);
    assert_eq!(matching(&four_packets(), "less 54").0, [2, 3, 4]);
}

#[test]
fn each_link_type_has_its_own_program() {
    let raw = packet(6, 80, 1025);
    let file = [
        section(false),
        interface(false, 1, 0, &[]),
        // LINKTYPE_RAW is 101; libpcap calls it 12.
        interface(false, 101, 0, &[]),
        interface(false, 147, 0, &[]),
        enhanced(false, 0, 0, 54, &frame(6, 80, 1025, 54)),
        enhanced(false, 1, 0, 40, &raw),
        enhanced(false, 2, 0, 40, &raw),
        enhanced(false, 1, 0, 40, &packet(17, 80, 80)),
    ]
    .concat();
    let (numbers, notes) = matching(&file, "tcp port 80");
    assert_eq!(numbers, [1, 2]);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("packets of link type 147 are left out"), "{notes:?}");
}

#[test]
fn a_filter_that_cannot_be_is_an_error_at_once() {
    let path = std::env::current_exe().unwrap();
    let error =
        open(std::slice::from_ref(&path), &Options { filter: Some("port port".to_owned()), ..Options::default() }).err().unwrap();
    assert!(error.to_string().contains("syntax error"), "{error}");
    // Makes sense on 802.11 only.
    assert!(open(&[path], &Options { filter: Some("wlan type mgt".to_owned()), ..Options::default() }).is_ok());
}

#[test]
fn programs_are_read_back_as_libpcap_shows_them() {
    // tcpdump -ddd -y RAW ip6: 4 instructions, `48 0 0 0`, `84 0 0 240` and so on; the length of the list and its last word suffice.
    let program = compile("ip6", LinkType::RAW).unwrap();
    assert_eq!(program.last(), Some(&Instruction { code: 6, if_true: 0, if_false: 0, k: 0 }));
    assert!(compile("ether host 1", LinkType::RAW).is_err());
}
