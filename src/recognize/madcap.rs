//! MADCAP (RFC 2730): multicast addresses on loan, in messages of options that end where the datagram does.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// MADCAP.
pub static MADCAP: Protocol = Protocol { name: "MADCAP", label: Some("MADCAP"), behind: &["MADCAP"] };

const MESSAGES: [&str; 9] = ["", "discover", "offer", "request", "renew", "acknowledgement", "refusal", "release", "get info"];

struct Message {
    kind: u8,
    transaction: u32,
}

/// Looks for MADCAP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let mut transactions = exchange.values().map(|message| message.transaction);
        let pairs = exchange.is_both() && transactions.next() == transactions.next();
        let words: Vec<&str> = exchange.values().filter_map(|message| MESSAGES.get(usize::from(message.kind)).copied()).collect();
        Finding::new(&MADCAP, if pairs { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) })
            .asked_by(exchange.client(|message| Some(!matches!(message.kind, 2 | 5 | 6))))
            .detailed(&words.join(", "))
    })
}

fn read(said: &Said<'_>) -> Read<Message> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len))
}

/// Version 0, a type, IPv4 or IPv6, the transaction; then options of known types, the last of them the end (section 3).
fn message(bytes: &[u8], len: usize) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let ([0, kind @ 1..=8], 1 | 2, transaction) = (cursor.array()?, cursor.be16()?, cursor.be32()?) else { return None };
    while let Some(option) = cursor.be16() {
        let length = usize::from(cursor.be16()?);
        if option == 0 {
            return (length == 0 && cursor.rest().is_empty()).then_some(Message { kind, transaction });
        }
        if option > 16 || length == 0 {
            return None;
        }
        if cursor.skip(length).is_none() {
            break;
        }
    }
    // Cut by the snap length before the end.
    (bytes.len() < len && bytes.len() > 16).then_some(Message { kind, transaction })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn scopes_are_asked_for() {
        let ask = hex("0008 0001 12345678 0003 0005 0041424344 0005 0002 0009 0000 0000");
        let answer = hex("0005 0001 12345678 0003 0005 0041424344 0002 0006 0001 0a010005 0000 0000");
        let finding = found(udp([1, 2], &ask, &answer, look));
        assert_eq!((detail(&finding), finding.client), ("get info, acknowledgement", Some(Side::A)));
        assert_eq!(finding.confidence, Confidence::Certain);
        assert_eq!(found(udp([1, 2], &ask, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &ask[..ask.len() - 4], b"", look), Look::No);
    }
}
