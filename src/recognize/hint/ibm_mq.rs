//! IBM MQ: segments with a head in ASCII or EBCDIC.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// IBM MQ.
pub static IBM_MQ: Protocol = hint("IBM MQ");

/// Looks for IBM MQ.
pub fn look(seen: &Opening<'_>) -> Look {
    let peer = || Turn::peer(Confidence::Certain);
    let signatures: [&[u8]; 6] =
        [b"TSH \0\0", b"TSHC\0\0", b"TSHM\0\0", b"\xe3\xe2\xc8\x40\0\0", b"\xe3\xe2\xc8\xc3\0\0", b"\xe3\xe2\xc8\xd4\0\0"];
    conversation(seen, &IBM_MQ, |said| signed(said.bytes, &signatures.map(|signature| (signature, peer()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_segment() {
        assert_eq!(found(look(&tcp(b"TSH \0\0\x01\x0c\x02\x01", b""))).protocol, &IBM_MQ);
        assert_eq!(look(&tcp(b"TSHIRT", b"")), Look::No);
    }
}
