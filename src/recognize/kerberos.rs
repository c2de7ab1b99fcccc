//! Kerberos 5 (RFC 4120): over UDP, and over TCP with a length in front. Message type and realm. Kerberos 4, which AFS cells still ask for.

use std::fmt::Write as _;

use super::ber;
use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// Kerberos.
pub static KERBEROS: Protocol =
    Protocol { name: "Kerberos", label: Some("Kerberos"), behind: &["Kerberos", "Kerberos password change"] };

#[derive(Default)]
struct Message<'a> {
    kind: u8,
    realm: Option<&'a [u8]>,
    error: Option<u32>,
    /// What a ticket is asked for: `cifs/fs1.corp.example`.
    service: Option<Vec<u8>>,
    /// What the client's machine calls itself.
    machine: Option<&'a [u8]>,
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
    (FOUR_REQUEST, "version 4 request", None),
    (FOUR_REPLY, "version 4 reply", None),
    (FOUR_ERROR, "version 4 error", None),
];

/// Version 4 counts its types anew; no application tag is as high.
const FOUR_REQUEST: u8 = 101;
const FOUR_REPLY: u8 = 102;
const FOUR_ERROR: u8 = 105;

/// Looks for Kerberos.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = if seen.is_udp() { seen.read(read_datagram) } else { seen.read(read_stream) };
    let Some(exchange) = exchange else { return Look::No };
    exchange.look(|| {
        let asks = |message: &Message<'_>| Some(matches!(message.kind, 10 | 12 | 14 | FOUR_REQUEST));
        let mut words: Vec<String> = exchange.values().map(words).collect();
        if exchange.client(asks) == Some(crate::net::Side::B) {
            words.reverse();
        }
        Finding::new(&KERBEROS, Confidence::Certain)
            .asked_by(exchange.client(asks))
            .of_client(exchange.values().find_map(|message| message.machine))
            .detailed(&words.join(", "))
    })
}

fn words(message: &Message<'_>) -> String {
    let mut text = KINDS.iter().find(|(kind, ..)| *kind == message.kind).map_or("", |(_, word, _)| word).to_owned();
    if let Some(realm) = message.realm {
        let _ = write!(text, " {}", shown(realm));
    }
    if let Some(service) = &message.service {
        let _ = write!(text, " for {}", shown(service));
    }
    if let Some(error) = message.error {
        let _ = write!(text, " ({error})");
    }
    text
}

fn read_datagram<'a>(said: &Said<'a>) -> Read<Message<'a>> {
    let bytes = said.datagram().0;
    Read::or_unlike(message(Cursor::new(bytes)).or_else(|| four(Cursor::new(bytes))))
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

/// A message of version 4: version, type with the byte order in its lowest bit, and, of a request, name, instance and realm in plain words.
fn four(mut cursor: Cursor<'_>) -> Option<Message<'_>> {
    let [4, kind] = cursor.array()? else { return None };
    let mut word = || {
        let rest = cursor.rest();
        let end = memchr::memchr(0, rest.get(..41).unwrap_or(rest))?;
        let word = cursor.take(end + 1)?.get(..end)?;
        word.iter().all(u8::is_ascii_graphic).then_some(word)
    };
    let (name, _instance, realm) = (word()?, word()?, word()?);
    let kind = match kind >> 1 {
        1 => FOUR_REQUEST,
        2 => FOUR_REPLY,
        5 => FOUR_ERROR,
        _ => return None,
    };
    (!name.is_empty() && !realm.is_empty()).then_some(Message { kind, realm: Some(realm), ..Message::default() })
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
    let mut message = Message { kind, ..Message::default() };
    while let Some(field) = ber::next(&mut fields) {
        if Some(field.tag) == *realm_tag {
            message.realm = ber::whole(&mut field.body.clone(), 0x1b);
        } else if kind == 30 && field.tag == 0xa6 {
            message.error = ber::integer(&mut field.body.clone(), 2);
        } else if matches!(kind, 10 | 12) && field.tag == 0xa4 {
            read_body(field.body, &mut message);
        }
    }
    Some(message)
}

/// A request's body (RFC 4120 section 5.4.1): realm, service, and how the client's machine is called.
fn read_body<'a>(mut cursor: Cursor<'a>, message: &mut Message<'a>) {
    let Some(mut fields) = ber::expect(&mut cursor, 0x30).map(|body| body.body) else { return };
    while let Some(mut field) = ber::next(&mut fields) {
        match field.tag {
            0xa1 => message.machine = message.machine.or(machine_account(field.body)),
            0xa2 => message.realm = ber::whole(&mut field.body, 0x1b),
            0xa3 if message.kind == 12 => message.service = service(field.body),
            0xa9 => message.machine = netbios_address(field.body).or(message.machine),
            _ => {}
        }
    }
}

/// The parts of a principal's name (section 5.2.2).
fn parts(mut cursor: Cursor<'_>) -> impl Iterator<Item = &[u8]> {
    let mut fields = ber::expect(&mut cursor, 0x30).map_or(Cursor::new(&[]), |name| name.body);
    ber::next(&mut fields);
    let mut words = ber::expect(&mut fields, 0xa1).and_then(|mut field| ber::expect(&mut field.body, 0x30)).map(|list| list.body);
    std::iter::from_fn(move || ber::whole(words.as_mut()?, 0x1b)).take(4)
}

fn service(name: Cursor<'_>) -> Option<Vec<u8>> {
    let service = parts(name).collect::<Vec<_>>().join(&b'/');
    (!service.is_empty()).then_some(service)
}

/// The account of a machine ends with a dollar; a user's does not.
fn machine_account(name: Cursor<'_>) -> Option<&[u8]> {
    parts(name).next()?.strip_suffix(b"$")
}

/// Windows tells its NetBIOS name as one of its addresses (section 7.5.3, type 20).
fn netbios_address(mut addresses: Cursor<'_>) -> Option<&[u8]> {
    let mut list = ber::expect(&mut addresses, 0x30)?.body;
    while let Some(address) = ber::expect(&mut list, 0x30) {
        let mut fields = address.body;
        let (mut kind, mut value) = (ber::expect(&mut fields, 0xa0)?, ber::expect(&mut fields, 0xa1)?);
        if ber::integer(&mut kind.body, 2) == Some(20) {
            // Fifteen characters and a suffix.
            return ber::whole(&mut value.body, 0x04)?.get(..15).map(<[u8]>::trim_ascii_end);
        }
    }
    None
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

    #[test]
    fn requests_name_the_machine_and_the_service() {
        // AS-REQ of WS20$, from an address of type 20 "WS20 ... <20>"; TGS-REQ for cifs/fs1.
        let account = "a1 12 3010 a003020101 a109 3007 1b05 5753323024";
        let address = "a9 1d 301b 3019 a003020114 a112 0410 57533231 2020202020202020202020 20";
        let ask = |fields: &str, body: usize| {
            hex(&format!(
                "6a{:02x} 30{:02x} a103020105 a20302010a a4{:02x} 30{:02x} {fields}",
                body + 16,
                body + 14,
                body + 2,
                body
            ))
        };
        let named = |bytes: &[u8]| found(udp([1, 2], bytes, b"", look)).texts().unwrap().client_name.clone();
        let realm = "a206 1b04 434f5250";
        assert_eq!(named(&ask(&format!("{account} {realm}"), 28)).as_deref(), Some("WS20"));
        assert_eq!(named(&ask(&format!("{realm} {address}"), 39)).as_deref(), Some("WS21"));
        let service = "a3 16 3014 a003020102 a10d 300b 1b04 63696673 1b03 667331";
        let wanted = hex(&format!("6c30 302e a103020105 a20302010c a422 3020 {realm} {service}"));
        assert_eq!(detail(&found(udp([1, 2], &wanted, b"", look))), "TGS-REQ CORP for cifs/fs1");
    }

    #[test]
    fn version_4_names_its_realm() {
        let request = [&[4, 2][..], b"joe\0\0ATHENA.MIT.EDU\0", &[1, 2, 3, 4, 0x60], b"krbtgt\0ATHENA.MIT.EDU\0"].concat();
        let finding = found(udp([1, 2], &request, b"", look));
        assert_eq!((detail(&finding), finding.client), ("version 4 request ATHENA.MIT.EDU", Some(Side::A)));
        assert_eq!(udp([1, 2], &[4, 2, 0, 0, 0], b"", look), Look::No);
    }
}
