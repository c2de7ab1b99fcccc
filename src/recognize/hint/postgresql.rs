//! PostgreSQL's frontend and backend protocol, version 3: the startup packet and the answers to it.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, text};

/// PostgreSQL.
pub static POSTGRESQL: Protocol = hint("PostgreSQL");

/// Looks for PostgreSQL.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &POSTGRESQL, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let Some(first) = said.bytes.first() else { return Read::Short };
    if *first != 0 {
        return answer(said.bytes);
    }
    let (Some(length), Some(code)) = (cursor.be32(), cursor.be32()) else { return Read::Short };
    match (code, length) {
        // SSLRequest, GSSENCRequest, CancelRequest.
        (80_877_103, 8) => Read::Like(Turn::ask(Confidence::Certain).saying("asks for TLS")),
        (80_877_104, 8) => Read::Like(Turn::ask(Confidence::Certain).saying("asks for GSSAPI")),
        (80_877_102, 16) => Read::Like(Turn::ask(Confidence::Certain).saying("cancels")),
        (0x3_0000..=0x3_0002, 9..=10_000) if cursor.rest().first().is_none_or(|byte| *byte == 0 || byte.is_ascii_lowercase()) => {
            Read::Like(Turn::ask(Confidence::Certain).saying("version 3"))
        }
        _ => Read::Unlike,
    }
}

/// One letter after a request for encryption; else a letter and a length. In the middle of a connection either side may begin so.
fn answer(bytes: &[u8]) -> Read<Turn<'_>> {
    match bytes {
        [b'R', 0, 0, 0, 8..=200, 0, 0, 0, 0 | 2..=12, ..] | [b'E', 0, 0, _, _, b'S', ..] => {
            Read::Like(Turn::answer(Confidence::Both))
        }
        [b'Q' | b'P', 0, 0, _, _, rest @ ..] if text::is_text(rest.split(|byte| *byte == 0).next().unwrap_or_default()) => {
            Read::Like(Turn::ask(Confidence::Plausible))
        }
        // Yes or no to encryption, yes with the TLS that follows, the beginning of rows.
        [b'S' | b'N'] | [b'S', 0x16, ..] | [b'T' | b'C' | b'1' | b'2', 0, 0, _, _, ..] => Read::Like(Turn::confirmation()),
        [b'R' | b'E' | b'Q' | b'P' | b'T' | b'C' | b'1' | b'2', rest @ ..]
            if rest.len() < 8 && rest.iter().take(2).all(|byte| *byte == 0) =>
        {
            Read::Short
        }
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_request_for_tls_and_a_startup() {
        let finding = found(look(&tcp(&hex("00000008 04d2162f"), b"N")));
        assert_eq!((finding.protocol, finding.client, detail(&finding)), (&POSTGRESQL, Some(Side::A), "asks for TLS"));
        let startup = [&hex("00000029 00030000")[..], b"user\0postgres\0database\0postgres\0\0"].concat();
        assert_eq!(found(look(&tcp(&startup, &hex("52 00000008 00000005")))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("00000008 04d21600"), b"")), Look::No);
    }
}
