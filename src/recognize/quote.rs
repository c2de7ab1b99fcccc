//! Quote of the day (RFC 865): a short text, unasked. Any text is one, so on its port only.

use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Said};
use crate::net::Side;

/// Quote of the day.
pub static QUOTE: Protocol =
    Protocol { name: "Quote of the day", label: Some("Quote of the Day"), behind: &["Quote of the Day"] };

/// Looks for a quote.
pub fn look(seen: &Opening<'_>) -> Look {
    let [a, b] = seen.ports;
    // A client says nothing over TCP, and anything in a datagram.
    let server = if b == 17 { Side::B } else { Side::A };
    if !seen.has_port(17) || (a == b) || (!seen.is_udp() && !seen.said(server.other()).bytes.is_empty()) {
        return Look::No;
    }
    match is_quote(seen.said(server)) {
        true => Look::Likely(Finding::new(&QUOTE, Confidence::Both).asked_by(Some(server.other()))),
        false if seen.said(server).bytes.is_empty() => Look::More,
        false => Look::No,
    }
}

fn is_quote(said: &Said<'_>) -> bool {
    let text = if said.datagrams.is_empty() { said.bytes } else { said.datagram().0 };
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..);
    (2..=1024).contains(&text.len()) && text.contains(&b' ') && text.iter().all(printable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn text_from_port_17() {
        let quote = b"\"It is better to be silent.\"\r\n Anon\r\n";
        assert_eq!(found(udp([1025, 17], b"\n", quote, look)).client, Some(Side::A));
        assert_eq!(udp([1025, 18], b"\n", quote, look), Look::No);
        assert_eq!(udp([1025, 17], b"\n", b"\x01\x02", look), Look::No);
    }
}
