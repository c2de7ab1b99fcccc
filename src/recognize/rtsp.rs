//! RTSP (RFC 2326).

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// RTSP.
pub static RTSP: Protocol = Protocol { name: "RTSP", label: Some("RTSP"), behind: &["RTSP"] };

/// Looks for RTSP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(|said: &Said<'_>| start_line(said.bytes, b"RTSP/1.0")) else { return Look::No };
    exchange.look(|| {
        let line = exchange.values().find(|line| line.is_request).or(exchange.values().next()).map(|line| line.text);
        Finding::new(&RTSP, Confidence::Certain)
            .asked_by(exchange.client(|line| Some(line.is_request)))
            .detailed(&shown(line.unwrap_or_default()))
    })
}

/// The start line of a protocol that resembles HTTP.
pub(super) struct StartLine<'a> {
    pub(super) is_request: bool,
    pub(super) text: &'a [u8],
}

/// A start line with this version in front (an answer) or at its end (a request).
pub(super) fn start_line<'a>(bytes: &'a [u8], version: &[u8]) -> Read<StartLine<'a>> {
    let text = match text::line(bytes) {
        Read::Like(text) => text,
        Read::Short if text::may_become_line(bytes) => return Read::Short,
        _ => return Read::Unlike,
    };
    let is_method = |word: &[u8]| !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    if text.starts_with(version) {
        return Read::Like(StartLine { is_request: false, text });
    }
    let is_request = text.ends_with(version) && text::words(text).next().is_some_and(is_method);
    Read::or_unlike(is_request.then_some(StartLine { is_request, text }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_request_and_an_answer() {
        let finding = found(look(&tcp(b"RTSP/1.0 200 OK\r\n", b"DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n")));
        assert_eq!((detail(&finding), finding.client), ("DESCRIBE rtsp://a/b RTSP/1.0", Some(Side::B)));
        assert_eq!(look(&tcp(b"GET / HTTP/1.1\r\n", b"")), Look::No);
    }
}
