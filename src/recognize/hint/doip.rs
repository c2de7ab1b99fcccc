//! Diagnostics over IP (ISO 13400): vehicles.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// DoIP.
pub static DOIP: Protocol = hint("DoIP");

/// Looks for DoIP: a version and its complement.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &DOIP, |said| {
        let mut cursor = Cursor::new(said.bytes);
        let (Some(version), Some(inverse), Some(kind), Some(length)) = (cursor.u8(), cursor.u8(), cursor.be16(), cursor.be32())
        else {
            return Read::Short;
        };
        let is_kind = matches!(kind, 0..=8 | 0x4001..=0x4004 | 0x8001..=0x8003) && length < 0x10_0000;
        let fits = !seen.is_udp() || length as usize + 8 == said.datagram().1;
        Read::or_unlike((version == !inverse && is_kind && fits).then(|| Turn::peer(Confidence::Certain)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn an_identification() {
        assert_eq!(found(udp([5000, 13400], &hex("02fd 0001 00000000"), b"", look)).protocol, &DOIP);
        assert_eq!(udp([5000, 13400], &hex("02fc 0001 00000000"), b"", look), Look::No);
    }
}
