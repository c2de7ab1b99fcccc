//! Cassandra's native protocol (CQL), versions 3 to 5.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint};

/// Cassandra.
pub static CASSANDRA: Protocol = hint("Cassandra");

/// Looks for Cassandra.
pub fn look(seen: &Opening<'_>) -> Look {
    let alone = if seen.has_port(9042) { Confidence::Both } else { Confidence::Plausible };
    conversation(seen, &CASSANDRA, |said| read(said, alone))
}

fn read<'a>(said: &Said<'a>, alone: Confidence) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(version), Some(flags), Some(stream), Some(operation), Some(length)) =
        (cursor.u8(), cursor.u8(), cursor.be16(), cursor.u8(), cursor.be32())
    else {
        return Read::Short;
    };
    let turn = match (version & 0x80, operation, length) {
        (0, 1, 8..=400) if has(cursor.rest(), b"CQL_VERSION") => Turn::ask(Confidence::Certain),
        (0, 5, 0) => Turn::ask(alone),
        (0x80, 0 | 2 | 3 | 6, 0..=4000) => Turn::confirmation(),
        _ => return Read::Unlike,
    };
    Read::or_unlike(((3..=5).contains(&(version & 0x7f)) && flags <= 0x1f).then(|| turn.numbered(stream.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_startup() {
        let startup = [&hex("04 00 0001 01 00000016 0001 000b")[..], b"CQL_VERSION\0\x053.0.0"].concat();
        assert_eq!(found(look(&tcp(&startup, &hex("84 00 0001 02 00000000")))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("04 00 0001 01 00000016 0001"), b"")), Look::No);
    }
}
