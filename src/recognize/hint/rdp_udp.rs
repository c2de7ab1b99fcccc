//! The UDP transport of remote desktops (MS-RDPEUDP section 2.2): the SYN that opens it.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// RDP over UDP.
pub static RDP_UDP: Protocol = hint("RDP over UDP");

/// Looks for the SYN, which is padded to its packet size.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &RDP_UDP, |said| Read::or_unlike(read(said.datagram().0, said.datagram().1)))
}

fn read(bytes: &[u8], len: usize) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (acknowledges, _window, flags) = (cursor.be32()?, cursor.be16()?, cursor.be16()?);
    let (_number, up, down) = (cursor.be32()?, cursor.be16()?, cursor.be16()?);
    let sizes = 1132..=1232;
    let is_syn = flags & 1 != 0 && sizes.contains(&up) && sizes.contains(&down) && (1132..=1240).contains(&len);
    // A client has nothing to acknowledge; the server's SYN has the flag for that.
    is_syn.then(|| Turn::asking(flags & 4 == 0 && acknowledges == u32::MAX, Confidence::Certain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_syn() {
        let syn = [&hex("ffffffff 0040 0001 12345678 04d0 04d0")[..], &[0; 1216]].concat();
        assert_eq!(found(udp([5000, 3389], &syn, b"", look)).client, Some(Side::A));
        assert_eq!(udp([5000, 3389], &syn[..40], b"", look), Look::No);
    }
}
