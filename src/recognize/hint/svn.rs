//! Subversion's own server: lists in round brackets.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// Subversion.
pub static SVN: Protocol = hint("Subversion");

/// Looks for Subversion.
pub fn look(seen: &Opening<'_>) -> Look {
    let answer = || Turn::answer(Confidence::Certain);
    conversation(seen, &SVN, |said| {
        signed(
            said.bytes,
            &[
                (b"( success ( 2 2 ( ", answer()),
                (b"( success ( 1 2 ( ", answer()),
                (b"( 2 ( edit-pipeline ", Turn::ask(Confidence::Certain)),
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
    fn a_greeting() {
        assert_eq!(found(look(&tcp(b"", b"( success ( 2 2 ( ) ( edit-pipeline ) ) ) "))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"( hello )", b"")), Look::No);
    }
}
