//! SSDP (`UPnP` Device Architecture 1.1 section 1): HTTP-like messages in datagrams.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// SSDP.
pub static SSDP: Protocol = Protocol { name: "SSDP", label: Some("SSDP"), behind: &["SSDP"] };

/// Looks for SSDP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let message = exchange.values().next().copied().unwrap_or_default();
        let what = text::header(message, b"ST").or(text::header(message, b"NT")).unwrap_or_default();
        // An answer comes from any port to where a search came from, so it alone says nothing about the port.
        let is_answer = exchange.values().all(|message| message.starts_with(b"HTTP"));
        Finding::new(&SSDP, if is_answer { Confidence::Plausible } else { Confidence::Certain })
            .asked_by(exchange.client(|message| (!message.starts_with(b"NOTIFY")).then_some(message.starts_with(b"M-SEARCH"))))
            .detailed(&shown(what))
    })
}

fn read<'a>(said: &Said<'a>) -> Read<&'a [u8]> {
    let bytes = said.datagram().0;
    // What only resembles it (Plex searches with HTTP/1.0) has none of its header fields.
    let searches =
        bytes.starts_with(b"M-SEARCH * HTTP/1.1") && text::header(bytes, b"MAN").or(text::header(bytes, b"ST")).is_some();
    let notifies =
        bytes.starts_with(b"NOTIFY * HTTP/1.1") && text::header(bytes, b"NTS").or(text::header(bytes, b"NT")).is_some();
    let answers =
        bytes.starts_with(b"HTTP/1.1 200 OK") && (text::header(bytes, b"ST").is_some() || text::header(bytes, b"USN").is_some());
    Read::or_unlike((searches || notifies || answers).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn a_search() {
        let search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nST: upnp:rootdevice\r\n\r\n";
        assert_eq!(detail(&found(udp([1, 2], search, b"", look))), "upnp:rootdevice");
        assert_eq!(udp([1, 2], b"M-SEARCH * HTTP/1.0\r\n\r\n", b"", look), Look::No);
        assert_eq!(udp([1, 2], b"NOTIFY sip:a SIP/2.0\r\n", b"", look), Look::No);
    }
}
