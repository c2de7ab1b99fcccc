//! GTP, versions 1 and 2 (3GPP TS 29.060, 29.274, 29.281): the mobile network's tunnels and their control.

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// GTP.
pub static GTP: Protocol = hint("GTP");

/// Looks for GTP.
pub fn look(seen: &Opening<'_>) -> Look {
    // Eight bytes with a length in them are too little to go by anywhere else.
    if ![2123, 2152, 3386].iter().any(|port| seen.has_port(*port)) {
        return Look::No;
    }
    conversation(seen, &GTP, |said| Read::or_unlike(read(said)))
}

fn read<'a>(said: &Said<'a>) -> Option<Turn<'a>> {
    let (bytes, len) = said.datagram();
    let mut cursor = Cursor::new(bytes);
    let (flags, kind, length) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.be16()?));
    // Version 1's length leaves out the eight bytes of its header, version 2's the first four.
    let (version, fits) = match flags {
        0x30..=0x37 => ("version 1", length + 8 == len),
        0x40 | 0x48 | 0x50 | 0x58 => ("version 2", length + 4 == len || flags & 0x10 != 0),
        0x1e | 0x1f | 0x0e | 0x0f => ("version 0", length + 20 == len),
        _ => return None,
    };
    let is_type = matches!(kind, 1..=7 | 16..=59 | 64..=128 | 170..=179 | 200..=255);
    (fits && is_type).then(|| Turn::peer(Confidence::Both).saying(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn an_echo_request() {
        let echo = hex("32 01 0004 00000000 0001 0000");
        let finding = found(udp([2123, 2123], &echo, b"", look));
        assert_eq!((finding.protocol, detail(&finding)), (&GTP, "version 1"));
        assert_eq!(udp([2123, 2123], &hex("32 01 0005 00000000 0001 0000"), b"", look), Look::No);
    }
}
