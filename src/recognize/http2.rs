//! HTTP/2 in the clear (RFC 9113 section 3.4): the client's preface, and from either side a SETTINGS frame first of all.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::http;
use super::opening::{Opening, Read, Said};

/// HTTP/2: for the catalog it is HTTP.
pub static HTTP2: Protocol = Protocol { name: "HTTP/2", label: Some("HTTP"), behind: http::HTTP.behind };

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Looks for HTTP/2. A server's settings alone are nine bytes and a few numbers.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let has_preface = exchange.values().any(|is_client| *is_client);
    if exchange.is_both() && !has_preface {
        return Look::No;
    }
    exchange.look(|| {
        Finding::new(&HTTP2, if has_preface { Confidence::Certain } else { Confidence::Plausible })
            .asked_by(exchange.client(|is_client| Some(*is_client)))
            .detailed("HTTP/2")
    })
}

/// Whether this is the client.
fn read(said: &Said<'_>) -> Read<bool> {
    let begins = said.bytes.get(..PREFACE.len()).unwrap_or(said.bytes);
    if PREFACE.starts_with(begins) {
        return if begins.len() == PREFACE.len() { Read::Like(true) } else { Read::Short };
    }
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some([kind, flags]), Some(stream)) = (cursor.be24(), cursor.array(), cursor.be32()) else {
        return if said.bytes.starts_with(&[0, 0]) || said.bytes == [0] { Read::Short } else { Read::Unlike };
    };
    // Settings are six bytes each, and concern the whole connection.
    let is_settings = kind == 4 && flags <= 1 && stream == 0 && length <= 240 && length.is_multiple_of(6);
    let identifiers = cursor.rest().chunks_exact(6).take(length as usize / 6).all(|setting| setting.starts_with(&[0]));
    Read::or_unlike((is_settings && identifiers).then_some(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn preface_and_settings() {
        let settings = hex("000012 04 00 00000000 000300000080 000400010000 000500ffffff");
        let finding = found(look(&tcp(PREFACE, &settings)));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(found(look(&tcp(b"", &settings))).confidence, Confidence::Plausible);
        assert_eq!((look(&tcp(&settings, &settings)), look(&tcp(b"PRI * HT", b""))), (Look::No, Look::More));
        assert_eq!(look(&tcp(b"PRINT\r\n", b"")), Look::No);
    }
}
