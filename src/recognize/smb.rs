//! SMB 1 ([MS-CIFS]), 2 and 3 ([MS-SMB2]), behind the four bytes of a session message (RFC 1002, RFC 4178 has no part in it).

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Note, Protocol, shown};
use super::netbios;
use super::opening::{Opening, Read, Said};

/// SMB of any version.
pub static SMB: Protocol = Protocol { name: "SMB", label: Some("SMB"), behind: &["SMB", "NetBIOS Session Service", "NetBIOS"] };

/// How far a search for NTLM goes.
const MESSAGES: usize = 8;

#[derive(Clone, Copy, Default)]
struct Talk<'a> {
    /// Some message is SMB 1, and more than the question for dialects.
    one: bool,
    /// Some message is SMB 2 or 3.
    two: bool,
    from_client: Option<bool>,
    dialect: Option<u16>,
    messages: usize,
    ntlm: bool,
    tree: Option<&'a [u8]>,
}

/// Looks for SMB.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    if exchange.is_empty() {
        return Look::More;
    }
    let merged = exchange.values().fold(Talk::default(), |all, talk| Talk {
        one: all.one | talk.one,
        two: all.two | talk.two,
        from_client: None,
        dialect: all.dialect.or(talk.dialect),
        messages: all.messages + talk.messages,
        ntlm: all.ntlm | talk.ntlm,
        tree: all.tree.or(talk.tree),
    });
    let one = merged.one && !merged.two;
    let finding = Finding::new(&SMB, Confidence::Certain)
        .asked_by(exchange.client(|talk| talk.from_client))
        .noting(Note::Smb1, one)
        .noting(Note::Ntlm, merged.ntlm)
        .detailed(&detail(&merged));
    let settled = exchange.is_both() && (merged.tree.is_some() || merged.messages >= MESSAGES);
    if settled { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn detail(talk: &Talk<'_>) -> String {
    let mut text = match talk.dialect {
        Some(dialect @ 0x200..=0x3ff) => format!("SMB {}.{}{}", dialect >> 8, dialect >> 4 & 15, patch(dialect)),
        _ if talk.two => "SMB 2 or 3".to_owned(),
        _ if talk.one => "SMB 1".to_owned(),
        _ => String::new(),
    };
    if let Some(tree) = talk.tree {
        let _ = write!(text, " {}", shown(&narrow(tree)));
    }
    text
}

/// 3.0.2 and 3.1.1 have three digits, 2.0.2 too.
fn patch(dialect: u16) -> String {
    match dialect & 15 {
        0 => String::new(),
        digit => format!(".{digit}"),
    }
}

/// ASCII out of UTF-16; what is none becomes a question mark.
fn narrow(wide: &[u8]) -> Vec<u8> {
    wide.chunks_exact(2).map(|pair| if let [byte, 0] = pair { *byte } else { b'?' }).collect()
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let mut talk = Talk::default();
    while let Some(&kind) = cursor.rest().first() {
        match message(&mut cursor, kind, &mut talk) {
            Some(true) => {}
            // Cut at the end of what is kept.
            None => break,
            Some(false) if talk.messages > 0 => break,
            Some(false) => return Read::Unlike,
        }
    }
    if talk.messages == 0 {
        return Read::Short;
    }
    talk.ntlm = memchr::memmem::find(said.bytes, b"NTLMSSP\0").is_some();
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
            return Some(kind != 0x81 || netbios::read_name(&mut body).is_some());
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
            talk.two = true;
            Some(())
        }
        _ => return Some(false),
    };
    talk.messages += usize::from(known.is_some());
    known.map(|()| true)
}

fn one(body: &[u8], talk: &mut Talk<'_>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.skip(4)?;
    let command = cursor.u8()?;
    cursor.skip(4)?;
    let flags = cursor.u8()?;
    let is_reply = flags & 0x80 != 0;
    talk.from_client = talk.from_client.or(Some(!is_reply));
    // A client that asks for dialects may be offered SMB 2 by the answer.
    talk.one |= command != 0x72 || is_reply;
    Some(())
}

fn two<'a>(body: &'a [u8], talk: &mut Talk<'a>) -> Option<()> {
    let mut cursor = Cursor::new(body);
    cursor.skip(12)?;
    let command = cursor.le16()?;
    cursor.skip(2)?;
    let is_reply = cursor.le32()? & 1 != 0;
    talk.two = true;
    talk.from_client = talk.from_client.or(Some(!is_reply));
    match (command, is_reply) {
        (0, true) => {
            let dialect = body.get(68..70).and_then(|bytes| bytes.first_chunk()).map(|bytes| u16::from_le_bytes(*bytes));
            talk.dialect = dialect.filter(|dialect| *dialect != 0x2ff).or(talk.dialect);
        }
        (3, false) => talk.tree = talk.tree.or(tree(body)),
        _ => {}
    }
    Some(())
}

/// The path of a tree connect request ([MS-SMB2] section 2.2.9).
fn tree(body: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(body.get(68..)?);
    let (offset, length) = (cursor.le16()?, cursor.le16()?);
    body.get(usize::from(offset)..)?.get(..usize::from(length))
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

    #[test]
    fn a_negotiation_from_smb_1_up_to_3() {
        let ask = framed(&[&b"\xffSMB\x72\0\0\0\0\x18\x53\xc8"[..], &[0; 20], b"\0\x0c\0\x02SMB 2.???\0"].concat());
        let answer = framed(&[header(0, 1), hex("4100 0100 1103 0000")].concat());
        let tree = framed(
            &[header(3, 0), hex("0900 0000 4800 1600"), r"\\dc1\SYSVOL".encode_utf16().flat_map(u16::to_le_bytes).collect()]
                .concat(),
        );
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((detail(&finding), finding.client, finding.notes().count()), ("SMB 3.1.1", Some(Side::A), 0));
        let Look::Sure(finding) = look(&tcp(&[ask, tree].concat(), &answer)) else { panic!("not sure") };
        assert_eq!(detail(&finding), r"SMB 3.1.1 \\dc1\SYSVO");
    }

    #[test]
    fn smb_1_and_ntlm_are_noted() {
        let ask = framed(&[&b"\xffSMB\x72\0\0\0\0\x18\x53\xc8"[..], &[0; 20]].concat());
        let answer = framed(&[&b"\xffSMB\x72\0\0\0\0\x98\x53\xc8"[..], &[0; 20], b"NTLMSSP\0"].concat());
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((detail(&finding), finding.notes().collect::<Vec<_>>()), ("SMB 1", vec!["ntlm", "smb1"]));
    }

    #[test]
    fn other_length_prefixed_protocols_are_not_smb() {
        assert_eq!(look(&tcp(&framed(b"\x6a\x81\xd0\x30\x81\xcd\xa1\x03"), b"")), Look::No);
        assert_eq!(look(&tcp(&[0, 0, 0], b"")), Look::More);
    }
}
