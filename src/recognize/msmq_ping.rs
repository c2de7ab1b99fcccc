//! Message Queuing's ping ([MS-MQQB] section 2.2.7): 24 bytes with a signature, the cookie comes back.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// The ping.
pub static MSMQ_PING: Protocol = Protocol { name: "MSMQ ping", label: Some("MSMQ-Ping"), behind: &["MSMQ-Ping", "MSMQ"] };

const SIGNATURE: u16 = 0x5548;
/// A connection will not be accepted.
const REFUSED: u16 = 0x0002;

struct Ping {
    flags: u16,
    cookie: u32,
}

/// Looks for a ping.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let mut cookies = exchange.values().map(|ping| ping.cookie);
    if exchange.is_both() && cookies.next() != cookies.next() {
        return Look::No;
    }
    exchange.look(|| {
        let refused = exchange.values().any(|ping| ping.flags & REFUSED != 0);
        Finding::new(&MSMQ_PING, exchange.confidence(Confidence::Plausible)).detailed(if refused { "refused" } else { "" })
    })
}

fn read(said: &Said<'_>) -> Read<Ping> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(ping(bytes).filter(|_| len == 24))
}

fn ping(bytes: &[u8]) -> Option<Ping> {
    let mut cursor = Cursor::new(bytes);
    let (flags, signature, cookie) = (cursor.le16()?, cursor.le16()?, cursor.le32()?);
    (signature == SIGNATURE).then_some(Ping { flags, cookie })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn the_cookie_comes_back() {
        let ask = hex("0000 4855 78563412 c626ea11e6b6974995959150557358d1");
        let answer = hex("0200 4855 78563412 fca09e9078904544 8f11394c43cd8907");
        let finding = found(udp([1, 2], &ask, &answer, look));
        assert_eq!((finding.confidence, detail(&finding)), (Confidence::Both, "refused"));
        assert_eq!(found(udp([1, 2], &ask, b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], &ask[..23], b"", look), Look::No);
        let other = hex("0000 4855 79563412 fca09e9078904544 8f11394c43cd8907");
        assert_eq!(udp([1, 2], &ask, &other, look), Look::No);
    }
}
