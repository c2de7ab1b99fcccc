//! SIP (RFC 3261), over UDP and TCP. No document knows it.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Said};
use super::rtsp::start_line;

/// SIP.
pub static SIP: Protocol = Protocol { name: "SIP", label: None, behind: &[] };

/// Looks for SIP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(|said: &Said<'_>| start_line(said.bytes, b"SIP/2.0")) else { return Look::No };
    exchange.look(|| {
        let line = exchange.values().find(|line| line.is_request).or(exchange.values().next()).map(|line| line.text);
        Finding::new(&SIP, Confidence::Certain)
            .asked_by(exchange.client(|line| Some(line.is_request)))
            .detailed(&shown(line.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn an_invitation() {
        let invite = b"INVITE sip:bob@biloxi.example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n";
        assert_eq!(
            detail(&found(udp([1, 2], invite, b"SIP/2.0 180 Ringing\r\n", look))),
            "INVITE sip:bob@biloxi.example.com SIP/2.0"
        );
    }
}
