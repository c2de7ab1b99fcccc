//! HTTP/2 in the clear (RFC 9113 section 3.4): the client's preface, from either side a SETTINGS frame first of all, and the first header block.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::hpack;
use super::http;
use super::http_kind::{HTTP, Words};
use super::opening::{Opening, Read, Said};

/// HTTP/2: for the catalog it is HTTP.
pub static HTTP2: Protocol = Protocol { name: "HTTP/2", label: Some("HTTP"), behind: HTTP.behind };

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (RFC 9113 section 6) and flags of HEADERS.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// What a side begins with: the frames of a client behind its preface, or those of a server.
struct Frames<'a> {
    of_client: bool,
    bytes: &'a [u8],
}

/// Looks for HTTP/2. A server's settings alone are nine bytes and a few numbers.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let has_preface = exchange.values().any(|frames| frames.of_client);
    if exchange.is_both() && !has_preface {
        return Look::No;
    }
    let client = exchange.client(|frames| Some(frames.of_client));
    if !has_preface {
        return Look::Likely(Finding::new(&HTTP2, Confidence::Plausible).asked_by(client).detailed("HTTP/2"));
    }
    let blocks: Vec<_> = exchange.values().filter_map(|frames| headers(frames.bytes)).map(hpack::fields).collect();
    let mut words = Words::default();
    for (name, value) in blocks.iter().flatten() {
        add(&mut words, name, value);
    }
    let finding = http::told(&words, Confidence::Certain, client, "HTTP/2").spoken_as(&HTTP2);
    let told = !words.method.is_empty() && words.status.is_some();
    if exchange.is_both() && (told || seen.said.iter().all(|said| said.ended)) {
        Look::Sure(finding)
    } else {
        Look::Likely(finding)
    }
}

/// The start line's parts are fields like others here (RFC 9113 section 8.3).
fn add<'a>(words: &mut Words<'a>, name: &[u8], value: &'a [u8]) {
    match name {
        b":method" => words.method = value,
        b":path" => words.ask_for(value),
        b":authority" => words.host = Some(value),
        b":status" => words.status = Some(value),
        name => words.field(name, value),
    }
}

/// The block of the first HEADERS frame, perhaps cut.
fn headers(bytes: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    loop {
        let (length, [kind, flags], _stream) = (cursor.be24()?, cursor.array()?, cursor.be32()?);
        let mut body = Cursor::new(cursor.take_most(length as usize));
        if kind != HEADERS {
            continue;
        }
        let padding = if flags & PADDED == 0 { 0 } else { usize::from(body.u8()?) };
        body.skip(if flags & PRIORITY == 0 { 0 } else { 5 })?;
        let block = body.rest();
        return block.get(..block.len().saturating_sub(padding));
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Frames<'a>> {
    let begins = said.bytes.get(..PREFACE.len()).unwrap_or(said.bytes);
    if PREFACE.starts_with(begins) {
        let bytes = said.bytes.get(PREFACE.len()..).unwrap_or_default();
        return if begins.len() == PREFACE.len() { Read::Like(Frames { of_client: true, bytes }) } else { Read::Short };
    }
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some([kind, flags]), Some(stream)) = (cursor.be24(), cursor.array(), cursor.be32()) else {
        return if said.bytes.starts_with(&[0, 0]) || said.bytes == [0] { Read::Short } else { Read::Unlike };
    };
    // Settings are six bytes each, and concern the whole connection.
    let is_settings = kind == SETTINGS && flags <= 1 && stream == 0 && length <= 240 && length.is_multiple_of(6);
    let identifiers = cursor.rest().chunks_exact(6).take(length as usize / 6).all(|setting| setting.starts_with(&[0]));
    Read::or_unlike((is_settings && identifiers).then_some(Frames { of_client: false, bytes: said.bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn preface_and_settings() {
        let settings = hex("000012 04 00 00000000 000300000080 000400010000 000500ffffff");
        let finding = found(look(&tcp(PREFACE, &settings)));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(found(look(&tcp(b"", &settings))).confidence, Confidence::Plausible);
        assert_eq!((look(&tcp(&settings, &settings)), look(&tcp(b"PRI * HT", b""))), (Look::No, Look::More));
        assert_eq!(look(&tcp(b"PRINT\r\n", b"")), Look::No);
    }

    #[test]
    fn the_first_headers_say_what_is_asked_and_answered() {
        // The request of RFC 7541 C.4.1 with a user agent, in a frame with priority and padding; then a status and a server.
        let block = [&hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff 7a 14")[..], b"Windows-Update-Agent"].concat();
        let length = [0, 0, (block.len() + 1 + 5 + 2) as u8];
        let headers = [&length[..], &hex("01 2d 00000001 02 0000000000"), &block, &[0, 0]].concat();
        let asked = [PREFACE, &hex("000000 04 00 00000000"), &headers].concat();
        let answered = [&hex("000000 04 00 00000000 00000e 01 04 00000001 88 76 0b")[..], b"IIS/10.0.01"].concat();
        let Look::Sure(finding) = look(&tcp(&asked, &answered)) else { panic!("not sure") };
        assert_eq!(
            detail(&finding),
            "WSUS client: GET to www.example.com by Windows-Update-Agent answer 200 from IIS/10.0.01 HTTP/2"
        );
        assert_eq!((finding.protocol.name, finding.texts().unwrap().server_name.as_deref()), ("HTTP/2", Some("www.example.com")));
        assert!(matches!(look(&tcp(&asked, &answered[..9])), Look::Likely(_)));
    }
}
