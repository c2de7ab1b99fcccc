//! GIOP, the protocol of CORBA: over TCP, and over multicast (MIOP).

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// CORBA (GIOP).
pub static GIOP: Protocol = hint("CORBA (GIOP)");

/// Looks for GIOP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &GIOP, |said| match said.bytes {
        [b'G', b'I', b'O', b'P', 1, 0..=3, _, 0 | 3, ..] | [b'M', b'I', b'O', b'P', 0x10, ..] => {
            Read::Like(Turn::ask(Confidence::Certain))
        }
        [b'G', b'I', b'O', b'P', 1, 0..=3, _, 1 | 4, ..] => Read::Like(Turn::answer(Confidence::Certain)),
        [b'G', b'I', b'O', b'P', 1, 0..=3, _, _, ..] => Read::Like(Turn::peer(Confidence::Certain)),
        bytes if bytes.len() < 8 && bytes.iter().zip(b"GIOP\x01").all(|(byte, like)| byte == like) => Read::Short,
        _ => Read::Unlike,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_request() {
        assert_eq!(found(look(&tcp(b"GIOP\x01\x02\x01\0\x10\0\0\0", b""))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"GIVE ME", b"")), Look::No);
    }
}
