//! DNP3 (IEEE 1815): link frames with a checksum over their header.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, after, hint, proven};

/// DNP3.
pub static DNP3: Protocol = hint("DNP3");

/// Looks for DNP3.
pub fn look(seen: &Opening<'_>) -> Look {
    proven(seen, &DNP3, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Read::Like(_) = after(said.bytes, &[5, 0x64]) else {
        return if said.bytes == [5] { Read::Short } else { Read::Unlike };
    };
    let Some((header, sum)) = said.bytes.split_at_checked(8).and_then(|(header, rest)| Some((header, rest.first_chunk::<2>()?)))
    else {
        return Read::Short;
    };
    let &[_, _, length, control, ..] = header else { return Read::Short };
    let is_frame = length >= 5 && checksum(header) == u16::from_le_bytes(*sum);
    // The top bit of the control byte: from a master.
    Read::or_unlike(is_frame.then(|| Turn::asking(control & 0x80 != 0, Confidence::Certain)))
}

/// CRC with 0x3d65, reflected, inverted.
fn checksum(bytes: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
    !bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_reset_of_the_link() {
        // The example of the specification's checksum: reset link states, from 3 to 4.
        let mut frame = hex("0564 05c0 0100 0a00");
        let sum = checksum(&frame);
        assert_eq!(sum.to_le_bytes(), [0xe0, 0x8c]);
        frame.extend(sum.to_le_bytes());
        assert_eq!(found(look(&tcp(&frame, b""))).client, Some(Side::A));
        assert_eq!(
            found(look(&tcp(&frame, b"\x05\x05\x11\xc4\x04\0\x04\0\0\x46"))).protocol,
            &DNP3,
            "a frame of the other side was cut"
        );
        frame[9] ^= 1;
        assert_eq!(look(&tcp(&frame, b"")), Look::More, "the other side may still say it");
        assert_eq!(look(&tcp(&frame, b"220 ")), Look::No);
    }
}
