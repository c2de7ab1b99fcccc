//! Synchrophasors (IEEE C37.118): measurements of the power grid.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// Synchrophasor.
pub static SYNCHROPHASOR: Protocol = hint("Synchrophasor");

/// Looks for synchrophasors.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(4712) || seen.has_port(4713);
    conversation(seen, &SYNCHROPHASOR, |said| read(said, at_home))
}

fn read<'a>(said: &Said<'a>, at_home: bool) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(0xaa), Some(kind), Some(size)) = (cursor.u8(), cursor.u8(), cursor.be16()) else {
        return if said.bytes.first() == Some(&0xaa) && said.bytes.len() < 4 { Read::Short } else { Read::Unlike };
    };
    // Data, header, two configurations, command; and the third configuration of version 2.
    let is_kind = kind & 0x80 == 0 && kind >> 4 <= 5 && matches!(kind & 15, 1 | 2) && size >= 16;
    let Some((frame, sum)) = said.bytes.get(..usize::from(size)).and_then(<[u8]>::split_last_chunk::<2>) else {
        return if is_kind && at_home { Read::Like(Turn::peer(Confidence::Plausible)) } else { Read::Unlike };
    };
    let is_whole = is_kind && checksum(frame) == u16::from_be_bytes(*sum);
    Read::or_unlike(
        is_whole.then(|| if kind >> 4 == 4 { Turn::ask(Confidence::Certain) } else { Turn::answer(Confidence::Certain) }),
    )
}

/// CRC-CCITT from all ones.
fn checksum(bytes: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
    bytes.iter().fold(0xffff, |crc, byte| (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, hex, tcp};

    #[test]
    fn a_command_with_its_checksum() {
        // The check value of CRC-CCITT (0xffff).
        assert_eq!(checksum(b"123456789"), 0x29b1);
        let mut command = hex("aa41 0012 0001 5f000000 00000000 0002");
        command.extend(checksum(&command).to_be_bytes());
        assert_eq!(found(look(&tcp(&command, b""))).client, Some(Side::A));
        command[17] ^= 1;
        assert_eq!(look(&tcp(&command, b"")), Look::No);
    }
}
