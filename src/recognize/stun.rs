//! STUN (RFC 8489) and what extends it. No document knows it.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// STUN.
pub static STUN: Protocol = Protocol { name: "STUN", label: None, behind: &[] };

/// Looks for STUN: the magic cookie.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    // Class 00 asks, 01 indicates, 10 and 11 answer.
    let asks = |kind: &u16| match kind & 0x110 {
        0 => Some(true),
        0x10 => None,
        _ => Some(false),
    };
    exchange.look(|| Finding::new(&STUN, Confidence::Certain).asked_by(exchange.client(asks)))
}

fn read(said: &Said<'_>) -> Read<u16> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(kind), Some(length), Some(cookie)) = (cursor.be16(), cursor.be16(), cursor.be32()) else { return Read::Short };
    Read::or_unlike((kind < 0x4000 && length % 4 == 0 && cookie == 0x2112_a442).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn the_request_of_rfc_5769() {
        let request = hex("00010058 2112a442 b7e7a701bc34d686fa87dfae 80220010");
        assert_eq!(found(udp([1, 2], &request, b"", look)).protocol, &STUN);
        assert_eq!(udp([1, 2], &hex("00010057 2112a442"), b"", look), Look::No);
    }
}
