//! ZooKeeper: a session's first request and its answer.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// ZooKeeper.
pub static ZOOKEEPER: Protocol = hint("ZooKeeper");

/// Looks for ZooKeeper.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &ZOOKEEPER, |said| read(said).unwrap_or(Read::Short))
}

fn read<'a>(said: &Said<'a>) -> Option<Read<Turn<'a>>> {
    let mut cursor = Cursor::new(said.bytes);
    let (length, version) = (cursor.be32()?, cursor.be32()?);
    let asks = match (length, version) {
        (44 | 45, 0) => true,
        (36 | 37, 0) => false,
        _ => return Some(Read::Unlike),
    };
    // The last change that the client saw; time-out and session; a password of 16 bytes.
    cursor.skip(if asks { 8 } else { 0 })?;
    let (timeout, _session, password) = (cursor.be32()?, cursor.take(8)?, cursor.be32()?);
    Some(Read::or_unlike((timeout <= 3_600_000 && password == 16).then(|| Turn::asking(asks, Confidence::Certain))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_session() {
        let ask = hex("0000002d 00000000 0000000000000000 00007530 0000000000000000 00000010");
        assert_eq!(found(look(&tcp(&ask, b""))).client, Some(Side::A));
        assert_eq!((look(&tcp(&ask[..20], b"")), look(&tcp(&hex("0000002e 00000000"), b""))), (Look::More, Look::No));
    }
}
