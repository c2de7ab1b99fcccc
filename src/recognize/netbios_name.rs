//! The NetBIOS name service (RFC 1002 section 4.2).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::netbios::{Name, read_name};
use super::opening::{Exchange, Opening, Read, Said};
use crate::net::Side;

/// The name service, WINS included.
pub static NAME: Protocol = Protocol {
    name: "NetBIOS name service",
    label: Some("NetBIOS Name Resolution"),
    behind: &["NetBIOS Name Resolution", "NetBIOS", "WINS"],
};

/// The port of the service.
const SERVICE: u16 = 137;

struct Message {
    is_response: bool,
    opcode: u16,
    name: Name,
    is_status: bool,
}

/// Looks for the name service: the encoded name is unmistakable.
pub fn look(seen: &Opening<'_>) -> Look {
    // The encoded name is a name like any other: asked of a DNS server it is DNS.
    if seen.has_port(53) {
        return Look::No;
    }
    let exchange = seen.read(read);
    exchange.map_or(Look::No, |exchange| exchange.look(|| finding(seen, &exchange)))
}

fn finding(seen: &Opening<'_>, exchange: &Exchange<Message>) -> Finding {
    let message = exchange.values().find(|message| !message.is_response).or(exchange.values().next());
    let own = message.filter(|message| matches!(message.opcode, 5 | 8 | 9 | 15) && message.name.is_host());
    let detail = message.map(|message| format!("{} {}", action(message), message.name.shown())).unwrap_or_default();
    // Whoever answers the name service's own port from another one is not the service that was asked: only the port tells which end that is.
    let is_service = |side: Side| seen.port_of(side) == SERVICE;
    let client =
        exchange.client(|message| Some(!message.is_response)).filter(|side| !is_service(*side) || is_service(side.other()));
    Finding::new(&NAME, Confidence::Certain)
        .asked_by(client)
        .of_client(own.map(|message| message.name.text.as_slice()))
        .detailed(&detail)
}

fn action(message: &Message) -> &'static str {
    match message.opcode {
        0 if message.is_status => "status of",
        0 => "query",
        5 | 15 => "registration of",
        6 => "release of",
        7 => "wait for",
        8 | 9 => "refresh of",
        _ => "message about",
    }
}

fn read(said: &Said<'_>) -> Read<Message> {
    Read::or_unlike(read_message(said.datagram().0))
}

fn read_message(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    cursor.skip(2)?;
    let flags = cursor.be16()?;
    let [questions, answers, authorities, additionals] = [cursor.be16()?, cursor.be16()?, cursor.be16()?, cursor.be16()?];
    let name = read_name(&mut cursor)?;
    let kind = cursor.be16()?;
    let class = cursor.be16()?;
    // NB and NBSTAT; a server that does not know a name answers with NULL (10).
    let is_possible =
        matches!(kind, 0x20 | 0x21 | 10) && class == 1 && [questions, answers, authorities, additionals].iter().all(|n| *n <= 2);
    is_possible.then_some(Message { is_response: flags & 0x8000 != 0, opcode: flags >> 11 & 15, name, is_status: kind == 0x21 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_query_as_rfc_1002_draws_it() {
        let query =
            [&hex("0001 0110 0001 0000 0000 0000")[..], b" EGFCEFEECACACACACACACACACACACACA\0", &hex("0020 0001")].concat();
        let finding = found(udp([137, 137], &query, b"", look));
        assert_eq!((finding.confidence, detail(&finding)), (Confidence::Certain, "query FRED<20>"));
        assert_eq!(udp([50_000, 53], &query, b"", look), Look::No);
        // An answer to 137 that comes from elsewhere: 137 stays the service.
        let answer = [
            &hex("0001 8500 0000 0001 0000 0000")[..],
            b" EGFCEFEECACACACACACACACACACACACA\0",
            &hex("0020 0001 00000e10 0006 0000 0a000001"),
        ]
        .concat();
        for (ports, client) in [([49_153, 137], None), ([137, 137], Some(Side::B)), ([137, 49_153], Some(Side::B))] {
            assert_eq!(found(udp(ports, &answer, b"", look)).client, client, "{ports:?}");
        }
    }
}
