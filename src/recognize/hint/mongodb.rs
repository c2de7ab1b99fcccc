//! MongoDB's wire protocol: length, number, the number it answers, operation.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// MongoDB.
pub static MONGODB: Protocol = hint("MongoDB");

/// Looks for MongoDB.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &MONGODB, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(number), Some(answers), Some(operation)) =
        (cursor.le32(), cursor.le32(), cursor.le32(), cursor.le32())
    else {
        return Read::Short;
    };
    let is_known = matches!(operation, 1 | 2001..=2007 | 2010..=2013);
    let is_possible = (21..=48_000_000).contains(&length) && is_known;
    let asks = operation != 1 && answers == 0;
    let turn = if operation == 1 { Turn::confirmation() } else { Turn::asking(asks, Confidence::Certain) };
    Read::or_unlike(is_possible.then(|| turn.numbered(if asks { number } else { answers })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_message_and_its_answer() {
        let (ask, answer) = (hex("50000000 01000000 00000000 dd070000"), hex("90000000 07000000 01000000 dd070000"));
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(&hex("50000000 01000000 00000000 dd080000"), b"")), Look::No);
    }
}
