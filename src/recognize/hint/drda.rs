//! DRDA, the protocol of Db2 and Derby: attributes are exchanged first.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// DRDA.
pub static DRDA: Protocol = hint("DRDA");

/// Looks for DRDA.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &DRDA, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(length), Some(magic), Some(_format), Some(_number)) = (cursor.be16(), cursor.u8(), cursor.u8(), cursor.be16())
    else {
        return Read::Short;
    };
    let (Some(inner), Some(code)) = (cursor.be16(), cursor.be16()) else { return Read::Short };
    if magic != 0xd0 || length < 10 || inner != length - 6 {
        return Read::Unlike;
    }
    match code {
        0x1041 | 0x106d | 0x106e | 0x2001 => Read::Like(Turn::ask(Confidence::Certain)),
        0x1443 | 0x14ac | 0x1219 | 0x2201 => Read::Like(Turn::answer(Confidence::Certain)),
        0x1000..=0x2500 => Read::Like(Turn::peer(Confidence::Both)),
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn attributes_are_exchanged() {
        assert_eq!(found(look(&tcp(&hex("0020 d0 41 0001 001a 1041"), b""))).client, Some(Side::A));
        assert_eq!(look(&tcp(&hex("0020 d0 41 0001 001b 1041"), b"")), Look::No);
    }
}
