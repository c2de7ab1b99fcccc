//! Diameter (RFC 6733 section 3).

use super::{Confidence, Cursor, Look, Opening, Protocol, Read, Said, Turn, conversation, hint};

/// Diameter.
pub static DIAMETER: Protocol = hint("Diameter");

/// Looks for Diameter.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &DIAMETER, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    if cursor.u8() != Some(1) {
        return Read::Unlike;
    }
    let header = (cursor.be24(), cursor.u8(), cursor.be24(), cursor.be32(), cursor.be32());
    let (Some(length), Some(flags), Some(command), Some(_application), Some(hop)) = header else { return Read::Short };
    let name = match command {
        257 => "Capabilities-Exchange",
        258 => "Re-Auth",
        265 => "AA",
        268 => "Diameter-EAP",
        271 => "Accounting",
        272 => "Credit-Control",
        274 => "Abort-Session",
        275 => "Session-Termination",
        280 => "Device-Watchdog",
        282 => "Disconnect-Peer",
        300..=327 | 8_388_608..=8_388_740 => "3GPP",
        _ => return Read::Unlike,
    };
    let fits = length >= 20 && length % 4 == 0 && flags.trailing_zeros() >= 4;
    Read::or_unlike(fits.then(|| Turn::asking(flags & 0x80 != 0, Confidence::Certain).saying(name).numbered(hop)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn capabilities() {
        let ask = hex("01000014 80000101 00000000 00000001 00000002");
        assert_eq!(detail(&found(look(&tcp(&ask, b"")))), "Capabilities-Exchange");
        assert_eq!(look(&tcp(&hex("01000015 80000101 00000000 00000001"), b"")), Look::No);
    }
}
