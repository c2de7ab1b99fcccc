//! RDP ([MS-RDPBCGR] section 2.2.1.1): a connection request with a cookie or a negotiation of what protects it.

use std::fmt::Write as _;

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::iso_transport::{self, Tpdu};
use super::opening::Opening;
use super::{text, tls};

/// RDP.
pub static RDP: Protocol = Protocol { name: "RDP", label: Some("Terminal Services"), behind: &["Terminal Services", "RDP"] };

/// Answers to a request to negotiate.
const CHOSEN: u8 = 2;
const REFUSED: u8 = 3;

/// Looks for RDP.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(iso_transport::read) else { return Look::No };
    let is_rdp = |tpdu: &Tpdu<'_>| cookie(tpdu.rest).is_some() || negotiation(tpdu).is_some() || is_conference(tpdu);
    let answer = || exchange.values().filter(|tpdu| tpdu.kind == 0xd0).find_map(negotiation);
    if !exchange.values().any(is_rdp) {
        return if exchange.is_both() { Look::No } else { Look::More };
    }
    let finding = || {
        let name = exchange.values().find_map(|tpdu| cookie(tpdu.rest));
        let mut detail = answer().map(protection).unwrap_or_default().to_owned();
        if let Some(name) = name {
            let _ = write!(detail, " {}", shown(name));
        }
        Finding::new(&RDP, Confidence::Certain)
            .asked_by(exchange.client(|tpdu| match tpdu.kind {
                0xe0 => Some(true),
                0xd0 => Some(false),
                _ => None,
            }))
            .detailed(detail.trim_start())
    };
    // TLS, and CredSSP inside of TLS, follow the answer.
    if answer().is_some_and(|(kind, chosen)| kind == CHOSEN && chosen > 0) {
        return tls::upgraded(finding(), seen);
    }
    exchange.look(finding)
}

/// `Cookie: mstshash=NAME`, or the routing token of a load balancer.
fn cookie(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"Cookie: ")?;
    rest.split(|byte| *byte == b'\r').next()
}

/// The protocols asked for or chosen, or why none was: the last eight bytes of a request, or of an answer.
fn negotiation(tpdu: &Tpdu<'_>) -> Option<(u8, u32)> {
    match (tpdu.kind, tpdu.rest.last_chunk::<8>()?) {
        (0xe0, [kind @ 1, _, 8, 0, what @ ..]) | (0xd0, [kind @ (CHOSEN | REFUSED), _, 8, 0, what @ ..]) => {
            Some((*kind, u32::from_le_bytes(*what)))
        }
        _ => None,
    }
}

/// What protects the connection, or why it does not come about (sections 2.2.1.2.1 and 2.2.1.2.2).
fn protection(answer: (u8, u32)) -> &'static str {
    match answer {
        (CHOSEN, 0) => "standard RDP security",
        (CHOSEN, 1) => "TLS",
        (CHOSEN, 4) => "RDSTLS",
        (CHOSEN, _) => "CredSSP",
        (_, 1 | 6) => "refused, TLS is required",
        (_, 5) => "refused, CredSSP is required",
        _ => "refused",
    }
}

/// T.125 connect-initial (0x7f65) of a session without negotiation.
fn is_conference(tpdu: &Tpdu<'_>) -> bool {
    tpdu.kind == 0xf0 && tpdu.rest.starts_with(&[0x7f, 0x65]) && text::has(tpdu.rest, b"Duca")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    /// The connection request and confirm of [MS-RDPBCGR] section 4.1.
    const ASK: &str = "0300002c 27e00000000000 436f6f6b69653a206d737473686173683d656c746f6e73 0d0a 0100080000000000";
    const ANSWER: &str = "03000013 0ed000001234 00 0200080000000000";

    #[test]
    fn the_example_of_the_specification() {
        let finding = found(look(&tcp(&hex(ASK), &hex(ANSWER))));
        assert_eq!((detail(&finding), finding.client), ("standard RDP security mstshash=eltons", Some(Side::A)));
        let chosen = ANSWER.replace("0200080000", "0200080002");
        assert_eq!(detail(&found(look(&tcp(&hex(ASK), &hex(&chosen))))), "CredSSP mstshash=eltons");
        let refused = ANSWER.replace("00 0200080000000000", "00 0300080005000000");
        assert_eq!(detail(&found(look(&tcp(&hex(ASK), &hex(&refused))))), "refused, CredSSP is required mstshash=eltons");
        let (hello, answer) = (crate::recognize::tls::tests::CLIENT, crate::recognize::tls::tests::SERVER);
        let Look::Sure(finding) = look(&tcp(&hex(&(ASK.to_owned() + hello)), &hex(&(chosen + answer)))) else {
            panic!("not sure")
        };
        assert_eq!(detail(&finding), "CredSSP mstshash=eltons, then TLS 1.3 to server");
    }

    #[test]
    fn other_users_of_iso_transport_are_not() {
        assert_eq!(
            look(&tcp(
                &hex("03000016 11e00000000100c0010ac1020100c2020102"),
                &hex("03000016 11d00001000300c0010ac1020100c2020102")
            )),
            Look::No
        );
    }
}
