//! LDAP over UDP ([MS-ADTS] section 6.3.3): how a client finds its domain controller.

use super::finding::Look;
use super::ldap;
use super::opening::Opening;

/// Looks for LDAP in datagrams.
pub fn look(seen: &Opening<'_>) -> Look {
    let exchange = seen.read(|said| ldap::read(said.datagram().0));
    exchange.map_or(Look::No, |exchange| exchange.look(|| ldap::finding(&exchange)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_ping_for_a_domain_controller() {
        let ping = hex(
            "3041 020101 633c 0400 0a0100 0a0100 020100 020100 010100 a01b a30f 0409 446e73446f6d61696e 0402 612e a308 0405 4e74566572 0400 300a 0408 4e65744c6f676f6e",
        );
        assert_eq!(detail(&found(udp([1, 2], &ping, b"", look))), "search");
        assert_eq!(udp([1, 2], b"\x30\x03\x02\x01\x01", b"", look), Look::More);
    }
}
