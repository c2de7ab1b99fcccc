//! BitTorrent: handshakes of peers (BEP 3), the distributed table (BEP 5), trackers (BEP 15) and the transport uTP (BEP 29).

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint, proven, signed};

/// BitTorrent.
pub static BITTORRENT: Protocol = hint("BitTorrent");

/// Looks for BitTorrent.
pub fn look(seen: &Opening<'_>) -> Look {
    if seen.is_udp() {
        proven(seen, &BITTORRENT, |said| Read::or_unlike(read_datagram(said.datagram().0)))
    } else {
        conversation(seen, &BITTORRENT, |said| {
            signed(said.bytes, &[(b"\x13BitTorrent protocol", Turn::peer(Confidence::Certain))])
        })
    }
}

fn read_datagram(bytes: &[u8]) -> Option<Turn<'_>> {
    let head = bytes.get(..64).unwrap_or(bytes);
    if [&b"d1:ad2:id20:"[..], b"d1:rd2:id20:", b"d1:eli20", b"d2:ip6:", b"d1:v4:"].iter().any(|start| head.starts_with(start)) {
        return Some(Turn::peer(Confidence::Certain).saying("distributed table"));
    }
    let mut cursor = Cursor::new(bytes);
    let (first, second) = (cursor.be32()?, cursor.be32()?);
    if (first, second) == (0x0000_0417, 0x2710_1980) && cursor.be32() == Some(0) {
        return Some(Turn::ask(Confidence::Certain).saying("tracker"));
    }
    utp(bytes)
}

/// A first packet: type 4, version 1, no extension or a selective acknowledgement, sequence number 1, nothing to acknowledge. Its answer is a state
/// (type 2) for the same connection.
fn utp(bytes: &[u8]) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, extension, connection) = (cursor.u8()?, cursor.u8()?, cursor.be16()?);
    let (_time, difference, _window, number, acknowledged) =
        (cursor.be32()?, cursor.be32()?, cursor.be32()?, cursor.be16()?, cursor.be16()?);
    match kind {
        0x41 if extension <= 2 && number == 1 && acknowledged == 0 && difference == 0 => {
            Some(Turn::ask(Confidence::Both).saying("uTP").numbered(connection.into()))
        }
        0x21 if extension <= 2 && acknowledged == 1 => Some(Turn::answer(Confidence::Plausible).numbered(connection.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    #[test]
    fn peers_and_the_table() {
        assert_eq!(found(look(&tcp(b"\x13BitTorrent protocol\0\0\0\0", b""))).protocol, &BITTORRENT);
        assert_eq!(detail(&found(udp([1, 2], b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping", b"", look))), "distributed table");
        let (syn, state) =
            (hex("41000001 00000005 00000000 00100000 0001 0000"), hex("21000001 00000006 00000001 00100000 1234 0001"));
        assert_eq!(found(udp([1, 2], &syn, &state, look)).confidence, Confidence::Certain);
        assert_eq!(udp([1, 2], b"d1:ab", b"?", look), Look::No);
        // The table on a port that speaks uTP too: a packet that acknowledges what went before.
        let later = hex("21025302 06ff3f5f 7fffffff 0000f000 49c7 e7f5 0008 0000000000000000");
        assert_eq!(detail(&found(udp([1, 2], b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping", &later, look))), "distributed table");
    }
}
