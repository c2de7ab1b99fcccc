//! rsync's daemon: both sides greet with a version.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// rsync.
pub static RSYNC: Protocol = hint("rsync");

/// Looks for rsync.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &RSYNC, |said| signed(said.bytes, &[(b"@RSYNCD: ", Turn::peer(Confidence::Certain))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_greeting() {
        assert_eq!(found(look(&tcp(b"@RSYNCD: 31.0\n", b"@RSYNCD: 31.0 sha512\n"))).protocol, &RSYNC);
        assert_eq!((look(&tcp(b"@RSY", b"")), look(&tcp(b"@RSX", b""))), (Look::More, Look::No));
    }
}
