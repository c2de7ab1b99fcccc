//! OpenWire, the protocol of ActiveMQ: both sides begin with their wire format.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint, signed};

/// OpenWire.
pub static OPENWIRE: Protocol = hint("OpenWire");

/// Looks for OpenWire.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &OPENWIRE, |said| match said.bytes.split_first_chunk::<4>() {
        Some((_, rest)) => signed(rest, &[(b"\x01ActiveMQ", Turn::peer(Confidence::Certain))]),
        None => Read::Short,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_wire_format() {
        assert_eq!(found(look(&tcp(b"", b"\0\0\x01\x3c\x01ActiveMQ\0\0\0\x0c"))).protocol, &OPENWIRE);
        assert_eq!(look(&tcp(b"\0\0\x01\x3c\x01Active__", b"")), Look::No);
    }
}
