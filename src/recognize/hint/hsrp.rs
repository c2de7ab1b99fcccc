//! HSRP (RFC 2281, and version 2): routers that share an address.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// HSRP.
pub static HSRP: Protocol = hint("HSRP");

/// Looks for HSRP.
pub fn look(seen: &Opening<'_>) -> Look {
    // Nothing but the port tells version 1 from other short datagrams.
    if !seen.has_port(1985) && !seen.has_port(2029) {
        return Look::No;
    }
    conversation(seen, &HSRP, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    let state = match bytes {
        // Version 2 is made of typed values; the first is the group's state.
        [1, length, 2, op @ 0..=3, ..] if *length >= 40 => {
            return Some(Turn::peer(Confidence::Certain).saying(OPERATIONS.get(usize::from(*op)).copied().unwrap_or_default()));
        }
        [0, op @ 0..=2, state @ (0 | 1 | 2 | 4 | 8 | 16), _, _, _, _, 0, ..] if bytes.len() >= 20 => (op, state),
        [0, op @ 3, ..] if bytes.len() >= 8 => (op, &0),
        _ => return None,
    };
    Some(Turn::peer(Confidence::Certain).saying(OPERATIONS.get(usize::from(*state.0)).copied().unwrap_or_default()))
}

const OPERATIONS: [&str; 4] = ["hello", "coup", "resign", "advertisement"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_hello() {
        let hello = hex("0000 10 03 0a 64 01 00 636973636f000000 0a000001");
        assert_eq!(detail(&found(udp([1985, 1985], &hello, b"", look))), "hello");
        assert_eq!(udp([9, 9], &hello, b"", look), Look::No);
    }
}
