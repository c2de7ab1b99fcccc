//! TDS ([MS-TDS]): pre-login and what it agrees on, login, batches.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::{text, tls};

/// TDS, the protocol of SQL Server.
pub static TDS: Protocol = Protocol { name: "TDS", label: Some("TDS"), behind: &["TDS", "SQL over TCP"] };

/// What a pre-login answer says of encryption ([MS-TDS] section 2.2.6.5): nothing is protected, whatever the client wants.
const NOT_SUPPORTED: u8 = 2;
/// The login packet is protected and nothing else.
const LOGIN_ONLY: u8 = 0;

#[derive(Clone, Default)]
struct Packet<'a> {
    kind: u8,
    is_certain: bool,
    encryption: Option<u8>,
    version: Option<[u8; 4]>,
    login: Option<Login<'a>>,
    /// Something was said behind the pre-login.
    goes_on: bool,
}

/// A LOGIN7 in the clear, its texts in UTF-16.
#[derive(Clone)]
struct Login<'a> {
    host: &'a [u8],
    application: &'a [u8],
    /// A password is there, hidden from nobody: its halves are swapped and turned over.
    password: bool,
}

/// Looks for TDS.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let login = exchange.values().find_map(|packet| packet.login.as_ref());
    let chosen = exchange.values().find(|packet| packet.kind == 4).and_then(|packet| packet.encryption);
    let finding = || {
        let answer = exchange.values().find(|packet| packet.kind == 4);
        let alone = if exchange.values().any(|packet| packet.is_certain) { Confidence::Certain } else { Confidence::Plausible };
        let version = answer.and_then(|packet| packet.version);
        let server =
            version.map(|[major, minor, high, low]| format!("SQL Server {major}.{minor}.{}", u16::from_be_bytes([high, low])));
        let application = login.map(|login| text::narrow(login.application)).filter(|name| !name.is_empty());
        let words = [server, application.map(|name| format!("login by {}", shown(&name)))];
        // ENCRYPT_OFF protects the login packet only, ENCRYPT_NOT_SUP nothing.
        Finding::new(&TDS, exchange.confidence(alone))
            .asked_by(exchange.client(|packet| Some(packet.kind != 4)))
            .of_client(login.map(|login| text::narrow(login.host)).as_deref())
            .detailed(&words.into_iter().flatten().collect::<Vec<_>>().join(", "))
            .noting(Note::TdsUnencrypted, matches!(chosen, Some(LOGIN_ONLY | NOT_SUPPORTED)))
            .noting(Note::CleartextCredentials, login.is_some_and(|login| login.password))
            .noting(Note::Ntlm, seen.said.iter().any(|said| text::has_ntlm(said.bytes)))
    };
    match chosen {
        Some(NOT_SUPPORTED) if !exchange.values().any(|packet| packet.goes_on) => Look::Likely(finding()),
        Some(NOT_SUPPORTED) | None => exchange.look(finding),
        Some(_) => tls::upgraded(finding(), seen),
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Packet<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let Some([kind, status, high, low, _, _, number, window]) = cursor.array() else {
        let starts = matches!(said.bytes, [1..=4 | 6..=8 | 0x0e..=0x12] | [1..=4 | 6..=8 | 0x0e..=0x12, ..=0x1f, ..]);
        return if starts { Read::Short } else { Read::Unlike };
    };
    let length = u16::from_be_bytes([high, low]);
    let is_packet = matches!(kind, 1..=4 | 6..=8 | 0x0e..=0x12)
        && status <= 0x1f
        && (8..=32_767).contains(&length)
        && window == 0
        && number <= 2;
    if !is_packet {
        return Read::Unlike;
    }
    let body = cursor.rest().get(..usize::from(length) - 8).unwrap_or(cursor.rest());
    let mut packet = Packet { kind, ..Packet::default() };
    match kind {
        0x12 | 4 => prelogin(body, &mut packet),
        0x10 => packet.is_certain = is_login(body, length),
        _ => {}
    }
    let login_at = if kind == 0x12 { usize::from(length) } else { 0 };
    let behind = said.bytes.get(login_at..).unwrap_or_default();
    (packet.login, packet.goes_on) = (login(behind), kind == 0x12 && behind.len() > 64);
    Read::or_unlike((packet.is_certain || is_possible(kind, body, length)).then_some(packet))
}

/// [MS-TDS] section 2.2.4: metadata, order, rows, errors, information, changes of the environment, acknowledgements, ends.
const TOKENS: &[u8] =
    &[0x79, 0x81, 0x88, 0xa0, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xd1, 0xd2, 0xe3, 0xe4, 0xed, 0xee, 0xfd, 0xfe, 0xff];

/// Whether the body may be one of its kind. A pre-login that is none, or a login that is none, is another protocol.
fn is_possible(kind: u8, body: &[u8], length: u16) -> bool {
    match kind {
        0x10 | 0x12 => false,
        // TLS in its envelope, or a token that an answer may begin with.
        4 => matches!(body, [] | [0x14..=0x17, 3, ..]) || body.first().is_some_and(|token| TOKENS.contains(token)),
        // An attention has no body.
        6 => length == 8,
        // SSPI: NTLM or a token of GSS-API.
        0x11 => matches!(body, [] | [b'N', b'T', ..] | [0x60 | 0xa1, ..]),
        _ => true,
    }
}

/// Options as token, offset, length ([MS-TDS] section 2.2.6.5); version first.
fn prelogin(body: &[u8], packet: &mut Packet<'_>) {
    let mut cursor = Cursor::new(body);
    if body.first() != Some(&0) {
        // TLS inside of a pre-login packet.
        packet.is_certain = packet.kind == 0x12 && matches!(body, [0x16, 3, ..]);
        return;
    }
    while let Some(token) = cursor.u8().filter(|token| *token != 0xff) {
        let (Some(offset), Some(length)) = (cursor.be16(), cursor.be16()) else { return };
        let value = body.get(usize::from(offset)..usize::from(offset) + usize::from(length));
        match (token, value) {
            (0, Some(value)) if length == 6 => {
                packet.is_certain = true;
                packet.version = value.first_chunk().copied();
            }
            (1, Some([encryption])) => packet.encryption = Some(*encryption),
            (0..=8, _) => {}
            _ => return,
        }
    }
}

/// A LOGIN7: its own length and a version from 7.0 to 8.0.
fn is_login(body: &[u8], length: u16) -> bool {
    let mut cursor = Cursor::new(body);
    let (Some(own), Some(version)) = (cursor.le32(), cursor.le32()) else { return false };
    own >= 36 && (own + 8 <= u32::from(length) || length >= 4096) && (0x70..=0x80).contains(&(version >> 24))
}

/// A LOGIN7 packet ([MS-TDS] section 2.2.6.4): behind 36 bytes come offsets and counts of characters.
fn login(bytes: &[u8]) -> Option<Login<'_>> {
    let mut cursor = Cursor::new(bytes);
    let [0x10, _, high, low, _, _, _, _] = cursor.array()? else { return None };
    let body = cursor.rest();
    if !is_login(body, u16::from_be_bytes([high, low])) {
        return None;
    }
    let text = |at: usize| {
        let mut field = Cursor::new(body.get(at..)?);
        let (offset, count) = (usize::from(field.le16()?), usize::from(field.le16()?));
        body.get(offset..offset + 2 * count)
    };
    Some(Login {
        host: text(36)?,
        application: text(48).unwrap_or_default(),
        password: text(44).is_some_and(|text| !text.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    /// The pre-login request of [MS-TDS] section 4.1, and an answer that does not encrypt.
    const ASK: &str = "1201002f 00000100 00001a0006 0100200001 0200210001 0300220004 0400260001 ff 0900000000000100 b80d0000 01";
    const ANSWER: &str = "0401002b 00000100 00001a0006 0100200001 0200210001 0300220000 0400220001 ff 0f0007d00000 02 00 00";

    #[test]
    fn pre_login() {
        let finding = found(look(&tcp(&hex(ASK), &hex(ANSWER))));
        assert_eq!(
            (detail(&finding), finding.client, finding.confidence),
            ("SQL Server 15.0.2000", Some(Side::A), Confidence::Certain)
        );
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["tds-unencrypted"]);
    }

    /// A LOGIN7 as [MS-TDS] section 4.2 has it: host `skostov1`, user `sa`, a password of none, application `OSQL-32`.
    const LOGIN: &str = "1001009000000100 88000000 02000972 00100000 00000007 00010000 00000000 e0038010 e0010000 09040000 \
        5e000800 6e000200 72000000 72000700 80000000 80000000 80000400 88000000 88000000 005000000000 88000000 88000000 88000000 00000000 \
        73006b006f00730074006f0076003100 73006100 4f00530051004c002d0033003200 4f00440042004300";

    #[test]
    fn a_login_in_the_clear_shows_who_and_that_there_is_a_password() {
        let finding = |login: &str| found(look(&tcp(&hex(&(ASK.to_owned() + login)), &hex(ANSWER))));
        assert!(matches!(look(&tcp(&hex(ASK), &hex(ANSWER))), Look::Likely(_)));
        let without = finding(LOGIN);
        assert_eq!(detail(&without), "SQL Server 15.0.2000, login by OSQL-32");
        assert_eq!(without.texts().unwrap().client_name.as_deref(), Some("skostov1"));
        assert_eq!(without.notes().collect::<Vec<_>>(), ["tds-unencrypted"]);
        let with = finding(&LOGIN.replace("72000000", "72000200"));
        assert_eq!(with.notes().collect::<Vec<_>>(), ["cleartext-credentials", "tds-unencrypted"]);
    }

    #[test]
    fn encryption_shows_what_tls_shows() {
        let answer = ANSWER.replace("0f0007d00000 02 00 00", "0f0007d00000 01 00 00");
        let (hello, server) = (crate::recognize::tls::tests::CLIENT, crate::recognize::tls::tests::SERVER);
        // Each in an envelope of eight bytes.
        let ask = [hex(ASK), hex("120100d100000000"), hex(hello)].concat();
        assert!(matches!(look(&tcp(&ask, &hex(&answer))), Look::Likely(_)));
        let answer = [hex(&answer), hex("1201006700000000"), hex(server)].concat();
        let Look::Sure(finding) = look(&tcp(&ask, &answer)) else { panic!("not sure") };
        assert_eq!((detail(&finding), finding.notes().count()), ("SQL Server 15.0.2000, then TLS 1.3 to server", 0));
    }

    #[test]
    fn a_batch_is_only_plausible_and_noise_is_nothing() {
        assert_eq!(found(look(&tcp(&hex("0101 0020 0000 0100 160000"), b""))).confidence, Confidence::Plausible);
        assert_eq!(look(&tcp(&hex("1201 0010 0000 0100 41414141"), b"")), Look::No);
        assert_eq!(look(&tcp(&hex("0180 0020 0000 0100"), b"")), Look::No);
    }

    #[test]
    fn an_answer_begins_with_a_token() {
        assert_eq!(look(&tcp(&hex("040c0050 00000000 00000000"), b"")), Look::No);
        assert_eq!(found(look(&tcp(&hex("04010050 00330100 e31b0001"), b""))).confidence, Confidence::Plausible);
    }
}
