//! TLS (RFC 8446, RFC 5246) and its hello in SSL 2 form (RFC 5246 appendix E.2): version, server name, ALPN, and up to TLS 1.2 the names in the
//! server's certificate. Protocols that turn to TLS in the middle ask [`upgraded`] what it shows.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::opening::{Exchange, Opening, Read, Said};
use super::x509;

/// Services that are TLS from the first byte, or turn to it in the middle (`StartTLS`, RDP, TDS).
const BEHIND: &[&str] = &[
    "HTTPS",
    "LDAP SSL",
    "Global Catalog LDAP SSL",
    "IMAP over SSL",
    "POP3 over SSL",
    "NNTP over SSL",
    "MOM-Encrypted",
    "WS-Management",
    "General management tasks",
    "Power control, provisioning, and discovery",
    "Provisioning",
    "Serial over LAN and IDE redirection",
    "WCF",
    "Terminal Services",
    "RDP",
    "SMTP",
    "POP3",
    "IMAP",
    "NNTP",
    "FTP control",
    "LDAP Server",
    "Global Catalog LDAP",
    "Global Catalog Server",
    "TDS",
    "SQL over TCP",
    "RPC over HTTP",
];

/// TLS of whatever kind.
pub static TLS: Protocol = Protocol { name: "TLS", label: None, behind: BEHIND };
/// TLS whose client offers HTTP.
pub static HTTPS: Protocol = Protocol { name: "HTTPS", label: Some("HTTPS"), behind: BEHIND };
/// TLS for IMAP.
pub static IMAPS: Protocol = Protocol { name: "TLS", label: Some("IMAP over SSL"), behind: BEHIND };
/// TLS for POP3.
pub static POP3S: Protocol = Protocol { name: "TLS", label: Some("POP3 over SSL"), behind: BEHIND };
/// TLS for TDS, which begins with it from version 8 on.
pub static STRICT_TDS: Protocol = Protocol { name: "TLS", label: Some("TDS"), behind: BEHIND };

/// What the registered names of RFC 7301 say that TLS carries.
const CARRIED: &[(&[u8], &Protocol)] = &[
    (b"h2", &HTTPS),
    (b"http/0.9", &HTTPS),
    (b"http/1.0", &HTTPS),
    (b"http/1.1", &HTTPS),
    (b"imap", &IMAPS),
    (b"pop3", &POP3S),
    (b"tds/8.0", &STRICT_TDS),
];

/// A record may hold 2^14 bytes and 2048 of overhead (RFC 5246 section 6.2.3).
const LONGEST_RECORD: u16 = (1 << 14) + 2048;

/// Handshake messages (RFC 5246 section 7.4).
const CERTIFICATE: u8 = 11;
const KEY_EXCHANGE: u8 = 12;
const HELLO_DONE: u8 = 14;

enum Seen<'a> {
    ClientHello(Hello<'a>),
    ServerHello(Hello<'a>),
    Other,
}

#[derive(Default)]
struct Hello<'a> {
    version: u16,
    name: Option<&'a [u8]>,
    alpn: Vec<&'a [u8]>,
    whole: bool,
}

/// What a server shows behind its hello.
#[derive(Default)]
struct Presented {
    /// The names in its certificate.
    names: Vec<Vec<u8>>,
    /// More of it may follow.
    is_awaited: bool,
}

/// Looks for TLS.
pub fn look(seen: &Opening<'_>) -> Look {
    let is_hello = |seen: &Seen<'_>| matches!(seen, Seen::ClientHello(hello) if hello.whole && hello.version > 0x200);
    let Some(exchange) = seen.read_one_proof(read, is_hello) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let client = exchange.values().find_map(|seen| if let Seen::ClientHello(hello) = seen { Some(hello) } else { None });
    let server =
        exchange.iter().find_map(|(side, seen)| if let Seen::ServerHello(hello) = seen { Some((side, hello)) } else { None });
    let shown = server.map(|(side, hello)| presented(seen.said(side), hello.version)).unwrap_or_default();
    let finding = finding(seen, &exchange, (client, server.map(|(_, hello)| hello)), &shown.names);
    let whole = client.is_none_or(|hello| hello.whole) && server.is_none_or(|(_, hello)| hello.whole) && !shown.is_awaited;
    if exchange.is_both() && whole { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn finding(
    seen: &Opening<'_>,
    exchange: &Exchange<Seen<'_>>,
    (client, server): (Option<&Hello<'_>>, Option<&Hello<'_>>),
    certificate: &[Vec<u8>],
) -> Finding {
    let asks = |seen: &Seen<'_>| match seen {
        Seen::ClientHello(_) => Some(true),
        Seen::ServerHello(_) => Some(false),
        Seen::Other => None,
    };
    let is_certain = (client.is_some() || server.is_some()) && !seen.is_contested(exchange);
    let alone = if is_certain { Confidence::Certain } else { Confidence::Plausible };
    let alpn = server.filter(|hello| !hello.alpn.is_empty()).or(client).map(|hello| hello.alpn.as_slice()).unwrap_or_default();
    let carried = alpn.iter().find_map(|name| CARRIED.iter().find(|(known, _)| known == name)).map(|(_, protocol)| *protocol);
    let version = server.map(|hello| hello.version);
    let name = client.and_then(|hello| hello.name);
    let own_name = certificate.iter().map(Vec::as_slice).find(|name| is_host(name));
    Finding::new(carried.unwrap_or(&TLS), exchange.confidence(alone))
        .asked_by(exchange.client(asks))
        .of_server(name.or(own_name))
        .detailed(&detail(version, client.map(|hello| hello.version), name, alpn, certificate))
        .noting(Note::Ssl, version.is_some_and(|version| version <= 0x300))
        .noting(Note::Tls10, version == Some(0x301))
        .noting(Note::Tls11, version == Some(0x302))
}

/// Whether the name of a certificate is one host's, not a pattern's, a person's or an authority's.
fn is_host(name: &[u8]) -> bool {
    let possible = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    name.iter().all(possible) && name.iter().any(u8::is_ascii_alphabetic) && name != b"localhost"
}

/// The finding of a conversation that turns to TLS: likely until the handshake is seen, then with what it shows.
pub(super) fn upgraded(finding: Finding, seen: &Opening<'_>) -> Look {
    let inner = Opening { said: seen.said.map(|said| from_hello(&said)), ..*seen };
    if inner.said.iter().all(|said| said.bytes.is_empty()) {
        return Look::Likely(finding);
    }
    match look(&inner) {
        Look::Sure(inner) => Look::Sure(finding.upgraded(&inner)),
        Look::Likely(inner) => Look::Likely(finding.upgraded(&inner)),
        Look::More | Look::No => Look::Likely(finding),
    }
}

/// What a side said from the record of its hello on; nothing where there is none.
fn from_hello<'a>(said: &Said<'a>) -> Said<'a> {
    let is_hello = |at: &usize| matches!(said.bytes.get(*at..), Some([0x16, 3, 0..=4, _, _, 1 | 2, ..]));
    let at = memchr::memchr_iter(0x16, said.bytes).find(is_hello);
    Said { bytes: at.and_then(|at| said.bytes.get(at..)).unwrap_or_default(), from_start: true, ..*said }
}

/// The names in the certificate behind a server's hello; from TLS 1.3 on it is sealed.
fn presented(said: &Said<'_>, version: u16) -> Presented {
    if !(0x300..=0x303).contains(&version) {
        return Presented::default();
    }
    let (messages, goes_on) = handshake(said.bytes);
    let mut cursor = Cursor::new(&messages);
    while let (Some(kind), Some(len)) = (cursor.u8(), cursor.be24()) {
        let body = cursor.take_most(len as usize);
        match kind {
            CERTIFICATE => {
                let read = x509::names(first_certificate(body));
                let is_awaited = goes_on && !said.ended && body.len() < len as usize && !read.whole;
                return Presented { names: read.names.into_iter().map(<[u8]>::to_vec).collect(), is_awaited };
            }
            KEY_EXCHANGE | HELLO_DONE => return Presented::default(),
            _ => {}
        }
    }
    Presented { names: Vec::new(), is_awaited: goes_on && !said.ended }
}

/// The handshake messages at the start, whatever records they are spread over, and whether more may follow.
fn handshake(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let mut cursor = Cursor::new(bytes);
    let mut messages = Cow::Borrowed(&[][..]);
    loop {
        let Some(header) = cursor.array() else { return (messages, true) };
        let [0x16, 3, _, high, low] = header else { return (messages, false) };
        let len = usize::from(u16::from_be_bytes([high, low]));
        let body = cursor.take_most(len);
        if messages.is_empty() {
            messages = Cow::Borrowed(body);
        } else {
            messages.to_mut().extend_from_slice(body);
        }
        if body.len() < len {
            return (messages, true);
        }
    }
}

/// A list of certificates, each with its length; the first is the server's own (RFC 5246 section 7.4.2).
fn first_certificate(body: &[u8]) -> &[u8] {
    let mut cursor = Cursor::new(body);
    let _list = cursor.be24();
    let len = cursor.be24().unwrap_or(0);
    cursor.take_most(len as usize)
}

fn detail(version: Option<u16>, offered: Option<u16>, name: Option<&[u8]>, alpn: &[&[u8]], certificate: &[Vec<u8>]) -> String {
    let mut text = match (version, offered) {
        (Some(version), _) => version_name(version).to_owned(),
        (None, Some(offered)) => format!("up to {}", version_name(offered)),
        (None, None) => "TLS".to_owned(),
    };
    if let Some(name) = name {
        text += " to ";
        text += &shown(name);
    }
    if !alpn.is_empty() {
        let names: Vec<_> = alpn.iter().take(4).map(|name| shown(name)).collect();
        let _ = write!(text, ", ALPN {}", names.join(" "));
    }
    if !certificate.is_empty() {
        let names: Vec<_> = certificate.iter().map(|name| shown(name)).collect();
        let _ = write!(text, ", certificate of {}", names.join(" "));
    }
    text
}

fn version_name(version: u16) -> &'static str {
    match version {
        0x200 => "SSL 2.0",
        0x300 => "SSL 3.0",
        0x301 => "TLS 1.0",
        0x302 => "TLS 1.1",
        0x303 => "TLS 1.2",
        0x304 => "TLS 1.3",
        _ => "TLS",
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Seen<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let read = match cursor.u8() {
        Some(kind @ 0x14..=0x17) => read_record(kind, cursor),
        Some(0x80..) => read_old_hello(said.bytes),
        _ => Read::Unlike,
    };
    if matches!(read, Read::Unlike) && !said.from_start { read_from_the_middle(said.bytes) } else { read }
}

/// A capture may begin in the middle of a record: two headers, the second where the first says that it is, are no chance.
fn read_from_the_middle(bytes: &[u8]) -> Read<Seen<'_>> {
    let is_header = |at: usize| match bytes.get(at..)? {
        [0x14..=0x17, 3, 1..=3, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    };
    let follows = |at: usize| is_header(at).is_some_and(|len| is_header(at + 5 + len).is_some_and(|len| len > 0));
    let mut starts = memchr::memchr3_iter(0x15, 0x16, 0x17, bytes);
    if starts.any(follows) { Read::Like(Seen::Other) } else { Read::Unlike }
}

fn read_record(kind: u8, mut cursor: Cursor<'_>) -> Read<Seen<'_>> {
    let (Some(version), Some(len)) = (cursor.be16(), cursor.be16()) else { return Read::Short };
    // Some who do not get as far as a version say so in an alert that has none.
    if (kind, version, len) == (0x15, 0, 2) && matches!(cursor.rest(), [1..=2, 0..=120]) {
        return Read::Like(Seen::Other);
    }
    // RFC 8446 section 5.1: the record version is 0x0301 to 0x0303 whatever is spoken.
    if !(0x300..=0x304).contains(&version) || len > LONGEST_RECORD {
        return Read::Unlike;
    }
    match kind {
        // Empty records of data are allowed; those who imitate TLS begin with an empty handshake.
        0x16 | 0x17 if len == 0 => Read::Like(Seen::Other),
        0x14 if len == 1 => Read::Like(Seen::Other),
        0x15 if len == 2 || len >= 16 => Read::Like(Seen::Other),
        0x16 => read_handshake(cursor, len),
        0x17 => Read::Like(Seen::Other),
        _ => Read::Unlike,
    }
}

fn read_handshake(mut cursor: Cursor<'_>, record: u16) -> Read<Seen<'_>> {
    let (Some(kind), Some(len)) = (cursor.u8(), cursor.be24()) else { return Read::Short };
    let fits = len + 4 <= u32::from(record) || kind == 11 || kind == 1;
    match kind {
        1 if fits => match hello(cursor, len, true) {
            // A message may be spread over several records (RFC 8446 section 5.1).
            None if len + 4 > u32::from(record) => Read::Like(Seen::Other),
            found => Read::or_unlike(found).map_seen(Seen::ClientHello),
        },
        2 if fits => Read::or_unlike(hello(cursor, len, false)).map_seen(Seen::ServerHello),
        // The middle of a handshake in clear, or one that is encrypted already.
        _ => Read::Like(Seen::Other),
    }
}

impl<'a> Read<Hello<'a>> {
    fn map_seen(self, seen: impl FnOnce(Hello<'a>) -> Seen<'a>) -> Read<Seen<'a>> {
        match self {
            Self::Like(hello) => Read::Like(seen(hello)),
            Self::Short => Read::Short,
            Self::Unlike => Read::Unlike,
        }
    }
}

/// A client's or a server's hello; what is cut away is left out.
fn hello(body: Cursor<'_>, len: u32, of_client: bool) -> Option<Hello<'_>> {
    let whole = body.rest().len() >= len as usize;
    let mut cursor = Cursor::new(body.rest().get(..len as usize).unwrap_or(body.rest()));
    let mut hello = Hello { whole, ..Hello::default() };
    let Some(version) = cursor.be16() else { return Some(hello) };
    // Drafts of TLS 1.3 said which one they are (draft-ietf-tls-tls13-21 section 4.2.1.1).
    let version = if version >> 8 == 0x7f { 0x304 } else { version };
    if !(0x200..=0x304).contains(&version) {
        return None;
    }
    hello.version = version;
    // The server's hello of drafts before the 22nd has neither session id nor compression.
    if !of_client && version == 0x304 {
        return Some(hello);
    }
    if read_parameters(&mut cursor, of_client)? {
        read_extensions(&mut hello, cursor, of_client);
    }
    Some(hello)
}

/// Random, session id, cipher suites, compression. `None` where they cannot be; false where they are cut.
fn read_parameters(cursor: &mut Cursor<'_>, of_client: bool) -> Option<bool> {
    if cursor.skip(32).is_none() {
        return Some(false);
    }
    let Some(session) = cursor.u8() else { return Some(false) };
    if session > 32 {
        return None;
    }
    let passed = cursor.skip(usize::from(session)).and_then(|()| {
        if !of_client {
            return cursor.skip(3);
        }
        let suites = cursor.be16()?;
        cursor.skip(usize::from(suites))?;
        let methods = cursor.u8()?;
        cursor.skip(usize::from(methods))
    });
    Some(passed.is_some() && cursor.skip(2).is_some())
}

fn read_extensions<'a>(hello: &mut Hello<'a>, mut cursor: Cursor<'a>, of_client: bool) {
    while let (Some(kind), Some(len)) = (cursor.be16(), cursor.be16()) {
        let Some(body) = cursor.take(usize::from(len)) else { return };
        match kind {
            0 => hello.name = server_name(Cursor::new(body)).or(hello.name),
            16 => hello.alpn = alpn(Cursor::new(body)),
            43 => hello.version = supported_version(Cursor::new(body), of_client).unwrap_or(hello.version),
            _ => {}
        }
    }
}

/// RFC 6066 section 3.
fn server_name(mut cursor: Cursor<'_>) -> Option<&[u8]> {
    cursor.skip(2)?;
    let kind = cursor.u8()?;
    let len = cursor.be16()?;
    cursor.take(usize::from(len)).filter(|name| kind == 0 && !name.is_empty())
}

/// RFC 7301 section 3.1.
fn alpn(mut cursor: Cursor<'_>) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let _ = cursor.skip(2);
    while let Some(name) = cursor.u8().and_then(|len| cursor.take(usize::from(len))) {
        if names.len() < 8 && !name.is_empty() {
            names.push(name);
        }
    }
    names
}

/// The highest version in RFC 8446 section 4.2.1; values that only keep servers tolerant (RFC 8701) and drafts are passed over.
fn supported_version(mut cursor: Cursor<'_>, of_client: bool) -> Option<u16> {
    if of_client {
        cursor.skip(1)?;
    }
    let mut best = None;
    while let Some(version) = cursor.be16() {
        let version = if version >> 8 == 0x7f { 0x304 } else { version };
        if (0x300..=0x304).contains(&version) {
            best = best.max(Some(version));
        }
    }
    best
}

/// A hello in SSL 2 form: the length with its high bit set, the type; of a client version and three lengths, of a server (whose version is 2) first
/// whether the session is known and the type of its certificate.
fn read_old_hello(bytes: &[u8]) -> Read<Seen<'_>> {
    let mut cursor = Cursor::new(bytes);
    let mut header = || Some((cursor.be16()? & 0x7fff, cursor.u8()?));
    let Some((len, kind)) = header() else { return Read::Short };
    let known = if kind == 4 { cursor.be16() } else { Some(0) };
    let mut fields = || Some((cursor.be16()?, cursor.be16()?, cursor.be16()?, cursor.be16()?));
    let Some((known, (version, one, two, three))) = known.zip(fields()) else { return Read::Short };
    let (kind_of_hello, fixed) = if kind == 4 { (4, 11) } else { (1, 9) };
    if kind != kind_of_hello || usize::from(len) != fixed + usize::from(one) + usize::from(two) + usize::from(three) {
        return Read::Unlike;
    }
    let hello = |version| Hello { version, whole: true, ..Hello::default() };
    match (kind, version) {
        // A certificate that is not sent again has no length; suites have three bytes each.
        (4, 2) if known & 0xfe00 == 0 && known & 0xff <= 1 && two % 3 == 0 && three <= 32 => {
            Read::Like(Seen::ServerHello(hello(0x200)))
        }
        (1, 2 | 0x300..=0x303) if one % 3 == 0 && one > 0 && (16..=32).contains(&three) => {
            Read::Like(Seen::ClientHello(hello(if version == 2 { 0x200 } else { version })))
        }
        _ => Read::Unlike,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    /// Section 3 of RFC 8448 (a simple 1-RTT handshake), record layer and all.
    pub(in crate::recognize) const CLIENT: &str = "16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b\
        0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e43\
        5a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00\
        020101001c00024001";
    pub(in crate::recognize) const SERVER: &str = "160303005a020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876\
        112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";

    #[test]
    fn the_handshake_of_rfc_8448() {
        let (client, server) = (hex(CLIENT), hex(SERVER));
        let half = found(look(&tcp(&client, b"")));
        assert_eq!(
            (half.confidence, half.client, detail(&half)),
            (Confidence::Certain, Some(Side::A), "up to TLS 1.3 to server")
        );
        let Look::Sure(finding) = look(&tcp(&client, &server)) else { panic!("not sure") };
        assert_eq!(detail(&finding), "TLS 1.3 to server");
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("server"));
        assert_eq!(found(look(&tcp(&server, &client))).client, Some(Side::B));
    }

    #[test]
    fn versions_on_the_way_out_are_noted() {
        let mut server = hex(SERVER);
        server.truncate(5 + 4 + 2 + 32 + 1 + 3);
        server[3..5].copy_from_slice(&[0, 42]);
        server[8] = 38;
        server[9..11].copy_from_slice(&[3, 1]);
        let finding = found(look(&tcp(&hex(CLIENT), &server)));
        assert_eq!((detail(&finding), finding.notes().collect::<Vec<_>>()), ("TLS 1.0 to server", vec!["tls-1.0"]));
    }

    /// A hello of TLS 1.2 and a certificate, in records of so many bytes.
    fn with_certificate(record: usize) -> Vec<u8> {
        let certificate = hex(x509::tests::CERTIFICATE);
        let sized = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
        let hello = [&[2][..], &sized(&[&[3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat())].concat();
        let message = [&[11][..], &sized(&sized(&sized(&certificate)))].concat();
        let all = [hello, message, vec![14, 0, 0, 0]].concat();
        all.chunks(record).flat_map(|part| [&[0x16, 3, 3][..], &(part.len() as u16).to_be_bytes(), part].concat()).collect()
    }

    #[test]
    fn a_certificate_names_its_server() {
        let mut client = hex(CLIENT);
        // The extension of the server's name (26 bytes on) becomes one that nobody knows.
        let at = memchr::memmem::find(&client, b"server").unwrap() - 9;
        client[at..at + 2].copy_from_slice(&[0x5a, 0x5a]);
        for record in [16_000, 200, 90] {
            let server = with_certificate(record);
            let Look::Sure(finding) = look(&tcp(&client, &server)) else { panic!("not sure") };
            assert_eq!(detail(&finding), "TLS 1.2, certificate of mail.corp.example *.corp.example", "{record}");
            assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("mail.corp.example"));
            // Cut before the names: they are waited for, unless nothing follows.
            let mut opening = tcp(&client, &server[..150]);
            assert!(matches!(look(&opening), Look::Likely(_)));
            opening.said[1].ended = true;
            assert!(matches!(look(&opening), Look::Sure(_)));
        }
    }

    #[test]
    fn a_session_that_is_resumed_has_no_certificate() {
        let hello = [&hex("1603030026 02000026 0303")[..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
        let hello = [&[0x16, 3, 3, 0, 42][..], &hello[5..]].concat();
        assert!(matches!(look(&tcp(&hex(CLIENT), &hello)), Look::Likely(_)));
        assert!(matches!(look(&tcp(&hex(CLIENT), &[&hello[..], &hex("140303000101")].concat())), Look::Sure(_)));
    }

    #[test]
    fn what_tls_carries_is_offered_by_name() {
        // An ALPN extension of eleven bytes in place of the last one, of six.
        let mut client = hex(CLIENT);
        client.truncate(client.len() - 6);
        client.extend(hex("0010 0007 0005 04 696d6170"));
        // The lengths of record, message and extensions.
        for at in [4, 8, 55] {
            client[at] += 5;
        }
        assert_eq!(found(look(&tcp(&client, b""))).protocol.label, Some("IMAP over SSL"));
    }

    #[test]
    fn an_old_hello_has_lengths_that_add_up() {
        let hello = [&hex("802e010301001500000010")[..], &[0; 37]].concat();
        assert_eq!(found(look(&tcp(&hello, b""))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&hex("802e0103010015000000110000"), b"220 ")), Look::No);
        // SSL 2 on both sides: a certificate of 4 bytes, one suite, an id of 16.
        let two = [&hex("802e010002001500000010")[..], &[0; 37]].concat();
        let answer = [&hex("8022 04 00 01 0002 0004 0003 0010")[..], &[7; 23]].concat();
        let finding = found(look(&tcp(&two, &answer)));
        assert_eq!((detail(&finding), finding.notes().collect::<Vec<_>>()), ("SSL 2.0", vec!["ssl"]));
        assert_eq!(found(look(&tcp(&answer, b""))).client, Some(Side::B));
    }

    #[test]
    fn other_bytes_are_not_tls() {
        for bytes in [&b"\x16\x05\x01\x00\x10\x01"[..], b"\x16\x03\x01\xff\xff\x01", b"\x15\x03\x03\x00\x00", b"GET /"] {
            assert_eq!(look(&tcp(bytes, b"220 ")), Look::No, "{bytes:?}");
            assert_eq!(look(&tcp(bytes, b"")), Look::More, "the other side may say hello to {bytes:?}");
        }
        assert_eq!(look(&tcp(b"\x16\x03", b"")), Look::More);
    }

    #[test]
    fn a_hello_counts_whatever_answers_and_drafts_are_versions() {
        let finding = found(look(&tcp(&hex(CLIENT), b"220 mail.example ESMTP\r\n")));
        assert_eq!((finding.confidence, finding.client), (Confidence::Plausible, Some(Side::A)));
        // Draft 16: no session id, no compression.
        let draft = hex("1603010026 02000022 7f10 0102030405060708091011121314151617181920212223242526272829303132");
        assert_eq!(detail(&found(look(&tcp(&hex(CLIENT), &draft)))), "TLS 1.3 to server");
    }

    #[test]
    fn a_capture_that_begins_in_the_middle_of_a_record() {
        let bytes = [&[0x55; 9][..], &hex("1703030004 aabbccdd 1703030010")].concat();
        assert_eq!(look(&tcp(&bytes, b"220 ")), Look::No, "what begins so is not TLS");
        let mut opening = tcp(&bytes, b"");
        opening.said[0].from_start = false;
        assert_eq!(found(look(&opening)).confidence, Confidence::Plausible);
    }
}
