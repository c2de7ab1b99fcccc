//! Message Queuing between queue managers ([MS-MQQB] section 2.2, [MS-MQMQ] section 2.2.19.1): packets with a signature.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// Message Queuing.
pub static MSMQ: Protocol = Protocol { name: "MSMQ", label: Some("MSMQ"), behind: &["MSMQ"] };

/// `LIOR`.
const SIGNATURE: u32 = 0x524f_494c;
/// The packet is one of the protocol itself, and no user's message.
const INTERNAL: u16 = 0x0008;

/// Looks for Message Queuing.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let detail = exchange.values().next().copied().unwrap_or_default();
        Finding::new(&MSMQ, Confidence::Certain).detailed(detail)
    })
}

/// What the first packet is.
fn read(said: &Said<'_>) -> Read<&'static str> {
    packet(said.bytes).unwrap_or(Read::Short)
}

/// `None` where its header is cut.
fn packet(bytes: &[u8]) -> Option<Read<&'static str>> {
    let mut cursor = Cursor::new(bytes);
    let (version, _, flags) = (cursor.u8()?, cursor.u8()?, cursor.le16()?);
    if version != 0x10 {
        return Some(Read::Unlike);
    }
    let (signature, size) = (cursor.le32()?, cursor.le32()?);
    if signature != SIGNATURE || !(16..=1 << 26).contains(&size) {
        return Some(Read::Unlike);
    }
    if flags & INTERNAL == 0 {
        return Some(Read::Like("user message"));
    }
    let (_time, _reserved, kind) = (cursor.le32()?, cursor.le16()?, cursor.le16()?);
    Some(Read::Like(match kind & 15 {
        1 => "session acknowledgement",
        2 => "establish connection",
        3 => "connection parameters",
        _ => "",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, tcp};

    /// [MS-MQQB] sections 4.1.3 and 4.1.4.
    #[test]
    fn a_connection_is_established() {
        let ask = hex("10c00b00 4c494f52 3c020000 ffffffff 00000200 11ea26c6b6e6");
        let answer = hex("105a0b00 4c494f52 3c020000 ffffffff 00000200 11ea26c6b6e6");
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((detail(&finding), finding.confidence), ("establish connection", Confidence::Certain));
        assert_eq!((look(&tcp(&ask[..9], b"")), look(&tcp(b"\x10abcdefghijklmnop", b""))), (Look::More, Look::No));
    }
}
