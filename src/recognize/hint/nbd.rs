//! Network block device: the server greets with two magic words.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// NBD.
pub static NBD: Protocol = hint("NBD");

/// Looks for NBD.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &NBD, |said| {
        signed(
            said.bytes,
            &[
                (b"NBDMAGIC", Turn::answer(Confidence::Certain)),
                (b"\0\0\0\x03IHAVEOPT", Turn::ask(Confidence::Certain)),
                (b"\0\0\0\x01IHAVEOPT", Turn::ask(Confidence::Certain)),
            ],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_negotiation() {
        assert_eq!(found(look(&tcp(b"\0\0\0\x03IHAVEOPT", b"NBDMAGICIHAVEOPT\0\x03"))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"NBDX", b"")), Look::No);
    }
}
