//! Tuya, devices for the home: a frame between two marks.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// Tuya.
pub static TUYA: Protocol = hint("Tuya");

/// Looks for Tuya.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &TUYA, |said| {
        let (bytes, len) = (said.bytes, said.datagram().1);
        let begins = bytes.starts_with(&[0, 0, 0x55, 0xaa]) && (!seen.is_udp() || len >= 20);
        let ends = bytes.ends_with(&[0, 0, 0xaa, 0x55]);
        Read::or_unlike(begins.then(|| Turn::peer(if ends { Confidence::Certain } else { Confidence::Both })))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn an_announcement() {
        let frame = hex("000055aa 00000000 00000013 0000000c 00000000 12345678 0000aa55");
        assert_eq!(found(udp([5000, 6667], &frame, b"", look)).confidence, Confidence::Certain);
        assert_eq!(udp([5000, 6667], &frame[1..], b"", look), Look::No);
    }
}
