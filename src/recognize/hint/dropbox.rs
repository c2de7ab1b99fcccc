//! Dropbox's discovery in the local network: JSON that names hosts and name spaces.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, has, hint};

/// Dropbox LAN Sync.
pub static DROPBOX: Protocol = hint("Dropbox LAN Sync");

/// Looks for Dropbox.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &DROPBOX, |said| {
        let bytes = said.datagram().0;
        let is_hello = bytes.starts_with(b"{")
            && has(bytes, b"\"host_int\"")
            && (has(bytes, b"\"namespaces\"") || has(bytes, b"\"version\""));
        Read::or_unlike(is_hello.then(|| Turn::peer(Confidence::Certain)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn a_hello() {
        let hello = br#"{"host_int": 123, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": [1]}"#;
        assert_eq!(found(udp([17500, 17500], hello, b"", look)).protocol, &DROPBOX);
        assert_eq!(udp([17500, 17500], b"{\"host\": 1}", b"", look), Look::No);
    }
}
