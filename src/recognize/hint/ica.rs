//! Citrix: ICA and the common gateway protocol that carries it.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// Citrix ICA.
pub static ICA: Protocol = hint("Citrix ICA");

/// Looks for ICA.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &ICA, |said| {
        signed(
            said.bytes,
            &[
                (b"\x7f\x7fICA\0", Turn::peer(Confidence::Certain)),
                (b"\x1aCGP/01", Turn::peer(Confidence::Certain).saying("CGP")),
            ],
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_server_calls_itself() {
        assert_eq!(found(look(&tcp(b"", b"\x7f\x7fICA\0\x7f\x7fICA\0"))).protocol, &ICA);
        assert_eq!(look(&tcp(b"\x7fELF", b"")), Look::No);
    }
}
