//! The X Window System: byte order and version, then authorization.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// X11.
pub static X11: Protocol = hint("X11");

/// Looks for X11.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &X11, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Some(head) = said.bytes.first_chunk::<12>() else {
        return if matches!(said.bytes, [b'B' | b'l'] | [b'B' | b'l' | 0..=2, _, ..]) { Read::Short } else { Read::Unlike };
    };
    match head {
        [b'B', _, 0, 11, 0, 0, 0, 0..=32, 0, _, _, _] | [b'l', _, 11, 0, 0, 0, 0..=32, 0, _, 0, _, _] => {
            Read::Like(Turn::ask(Confidence::Certain))
        }
        // Refused, accepted, more to prove: version 11, and the length of what follows.
        [0..=2, _, 0, 11, 0, 0, ..] | [0..=2, _, 11, 0, 0, 0, ..] => Read::Like(Turn::confirmation()),
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_client_and_its_display() {
        let client = [&hex("6c00 0b00 0000 1200 1000 0000")[..], b"MIT-MAGIC-COOKIE-1\0\0"].concat();
        let finding = found(look(&tcp(&client, &hex("0100 0b00 0000 0107 00000000"))));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(b"list of things", b"")), Look::No);
    }
}
