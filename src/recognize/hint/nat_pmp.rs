//! NAT-PMP (RFC 6886) and PCP (RFC 6887): ports asked of a router.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation};

/// Port mapping. The rules of a present LAN know it.
pub static NAT_PMP: Protocol = Protocol { name: "NAT-PMP", label: Some("NAT-PMP"), behind: &["NAT-PMP"] };

/// Looks for port mapping; two bytes are too little without the port.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(5350) && !seen.has_port(5351) {
        return Look::No;
    }
    conversation(seen, &NAT_PMP, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    match (bytes, bytes.len()) {
        ([0, 0, ..], 2) | ([0, 1 | 2, 0, 0, ..], 12) | ([2, 0..=2, 0, 0, ..], 24..=1100) => Some(Turn::ask(Confidence::Both)),
        ([0, 128, ..], 8 | 12) | ([0, 129 | 130, ..], 8 | 16) | ([2, 128..=130, ..], 24..=1100) => {
            Some(Turn::answer(Confidence::Both))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn an_address_is_asked_for() {
        assert_eq!(found(udp([5000, 5351], b"\0\0", b"\0\x80\0\0\0\0\0\x01\x0a\0\0\x01", look)).client, Some(Side::A));
        assert_eq!(udp([5000, 5352], b"\0\0", b"", look), Look::No);
    }
}
