//! Kafka: a request has a length, a key, a version, a number that its answer repeats, and a client's name.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, shown};

/// Kafka.
pub static KAFKA: Protocol = hint("Kafka");

/// Looks for Kafka.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &KAFKA, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(head)) = (cursor.be32(), cursor.be32()) else { return Read::Short };
    if !(4..0x400_0000).contains(&length) {
        return Read::Unlike;
    }
    let (key, version) = (head >> 16, head & 0xffff);
    let (is_request, is_cut) = (key <= 92 && version <= 20 && length >= 10, said.bytes.len() < 4 + length as usize);
    match request(cursor) {
        Some((number, client)) if is_request => {
            // Without a name it is a few small numbers, which others send too.
            let ask = Turn { confirms: client.is_empty(), ..Turn::ask(Confidence::Plausible) };
            Read::Like(ask.saying(shown(client)).numbered(number))
        }
        // A request before its client's name is there, or an answer.
        None if is_request && is_cut => Read::Like(Turn { asks: None, ..Turn::confirmation() }.numbered(head)),
        // An answer is nothing but its number at this place.
        _ => Read::Like(Turn::confirmation().numbered(head)),
    }
}

fn request(mut cursor: Cursor<'_>) -> Option<(u32, &[u8])> {
    let (number, length) = (cursor.be32()?, cursor.be16()?);
    let client = if length == 0xffff { &[] } else { cursor.take(usize::from(length))? };
    client.iter().all(u8::is_ascii_graphic).then_some((number, client))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn versions_are_asked_for() {
        let ask = [&hex("00000017 0012 0003 00000001 0009")[..], b"rdkafka-1\0\0\0\0"].concat();
        let finding = found(look(&tcp(&ask, &hex("00000020 00000001 0000 00000010"))));
        assert_eq!((finding.confidence, detail(&finding)), (Confidence::Certain, "rdkafka-1"));
        assert_eq!(look(&tcp(b"\xff\xff\xff\xff1234", b"")), Look::No);
    }
}
