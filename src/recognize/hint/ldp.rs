//! LDP (RFC 5036 section 3.1): hellos over UDP, sessions over TCP.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// LDP.
pub static LDP: Protocol = hint("LDP");

/// Looks for LDP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &LDP, |said| read(said, seen.is_udp()))
}

fn read<'a>(said: &Said<'a>, is_udp: bool) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(version), Some(length)) = (cursor.be16(), cursor.be16()) else { return Read::Short };
    if version != 1 || (is_udp && usize::from(length) + 4 != said.datagram().1) {
        return Read::Unlike;
    }
    // The sender's identifier stands before the first message.
    let (Some(()), Some(kind), Some(inner)) = (cursor.skip(6), cursor.be16(), cursor.be16()) else { return Read::Short };
    let name = match kind & 0x7fff {
        0x0001 => "notification",
        0x0100 => "hello",
        0x0200 => "initialization",
        0x0201 => "keepalive",
        0x0300 | 0x0301 => "address",
        0x0400..=0x0404 => "label",
        _ => return Read::Unlike,
    };
    let fits = u32::from(inner) + 10 <= u32::from(length) && inner >= 4;
    Read::or_unlike(fits.then(|| Turn::peer(Confidence::Certain).saying(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_hello() {
        let hello = hex("0001 001e 0a000001 0000 0100 0014 00000001 0400 0004 000f 0000 0401 0004 0a000001");
        assert_eq!(detail(&found(udp([646, 646], &hello, b"", look))), "hello");
        assert_eq!(udp([646, 646], &hello[..20], b"", look), Look::No);
    }
}
