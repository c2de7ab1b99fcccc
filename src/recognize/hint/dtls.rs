//! DTLS (RFC 6347, RFC 9147): records with an epoch and a sequence number.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// DTLS.
pub static DTLS: Protocol = hint("DTLS");

/// Looks for DTLS.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &DTLS, |said| Read::or_unlike(read(said.datagram().0, said.datagram().1)))
}

fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, version) = (cursor.u8()?, cursor.be16()?);
    let (epoch, _number, length) = (cursor.be16()?, cursor.take(6)?, usize::from(cursor.be16()?));
    // Versions 1.0 and 1.2, and the one before the standard.
    let name = match version {
        0xfeff => "version 1.0",
        0xfefd => "version 1.2",
        0x0100 => "before version 1.0",
        _ => return None,
    };
    if !(20..=25).contains(&kind) || length == 0 || length + 13 > len {
        return None;
    }
    let turn = match (kind, epoch, cursor.u8()) {
        (22, 0, Some(1)) => Turn::ask(Confidence::Certain),
        (22, 0, Some(2 | 3)) => Turn::answer(Confidence::Certain),
        (22, 0, Some(0 | 4..=24) | None) | (20, 0, Some(1)) => Turn::peer(Confidence::Certain),
        (20..=25, 1.., _) | (21, 0, Some(1 | 2)) => Turn::peer(Confidence::Both),
        _ => return None,
    };
    Some(turn.saying(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_hello() {
        let hello = hex("16 feff 0000 000000000000 0010 01 000004 0000 000000 000004 fefd 0000");
        let finding = found(udp([5000, 5001], &hello, b"", look));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "version 1.0"));
        assert_eq!(udp([5000, 5001], &hex("16 0301 0000 000000000000 0001 01"), b"", look), Look::No);
    }
}
