//! What must hold of every frame: nothing panics, spans lie in what was captured, and plain frames read as etherparse reads them.

use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};
use proptest::prelude::*;

use super::super::layer::{Decoded, Transport};
use super::super::walk::decode;
use super::testing::{cut_everywhere, decode_cut, ethernet, ipv4, ipv6, passenger, spans_hold, udp, with};
use crate::net::{Addr, Frame, LinkType, Timestamp};

/// A frame of each kind of header that is read here.
fn seeds() -> Vec<Vec<u8>> {
    let inner = ethernet(0x0800, &passenger());
    let six = ipv6(0, &with("2c 00 010400000000 3c 00 0001 00000007 11 00 010400000000", &udp(1111, 2222, b"inside")));
    let in_udp = |port, head: &str, body: &[u8]| ipv4(17, &udp(50000, port, &with(head, body)));
    let four = [
        passenger(),
        ipv4(6, &with("0415 0a8f 01020304 05060708 60 18 2000 0000 0000 020405b4", b"hello")),
        ipv4(1, &with("03 03 0000 00000000", &passenger())),
        ipv4(51, &with("11 04 0000 00000100 00000001 aaaaaaaa aaaaaaaa aaaaaaaa", &udp(1111, 2222, b"inside"))),
        ipv4(47, &with("f000 0800 cccc0000 00000007 00000001 0800 00 04 0a000009 0000 00 00", &passenger())),
        ipv4(47, &with("1000 22eb 00000001 2001 0402 00000000 0000 0001 0000000000000000", &inner)),
        ipv4(115, &with("00000007 636f6f6b", &inner)),
        in_udp(4789, "08000000 00000100", &inner),
        in_udp(6081, "02 40 6558 000001 00 0102000100000000", &inner),
        in_udp(2152, "34 ff 002a 00000063 0000 00 85 01100985 01100900", &passenger()),
        in_udp(3544, "0001 02 02 aaaa bbbb 0102030405060708 00 0000 f31e 5f5f5f5f", &six),
        in_udp(1701, "4a02 0031 0001 0002 00010002 0003 7a7a7a ff030021", &passenger()),
    ];
    four.iter().map(|packet| ethernet(0x0800, packet)).chain([ethernet(0x86dd, &six)]).collect()
}

fn arbitrary_address() -> impl Strategy<Value = ([u8; 16], [u8; 16])> {
    (any::<[u8; 16]>(), any::<[u8; 16]>())
}

/// A plain TCP or UDP packet in IPv4 or IPv6 over Ethernet, as etherparse writes it.
fn plain(addresses: ([u8; 16], [u8; 16]), v4: bool, tcp: bool, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let (src, dst) = addresses;
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]);
    let ip =
        if v4 { ip.ipv4([src[0], src[1], src[2], src[3]], [dst[0], dst[1], dst[2], dst[3]], 64) } else { ip.ipv6(src, dst, 64) };
    let mut frame = Vec::new();
    if tcp {
        ip.tcp(ports.0, ports.1, 7, 1024).syn().write(&mut frame, payload).unwrap();
    } else {
        ip.udp(ports.0, ports.1).write(&mut frame, payload).unwrap();
    }
    frame
}

fn is_tunnel(port: u16) -> bool {
    super::udp_tunnel(port).is_some()
}

proptest! {
    #[test]
    fn mutated_frames_never_panic(which in 0..13usize, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8)) {
        let mut frame = seeds()[which].clone();
        for (at, byte) in edits {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        for captured in 0..=frame.len() {
            for layer in &decode_cut(&frame, captured).layers {
                spans_hold(layer, captured);
            }
        }
    }

    #[test]
    fn noise_never_panics(data in prop::collection::vec(any::<u8>(), 0..300), link in 0..300u16, wire_len in any::<u32>()) {
        let mut decoded = Decoded::default();
        decode(&Frame { number: 1, time: Timestamp::NONE, link: LinkType(link), data: &data, wire_len }, &mut decoded);
        for layer in &decoded.layers {
            spans_hold(layer, data.len());
        }
    }

    #[test]
    fn plain_frames_read_as_etherparse_reads_them(
        addresses in arbitrary_address(), v4: bool, tcp: bool, ports: (u16, u16), payload in prop::collection::vec(any::<u8>(), 0..60)
    ) {
        prop_assume!(tcp || !(is_tunnel(ports.0) || is_tunnel(ports.1)));
        let frame = plain(addresses, v4, tcp, ports, &payload);
        let decoded = decode_cut(&frame, frame.len());
        prop_assert_eq!(decoded.layers.len(), 1);
        let layer = &decoded.layers[0];
        let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
        match sliced.net.unwrap() {
            NetSlice::Ipv4(ip) => {
                prop_assert_eq!((layer.src, layer.dst), (Addr::v4(ip.header().source()), Addr::v4(ip.header().destination())));
                prop_assert_eq!(layer.ip_len, u32::from(ip.header().total_len()));
            }
            NetSlice::Ipv6(ip) => {
                prop_assert_eq!((layer.src, layer.dst), (Addr::v6(ip.header().source()), Addr::v6(ip.header().destination())));
                prop_assert_eq!(layer.ip_len, u32::from(ip.header().payload_length()) + 40);
            }
            NetSlice::Arp(_) => prop_assert!(false, "not what was written"),
        }
        match sliced.transport.unwrap() {
            TransportSlice::Tcp(header) => {
                prop_assert_eq!((layer.src_port, layer.dst_port), (header.source_port(), header.destination_port()));
                prop_assert_eq!(layer.payload.of(&frame), header.payload());
                let Transport::Tcp(read) = layer.transport else { panic!("no TCP header") };
                prop_assert_eq!((read.seq, read.window, read.has(2)), (header.sequence_number(), header.window_size(), header.syn()));
            }
            TransportSlice::Udp(header) => {
                prop_assert_eq!((layer.src_port, layer.dst_port), (header.source_port(), header.destination_port()));
                prop_assert_eq!(layer.payload.of(&frame), header.payload());
            }
            _ => prop_assert!(false, "not what was written"),
        }
    }
}

#[test]
fn every_kind_of_frame_may_be_cut_anywhere() {
    for frame in seeds() {
        cut_everywhere(&frame);
    }
}

#[test]
fn every_seed_reaches_its_innermost_ports() {
    for (at, frame) in seeds().iter().enumerate() {
        let decoded = decode_cut(frame, frame.len());
        let inner = decoded.layers.last().unwrap();
        assert!(inner.has_ports || at == 2, "seed {at}: {decoded:?}");
    }
}
