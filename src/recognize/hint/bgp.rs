//! BGP 4 (RFC 4271 section 4.1): sixteen bytes of ones, a length, a type.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// BGP.
pub static BGP: Protocol = hint("BGP");

/// Looks for BGP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &BGP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let marker = cursor.take_most(16);
    if marker.iter().any(|byte| *byte != 0xff) {
        return Read::Unlike;
    }
    let (Some(length), Some(kind)) = (cursor.be16(), cursor.u8()) else { return Read::Short };
    // A length may be too short for its type: that is an error of BGP's own (section 6.1).
    let name = match (kind, length) {
        (1, 19..) => "OPEN",
        (2, 19..) => "UPDATE",
        (3, 19..) => "NOTIFICATION",
        (4, 19) => "KEEPALIVE",
        (5, 19..) => "ROUTE-REFRESH",
        _ => return Read::Unlike,
    };
    Read::Like(Turn::peer(Confidence::Certain).saying(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_keepalive() {
        let keepalive = hex("ffffffffffffffffffffffffffffffff 0013 04");
        assert_eq!(detail(&found(look(&tcp(&keepalive, b"")))), "KEEPALIVE");
        assert_eq!((look(&tcp(&keepalive[..18], b"")), look(&tcp(b"\xff\xfd\x18", b""))), (Look::More, Look::No));
    }
}
