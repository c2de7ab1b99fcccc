//! Multicast DNS (RFC 6762): DNS messages on port 5353.

use super::dns;
use super::dns_message;
use super::finding::{Look, Protocol};
use super::opening::{Opening, Read};

/// Multicast DNS.
pub static MDNS: Protocol = Protocol { name: "mDNS", label: Some("mDNS"), behind: &["mDNS"] };

/// Looks for multicast DNS; nothing but the port tells it from DNS.
pub fn look(seen: &Opening<'_>) -> Look {
    // A client of a resolver may happen to use the number.
    if !seen.has_port(5353) || seen.has_port(53) {
        return Look::No;
    }
    let exchange = seen.read(|said| {
        let (bytes, len) = said.datagram();
        Read::or_unlike(dns_message::read(bytes, bytes.len() == len))
    });
    exchange.map_or(Look::No, |exchange| exchange.look(|| dns::finding(&exchange, &MDNS, true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn several_questions_with_the_unicast_bit() {
        let query = hex("0000 0000 0002 0000 0000 0000 055f68747470 045f746370 056c6f63616c 00 000c 8001 c00c 00ff 0001");
        assert_eq!(detail(&found(udp([5353, 5353], &query, b"", look))), "PTR _http._tcp.local");
        assert_eq!(udp([53, 999], &query, b"", look), Look::No);
    }
}
