//! RIP versions 1 and 2 (RFC 2453), and RIPng (RFC 2080): routes of twenty bytes each.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// RIP.
pub static RIP: Protocol = hint("RIP");

/// Looks for RIP.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(520) || seen.has_port(521);
    if !at_home {
        return Look::No;
    }
    conversation(seen, &RIP, |said| {
        let (bytes, len) = said.datagram();
        let is_rip = matches!(bytes, [1 | 2, 1 | 2, 0, 0, ..]) && len >= 24 && len % 20 == 4;
        let asks = bytes.first() == Some(&1);
        Read::or_unlike(is_rip.then(|| Turn::asking(asks, Confidence::Certain)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_request_for_all_routes() {
        let request = hex("01 02 0000 0000 0000 00000000 00000000 00000000 00000010");
        assert_eq!(found(udp([520, 520], &request, b"", look)).client, Some(Side::A));
        assert_eq!(udp([520, 520], &request[..20], b"", look), Look::No);
    }
}
