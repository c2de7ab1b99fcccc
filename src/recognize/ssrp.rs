//! SQL Server's browser ([MC-SQLR]): who asks for instances, and where they listen.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// The browser.
pub static SSRP: Protocol = Protocol { name: "SQL Server browser", label: Some("SQL Probe"), behind: &["SQL Probe"] };

enum Packet<'a> {
    Request,
    Answer(&'a [u8]),
}

/// Looks for the browser. A request may be a single byte, so it is only plausible.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let answer = exchange.values().find_map(|packet| if let Packet::Answer(text) = packet { Some(*text) } else { None });
        let alone =
            if answer.is_some_and(|text| text.starts_with(b"ServerName;")) { Confidence::Certain } else { Confidence::Plausible };
        let server = answer.and_then(|text| text.split(|byte| *byte == b';').nth(1));
        Finding::new(&SSRP, exchange.confidence(alone))
            .asked_by(exchange.client(|packet| Some(matches!(packet, Packet::Request))))
            .of_server(server)
            .detailed(&shown(answer.unwrap_or_default()))
    })
}

fn read<'a>(said: &Said<'a>) -> Read<Packet<'a>> {
    match said.datagram() {
        ([2 | 3], 1) => Read::Like(Packet::Request),
        ([4 | 0x0f, name @ ..], 3..=66) if name.iter().take(name.len().saturating_sub(1)).all(u8::is_ascii_graphic) => {
            Read::Like(Packet::Request)
        }
        ([5, rest @ ..], len) => {
            let mut cursor = Cursor::new(rest);
            let size = cursor.le16().map(usize::from);
            Read::or_unlike((size == Some(len.saturating_sub(3))).then_some(Packet::Answer(cursor.rest())))
        }
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn an_answer_names_its_server() {
        let text = b"ServerName;SQL1;InstanceName;SMS;IsClustered;No;Version;9.00.1399.06;tcp;49172;;";
        let answer = [&[5, text.len() as u8, 0][..], text].concat();
        let finding = found(udp([1, 2], b"\x04SMS\0", &answer, look));
        assert_eq!((finding.client, finding.confidence), (Some(Side::A), Confidence::Certain));
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("SQL1"));
        assert_eq!(found(udp([1, 2], b"\x03", b"", look)).confidence, Confidence::Plausible);
        assert_eq!(udp([1, 2], b"\x03\x00", b"", look), Look::No);
        // A request of which the capture kept one byte.
        let datagram = [crate::recognize::opening::Datagram { end: 1, len: 12 }];
        assert!(matches!(read(&Said { bytes: b"\x04", datagrams: &datagram, from_start: true, ended: false }), Read::Like(_)));
    }
}
