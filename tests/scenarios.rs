//! The captures in `fixtures/` are what their scenarios say; the crafting of scenarios is right by itself.
//!
//! `UPDATE_FIXTURES=1 cargo test --test scenarios` writes the captures anew.

#![cfg(test)]

mod support;

use support::header::{checksum, octets, udp};
use support::payload::{Named, bytes};

#[test]
fn fixtures_are_what_their_scenarios_say() {
    let mut different = Vec::new();
    for case in support::fixtures() {
        let Ok(text) = std::fs::read_to_string(case.join("scenario.toml")) else { continue };
        let crafted = support::capture(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let capture = case.join("capture.pcap");
        if support::is_asked_for("UPDATE_FIXTURES") {
            std::fs::write(&capture, &crafted).unwrap();
        } else if std::fs::read(&capture).ok() != Some(crafted) {
            different.push(capture);
        }
    }
    assert!(different.is_empty(), "not what the scenario says (make fixtures writes them anew): {different:?}");
}

#[test]
fn every_fixture_says_what_it_is_and_where_it_is_from() {
    for case in support::fixtures() {
        for file in ["SOURCE.md", "capture.pcap"] {
            assert!(case.join(file).is_file(), "{} has no {file}", case.display());
        }
    }
}

fn of(text: &str) -> Vec<u8> {
    bytes(text, &Named::from([("ok".to_owned(), "0x02 \"ok\"".to_owned())])).unwrap()
}

#[test]
fn payload_literals() {
    assert_eq!(of(r#""a\r\n\x7f" 0x0102 utf16 "Z" zeros 2"#), b"a\r\n\x7f\x01\x02Z\0\0\0");
    assert_eq!(of(r#"name "dc1.corp""#), b"\x03dc1\x04corp\0");
    assert_eq!(of("noise 64"), of("noise 64"));
}

#[test]
fn payload_groups_know_their_length() {
    assert_eq!(of(r#"size16("abc") size32le(@ok)"#), b"\0\x03abc\x03\0\0\0\x02ok");
    // The TPKT header (RFC 1006): version 3, reserved, the length of the whole.
    assert_eq!(of("length16 2(0x03000000 0xe0)"), b"\x03\0\0\x05\xe0");
    // RFC 4511: an LDAP message with messageID 1 and an unbind request.
    assert_eq!(of("der 30(der 02(0x01) der 42())"), [0x30, 5, 2, 1, 1, 0x42, 0]);
    assert_eq!(of("der 04(zeros 200)")[..3], [4, 0x81, 200]);
}

#[test]
fn mistakes_in_a_payload_are_named() {
    for (text, part) in [("0x1", "0x1"), ("wat 3", "wat"), ("size16(", "closed"), ("@no", "no"), ("zeros x", "x"), (")", ")")] {
        let error = bytes(text, &Named::new()).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    let circle = Named::from([("a".to_owned(), "@a".to_owned())]);
    assert!(bytes("@a", &circle).unwrap_err().contains("deep"));
}

#[test]
fn the_checksum_of_rfc_1071() {
    // Section 3: the sum of 0001 f203 f4f5 f6f7 is ddf2.
    assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    assert_eq!(checksum(&[0x01]), !0x0100);
}

#[test]
fn a_sealed_datagram_sums_to_nothing() {
    let ends = ("10.1.0.1".parse().unwrap(), "10.1.0.2".parse().unwrap());
    let datagram = udp(ends, (53, 1024), b"abc");
    let pseudo = [octets(ends.0), octets(ends.1), vec![0, 0, 0, 11, 0, 0, 0, 17], datagram].concat();
    assert_eq!(checksum(&pseudo), 0);
}

const SHORT: &str = r#"
title = "One datagram"
start = 2003-05-14T09:12:00Z
hosts.a = "10.1.0.1"
[[flow]]
at = 0.5
from = "a:1024"
to = "10.1.0.2:53"
protocol = "udp"
steps = ['> "hi"']
"#;

#[test]
fn one_datagram_byte_for_byte() {
    let expected = [
        // pcap 2.4, little-endian, microseconds, snap length 262144, Ethernet
        "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000",
        // 1052903520 is 2003-05-14 09:12:00 UTC (date -u -d @1052903520); half a second is 500000 (7a120); 44 bytes
        "6008c23e 20a10700 2c000000 2c000000",
        "0200 0a010002 0200 0a010001 0800",
        // 4500 + 001e + 0001 + 8011 + 0a01 + 0001 + 0a01 + 0002 = d935, whose complement is 26ca
        "4500 001e 0001 0000 8011 26ca 0a010001 0a010002",
        // pseudo header 0a01 + 0001 + 0a01 + 0002 + 0011 + 000a = 1420, datagram 0400 + 0035 + 000a + 6869 = 6ca8: 80c8, complement 7f37
        "0400 0035 000a 7f37 6869",
    ];
    assert_eq!(hex(&support::capture(SHORT).unwrap()), expected.join("").replace(' ', ""));
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn mistakes_in_a_scenario_are_named() {
    for (right, wrong, part) in [
        ("a:1024", "b:1024", "\"b\""),
        ("hi\"", "hi", "closed"),
        ("\"udp\"", "\"upd\"", "upd"),
        ("10.1.0.2:53", "[::1]:53", "one family"),
        ("title", "titel", "titel"),
    ] {
        let error = support::capture(&SHORT.replace(right, wrong)).unwrap_err();
        assert!(error.contains(part), "{right} -> {wrong}: {error}");
    }
}
