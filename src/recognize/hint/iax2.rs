//! IAX2 (RFC 5456 section 8): a call begins with a full frame.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// IAX2.
pub static IAX2: Protocol = hint("IAX2");

/// Looks for IAX2.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(4569);
    conversation(seen, &IAX2, |said| Read::or_unlike(read(said.datagram().0, at_home)))
}

fn read(bytes: &[u8], at_home: bool) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (source, destination, _time) = (cursor.be16()?, cursor.be16()?, cursor.be32()?);
    let (sent, _seen, kind, subclass) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let is_full = source & 0x8000 != 0 && source & 0x7fff != 0;
    match (kind, subclass) {
        // A new call: the first frame, of nobody's number, with the version as its first element.
        (6, 1) if is_full && destination == 0 && sent == 0 && cursor.rest().starts_with(&[11, 2, 0, 2]) => {
            Some(Turn::ask(Confidence::Certain))
        }
        // Poke and registration.
        (6, 13 | 30) if is_full && destination == 0 && at_home => Some(Turn::ask(Confidence::Both)),
        (2..=10, _) if is_full && at_home => Some(Turn::peer(Confidence::Plausible)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_new_call() {
        let call = hex("8001 0000 00000003 00 00 06 01 0b02 0002");
        assert_eq!(found(udp([4569, 4569], &call, b"", look)).client, Some(Side::A));
        assert_eq!(udp([1, 2], &call[..12], b"", look), Look::No);
    }
}
