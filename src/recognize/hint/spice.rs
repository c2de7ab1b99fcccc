//! SPICE, remote screens of virtual machines.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// SPICE.
pub static SPICE: Protocol = hint("SPICE");

/// Looks for SPICE.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SPICE, |said| signed(said.bytes, &[(b"REDQ\x02\0\0\0", Turn::peer(Confidence::Certain))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_link() {
        assert_eq!(found(look(&tcp(b"REDQ\x02\0\0\0\x02\0\0\0", b""))).protocol, &SPICE);
        assert_eq!(look(&tcp(b"REDO", b"")), Look::No);
    }
}
