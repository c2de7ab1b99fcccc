//! Windows' Delivery Optimization (MS-DO): peers that share updates.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, signed};

/// Delivery Optimization. The rules of a present LAN know it.
pub static SWARM: Protocol =
    Protocol { name: "Delivery Optimization", label: Some("Delivery Optimization"), behind: &["Delivery Optimization"] };

/// Looks for the handshake.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SWARM, |said| signed(said.bytes, &[(b"\x0eSwarm protocol", Turn::peer(Confidence::Certain))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_handshake() {
        assert_eq!(found(look(&tcp(b"\x0eSwarm protocol\0\0\0\0", b""))).protocol, &SWARM);
        assert_eq!(look(&tcp(b"\x0eSwarming", b"")), Look::No);
    }
}
