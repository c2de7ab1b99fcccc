//! Zabbix: agents, proxies and servers.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// Zabbix.
pub static ZABBIX: Protocol = hint("Zabbix");

/// Looks for Zabbix.
pub fn look(seen: &Opening<'_>) -> Look {
    let peer = || Turn::peer(Confidence::Certain);
    conversation(seen, &ZABBIX, |said| signed(said.bytes, &[(b"ZBXD\x01", peer()), (b"ZBXD\x03", peer()), (b"ZBXD\x05", peer())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_header() {
        assert_eq!(found(look(&tcp(b"ZBXD\x01\x0a\0\0\0\0\0\0\0agent.ping", b""))).protocol, &ZABBIX);
        assert_eq!(look(&tcp(b"ZBXD\x40", b"")), Look::No);
    }
}
