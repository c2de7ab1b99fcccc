//! AMQP 0-9-1 and 1.0: both begin with the name and a version.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// AMQP.
pub static AMQP: Protocol = hint("AMQP");

/// Looks for AMQP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &AMQP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    match said.bytes {
        [b'A', b'M', b'Q', b'P', 0, 0, 9, 1, ..] => Read::Like(Turn::ask(Confidence::Certain).saying("version 0-9-1")),
        [b'A', b'M', b'Q', b'P', 1, 1, 0, 9 | 10, ..] => Read::Like(Turn::ask(Confidence::Certain).saying("version 0-9 or 0-10")),
        [b'A', b'M', b'Q', b'P', 0 | 2 | 3, 1, 0, 0, ..] => Read::Like(Turn::peer(Confidence::Certain).saying("version 1.0")),
        // A method on channel 0: connection start.
        [1, 0, 0, _, _, _, _, 0, 10, 0, 10, ..] => Read::Like(Turn::answer(Confidence::Both)),
        bytes if is_frame(bytes) => Read::Like(Turn::peer(Confidence::Both)),
        [b'A', b'M', b'Q', b'P', ..] | [1, 0, 0, ..] if said.bytes.len() < 11 => Read::Short,
        bytes if b"AMQP".starts_with(bytes) || [1, 0].starts_with(bytes) => Read::Short,
        _ => Read::Unlike,
    }
}

/// A frame of version 0-9-1 (section 2.3.5 of its specification) in the middle of a connection: a method of a known class, or a heartbeat, and behind it the octet that ends
/// every frame.
fn is_frame(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    let mut header = || Some((cursor.u8()?, cursor.be16()?, cursor.be32()?));
    let Some((kind, channel, size)) = header() else { return false };
    let body = cursor.take(size as usize).unwrap_or_default();
    let is_known = match (kind, body) {
        (1, [0, 10 | 20 | 40 | 50 | 60 | 85 | 90, 0, 10..=120, ..]) => true,
        (8, []) => channel == 0 && size == 0,
        _ => false,
    };
    is_known && cursor.u8() == Some(0xce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_connection_starts() {
        let finding = found(look(&tcp(b"AMQP\0\0\x09\x01", &hex("01 0000 00000100 000a 000a 00 09"))));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "version 0-9-1"));
        assert_eq!(look(&tcp(b"AMPLE", b"")), Look::No);
    }

    #[test]
    fn a_frame_ends_where_its_size_says() {
        // A method of class basic: publish to the exchange "e".
        let mut publish = hex("01 0001 0000000a 003c 0028 0000 0165 00 00 ce");
        assert_eq!(found(look(&tcp(&publish, b""))).confidence, Confidence::Both);
        assert_eq!(found(look(&tcp(&hex("08 0000 00000000 ce"), b""))).protocol, &AMQP);
        publish[17] = 0;
        assert_eq!(look(&tcp(&publish, b"")), Look::No);
    }
}
