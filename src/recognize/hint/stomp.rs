//! STOMP: a command on a line of its own, then headers.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, signed};

/// STOMP.
pub static STOMP: Protocol = hint("STOMP");

/// Looks for STOMP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &STOMP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    signed(
        said.bytes,
        &[
            (b"CONNECT\n", Turn::ask(Confidence::Both)),
            (b"CONNECT\r\n", Turn::ask(Confidence::Both)),
            (b"STOMP\n", Turn::ask(Confidence::Certain)),
            (b"STOMP\r\n", Turn::ask(Confidence::Certain)),
            (b"CONNECTED\n", Turn::answer(Confidence::Certain)),
            (b"CONNECTED\r\n", Turn::answer(Confidence::Certain)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_client_connects() {
        let finding = found(look(&tcp(b"STOMP\naccept-version:1.2\n\n\0", b"CONNECTED\nversion:1.2\n\n\0")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(b"CONNECT www.example:443 HTTP/1.1\r\n", b"")), Look::No);
    }
}
