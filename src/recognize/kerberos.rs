//! Kerberos 5 (RFC 4120): over UDP, and over TCP with a length in front. Message type and realm.

use std::fmt::Write as _;

use super::ber;
use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// Kerberos.
pub static KERBEROS: Protocol =
    Protocol { name: "Kerberos", label: Some("Kerberos"), behind: &["Kerberos", "Kerberos password change"] };

struct Message<'a> {
    kind: u8,
    realm: Option<&'a [u8]>,
    error: Option<u32>,
}

/// Message types with their application tags (RFC 4120 section 5.10), and the context tag of their realm.
const KINDS: &[(u8, &str, Option<u8>)] = &[
    (10, "AS-REQ", None),
    (11, "AS-REP", Some(0xa3)),
    (12, "TGS-REQ", None),
    (13, "TGS-REP", Some(0xa3)),
    (14, "AP-REQ", None),
    (15, "AP-REP", None),
    (20, "SAFE", None),
    (21, "PRIV", None),
    (22, "CRED", None),
    (30, "ERROR", Some(0xa9)),
];

/// Looks for Kerberos.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = if seen.is_udp() { seen.read(read_datagram) } else { seen.read(read_stream) };
    let Some(exchange) = exchange else { return Look::No };
    exchange.look(|| {
        let asks = |message: &Message<'_>| Some(matches!(message.kind, 10 | 12 | 14));
        let mut words: Vec<String> = exchange.values().map(words).collect();
        if exchange.client(asks) == Some(crate::net::Side::B) {
            words.reverse();
        }
        Finding::new(&KERBEROS, Confidence::Certain).asked_by(exchange.client(asks)).detailed(&words.join(", "))
    })
}

fn words(message: &Message<'_>) -> String {
    let mut text = KINDS.iter().find(|(kind, ..)| *kind == message.kind).map_or("", |(_, word, _)| word).to_owned();
    if let Some(realm) = message.realm {
        let _ = write!(text, " {}", shown(realm));
    }
    if let Some(error) = message.error {
        let _ = write!(text, " ({error})");
    }
    text
}

fn read_datagram<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    Read::or_unlike(message(Cursor::new(said.datagram().0)))
}

fn read_stream<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let Some(length) = cursor.be32() else { return Read::Short };
    match cursor.rest().first() {
        None => Read::Short,
        Some(0x6a..=0x7e) if length < 1 << 20 => match message(cursor) {
            Some(message) => Read::Like(message),
            None if cursor.rest().len() < 24 => Read::Short,
            None => Read::Unlike,
        },
        Some(_) => Read::Unlike,
    }
}

/// A message: application tag, sequence, version 5, the type once more.
fn message(mut cursor: Cursor<'_>) -> Option<Message<'_>> {
    let application = ber::next(&mut cursor)?;
    let kind = application.tag.checked_sub(0x60)?;
    let (_, _, realm_tag) = KINDS.iter().find(|(known, ..)| *known == kind)?;
    let mut fields = ber::expect(&mut application.body.clone(), 0x30)?.body;
    let (version, mut number) = (ber::next(&mut fields)?, ber::next(&mut fields)?);
    // Requests count their fields from 1, everything else from 0.
    let first = if matches!(kind, 10 | 12) { 0xa1 } else { 0xa0 };
    let is_five = version.tag == first && ber::integer(&mut version.body.clone(), 2) == Some(5);
    let same = number.tag == first + 1 && ber::integer(&mut number.body, 2) == Some(u32::from(kind));
    if !is_five || !same {
        return None;
    }
    let mut message = Message { kind, realm: None, error: None };
    while let Some(field) = ber::next(&mut fields) {
        if Some(field.tag) == *realm_tag {
            message.realm = ber::whole(&mut field.body.clone(), 0x1b);
        } else if kind == 30 && field.tag == 0xa6 {
            message.error = ber::integer(&mut field.body.clone(), 2);
        } else if matches!(kind, 10 | 12) && field.tag == 0xa4 {
            message.realm = body_realm(field.body);
        }
    }
    Some(message)
}

/// The realm of a request's body (RFC 4120 section 5.4.1).
fn body_realm(mut cursor: Cursor<'_>) -> Option<&[u8]> {
    let mut fields = ber::expect(&mut cursor, 0x30)?.body;
    loop {
        let field = ber::next(&mut fields)?;
        if field.tag == 0xa2 {
            return ber::whole(&mut field.body.clone(), 0x1b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    /// An AS-REQ without pre-authentication for realm CORP, and the error that asks for it (25), worked out by hand.
    const ASK: &str = "6a21 301f a103020105 a20302010a a413 3011 a007030500 40810010 a206 1b04 434f5250";
    const ERROR: &str = "7e1f 301d a003020105 a10302011e a603020119 a906 1b04 434f5250 aa02 3000";

    #[test]
    fn a_request_and_an_error() {
        let finding = found(udp([1, 2], &hex(ASK), &hex(ERROR), look));
        assert_eq!((detail(&finding), finding.client), ("AS-REQ CORP, ERROR CORP (25)", Some(Side::A)));
        let framed = [&[0, 0, 0, hex(ASK).len() as u8][..], &hex(ASK)].concat();
        assert_eq!(detail(&found(look(&tcp(&framed, b"")))), "AS-REQ CORP");
        assert_eq!(look(&tcp(&framed[..8], b"")), Look::More);
        assert_eq!(look(&tcp(b"\0\0\0\x20\xfeSMB", b"")), Look::No);
    }
}
