//! SMB 1 ([MS-CIFS]), 2 and 3 ([MS-SMB2]), behind the four bytes of a session message (RFC 1002 section 4.3): dialect, protection, shares, and
//! the pipes that are opened with the DCE/RPC interfaces bound on them.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::dcerpc;
use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::interfaces::InterfaceId;
use super::netbios::{self, Name};
use super::opening::{Opening, Read, Said};
use super::text;

/// SMB of any version.
pub static SMB: Protocol = Protocol { name: "SMB", label: Some("SMB"), behind: &["SMB", "NetBIOS Session Service", "NetBIOS"] };

/// Messages of both sides after which nothing more is expected where no share was opened.
const MESSAGES: usize = 8;
/// The same where the beginning was seen: two negotiations and a logon of three rounds come before the share.
const LOGON: usize = 12;
/// A logon by Kerberos takes thousands of bytes, and the shares come behind it.
const WANTED: u16 = 8192;
/// Commands in one message that are walked, and pipes that are kept.
const COMMANDS: usize = 8;
const PIPES: usize = 4;
/// Bytes of an SMB 2 header.
const HEADER: usize = 64;

#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "what was seen so far, each on its own")]
struct Talk<'a> {
    /// Some message is SMB 1, and more than the question for dialects.
    one: bool,
    /// Some message is SMB 2 or 3.
    two: bool,
    from_client: Option<bool>,
    dialect: Option<u16>,
    messages: usize,
    ntlm: bool,
    signed: bool,
    sealed: bool,
    /// Messages are encrypted: what follows cannot be read.
    hidden: bool,
    /// Something else follows the messages, so that no more of them will be found.
    breaks_off: bool,
    /// The last share that was opened; a path in UTF-16 or, of old clients, in bytes.
    tree: Option<Path<'a>>,
    pipes: Vec<Path<'a>>,
    interfaces: Vec<InterfaceId>,
    /// Who calls whom, where a session of NetBIOS is around it.
    names: Option<(Name, Name)>,
}

/// A text as SMB has it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Path<'a> {
    bytes: &'a [u8],
    is_wide: bool,
}

impl Path<'_> {
    fn narrow(self) -> Vec<u8> {
        if self.is_wide { text::narrow(self.bytes) } else { self.bytes.to_vec() }
    }

    /// The share on which pipes are opened.
    fn is_for_pipes(self) -> bool {
        self.narrow().to_ascii_uppercase().ends_with(b"IPC$")
    }
}

/// Looks for SMB.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let merged = exchange.values().cloned().fold(Talk::default(), merge);
    let client = exchange.client(|talk| talk.from_client);
    // What may still come is said by the client.
    let may_follow = client.is_none_or(|client| !seen.said(client).ended);
    let from_start = seen.said.iter().all(|said| said.from_start);
    let settled = match merged.tree {
        _ if !exchange.is_both() => false,
        _ if merged.hidden || merged.breaks_off => true,
        Some(tree) if tree.is_for_pipes() => !merged.interfaces.is_empty() || !may_follow,
        Some(_) => true,
        None => merged.messages >= if from_start { LOGON } else { MESSAGES } || !may_follow,
    };
    let finding = finding(merged).asked_by(client).wanting(if from_start { WANTED } else { 0 });
    if settled { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn merge<'a>(mut all: Talk<'a>, talk: Talk<'a>) -> Talk<'a> {
    all.one |= talk.one;
    all.two |= talk.two;
    all.dialect = all.dialect.or(talk.dialect);
    all.messages += talk.messages;
    all.ntlm |= talk.ntlm;
    all.signed |= talk.signed;
    all.sealed |= talk.sealed;
    all.hidden |= talk.hidden;
    all.breaks_off |= talk.breaks_off;
    all.tree = all.tree.or(talk.tree);
    all.pipes.extend(talk.pipes);
    all.interfaces.extend(talk.interfaces);
    all.names = all.names.or(talk.names);
    all
}

fn finding(talk: Talk<'_>) -> Finding {
    let server = talk.tree.map(Path::narrow);
    let server = server.as_deref().and_then(|path| path.strip_prefix(br"\\")?.split(|byte| *byte == b'\\').next());
    let is_named = |name: &&[u8]| name.iter().any(u8::is_ascii_alphabetic) && !name.contains(&b':');
    let (called, calling) = talk.names.as_ref().map(|(called, calling)| (called, calling)).unzip();
    let own = |name: Option<&Name>| name.filter(|name| name.is_host()).map(|name| name.text.clone());
    Finding::new(&SMB, Confidence::Certain)
        .noting(Note::Smb1, talk.one && !talk.two)
        .noting(Note::Ntlm, talk.ntlm)
        .of_client(own(calling).as_deref())
        .of_server(server.filter(is_named).or(own(called).filter(|name| !name.starts_with(b"*")).as_deref()))
        .detailed(&detail(&talk))
        .binding(talk.interfaces)
}

fn detail(talk: &Talk<'_>) -> String {
    let mut text = match talk.dialect {
        Some(dialect @ 0x200..=0x3ff) => format!("SMB {}.{}{}", dialect >> 8, dialect >> 4 & 15, patch(dialect)),
        _ if talk.two => "SMB 2 or 3".to_owned(),
        _ if talk.one => "SMB 1".to_owned(),
        _ => String::new(),
    };
    text += if talk.sealed { " encrypted" } else { "" };
    text += if talk.signed && !talk.sealed { " signed" } else { "" };
    for (word, path) in talk.tree.iter().map(|tree| ("", tree)).chain(talk.pipes.iter().map(|pipe| ("pipe ", pipe))) {
        // Writing to a string cannot fail.
        let _ = write!(text, " {word}{}", shown(&path.narrow()));
    }
    if !talk.interfaces.is_empty() {
        let _ = write!(text, " ({})", dcerpc::names(&talk.interfaces));
    }
    text.trim_start().to_owned()
}

/// 3.0.2 and 3.1.1 have three digits, 2.0.2 too.
fn patch(dialect: u16) -> String {
    match dialect & 15 {
        0 => String::new(),
        digit => format!(".{digit}"),
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let mut talk = Talk::default();
    while let Some(&kind) = cursor.rest().first() {
        match message(&mut cursor, kind, &mut talk) {
            Some(true) => {}
            // Cut at the end of what is kept.
            None => break,
            Some(false) if talk.messages > 0 => {
                talk.breaks_off = true;
                break;
            }
            Some(false) => return Read::Unlike,
        }
    }
    if talk.messages == 0 {
        return Read::Short;
    }
    Read::Like(talk)
}

/// One message. `None` where it is cut before its header ends, false where it is something else.
fn message<'a>(cursor: &mut Cursor<'a>, kind: u8, talk: &mut Talk<'a>) -> Option<bool> {
    cursor.u8()?;
    let length = cursor.be24()? as usize;
    match kind {
        0 => {}
        // The name exchange before a session on 139.
        0x81 | 0x82 | 0x85 if length <= 512 => {
            let mut body = Cursor::new(cursor.take(length)?);
            if kind == 0x81 {
                talk.names = netbios::read_name(&mut body).zip(netbios::read_name(&mut body));
            }
            return Some(kind != 0x81 || talk.names.is_some());
        }
        _ => return Some(false),
    }
    // At 139 the length has 17 bits, at 445 24.
    let body = cursor.take_most(length);
    if body.len() < 4 {
        return if length < 4 { Some(false) } else { None };
    }
    let known = match body {
        [0xff, b'S', b'M', b'B', ..] => one(body, talk),
        [0xfe, b'S', b'M', b'B', ..] => two(body, talk),
        // SMB 3 encrypted or compressed: the header says nothing more.
        [0xfd | 0xfc, b'S', b'M', b'B', ..] => {
            let is_encrypted = body.starts_with(&[0xfd]);
            (talk.two, talk.sealed, talk.hidden) = (true, talk.sealed | is_encrypted, talk.hidden | is_encrypted);
            Some(())
        }
        _ => return Some(false),
    };
    talk.messages += usize::from(known.is_some());
    known.map(|()| true)
}

/// A message of SMB 1 ([MS-CIFS] section 2.2.3) and the commands that are chained behind its first.
fn one<'a>(body: &'a [u8], talk: &mut Talk<'a>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.skip(4)?;
    let command = cursor.u8()?;
    cursor.skip(4)?;
    let flags = cursor.u8()?;
    let is_reply = flags & 0x80 != 0;
    talk.from_client = talk.from_client.or(Some(!is_reply));
    talk.ntlm |= matches!(command, 0x72 | 0x73) && text::has_ntlm(body);
    // A client that asks for dialects may be offered SMB 2 by the answer.
    talk.one |= command != 0x72 || is_reply;
    let flags = cursor.le16().unwrap_or(0);
    talk.signed |= flags & 4 != 0 && command != 0x72;
    if !is_reply {
        let mut next = Some((command, 32));
        for _ in 0..COMMANDS {
            let Some((command, at)) = next else { break };
            next = one_command(body, command, at, flags & 0x8000 != 0, talk);
        }
    }
    Some(())
}

/// A command's parameters and data from some byte of the message on, and which one follows where.
fn one_command<'a>(body: &'a [u8], command: u8, at: usize, is_wide: bool, talk: &mut Talk<'a>) -> Option<(u8, usize)> {
    let mut cursor = Cursor::new(body.get(at..)?);
    let words = usize::from(cursor.u8()?);
    let mut parameters = Cursor::new(cursor.take(2 * words)?);
    let data_at = at + 1 + 2 * words + 2;
    // Texts in UTF-16 begin at an even byte of the message.
    let text = |at: usize| Some(Path { bytes: body.get(if is_wide { at + at % 2 } else { at }..)?, is_wide });
    match command {
        // Tree connect: behind the password the path.
        0x75 if words == 4 => {
            let password = Cursor::new(body.get(at + 7..)?).le16()?;
            talk.tree = text(data_at + usize::from(password)).and_then(until_end).or(talk.tree);
        }
        // Create.
        0xa2 if words == 24 => {
            let length = Cursor::new(body.get(at + 6..)?).le16()?;
            let name = text(data_at).and_then(|name| Some(Path { bytes: name.bytes.get(..usize::from(length))?, is_wide }));
            if let Some(name) = name.and_then(until_end) {
                opened(talk, name);
            }
        }
        // Write: the place of the data is in the last word but one, or but three.
        0x2f if words >= 12 => bind(talk, body, Cursor::new(body.get(at + 23..)?).le16()?),
        // A call through a named pipe ([MS-CIFS] section 2.2.5.6).
        0x25 if words >= 16 => bind(talk, body, Cursor::new(body.get(at + 25..)?).le16()?),
        _ => {}
    }
    let has_next = matches!(command, 0x73 | 0x75 | 0xa2 | 0x2f | 0x2d | 0x2e | 0x74);
    let (next, offset) = (parameters.u8()?, parameters.skip(1).and_then(|()| parameters.le16())?);
    // Forward only, so that nothing goes round in circles.
    (has_next && next != 0xff && usize::from(offset) > at).then_some((next, usize::from(offset)))
}

/// A text that a zero ends.
fn until_end(path: Path<'_>) -> Option<Path<'_>> {
    let size = if path.is_wide { 2 } else { 1 };
    let end =
        path.bytes.chunks(size).position(|unit| unit.iter().all(|byte| *byte == 0)).map_or(path.bytes.len(), |at| at * size);
    let bytes = path.bytes.get(..end)?;
    (!bytes.is_empty()).then_some(Path { bytes, ..path })
}

/// Something was opened on the share; on the one for pipes it is a pipe.
fn opened<'a>(talk: &mut Talk<'a>, name: Path<'a>) {
    let name = match name {
        Path { bytes: [b'\\', 0, rest @ ..], is_wide: true } | Path { bytes: [b'\\', rest @ ..], is_wide: false } => {
            Path { bytes: rest, ..name }
        }
        name => name,
    };
    let is_pipe = talk.tree.is_some_and(Path::is_for_pipes) && !name.bytes.is_empty();
    if is_pipe && talk.pipes.len() < PIPES && !talk.pipes.contains(&name) {
        talk.pipes.push(name);
    }
}

/// What was written may bind an interface; on a share of files the pipe's PDU is no PDU.
fn bind(talk: &mut Talk<'_>, body: &[u8], offset: u16) {
    for bound in body.get(usize::from(offset)..).map(dcerpc::bound_in).unwrap_or_default() {
        if talk.interfaces.len() < PIPES && !talk.interfaces.contains(&bound) {
            talk.interfaces.push(bound);
        }
    }
}

/// A message of SMB 2 or 3 ([MS-SMB2] section 2.2.1) and those that are compounded with it.
fn two<'a>(body: &'a [u8], talk: &mut Talk<'a>) -> Option<()> {
    Cursor::new(body).skip(20)?;
    two_command(body, talk);
    let mut rest = body;
    for _ in 0..COMMANDS {
        let next = rest.get(20..24).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes));
        match rest.get(next as usize..).filter(|next| next.starts_with(b"\xfeSMB") && next.len() < rest.len()) {
            Some(next) => rest = next,
            None => break,
        }
        two_command(rest, talk);
    }
    Some(())
}

fn two_command<'a>(body: &'a [u8], talk: &mut Talk<'a>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.skip(12)?;
    let command = cursor.le16()?;
    cursor.skip(2)?;
    let flags = cursor.le32()?;
    let is_reply = flags & 1 != 0;
    talk.two = true;
    talk.signed |= flags & 8 != 0;
    talk.from_client = talk.from_client.or(Some(!is_reply));
    let word = |at: usize| Cursor::new(body.get(at..)?).le16();
    match (command, is_reply) {
        (0, true) => talk.dialect = word(HEADER + 4).filter(|dialect| *dialect != 0x2ff).or(talk.dialect),
        (1, false) => talk.ntlm |= text::has_ntlm(body),
        // The session asks for encryption.
        (1, true) => {
            talk.ntlm |= text::has_ntlm(body);
            talk.sealed |= word(HEADER + 2).is_some_and(|flags| flags & 4 != 0);
        }
        (3, false) => talk.tree = pointed(body, word(HEADER + 4), word(HEADER + 6)).or(talk.tree),
        (5, false) => {
            if let Some(name) = pointed(body, word(HEADER + 44), word(HEADER + 46)) {
                opened(talk, name);
            }
        }
        (9, false) => bind(talk, body, word(HEADER + 2)?),
        // FSCTL_PIPE_TRANSCEIVE.
        (11, false) if body.get(HEADER + 4..HEADER + 8) == Some(&0x0011_c017_u32.to_le_bytes()[..]) => {
            bind(talk, body, word(HEADER + 24)?);
        }
        _ => {}
    }
    Some(())
}

/// A text of a message, by offset and length.
fn pointed(body: &[u8], offset: Option<u16>, length: Option<u16>) -> Option<Path<'_>> {
    let bytes = body.get(usize::from(offset?)..)?.get(..usize::from(length?))?;
    (!bytes.is_empty()).then_some(Path { bytes, is_wide: true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    fn framed(body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_be_bytes()[..], body].concat()
    }

    /// A header as [MS-SMB2] section 2.2.1 draws it, with command and flags.
    fn header(command: u16, flags: u32) -> Vec<u8> {
        let mut header = hex("fe534d42 4000 0100 00000000 0000 0100 00000000 00000000");
        header[12..14].copy_from_slice(&command.to_le_bytes());
        header[16..20].copy_from_slice(&flags.to_le_bytes());
        header.resize(64, 0);
        header
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn tree(path: &str) -> Vec<u8> {
        let path = wide(path);
        framed(&[header(3, 0), hex("0900 0000 4800"), (path.len() as u16).to_le_bytes().to_vec(), path].concat())
    }

    const NEGOTIATE_ONE: &[u8] = b"\xffSMB\x72\0\0\0\0\x18\x53\xc8\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    /// A bind of samr, as in C706 section 12.6.4.3.
    const BIND: &str = "05000b03 10000000 4800 0000 01000000 d016d016 00000000 01000000 0000 01 00 785734123412cdabef000123456789ac 0100 0000 \
        045d888aeb1cc9119fe808002b104860 02000000";

    #[test]
    fn a_negotiation_from_smb_1_up_to_3() {
        let ask = framed(&[NEGOTIATE_ONE, b"\0\x0c\0\x02SMB 2.???\0"].concat());
        let answer = framed(&[header(0, 1), hex("4100 0100 1103 0000")].concat());
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((detail(&finding), finding.client, finding.notes().count()), ("SMB 3.1.1", Some(Side::A), 0));
        let Look::Sure(finding) = look(&tcp(&[ask, tree(r"\\dc1\SYSVOL")].concat(), &answer)) else { panic!("not sure") };
        assert_eq!(detail(&finding), r"SMB 3.1.1 \\dc1\SYSVOL");
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("dc1"));
    }

    #[test]
    fn a_pipe_of_smb_2_and_the_interface_bound_on_it() {
        let pipe = wide("samr");
        let mut create = [header(5, 8), vec![0; 44], hex("7800 0800"), vec![0; 8], pipe].concat();
        create[64] = 57;
        let bound = hex(BIND);
        let write = [header(9, 0), hex("3100 7000 48000000"), vec![0; 40], bound.clone()].concat();
        let call =
            [header(11, 0), hex("3900 0000 17c01100"), vec![0; 16], hex("7800 0000 48000000"), vec![0; 24], bound].concat();
        let answer = framed(&[header(0, 1), hex("4100 0100 0203 0000")].concat());
        let open = [tree(r"\\10.1.0.5\IPC$"), framed(&create)].concat();
        assert!(matches!(look(&tcp(&open, &answer)), Look::Likely(_)), "the bind is awaited");
        for message in [write, call] {
            let Look::Sure(finding) = look(&tcp(&[&open[..], &framed(&message)].concat(), &answer)) else { panic!("not sure") };
            assert_eq!(detail(&finding), r"SMB 3.0.2 signed \\10.1.0.5\IPC$ pipe samr (samr)");
            assert_eq!(finding.texts().unwrap().interfaces.len(), 1);
            assert_eq!(finding.texts().unwrap().server_name, None, "an address is no name");
        }
        // Both in one message, the second behind the first (section 3.2.4.1.4).
        let mut first = create.clone();
        first[20..24].copy_from_slice(&(create.len() as u32).to_le_bytes());
        let both = framed(&[first, [header(9, 0), hex("3100 7000 48000000"), vec![0; 40], hex(BIND)].concat()].concat());
        let finding = found(look(&tcp(&[tree(r"\\dc1\IPC$"), both].concat(), &answer)));
        assert_eq!(detail(&finding), r"SMB 3.0.2 signed \\dc1\IPC$ pipe samr (samr)");
        // The same on a share of files is no pipe.
        let file = found(look(&tcp(&[tree(r"\\dc1\C$"), framed(&create)].concat(), &answer)));
        assert_eq!(detail(&file), r"SMB 3.0.2 signed \\dc1\C$");
    }

    #[test]
    fn a_pipe_of_smb_1_in_chained_commands() {
        let head = |command: u8| [&b"\xffSMB"[..], &[command], &hex("00000000 18 07c8"), &[0; 20]].concat();
        // Session setup, and behind it the tree (at byte 70).
        let setup = [head(0x73), hex("0d 75 00 4600"), vec![0; 22], hex("0000"), vec![0; 9]].concat();
        let path = [wide(r"\\DC1\IPC$"), vec![0, 0], b"?????\0".to_vec()].concat();
        assert_eq!(setup.len(), 70);
        let connect = [hex("04 ff 00 0000 0000 0100"), (path.len() as u16 + 1).to_le_bytes().to_vec(), vec![0], path].concat();
        let name = [wide(r"\samr"), vec![0, 0]].concat();
        let create = [head(0xa2), hex("18 ff 00 0000 00 0a00"), vec![0; 41], hex("0d00 00"), name].concat();
        let write =
            [head(0x2f), hex("0e ff 00 0000 0040 00000000 ffffffff 0800 4800 0000 4800 4000 00000000 4900 ee"), hex(BIND)]
                .concat();
        assert_eq!(write.len(), 64 + 72);
        let answer = framed(&[&head(0x73)[..9], &hex("98 07c8"), &[0; 20]].concat());
        let said = [framed(&[setup, connect].concat()), framed(&create), framed(&write)].concat();
        let Look::Sure(finding) = look(&tcp(&said, &answer)) else { panic!("not sure") };
        assert_eq!(detail(&finding), r"SMB 1 signed \\DC1\IPC$ pipe samr (samr)");
        assert_eq!(finding.notes().collect::<Vec<_>>(), ["smb1"]);
        assert_eq!(finding.texts().unwrap().server_name.as_deref(), Some("DC1"));
    }

    #[test]
    fn encryption_is_seen_in_the_session_or_around_the_messages() {
        let answer = framed(&[header(0, 1), hex("4100 0100 1103 0000")].concat());
        let session = framed(&[header(1, 1), hex("0900 0400 4800 0000")].concat());
        assert_eq!(
            detail(&found(look(&tcp(&framed(&header(0, 0)), &[answer.clone(), session].concat())))),
            "SMB 3.1.1 encrypted"
        );
        let sealed = framed(&[&b"\xfdSMB"[..], &[7; 60]].concat());
        assert_eq!(detail(&found(look(&tcp(&sealed, &answer)))), "SMB 3.1.1 encrypted");
    }

    #[test]
    fn a_session_of_netbios_names_both_hosts() {
        let request =
            [&[0x81, 0, 0, 68][..], &netbios::tests::encoded("FILESRV", 0x20), &netbios::tests::encoded("PC7", 0)].concat();
        let finding = found(look(&tcp(&[request, framed(NEGOTIATE_ONE)].concat(), &[0x82, 0, 0, 0])));
        let texts = finding.texts().unwrap();
        assert_eq!((texts.client_name.as_deref(), texts.server_name.as_deref()), (Some("PC7"), Some("FILESRV")));
    }

    #[test]
    fn smb_1_and_ntlm_are_noted() {
        let answer = framed(&[&b"\xffSMB\x72\0\0\0\0\x98\x53\xc8"[..], &[0; 20], b"NTLMSSP\0"].concat());
        let finding = found(look(&tcp(&framed(NEGOTIATE_ONE), &answer)));
        assert_eq!((detail(&finding), finding.notes().collect::<Vec<_>>()), ("SMB 1", vec!["ntlm", "smb1"]));
    }

    #[test]
    fn other_length_prefixed_protocols_are_not_smb() {
        assert_eq!(look(&tcp(&framed(b"\x6a\x81\xd0\x30\x81\xcd\xa1\x03"), b"")), Look::No);
        assert_eq!(look(&tcp(&[0, 0, 0], b"")), Look::More);
    }
}
