//! The NetBIOS name service (RFC 1002 section 4.2).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::netbios::{Name, read_name};
use super::opening::{Exchange, Opening, Read, Said};

/// The name service, WINS included.
pub static NAME: Protocol = Protocol {
    name: "NetBIOS name service",
    label: Some("NetBIOS Name Resolution"),
    behind: &["NetBIOS Name Resolution", "NetBIOS", "WINS"],
};

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
    exchange.map_or(Look::No, |exchange| exchange.look(|| finding(&exchange)))
}

fn finding(exchange: &Exchange<Message>) -> Finding {
    let message = exchange.values().find(|message| !message.is_response).or(exchange.values().next());
    let own = message.filter(|message| matches!(message.opcode, 5 | 8 | 9 | 15) && message.name.is_host());
    let detail = message.map(|message| format!("{} {}", action(message), message.name.shown())).unwrap_or_default();
    Finding::new(&NAME, Confidence::Certain)
        .asked_by(exchange.client(|message| Some(!message.is_response)))
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
    }
}
