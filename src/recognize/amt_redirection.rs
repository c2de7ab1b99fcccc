//! Redirection by Intel AMT: a serial line, a disk or the screen over the network, each session begun with its name.

use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Opening, Read, Said};

/// Redirection.
pub static REDIRECTION: Protocol = Protocol {
    name: "AMT redirection",
    label: Some("Serial over LAN and IDE redirection"),
    behind: &["Serial over LAN and IDE redirection"],
};

/// Looks for redirection: a start of session and its reply.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let Some((side, what)) = exchange.iter().find_map(|(side, what)| Some((side, (*what)?))) else {
        return if exchange.is_both() { Look::No } else { Look::More };
    };
    exchange.look(|| Finding::new(&REDIRECTION, Confidence::Certain).asked_by(Some(side)).detailed(what))
}

/// What a client asks for; nothing for a reply.
fn read(said: &Said<'_>) -> Read<Option<&'static str>> {
    match said.bytes {
        [0x10, _, _, _, kind @ ..] if kind.len() >= 4 => Read::or_unlike(match kind.get(..4) {
            Some(b"SOL ") => Some(Some("serial over LAN")),
            Some(b"IDER") => Some(Some("IDE redirection")),
            Some(b"KVMR") => Some(Some("keyboard, video, mouse")),
            _ => None,
        }),
        // The status is one of six.
        [0x11, 0..=5, ..] => Read::Like(None),
        [0x10 | 0x11] | [0x10, 0..=1, ..] => Read::Short,
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_session_begins_with_its_name() {
        let finding = found(look(&tcp(b"\x10\x01\0\0SOL ", b"\x11\0\0\0\x01\x01\0\0")));
        assert_eq!((detail(&finding), finding.client), ("serial over LAN", Some(Side::A)));
        assert_eq!((look(&tcp(b"\x10\0\0\0LIOR", b"")), look(&tcp(b"\x10\x01\0\0S", b""))), (Look::No, Look::More));
    }
}
