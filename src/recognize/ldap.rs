//! LDAP (RFC 4511), and its Microsoft relatives on 3268.

use super::ber;
use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Exchange, Opening, Read, Said};
use super::{text, tls};

/// LDAP, over TCP and UDP.
pub static LDAP: Protocol = Protocol {
    name: "LDAP",
    label: Some("LDAP Server"),
    behind: &["LDAP Server", "Global Catalog LDAP", "Global Catalog Server"],
};

/// Where a sealed message is believed to be one: nothing but the port tells it from other users of the same security layers.
const HOME: &[u16] = &[389, 3268];

/// In place of an operation that cannot be read.
const SEALED: u8 = 0;

/// The request for TLS (RFC 4511 section 4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

#[derive(Clone, Copy, Default)]
pub(super) struct Message<'a> {
    tag: u8,
    /// Fields inside are what the operation needs, not only its tag.
    is_certain: bool,
    simple: bool,
    ntlm: bool,
    what: Option<&'a [u8]>,
}

/// Looks for LDAP over TCP.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = HOME.iter().any(|port| seen.has_port(*port));
    let Some(exchange) = seen.read(|said: &Said<'_>| read_stream(said.bytes, at_home)) else { return Look::No };
    if exchange.values().any(|message| message.what == Some(START_TLS)) {
        return tls::upgraded(finding(&exchange), seen);
    }
    exchange.look(|| finding(&exchange))
}

/// A message, or the buffer of a security layer that was agreed on before the capture began (RFC 4422 section 3.7).
fn read_stream(bytes: &[u8], at_home: bool) -> Read<Message<'_>> {
    if bytes.first() != Some(&0) {
        return read(bytes);
    }
    let mut cursor = Cursor::new(bytes);
    let (Some(length), Some(token)) = (cursor.be32(), cursor.array::<16>()) else { return Read::Short };
    let rest = cursor.rest();
    let is_wrapped = match token {
        // A token of Kerberos (RFC 4121 section 4.2.6.2) whose lowest flag bits are known and whose filler is there.
        [5, 4, flags, 0xff, ..] => flags <= 7,
        // A signature of NTLM ([MS-NLMP] section 2.2.2.9): version 1, and a checksum.
        [1, 0, 0, 0, ..] => true,
        _ => return Read::Unlike,
    };
    // Signed only: the message can be read, behind a token of Kerberos or a signature.
    let inside = [rest, rest.get(12..).unwrap_or_default()].into_iter().find_map(message).filter(|message| message.is_certain);
    let sealed = Message { tag: SEALED, ..Message::default() };
    let is_possible = is_wrapped && (17..1 << 22).contains(&length);
    Read::or_unlike(is_possible.then_some(()).and(inside.or(at_home.then_some(sealed))))
}

pub(super) fn finding(exchange: &Exchange<Message<'_>>) -> Finding {
    let is_certain = exchange.values().any(|message| message.is_certain);
    let asks = |message: &Message<'_>| (message.tag != SEALED).then(|| is_request(message.tag));
    let first = exchange.values().find(|message| is_request(message.tag)).or(exchange.values().next());
    let mut detail = first.map(|message| operation(message.tag)).unwrap_or_default().to_owned();
    if let Some(what) = first.and_then(|message| message.what).filter(|what| !what.is_empty()) {
        detail += if what == START_TLS { " StartTLS" } else { " " };
        detail += &if what == START_TLS { "".into() } else { shown(what) };
    }
    Finding::new(&LDAP, exchange.confidence(if is_certain { Confidence::Certain } else { Confidence::Plausible }))
        .asked_by(exchange.client(asks))
        .detailed(&detail)
        .noting(Note::LdapSimpleBind, exchange.values().any(|message| message.simple))
        .noting(Note::Ntlm, exchange.values().any(|message| message.ntlm))
}

fn is_request(tag: u8) -> bool {
    matches!(tag, 0x60 | 0x42 | 0x63 | 0x66 | 0x68 | 0x4a | 0x6c | 0x6e | 0x50 | 0x77)
}

fn operation(tag: u8) -> &'static str {
    match tag {
        0x60 | 0x61 => "bind",
        0x42 => "unbind",
        0x63..=0x65 | 0x73 => "search",
        0x66 | 0x67 => "modify",
        0x68 | 0x69 => "add",
        0x4a | 0x6b => "delete",
        0x6c | 0x6d => "rename",
        0x6e | 0x6f => "compare",
        0x50 => "abandon",
        SEALED => "sealed",
        _ => "extended",
    }
}

/// The first message of a side.
pub(super) fn read(bytes: &[u8]) -> Read<Message<'_>> {
    match message(bytes) {
        Some(message) => Read::Like(message),
        // Up to 6 bytes of sequence, 6 of message id, 6 of the operation's header, and a first field.
        None if bytes.len() < 10 && bytes.first() == Some(&0x30) => Read::Short,
        None => Read::Unlike,
    }
}

fn message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = ber::expect(&mut Cursor::new(bytes), 0x30)?.body;
    ber::integer(&mut cursor, 2)?;
    let operation = ber::next(&mut cursor)?;
    let tag = operation.tag;
    if !is_request(tag) && !matches!(tag, 0x61 | 0x64 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x73 | 0x78 | 0x79) {
        return None;
    }
    let mut body = operation.body;
    let mut message = Message { tag, ..Message::default() };
    let is_possible = match tag {
        0x60 => bind(&mut body, &mut message),
        0x63 => search(&mut body, &mut message),
        0x77 => extended(&mut body, &mut message),
        // Every result begins with its code (RFC 4511 section 4.1.9), then a DN and a message.
        0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78 => result(&mut body, &mut message),
        0x64 => ber::expect(&mut body, 4).map(|_| message.is_certain = ber::expect(&mut body, 0x30).is_some()),
        0x42 => (operation.len == 0).then_some(()),
        _ => Some(()),
    };
    is_possible.map(|()| message)
}

fn bind<'a>(body: &mut Cursor<'a>, message: &mut Message<'a>) -> Option<()> {
    ber::integer(body, 2).filter(|version| (1..=3).contains(version))?;
    message.what = Some(ber::whole(body, 4)?);
    let choice = ber::next(body)?;
    // Simple; the three of Kerberos 4 and Sicily ([MS-ADTS] section 5.1.1.1.3); SASL.
    if !matches!(choice.tag, 0x80 | 0xa3 | 0x81 | 0x82 | 0x89..=0x8b) {
        return None;
    }
    message.simple = choice.tag == 0x80 && choice.len > 0;
    message.ntlm = text::has(choice.body.rest(), b"NTLMSSP\0");
    message.is_certain = true;
    Some(())
}

fn search<'a>(body: &mut Cursor<'a>, message: &mut Message<'a>) -> Option<()> {
    message.what = Some(ber::whole(body, 4)?);
    ber::integer(body, 10).filter(|scope| *scope <= 3)?;
    ber::integer(body, 10).filter(|aliases| *aliases <= 3)?;
    message.is_certain = true;
    Some(())
}

fn extended<'a>(body: &mut Cursor<'a>, message: &mut Message<'a>) -> Option<()> {
    let name = ber::whole(body, 0x80)?;
    message.is_certain = name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) && name.starts_with(b"1.");
    message.what = Some(name);
    message.is_certain.then_some(())
}

fn result(body: &mut Cursor<'_>, message: &mut Message<'_>) -> Option<()> {
    ber::integer(body, 10)?;
    message.is_certain = ber::expect(body, 4).is_some() && ber::expect(body, 4).is_some();
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_simple_bind_is_noted() {
        let bind = hex("301a 020101 6015 020103 0408 636e3d61646d696e 8006 736563726574");
        let answer = hex("300c 020101 6107 0a0100 0400 0400");
        let finding = found(look(&tcp(&bind, &answer)));
        assert_eq!((detail(&finding), finding.client, finding.confidence), ("bind cn=admin", Some(Side::A), Confidence::Certain));
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["ldap-simple-bind"]);
        assert_eq!(found(look(&tcp(&answer, b""))).client, Some(Side::B));
    }

    #[test]
    fn lengths_of_four_bytes_and_start_tls() {
        let search =
            hex("3084 00000025 020102 6384 0000001c 0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374636c617373");
        assert_eq!(found(look(&tcp(&search, b""))).confidence, Confidence::Certain);
        let start = [&hex("301d 020101 7718 8016")[..], START_TLS].concat();
        assert_eq!(detail(&found(look(&tcp(&start, b"")))), "extended StartTLS");
        let (hello, answer) = (hex(crate::recognize::tls::tests::CLIENT), hex(crate::recognize::tls::tests::SERVER));
        let accepted = hex("300c 020101 7807 0a0100 0400 0400");
        let Look::Sure(finding) = look(&tcp(&[start, hello].concat(), &[accepted, answer].concat())) else { panic!("not sure") };
        assert_eq!(detail(&finding), "extended StartTLS, then TLS 1.3 to server");
    }

    #[test]
    fn snmp_is_not_ldap() {
        assert_eq!(look(&tcp(&hex("3026 020101 0406 7075626c6963 a019 0201"), b"")), Look::No);
        assert_eq!(look(&tcp(&hex("3084 0000"), b"")), Look::More);
    }

    #[test]
    fn what_a_security_layer_hides_is_believed_on_the_port_only() {
        let head = "000000dc 050407ff 000c 000c 0000000069c634d9";
        let mut opening = tcp(&[], &[]);
        let sealed = [&hex(head)[..], &[0xa7; 200]].concat();
        opening.said[0] = tcp(&sealed, &[]).said[0];
        assert_eq!(look(&opening), Look::No);
        opening.ports[1] = 389;
        assert_eq!(detail(&found(look(&opening))), "sealed");
        // Signed, with a checksum of twelve bytes before the message.
        let search =
            hex("3084 00000025 020102 6384 0000001c 0400 0a0100 0a0100 020100 020100 010100 870b 6f626a656374636c617373");
        let signed = [&hex(head)[..], &[9; 12], &search].concat();
        assert_eq!(detail(&found(look(&tcp(&signed, b"")))), "search");
    }
}
