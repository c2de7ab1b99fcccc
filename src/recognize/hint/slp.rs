//! The service location protocol (RFC 2608 section 8, RFC 2165).

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// SLP.
pub static SLP: Protocol = hint("SLP");

/// Looks for SLP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SLP, |said| Read::or_unlike(read(said.bytes, seen.is_udp().then(|| said.datagram().1))))
}

fn read(bytes: &[u8], len: Option<usize>) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (version, function) = (cursor.u8()?, cursor.u8()?);
    let (length, language) = match version {
        1 => (usize::from(cursor.be16()?), cursor.skip(2).and_then(|()| cursor.take(2))?),
        2 => {
            let length = cursor.be24()?;
            // Flags, the next extension, a number, the length of the language's tag.
            (length as usize, cursor.skip(7).and_then(|()| cursor.be16()).and_then(|tag| cursor.take(tag.into()))?)
        }
        _ => return None,
    };
    let is_language = language.len() >= 2 && language.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
    let fits = len.is_none_or(|len| len == length) && (1..=11).contains(&function);
    (fits && is_language).then(|| Turn::asking(!matches!(function, 2 | 5 | 7 | 8 | 10 | 11), Confidence::Certain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_request() {
        let request = hex("02 01 000014 0000 000000 0001 0002 656e 00000000");
        assert_eq!(found(udp([5000, 427], &request, b"", look)).client, Some(Side::A));
        assert_eq!(udp([5000, 427], &request[..18], b"", look), Look::No);
    }
}
