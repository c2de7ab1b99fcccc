//! KNXnet/IP: buildings.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// KNXnet/IP.
pub static KNX: Protocol = hint("KNXnet/IP");

/// Looks for KNXnet/IP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &KNX, |said| {
        let (bytes, len) = said.datagram();
        let is_knx = matches!(bytes, [6, 0x10, 2..=5, _, high, low, ..] if usize::from(u16::from_be_bytes([*high, *low])) == len);
        Read::or_unlike(is_knx.then(|| Turn::peer(Confidence::Certain)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_search() {
        assert_eq!(found(udp([3671, 3671], &hex("0610 0201 000e 0801 0a000001 0e57"), b"", look)).protocol, &KNX);
        assert_eq!(udp([3671, 3671], &hex("0610 0201 000f 0801 0a000001 0e57"), b"", look), Look::No);
    }
}
