//! AFP over TCP: sessions of the Data Stream Interface, a header of 16 bytes.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// AFP.
pub static AFP: Protocol =
    Protocol { name: "AFP", label: Some("File Server for Macintosh"), behind: &["File Server for Macintosh"] };

struct Header<'a> {
    is_reply: bool,
    command: u8,
    request: u16,
    body: &'a [u8],
}

/// Looks for DSI: a request and a reply of the same number and command.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let mut both = exchange.values().map(|header| (header.command, header.request));
    if exchange.is_both()
        && both.next() != both.next()
        && !exchange.values().all(|header| header.command == 5)
        && seen.said.iter().all(|said| said.from_start)
    {
        return Look::No;
    }
    // Half a conversation is 16 bytes, most of them zero.
    if !exchange.is_both() && !seen.has_port(548) {
        return Look::More;
    }
    // Either side shows that it lives, and only a server asks for attention.
    let asks = |header: &Header<'_>| match header.command {
        5 => None,
        8 => Some(header.is_reply),
        _ => Some(!header.is_reply),
    };
    exchange.look(|| {
        let status = exchange.values().find(|header| header.is_reply && header.command == 3);
        let opens = exchange.values().next().is_some_and(|header| header.command == 4);
        let detail = if status.is_some() {
            "server information"
        } else if opens {
            "open session"
        } else {
            ""
        };
        Finding::new(&AFP, exchange.confidence(Confidence::Plausible))
            .asked_by(exchange.client(asks))
            .of_server(status.and_then(|header| server_name(header.body)))
            .detailed(detail)
    })
}

fn read<'a>(said: &Said<'a>) -> Read<Header<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let Some([flags, command]) = cursor.array() else { return Read::Short };
    if flags > 1 || !(1..=8).contains(&command) {
        return Read::Unlike;
    }
    let mut rest = || Some((cursor.be16()?, cursor.be32()?, cursor.be32()?, cursor.be32()?));
    let Some((request, code, length, reserved)) = rest() else { return Read::Short };
    // A session is opened with options, or with nothing; asking for the status says nothing more.
    let fits = match command {
        3 => flags == 1 || (length == 0 && code == 0),
        4 => length <= 64,
        _ => length < 1 << 24,
    };
    // In a request the code is an offset, in a reply an error, which is negative.
    let is_code = code == 0 || (flags == 0 && code <= length) || (flags == 1 && code >= 0xffff_0000);
    let header = Header { is_reply: flags == 1, command, request, body: cursor.rest() };
    Read::or_unlike((fits && is_code && reserved == 0).then_some(header))
}

/// `FPGetSrvrInfo`: four offsets and the flags, then the server's name with its length in front.
fn server_name(body: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(body.get(10..)?);
    let length = cursor.u8()?;
    cursor.take(usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_server_says_who_it_is() {
        let ask = hex("0003 0001 00000000 00000000 00000000");
        let answer = hex("0103 0001 00000000 00000010 00000000 0010 0020 0030 0040 9ffb 04 4d414331");
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!(
            (detail(&finding), finding.client, finding.confidence),
            ("server information", Some(Side::A), Confidence::Both)
        );
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("MAC1"));
        assert_eq!(look(&tcp(&ask, &hex("0103 0002 00000000 00000000 00000000"))), Look::No);
        assert_eq!(look(&tcp(&hex("0003 0001 00000000 00000001 00000000"), b"")), Look::No);
    }
}
