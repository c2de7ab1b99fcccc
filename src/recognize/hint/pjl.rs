//! Printers on 9100: the escape that enters PJL.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// JetDirect (PJL).
pub static PJL: Protocol = hint("JetDirect (PJL)");

/// Looks for PJL.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &PJL, |said| {
        signed(said.bytes, &[(b"\x1b%-12345X", Turn::ask(Confidence::Certain)), (b"@PJL ", Turn::answer(Confidence::Both))])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_job() {
        assert_eq!(found(look(&tcp(b"\x1b%-12345X@PJL INFO STATUS\r\n", b""))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"\x1b[2J", b"")), Look::No);
    }
}
