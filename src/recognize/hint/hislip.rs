//! HiSLIP (IVI-6.1): measuring instruments.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// HiSLIP.
pub static HISLIP: Protocol = hint("HiSLIP");

/// Looks for HiSLIP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &HISLIP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(b"HS"), Some(kind), Some(_), Some(_), Some(high)) =
        (cursor.take(2), cursor.u8(), cursor.u8(), cursor.be32(), cursor.be32())
    else {
        return if b"HS".starts_with(said.bytes.get(..2).unwrap_or(said.bytes)) && said.bytes.len() < 12 {
            Read::Short
        } else {
            Read::Unlike
        };
    };
    let turn = match kind {
        0 | 17 => Turn::ask(Confidence::Certain),
        1 | 18 => Turn::answer(Confidence::Certain),
        2..=26 => Turn::peer(Confidence::Certain),
        _ => return Read::Unlike,
    };
    Read::or_unlike((high == 0).then_some(turn))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn an_instrument_is_asked() {
        let finding = found(look(&tcp(b"HS\0\0\x01\0XX\0\0\0\0\0\0\0\x07hislip0", b"")));
        assert_eq!(finding.client, Some(Side::A));
        assert_eq!(look(&tcp(b"HS\x40\0\0\0\0\0\0\0\0\0", b"")), Look::No);
    }
}
