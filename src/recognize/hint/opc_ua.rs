//! OPC UA's binary protocol (OPC 10000-6 section 7.1): three letters, a mark, a length.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// OPC UA.
pub static OPC_UA: Protocol = hint("OPC UA");

/// Looks for OPC UA.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &OPC_UA, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(kind), Some(mark), Some(length)) = (cursor.array::<3>(), cursor.u8(), cursor.le32()) else { return Read::Short };
    if !matches!(mark, b'F' | b'C' | b'A') || !(8..0x100_0000).contains(&length) {
        return Read::Unlike;
    }
    let turn = match &kind {
        b"HEL" => Turn::ask(Confidence::Certain),
        b"ACK" | b"ERR" => Turn::answer(Confidence::Certain),
        b"OPN" | b"MSG" | b"CLO" => Turn::peer(Confidence::Certain),
        _ => return Read::Unlike,
    };
    Read::Like(turn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn hello_and_acknowledgement() {
        let finding = found(look(&tcp(b"HELF\x38\0\0\0\0\0\0\0", b"ACKF\x1c\0\0\0\0\0\0\0")));
        assert_eq!(finding.client, Some(Side::A));
        assert_eq!(look(&tcp(b"HELLO WORLD", b"")), Look::No);
    }
}
