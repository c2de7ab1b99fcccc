//! Replication between WINS servers ([MS-WINSRA] section 2.2): messages with their size in front and a mark of their own.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// WINS replication.
pub static WINS_REPLICATION: Protocol =
    Protocol { name: "WINS replication", label: Some("WINS Replication"), behind: &["WINS Replication"] };

/// What stands where NetBIOS has its operation.
const MARK: u32 = 0x0000_7800;
const MESSAGES: [&str; 4] = ["start request", "start response", "stop", "replication"];

struct Message {
    kind: u32,
    /// Two start messages: their size is known.
    is_start: bool,
}

/// Looks for WINS replication.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let starts = exchange.values().any(|message| message.is_start);
        let words: Vec<&str> = exchange.values().filter_map(|message| MESSAGES.get(message.kind as usize).copied()).collect();
        Finding::new(&WINS_REPLICATION, exchange.confidence(if starts { Confidence::Certain } else { Confidence::Plausible }))
            .asked_by(exchange.client(|message| match message.kind {
                0 => Some(true),
                1 => Some(false),
                _ => None,
            }))
            .detailed(&words.join(", "))
    })
}

fn read(said: &Said<'_>) -> Read<Message> {
    message(said.bytes).unwrap_or(Read::Short)
}

/// `None` where it is cut.
fn message(bytes: &[u8]) -> Option<Read<Message>> {
    let mut cursor = Cursor::new(bytes);
    let size = cursor.be32()?;
    if !(12..1 << 24).contains(&size) {
        return Some(Read::Unlike);
    }
    let (mark, _association, kind) = (cursor.be32()?, cursor.be32()?, cursor.be32()?);
    if mark != MARK || kind > 3 {
        return Some(Read::Unlike);
    }
    // A start goes on with the sender's association and the version, minor 2 or 5, major 1 or 2; 41 bytes in all.
    let is_start = kind <= 1 && size == 41;
    Some(Read::Like(Message { kind, is_start }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn an_association_starts() {
        let start = |association: &str, kind: &str| {
            [hex(&format!("00000029 00007800 {association} 0000000{kind} 00000001 0002 0005")), vec![0; 21]].concat()
        };
        let finding = found(look(&tcp(&start("00000000", "0"), &start("00000001", "1"))));
        assert_eq!((detail(&finding), finding.client), ("start request, start response", Some(Side::A)));
        assert_eq!(finding.confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("00000029 00007900 00000000 00000000"), b"")), Look::No);
    }
}
