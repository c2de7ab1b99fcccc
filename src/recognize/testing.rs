//! Openings for tests, and what every recognizer has to withstand.

use proptest::prelude::*;

use super::opening::{Datagram, Opening, Said};
use super::{Finding, Look, RECOGNIZERS, Search};
use crate::net::IpProto;

/// A connection seen from its SYN on, on ports that say nothing.
pub fn tcp<'a>(a: &'a [u8], b: &'a [u8]) -> Opening<'a> {
    let said = |bytes| Said { bytes, datagrams: &[], from_start: true, ended: false };
    Opening { transport: IpProto::TCP, ports: [50_000, 50_001], said: [said(a), said(b)] }
}

/// Runs a look on one datagram from each side; an empty one was not sent.
pub fn udp(ports: [u16; 2], a: &[u8], b: &[u8], look: fn(&Opening<'_>) -> Look) -> Look {
    fn said<'a>(bytes: &'a [u8], datagrams: &'a [Datagram]) -> Said<'a> {
        let datagrams = if bytes.is_empty() { &[] } else { datagrams };
        Said { bytes, datagrams, from_start: true, ended: false }
    }
    let datagrams = |bytes: &[u8]| Datagram { end: bytes.len() as u16, len: bytes.len() as u16 };
    let (of_a, of_b) = ([datagrams(a)], [datagrams(b)]);
    look(&Opening { transport: IpProto::UDP, ports, said: [said(a, &of_a), said(b, &of_b)] })
}

/// The finding, sure or likely.
#[track_caller]
pub fn found(look: Look) -> Finding {
    match look {
        Look::Likely(finding) | Look::Sure(finding) => finding,
        other => panic!("nothing found: {other:?}"),
    }
}

/// The detail of a finding.
pub fn detail(finding: &Finding) -> &str {
    finding.texts().and_then(|texts| texts.detail.as_deref()).unwrap_or_default()
}

/// Bytes from hex digits and whatever else.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// First bytes that lead deep into some recognizer.
const PREFIXES: &[&[u8]] = &[
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: ",
    b"\x05\x00\x0b\x03\x10\0\0\0",
    b"\0\0\0\x85\xffSMB\x72",
    b"\0\0\0\xc8\xfeSMB\x40\0",
    b"\x12\x01\0\x2f\0\0\0\0",
    b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0",
    b"\x30\x84\0\0\0\x2c\x02\x01\x01\x60",
    b"\x30\x26\x02\x01\x01\x04\x06public\xa0",
    b"\x6a\x81\xd0\x30\x81\xcd\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a",
    b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0",
    b"\x04\0\x28\0\x10\0\0\0",
    b"\x11\x02\x80\x01\x0a\0\0\x05\0\x8a",
    b"\xc3\0\0\0\x01\x08",
    b"\0\x01\0\x08\x21\x12\xa4\x42",
    b"\x01\x05\0\x2c",
];

/// Ports that some recognizer goes by, and one that none does.
const PORTS: &[u16] = &[7, 13, 17, 53, 546, 1755, 1985, 2152, 4500, 5351, 5353, 5355, 8000, 50_001];

proptest! {
    #[test]
    fn any_bytes_do_no_harm(
        prefix in proptest::sample::select(PREFIXES), a in proptest::collection::vec(any::<u8>(), 0..300),
        b in proptest::collection::vec(any::<u8>(), 0..300), from_start: bool, ended: bool, over_udp: bool,
        port in proptest::sample::select(PORTS),
    ) {
        let a = [prefix, &a].concat();
        let said = |bytes: &[u8]| Datagram { end: (bytes.len() / 2) as u16, len: bytes.len() as u16 };
        let (of_a, of_b) = ([said(&a)], [said(&b)]);
        let opening = Opening {
            transport: if over_udp { IpProto::UDP } else { IpProto::TCP },
            ports: [50_000, port],
            said: [
                Said { bytes: &a, datagrams: &of_a, from_start, ended },
                Said { bytes: &b, datagrams: &of_b, from_start, ended: false },
            ],
        };
        for recognizer in RECOGNIZERS {
            if let Look::Likely(finding) | Look::Sure(finding) = (recognizer.look)(&opening) {
                prop_assert!(recognizer.protocols.contains(&finding.protocol), "{} is not in its line", finding.protocol.name);
                prop_assert!(detail(&finding).len() < 2000);
            }
        }
        // Neither the order in which recognizers are asked nor the choice by first byte makes a difference.
        let (found, _) = Search::default().round(&opening);
        prop_assert_eq!(found, best_of_all(&opening));
    }
}

/// The best finding, asked for from the end of the table to its beginning and whatever the first byte.
fn best_of_all(opening: &Opening<'_>) -> Option<Finding> {
    let asked = RECOGNIZERS.iter().enumerate().rev().filter(|(_, recognizer)| recognizer.over.contains(&opening.transport));
    let findings = asked.filter_map(|(rank, recognizer)| match (recognizer.look)(opening) {
        Look::Likely(finding) | Look::Sure(finding) => Some((finding.confidence, std::cmp::Reverse(rank), finding)),
        Look::No | Look::More => None,
    });
    findings.max_by_key(|(confidence, rank, _)| (*confidence, *rank)).map(|(_, _, finding)| finding)
}
