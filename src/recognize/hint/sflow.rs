//! sFlow version 5, and 2 and 4 before it: samples on their way to a collector.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Turn, conversation, hint};

/// sFlow.
pub static SFLOW: Protocol = hint("sFlow");

/// Looks for sFlow.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SFLOW, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (version, family) = (cursor.be32()?, cursor.be32()?);
    let address = match family {
        1 => 4,
        2 => 16,
        _ => return None,
    };
    cursor.skip(address)?;
    // Sub-agent (not before version 5), sequence number, up time.
    cursor.skip(if version == 5 { 12 } else { 8 })?;
    let (samples, kind) = (cursor.be32()?, cursor.be32()?);
    let is_possible = matches!(version, 2 | 4 | 5) && (1..=512).contains(&samples) && (1..=4).contains(&(kind & 0xfff));
    is_possible.then(|| Turn::ask(Confidence::Certain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, hex, udp};

    #[test]
    fn a_sample() {
        let sample = hex("00000005 00000001 0a000001 00000000 00000001 00000010 00000001 00000001 00000000");
        assert_eq!(found(udp([5000, 6343], &sample, b"", look)).protocol, &SFLOW);
        assert_eq!(udp([5000, 6343], &hex("00000005 00000003 0a000001"), b"", look), Look::No);
    }
}
