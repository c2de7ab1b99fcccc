//! NetBIOS names (RFC 1001 section 14), and the session service that begins with them (RFC 1002 section 4.3).

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Exchange, Opening, Read, Said};

/// The session service.
pub static SESSION: Protocol = Protocol {
    name: "NetBIOS session service",
    label: Some("NetBIOS Session Service"),
    behind: &["NetBIOS Session Service", "NetBIOS", "SMB"],
};

/// A decoded name: fifteen characters without their padding, and the suffix that says what it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The characters.
    pub text: Vec<u8>,
    /// The sixteenth.
    pub suffix: u8,
}

impl Name {
    /// `FILESRV<20>`.
    pub(super) fn shown(&self) -> String {
        format!("{}<{:02x}>", super::finding::shown(&self.text), self.suffix)
    }

    /// Whether it is one host's: workstation, messenger, server. Groups, domains and browsers have other suffixes.
    pub fn is_host(&self) -> bool {
        matches!(self.suffix, 0x00 | 0x03 | 0x20) && self.text.first().is_some_and(u8::is_ascii_graphic) && self.text != b"*"
    }
}

/// A name in first-level encoding, scope and all.
pub fn read_name(cursor: &mut Cursor<'_>) -> Option<Name> {
    if cursor.u8()? != 32 {
        return None;
    }
    let encoded = cursor.take(32)?;
    if !encoded.iter().all(|byte| (b'A'..=b'P').contains(byte)) {
        return None;
    }
    let nibble = |byte: Option<&u8>| byte.map_or(0, |byte| byte - b'A');
    let mut text: Vec<u8> = encoded.chunks(2).map(|pair| nibble(pair.first()) << 4 | nibble(pair.last())).collect();
    let suffix = text.pop()?;
    let end = text.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |at| at + 1);
    text.truncate(end);
    loop {
        match cursor.u8()? {
            0 => return Some(Name { text, suffix }),
            label @ 1..=63 => cursor.skip(usize::from(label))?,
            _ => return None,
        }
    }
}

/// Nothing to add.
const ACCEPTED: &str = "";

enum Packet {
    Request { called: Name, calling: Name },
    Answer(&'static str),
}

/// Looks for a session request and its answer; what follows inside is told by its own recognizer.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    // What the session is for is said next.
    if exchange.values().any(|packet| matches!(packet, Packet::Answer(ACCEPTED))) {
        return Look::Likely(finding(&exchange));
    }
    exchange.look(|| finding(&exchange))
}

fn finding(exchange: &Exchange<Packet>) -> Finding {
    let asks = |packet: &Packet| Some(matches!(packet, Packet::Request { .. }));
    let confidence = if exchange.client(asks).is_some() { Confidence::Both } else { Confidence::Plausible };
    let mut finding = Finding::new(&SESSION, confidence).asked_by(exchange.client(asks));
    let mut detail = String::new();
    for packet in exchange.values() {
        match packet {
            Packet::Request { called, calling } => {
                detail.insert_str(0, &format!("{} calls {}", calling.shown(), called.shown()));
                finding = finding
                    .of_client(calling.is_host().then_some(&calling.text))
                    .of_server((called.is_host() && !called.text.starts_with(b"*")).then_some(&called.text));
            }
            Packet::Answer(answer) => detail += answer,
        }
    }
    finding.detailed(&detail)
}

fn read(said: &Said<'_>) -> Read<Packet> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some(kind), Some(length)) = (cursor.u8(), cursor.be24()) else { return Read::Short };
    match (kind, length) {
        (0x81, 68..=512) if cursor.rest().len() < length as usize => Read::Short,
        (0x81, 68..=512) => {
            let names = read_name(&mut cursor).zip(read_name(&mut cursor));
            Read::or_unlike(names.map(|(called, calling)| Packet::Request { called, calling }))
        }
        (0x82, 0) => Read::Like(Packet::Answer(ACCEPTED)),
        (0x83, 1) => Read::Like(Packet::Answer(": refused")),
        (0x84, 6) => Read::Like(Packet::Answer(": redirected")),
        (0x85, 0) => Read::Like(Packet::Answer(" (keep-alive)")),
        _ => Read::Unlike,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, tcp};

    /// First-level encoding as RFC 1001 has it: each half byte plus 'A'.
    pub(in crate::recognize) fn encoded(name: &str, suffix: u8) -> Vec<u8> {
        let padded = format!("{name:<15}").into_bytes().into_iter().chain([suffix]);
        let halves = padded.flat_map(|byte| [b'A' + (byte >> 4), b'A' + (byte & 15)]);
        [32].into_iter().chain(halves).chain([0]).collect()
    }

    #[test]
    fn a_session_request_names_both_hosts() {
        assert_eq!(&encoded("FRED", 0x20)[1..9], b"EGFCEFEE", "the example of RFC 1001 section 14.1");
        let request = [&[0x81, 0, 0, 68][..], &encoded("FILESRV", 0x20), &encoded("PC7", 0)].concat();
        let finding = found(look(&tcp(&request, &[0x82, 0, 0, 0])));
        assert_eq!(detail(&finding), "PC7<00> calls FILESRV<20>");
        let texts = finding.texts().unwrap();
        assert_eq!((texts.client_name.as_deref(), texts.server_name.as_deref()), (Some("PC7"), Some("FILESRV")));
        assert!(matches!(look(&tcp(&request, &[0x82, 0, 0, 0])), Look::Likely(_)), "what is inside may be told yet");
        assert!(matches!(look(&tcp(&request, &[0x83, 0, 0, 1, 0x80])), Look::Sure(_)));
        assert_eq!(look(&tcp(&[0x81, 0, 0, 4, 1, 2, 3, 4], b"")), Look::No);
    }
}
