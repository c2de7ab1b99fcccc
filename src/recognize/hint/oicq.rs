//! OICQ, the messenger QQ: a first byte and a last one.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// OICQ.
pub static OICQ: Protocol = hint("OICQ");

/// Looks for OICQ; without its port nothing is sure.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(8000) {
        return Look::No;
    }
    conversation(seen, &OICQ, |said| {
        let (bytes, len) = said.datagram();
        let is_whole = len == bytes.len() && bytes.last() == Some(&3);
        let is_oicq = bytes.first() == Some(&2) && bytes.len() >= 12 && (is_whole || len > bytes.len());
        Read::or_unlike(is_oicq.then(|| Turn::peer(Confidence::Plausible)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_first_byte_and_a_last_one() {
        assert_eq!(
            found(udp([4000, 8000], &hex("02 3719 0058 1234 00a1b2c3 0102 03"), b"", look)).confidence,
            Confidence::Plausible
        );
        assert_eq!(udp([4000, 8000], &hex("02 3719 0058 1234 00a1b2c3 0102"), b"", look), Look::No);
    }
}
