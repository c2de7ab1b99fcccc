//! RPKI to router (RFC 8210 section 5): what a router asks a cache, and its answers.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// RPKI-RTR.
pub static RPKI: Protocol = hint("RPKI-RTR");

/// Looks for RPKI-RTR.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &RPKI, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(version), Some(kind), Some(_), Some(length)) = (cursor.u8(), cursor.u8(), cursor.be16(), cursor.be32()) else {
        return Read::Short;
    };
    let asks = match (kind, length) {
        (1, 12) | (2, 8) => true,
        (0, 12) | (3 | 8, 8) | (4, 20) | (6, 32) | (7, 12 | 24) | (10, 16..=1000) => false,
        _ => return Read::Unlike,
    };
    Read::or_unlike((version <= 2).then(|| Turn::asking(asks, Confidence::Plausible)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_reset_query_and_its_answer() {
        let (ask, answer) = (hex("01 02 0000 00000008"), hex("01 03 1234 00000008"));
        assert_eq!(found(look(&tcp(&ask, &answer))).confidence, Confidence::Both);
        assert_eq!(look(&tcp(&hex("01 02 0000 00000009"), b"")), Look::No);
    }
}
