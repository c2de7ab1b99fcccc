//! NATS: the server tells about itself in JSON.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint, signed};

/// NATS.
pub static NATS: Protocol = hint("NATS");

/// Looks for NATS.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &NATS, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    match signed(said.bytes, &[(b"INFO {", Turn::answer(Confidence::Both)), (b"CONNECT {", Turn::ask(Confidence::Certain))]) {
        Read::Like(turn) if has(said.bytes, b"\"server_id\"") => Read::Like(Turn { alone: Confidence::Certain, ..turn }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_server_tells_about_itself() {
        let finding = found(look(&tcp(b"CONNECT {\"verbose\":false}\r\n", b"INFO {\"server_id\":\"A\",\"port\":4222}\r\n")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Certain, Some(Side::A)));
        assert_eq!(look(&tcp(b"INFO\r\n", b"")), Look::No);
    }
}
