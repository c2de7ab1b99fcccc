//! HTTP/1 (RFC 9112) and the preface of HTTP/2 (RFC 9113 section 3.4): method, host, server.

use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Exchange, Opening, Read, Said};
use super::text;

/// HTTP in the clear.
pub static HTTP: Protocol = Protocol {
    name: "HTTP",
    label: Some("HTTP"),
    behind: &[
        "HTTP",
        "WinRM",
        "WS-Management",
        "RPC over HTTP",
        "SSDP event notification",
        "SSDP legacy event notification",
        "UPNP",
        "Discovery",
        "Provisioning",
        "MMS",
        "RTSP",
        "WCF",
        "ASP.NET Session State",
        "Proxy",
        "SQL Analysis Services",
        "Serial over LAN and IDE redirection",
    ],
};

/// RFC 9110, its relatives for files (RFC 4918, 3253, 5323), events of devices, uploads, RPC over HTTP, Configuration Manager.
const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"CONNECT",
    b"TRACE",
    b"PATCH",
    b"PRI",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    b"POLL",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"BITS_POST",
    b"CCM_POST",
    b"RPC_IN_DATA",
    b"RPC_OUT_DATA",
    b"RPC_CONNECT",
    b"M-POST",
    b"BDELETE",
    b"BPROPFIND",
    b"RDG_IN_DATA",
    b"RDG_OUT_DATA",
];

enum Seen<'a> {
    Request { method: &'a [u8], head: &'a [u8] },
    Response { status: &'a [u8], head: &'a [u8] },
}

/// Looks for HTTP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| finding(&exchange))
}

fn finding(exchange: &Exchange<Seen<'_>>) -> Finding {
    let (mut words, mut host, mut clear, mut ntlm) = (Vec::new(), None, false, false);
    for seen in exchange.values() {
        match seen {
            Seen::Request { method, head } => {
                host = text::header(head, b"Host");
                words.insert(0, shown(method).into_owned());
                words.extend(host.map(|host| format!("to {}", shown(host))));
                words.extend(text::header(head, b"User-Agent").map(|agent| format!("by {}", shown(agent))));
                let scheme = text::header(head, b"Authorization").unwrap_or_default();
                clear = text::after(scheme, b"Basic ").is_some();
                // NTLMSSP begins so in base64.
                ntlm = scheme.windows(8).any(|window| window == b"TlRMTVNT");
            }
            Seen::Response { status, head } => {
                words.push(format!("answer {}", shown(status)));
                words.extend(text::header(head, b"Server").map(|server| format!("from {}", shown(server))));
            }
        }
    }
    let host = host.map(without_port);
    Finding::new(&HTTP, exchange.confidence(Confidence::Certain))
        .asked_by(exchange.client(|seen| Some(matches!(seen, Seen::Request { .. }))))
        .of_server(host.filter(|host| host.iter().any(u8::is_ascii_alphabetic) && !host.contains(&b':')))
        .detailed(&words.join(" "))
        .noting(Note::CleartextCredentials, clear)
        .noting(Note::Ntlm, ntlm)
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
    let word = said.bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    if !METHODS.iter().any(|method| *method == word || (word.len() == said.bytes.len() && method.starts_with(word))) {
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

fn read_response<'a>(head: &'a [u8], rest: &'a [u8]) -> Read<Seen<'a>> {
    let [b'1', b'.', b'0' | b'1', b' ', status @ ..] = rest else {
        return if rest.len() < 4 { Read::Short } else { Read::Unlike };
    };
    match status.get(..3) {
        Some(status) => Read::or_unlike(status.iter().all(u8::is_ascii_digit).then_some(Seen::Response { status, head })),
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
        assert_eq!(detail(&finding), "CCM_POST to MP1.corp.example:80 by ccmhttp answer 200 from Microsoft-IIS/6.0");
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
        for bytes in [&b"OPTIONS rtsp://a/ RTSP/1.0\r\n"[..], b"GETX / HTTP/1.1\r\n", b"USER anonymous\r\n", b"HTTP/9 200 OK\r\n"]
        {
            assert_eq!(look(&tcp(bytes, b"")), Look::No, "{bytes:?}");
        }
        for bytes in [&b"GE"[..], b"GET /index", b"HTTP/1.1 2", b"HT"] {
            assert_eq!(look(&tcp(bytes, b"")), Look::More, "{bytes:?}");
        }
    }
}
