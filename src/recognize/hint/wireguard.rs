//! WireGuard: four kinds of message, of which three have one length only.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// WireGuard.
pub static WIREGUARD: Protocol = hint("WireGuard");

/// Looks for WireGuard.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &WIREGUARD, |said| Read::or_unlike(read(said.datagram().0, said.datagram().1)))
}

fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, reserved) = (cursor.u8()?, cursor.array::<3>()?);
    if reserved != [0; 3] {
        return None;
    }
    match (kind, len) {
        (1, 148) => Some(Turn::ask(Confidence::Both).saying("handshake")),
        (2, 92) => Some(Turn::answer(Confidence::Both).saying("handshake")),
        (3, 64) => Some(Turn::answer(Confidence::Plausible).saying("cookie")),
        // Receiver, counter, and cipher text in blocks of 16 with its tag. The counter is young in any real session.
        (4, 32..) if len.is_multiple_of(16) => {
            let (_receiver, _low, high) = (cursor.be32()?, cursor.le32()?, cursor.le32()?);
            (high < 0x100).then(|| Turn::peer(Confidence::Plausible))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn a_handshake() {
        let initiation = [&[1, 0, 0, 0][..], &[7; 144]].concat();
        let response = [&[2, 0, 0, 0][..], &[7; 88]].concat();
        let finding = found(udp([5000, 51820], &initiation, &response, look));
        assert_eq!((finding.confidence, finding.client), (Confidence::Both, Some(Side::A)));
        assert_eq!(udp([5000, 51820], &initiation[..100], b"", look), Look::No);
    }
}
