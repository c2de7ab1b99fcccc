//! AMQP 0-9-1 and 1.0: both begin with the name and a version.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

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
        [b'A', b'M', b'Q', b'P', ..] | [1, 0, 0, ..] if said.bytes.len() < 11 => Read::Short,
        bytes if b"AMQP".starts_with(bytes) || [1, 0].starts_with(bytes) => Read::Short,
        _ => Read::Unlike,
    }
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
}
