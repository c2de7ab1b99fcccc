//! Steam: queries to game servers, and discovery in the local network.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// Steam.
pub static SOURCE: Protocol = hint("Steam");

/// Looks for Steam's datagrams.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SOURCE, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    match bytes.strip_prefix(&[0xff; 4])? {
        [b'T', rest @ ..] if rest.starts_with(b"Source Engine Query\0") => {
            Some(Turn::ask(Confidence::Certain).saying("server query"))
        }
        [0x21, 0x4c, 0x5f, 0xa0, ..] => Some(Turn::peer(Confidence::Certain).saying("discovery")),
        // Challenges and lists of rules and players.
        [b'U' | b'V', _, _, _, _] => Some(Turn::ask(Confidence::Plausible)),
        [b'A', _, _, _, _] => Some(Turn::answer(Confidence::Plausible)),
        [b'I', 2..=30, name @ ..] if name.contains(&0) => Some(Turn::answer(Confidence::Plausible)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn a_query() {
        let query = b"\xff\xff\xff\xffTSource Engine Query\0";
        assert_eq!(found(udp([5000, 27015], query, b"\xff\xff\xff\xffA\x01\x02\x03\x04", look)).confidence, Confidence::Certain);
        assert_eq!(udp([5000, 27015], b"\xff\xff\xff\xffTabc", b"", look), Look::No);
    }
}
