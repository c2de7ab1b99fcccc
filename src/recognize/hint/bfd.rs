//! BFD (RFC 5880): routers that watch whether a path between them works.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// BFD.
pub static BFD: Protocol = hint("BFD");

/// Control packets of one hop, of several, of a link aggregation (RFC 5881 section 4, RFC 5883 section 5, RFC 7130 section 2.2).
const PORTS: [u16; 3] = [3784, 4784, 6784];

/// Looks for BFD.
pub fn look(seen: &Opening<'_>) -> Look {
    if !PORTS.iter().any(|port| seen.has_port(*port)) {
        return Look::No;
    }
    conversation(seen, &BFD, |said| {
        let (bytes, len) = said.datagram();
        Read::or_unlike(read(bytes, len))
    })
}

/// A control packet (RFC 5880 section 4.1): version 1, how often it may be missed, its length, and who sends it.
fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let [first, state, missed, length, me @ ..] = bytes else { return None };
    let fits = usize::from(*length) == len && *length >= 24;
    let is_somebody = me.get(..4)? != [0; 4];
    let state = STATES.get(usize::from(state >> 6))?;
    (first >> 5 == 1 && *missed > 0 && fits && is_somebody).then(|| Turn::peer(Confidence::Certain).saying(*state))
}

const STATES: [&str; 4] = ["administratively down", "down", "initialising", "up"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_control_packet() {
        let up = hex("20 c0 03 18 00000001 00000002 000f4240 000f4240 00000000");
        assert_eq!(detail(&found(udp([49_152, 3784], &up, b"", look))), "up");
        assert_eq!(udp([49_152, 9], &up, b"", look), Look::No);
        assert_eq!(udp([49_152, 3784], &up[..20], b"", look), Look::No);
    }
}
