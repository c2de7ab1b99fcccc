//! BACnet/IP (ASHRAE 135 annex J): a function and the datagram's length.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// BACnet.
pub static BACNET: Protocol = hint("BACnet");

/// Looks for BACnet/IP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &BACNET, |said| Read::or_unlike(read(said.datagram().0, said.datagram().1)))
}

fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, function, length) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.be16()?));
    if !matches!(kind, 0x81 | 0x82) || function > 0x0c || length != len {
        return None;
    }
    // The network layer's version follows, after the sender's address where it was forwarded.
    let skipped = if function == 4 { 6 } else { 0 };
    let network = matches!(function, 4 | 9..=11).then(|| cursor.skip(skipped).and_then(|()| cursor.u8()));
    (network.is_none_or(|version| version == Some(1))).then(|| Turn::peer(Confidence::Certain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn who_is() {
        assert_eq!(found(udp([47808, 47808], &hex("810b 000c 0120ffff00ff 1008"), b"", look)).protocol, &BACNET);
        assert_eq!(udp([47808, 47808], &hex("810b 000d 0120ffff00ff 1008"), b"", look), Look::No);
    }
}
