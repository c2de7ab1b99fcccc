//! EtherNet/IP: the encapsulation header that CIP travels in.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// EtherNet/IP.
pub static ENIP: Protocol = hint("EtherNet/IP");

/// Looks for EtherNet/IP.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(44818);
    conversation(seen, &ENIP, |said| read(said, seen.is_udp(), at_home))
}

fn read<'a>(said: &Said<'a>, is_udp: bool, at_home: bool) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(command), Some(length), Some(session), Some(status)) = (cursor.le16(), cursor.le16(), cursor.be32(), cursor.le32())
    else {
        return Read::Short;
    };
    let (Some(_context), Some(options)) = (cursor.take(8), cursor.le32()) else { return Read::Short };
    let is_command = match command {
        4 | 0x63 | 0x64 => length == 0 || length > 6,
        0x65 => length == 4,
        0x66 => length == 0,
        0x6f | 0x70 => length >= 6,
        _ => false,
    };
    if !is_command || options != 0 || status > 0x69 || (is_udp && usize::from(length) + 24 != said.datagram().1) {
        return Read::Unlike;
    }
    // A session is registered by a client that has none, and answered with one.
    let turn = match (command, length) {
        (0x65, _) => Turn::asking(session == 0, Confidence::Certain),
        (4 | 0x63 | 0x64, 0) => Turn::ask(if at_home { Confidence::Both } else { Confidence::Plausible }),
        _ => Turn::peer(if at_home { Confidence::Both } else { Confidence::Plausible }),
    };
    Read::Like(turn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_session_is_registered() {
        let register = hex("6500 0400 00000000 00000000 0000000000000000 00000000 01000000");
        let finding = found(look(&tcp(&register, b"")));
        assert_eq!((finding.client, finding.confidence), (Some(Side::A), Confidence::Certain));
        assert_eq!(look(&tcp(&hex("6500 0500 00000000 00000000 0000000000000000 00000000"), b"")), Look::No);
    }
}
