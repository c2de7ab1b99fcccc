//! FIX, the protocol of financial exchanges: tagged values with a version in front.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, after, conversation, hint, shown};

/// FIX.
pub static FIX: Protocol = hint("FIX");

/// Looks for FIX.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &FIX, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    match (after(said.bytes, b"8=FIX.4."), after(said.bytes, b"8=FIXT.1.1\x01")) {
        (Read::Like(_), _) | (_, Read::Like(_)) => {
            let version = said.bytes.split(|byte| *byte == 1).next().unwrap_or_default();
            Read::Like(Turn::peer(Confidence::Certain).saying(shown(version.get(2..).unwrap_or_default())))
        }
        (Read::Unlike, Read::Unlike) => Read::Unlike,
        _ => Read::Short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_logon() {
        assert_eq!(detail(&found(look(&tcp(b"8=FIX.4.2\x019=65\x0135=A\x01", b"")))), "FIX.4.2");
        assert_eq!(look(&tcp(b"8=FOX.4.2\x01", b"")), Look::No);
    }
}
