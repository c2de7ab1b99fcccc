//! What nodes of Elasticsearch and OpenSearch say to each other.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// Elasticsearch transport.
pub static ELASTICSEARCH: Protocol = hint("Elasticsearch transport");

/// Looks for Elasticsearch's transport.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &ELASTICSEARCH, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(b"ES"), Some(length), Some(_number), Some(status)) = (cursor.take(2), cursor.be32(), cursor.take(8), cursor.u8())
    else {
        return if said.bytes.len() < 15 && (said.bytes == b"E" || said.bytes.starts_with(b"ES\0")) {
            Read::Short
        } else {
            Read::Unlike
        };
    };
    // The status' first bit: an answer. 16 MiB would be a rare message.
    Read::or_unlike((length < 0x100_0000 && status < 0x10).then(|| Turn::asking(status & 1 == 0, Confidence::Certain)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_ping() {
        let ping = hex("4553 00000039 0000000000000001 08 00798263");
        assert_eq!(found(look(&tcp(&ping, b""))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"ESMTP ready here", b"")), Look::No);
    }
}
