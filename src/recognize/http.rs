//! HTTP/1 (RFC 9112) and the preface of HTTP/2 (RFC 9113 section 3.4): method, host, user agent, server, and the kind of what is spoken.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, shown};
use super::http_kind::{self, HTTP, Words};
use super::opening::{Exchange, Opening, Read, Said};
use super::text;
use crate::net::Side;

/// `UPDATEREDIRECTREF` (RFC 4437) is the longest that is registered.
const LONGEST_METHOD: usize = 24;
/// Room for what is usually said: it is put together twice for most flows of the web.
const DETAIL: usize = 256;

enum Seen<'a> {
    Request {
        method: &'a [u8],
        head: &'a [u8],
    },
    Response {
        status: &'a [u8],
        head: &'a [u8],
    },
    /// Settings, with which a server of HTTP/2 begins.
    Two,
}

/// Looks for HTTP.
pub fn look(seen: &Opening<'_>) -> Look {
    // A start line with its version is met nowhere else; what the other side makes of it is another matter.
    let Some(exchange) = seen.read_one_proof(read, |_| true) else { return Look::No };
    if seen.is_contested(&exchange) && seen.said.iter().any(|said| said.bytes.len() < 4) {
        return Look::More;
    }
    let alone = if seen.is_contested(&exchange) { Confidence::Plausible } else { Confidence::Certain };
    exchange.look(|| finding(&exchange, alone))
}

fn finding(exchange: &Exchange<Seen<'_>>, alone: Confidence) -> Finding {
    let (mut words, mut two) = (Words::default(), false);
    for seen in exchange.values() {
        match seen {
            Seen::Two => two = true,
            Seen::Request { method, head } => words.request(method, head),
            Seen::Response { status, head } => words.response(status, head),
        }
    }
    let client = exchange.client(|seen| match seen {
        Seen::Request { .. } => Some(true),
        Seen::Response { .. } => Some(false),
        Seen::Two => None,
    });
    told(&words, exchange.confidence(alone), client, if two { "HTTP/2" } else { "" })
}

/// What the words of both sides make of it, and, behind them, one more.
pub(super) fn told(words: &Words<'_>, confidence: Confidence, client: Option<Side>, version: &str) -> Finding {
    let row = http_kind::kind(words);
    let mut detail = String::with_capacity(DETAIL);
    if let Some(row) = row {
        detail.extend([row.kind.name, ": "]);
    }
    detail += &shown(words.method);
    let said = [(" to ", words.host), (" by ", words.agent), (" answer ", words.status), (" from ", words.server)];
    for (word, value) in said {
        if let Some(value) = value {
            detail.extend([word, &shown(value)]);
        }
    }
    if !version.is_empty() {
        detail.extend([" ", version]);
    }
    let credentials = words.credentials.unwrap_or_default();
    let host = words.host.map(without_port).filter(|host| host.iter().any(u8::is_ascii_alphabetic) && !host.contains(&b':'));
    Finding::new(row.map_or(&HTTP, |row| row.protocol), confidence)
        .asked_by(client)
        .of_server(host)
        .detailed(detail.trim_start())
        .of_kind(row.map(|row| &row.kind))
        .noting(Note::CleartextCredentials, text::after(credentials, b"Basic ").is_some() && !words.method.is_empty())
        // NTLMSSP begins so in base64.
        .noting(Note::Ntlm, text::has(credentials, b"TlRMTVNT"))
}

fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|byte| *byte == b':') {
        Some(at) if host.get(at + 1..).is_some_and(|port| port.iter().all(u8::is_ascii_digit)) => host.get(..at).unwrap_or(host),
        _ => host,
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Seen<'a>> {
    if let Some(rest) = said.bytes.strip_prefix(b"HTTP/") {
        return read_response(said.bytes, rest);
    }
    if said.bytes.starts_with(&[0, 0]) {
        return read_settings(said.bytes);
    }
    let word = said.bytes.get(..LONGEST_METHOD).unwrap_or(said.bytes).split(|byte| *byte == b' ').next().unwrap_or_default();
    if !is_method(word, word.len() == said.bytes.len()) {
        return if b"HTTP/".starts_with(said.bytes) { Read::Short } else { Read::Unlike };
    }
    match text::line(said.bytes) {
        Read::Like(line) => {
            let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            let is_http = version.starts_with(b"HTTP/1.") || version == b"HTTP/2.0";
            Read::or_unlike(is_http.then_some(Seen::Request { method: word, head: said.bytes }))
        }
        // A target longer than what is kept: the method and a path are enough.
        _ if said.bytes.len() > 1000 && said.bytes.get(word.len() + 1) == Some(&b'/') => {
            Read::Like(Seen::Request { method: word, head: said.bytes })
        }
        Read::Short => Read::Short,
        Read::Unlike => Read::Unlike,
    }
}

/// Any word in capitals (RFC 9110 section 9.1: methods are case-sensitive, and anybody may add one). `is_cut`: the rest of it may follow.
fn is_method(word: &[u8], is_cut: bool) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-');
    (is_cut || word.len() >= 3) && word.len() < LONGEST_METHOD && word.iter().all(is_letter)
}

/// A frame of settings (RFC 9113 section 6.5) on stream 0: six bytes for each.
fn read_settings(bytes: &[u8]) -> Read<Seen<'_>> {
    let mut cursor = Cursor::new(bytes);
    let frame = (cursor.be24(), cursor.u8(), cursor.u8(), cursor.be32());
    let (Some(length), Some(kind), Some(flags), Some(stream)) = frame else { return Read::Short };
    Read::or_unlike((kind == 4 && flags <= 1 && stream == 0 && length % 6 == 0 && length <= 120).then_some(Seen::Two))
}

fn read_response<'a>(head: &'a [u8], rest: &'a [u8]) -> Read<Seen<'a>> {
    let [b'0'..=b'2', b'.', b'0'..=b'9', end, status @ ..] = rest else {
        return if rest.len() < 4 { Read::Short } else { Read::Unlike };
    };
    // Servers that get their status line wrong are understood by browsers, so they are many.
    if !matches!(end, b' ' | b'\t' | b'0'..=b'9' | b'\r' | b'\n') {
        return Read::Unlike;
    }
    match status.get(..3) {
        Some(status) => Read::Like(Seen::Response { status, head }),
        None => Read::Short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    const REQUEST: &[u8] = b"CCM_POST /ccm_system/request HTTP/1.1\r\nHost: MP1.corp.example:80\r\nUser-Agent: ccmhttp\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/6.0\r\n\r\n";

    #[test]
    fn request_and_response() {
        let finding = found(look(&tcp(REQUEST, RESPONSE)));
        assert_eq!(
            detail(&finding),
            "SCCM management point: CCM_POST to MP1.corp.example:80 by ccmhttp answer 200 from Microsoft-IIS/6.0"
        );
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("MP1.corp.example"));
        assert_eq!(found(look(&tcp(RESPONSE, b""))).client, Some(Side::B));
    }

    #[test]
    fn credentials_are_noted() {
        let basic = b"GET / HTTP/1.0\r\nAuthorization: Basic YTpi\r\n\r\n";
        assert_eq!(found(look(&tcp(basic, b""))).notes().collect::<Vec<_>>(), ["cleartext-credentials"]);
        let ntlm = b"GET / HTTP/1.1\r\nauthorization: Negotiate TlRMTVNTUAAB\r\n\r\n";
        assert_eq!(found(look(&tcp(ntlm, b""))).notes().collect::<Vec<_>>(), ["ntlm"]);
    }

    #[test]
    fn other_text_protocols_are_not_http() {
        for bytes in [&b"OPTIONS rtsp://a/ RTSP/1.0\r\n"[..], b"USER anonymous\r\n", b"HTTP/9 200 OK\r\n", b"get / HTTP/1.1\r\n"]
        {
            assert_eq!(look(&tcp(bytes, b"\x01")), Look::No, "{bytes:?}");
            assert_eq!(look(&tcp(bytes, b"")), Look::More, "the other side may answer in HTTP to {bytes:?}");
        }
        for bytes in [&b"GE"[..], b"GET /index", b"HTTP/1.1 2", b"HT"] {
            assert_eq!(look(&tcp(bytes, b"")), Look::More, "{bytes:?}");
        }
    }

    #[test]
    fn one_side_that_speaks_it_is_enough_to_suppose_it() {
        let odd = found(look(&tcp(b"QUERY /users HTTP/1.1\r\nHost: a\r\n\r\n", b"0123456789abcdef")));
        assert_eq!((odd.confidence, odd.client), (Confidence::Plausible, Some(Side::A)));
        assert_eq!(found(look(&tcp(b"POST aabcd\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"))).confidence, Confidence::Plausible);
    }

    #[test]
    fn http_2_begins_with_a_preface_and_settings() {
        let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
        let finding = found(look(&tcp(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", settings)));
        assert_eq!((finding.confidence, detail(&finding)), (Confidence::Certain, "PRI HTTP/2"));
        assert_eq!(look(&tcp(b"\0\0\x05\x04\0\0\0\0\0", b"\x01")), Look::No, "five bytes are no setting");
    }
}
