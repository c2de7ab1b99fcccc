//! SNMP (RFC 1157, 3416, 3412): version, what is asked. A community is a password and is not shown.

use super::ber;
use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol};
use super::opening::{Opening, Read, Said};

/// SNMP, requests and answers.
///
/// What answers an inform goes to the port of traps, and an encrypted message does not say which it is.
pub static SNMP: Protocol = Protocol { name: "SNMP", label: Some("SNMP"), behind: &["SNMP", "SNMP Traps Outbound"] };
/// What agents send unasked.
pub static TRAP: Protocol = Protocol { name: "SNMP trap", label: Some("SNMP Traps Outbound"), behind: &["SNMP Traps Outbound"] };

struct Message {
    version: u32,
    /// Of versions 1 and 2c; 3 may encrypt it.
    operation: Option<u8>,
    /// What version 3 protects it with.
    protection: &'static str,
}

/// Looks for SNMP: one message fills the datagram.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let is_trap = exchange.values().any(|message| matches!(message.operation, Some(0xa4 | 0xa6 | 0xa7)));
        let message = exchange.values().next();
        let version = match message.map(|message| message.version) {
            Some(0) => "SNMPv1",
            Some(1) => "SNMPv2c",
            _ => "SNMPv3",
        };
        let operation = exchange.values().find_map(|message| message.operation).map_or("", name);
        let protection = exchange.values().map(|message| message.protection).max().unwrap_or_default();
        Finding::new(if is_trap { &TRAP } else { &SNMP }, Confidence::Certain)
            .asked_by(exchange.client(|message| message.operation.map(|operation| !matches!(operation, 0xa2 | 0xa8))))
            .detailed(
                [version, operation, protection]
                    .into_iter()
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
                    .as_str(),
            )
            .noting(Note::SnmpCommunity, exchange.values().any(|message| message.version < 3))
    })
}

fn name(operation: u8) -> &'static str {
    ["get", "get-next", "response", "set", "trap", "get-bulk", "inform", "trap", "report"]
        .get(usize::from(operation.wrapping_sub(0xa0)))
        .copied()
        .unwrap_or_default()
}

fn read(said: &Said<'_>) -> Read<Message> {
    let (bytes, len) = said.datagram();
    Read::or_unlike(message(bytes, len))
}

fn message(bytes: &[u8], len: usize) -> Option<Message> {
    let sequence = ber::expect(&mut Cursor::new(bytes), 0x30).filter(|sequence| sequence.header + sequence.len == len)?;
    let mut cursor = sequence.body;
    let version = ber::integer(&mut cursor, 2)?;
    if version == 3 {
        // Message id, largest size, flags, security model (RFC 3412 section 6).
        let mut global = ber::expect(&mut cursor, 0x30)?.body;
        let (_id, _size) = (ber::next(&mut global)?, ber::next(&mut global)?);
        let flags = *ber::whole(&mut global, 4).filter(|flags| flags.len() == 1)?.first()?;
        ber::integer(&mut global, 2)?;
        ber::expect(&mut cursor, 4)?;
        // Encryption implies authentication.
        let (protection, sealed) = match flags & 3 {
            0 => ("unprotected", false),
            1 => ("authenticated", false),
            _ => ("encrypted", true),
        };
        return Some(Message { version, operation: if sealed { None } else { scoped_operation(cursor) }, protection });
    }
    ber::expect(&mut cursor, 4)?;
    let operation = ber::next(&mut cursor)?.tag;
    (version <= 1 && (0xa0..=0xa8).contains(&operation)).then_some(Message {
        version,
        operation: Some(operation),
        protection: "",
    })
}

/// What a scoped PDU asks: behind the engine's id and the name of the context (RFC 3412 section 6).
fn scoped_operation(mut cursor: Cursor<'_>) -> Option<u8> {
    let mut scoped = ber::expect(&mut cursor, 0x30)?.body;
    let (_engine, _context) = (ber::expect(&mut scoped, 4)?, ber::expect(&mut scoped, 4)?);
    ber::next(&mut scoped).map(|operation| operation.tag).filter(|tag| (0xa0..=0xa8).contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, udp};

    const GET: &str = "3026 020100 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010500 0500";

    #[test]
    fn a_get_and_a_trap() {
        let finding = found(udp([1, 2], &hex(GET), b"", look));
        assert_eq!((detail(&finding), finding.client, finding.protocol), ("SNMPv1 get", Some(Side::A), &SNMP));
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["snmp-community"]);
        let trap = hex(&GET.replace("020100 0406", "020101 0406").replace("a019", "a719"));
        assert_eq!(found(udp([1, 2], &trap, b"", look)).protocol, &TRAP);
    }

    #[test]
    fn version_3_and_lengths_that_lie() {
        let three = "3014 020103 300d 020101 020205dc 040104 020103 0400";
        assert_eq!(detail(&found(udp([1, 2], &hex(three), b"", look))), "SNMPv3 unprotected");
        // Authenticated, an inform; encrypted, whatever it is.
        let inform = "3020 020103 300d 020101 020205dc 040105 020103 0400 300a 0400 0400 a604 02010a00";
        let finding = found(udp([1, 2], &hex(inform), b"", look));
        assert_eq!((detail(&finding), finding.protocol), ("SNMPv3 inform authenticated", &TRAP));
        assert_eq!(finding.notes().count(), 0);
        let sealed = found(udp([1, 162], &hex("3016 020103 300d 020101 020205dc 040103 020103 0400 0400"), b"", look));
        assert_eq!((detail(&sealed), sealed.protocol.is_behind("SNMP Traps Outbound")), ("SNMPv3 encrypted", true));
        for lie in ["3015", "3013"] {
            assert_eq!(udp([1, 2], &hex(&three.replace("3014", lie)), b"", look), Look::No, "{lie}");
        }
        assert_eq!(udp([1, 2], &[&hex(GET)[..], &[0]].concat(), b"", look), Look::No);
    }
}
