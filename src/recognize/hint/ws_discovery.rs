//! WS-Discovery: SOAP over UDP that probes for services, says hello and bye.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, has};

/// WS-Discovery. The rules of a present LAN know it.
pub static WSD: Protocol = Protocol { name: "WS-Discovery", label: Some("WS-Discovery"), behind: &["WS-Discovery"] };

const ACTIONS: &[&str] = &["ProbeMatches", "Probe", "ResolveMatches", "Resolve", "Hello", "Bye"];

/// Looks for WS-Discovery: one of its two name spaces, and what is done.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &WSD, |said| Read::or_unlike(read(said.datagram().0)))
}

fn read(bytes: &[u8]) -> Option<Turn<'_>> {
    let is_ours = has(bytes, b"/ws/2005/04/discovery") || has(bytes, b"/ws-dd/ns/discovery/");
    if bytes.first() != Some(&b'<') || !is_ours {
        return None;
    }
    let action = ACTIONS.iter().find(|action| has(bytes, format!("/{action}<").as_bytes())).copied().unwrap_or_default();
    let turn = match action {
        "ProbeMatches" | "ResolveMatches" => Turn::answer(Confidence::Certain),
        "Probe" | "Resolve" => Turn::ask(Confidence::Certain),
        _ => Turn::peer(Confidence::Certain),
    };
    Some(turn.saying(action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn a_probe() {
        let probe =
            b"<?xml version=\"1.0\"?><s:Envelope><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>";
        let finding = found(udp([5000, 3702], probe, b"", look));
        assert_eq!((finding.client, detail(&finding)), (Some(Side::A), "Probe"));
        assert_eq!(udp([5000, 3702], b"<xml/>", b"", look), Look::No);
    }
}
