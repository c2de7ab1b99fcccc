//! The NetBIOS datagram service (RFC 1002 section 4.4): browser announcements, logon mailslots.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::netbios::{Name, read_name};
use super::opening::{Opening, Read, Said};
use super::text;

/// The datagram service.
pub static DATAGRAM: Protocol = Protocol {
    name: "NetBIOS datagram service",
    label: Some("NetBIOS Datagram Service"),
    behind: &["NetBIOS Datagram Service", "NetBIOS", "WINS"],
};

struct Datagram<'a> {
    names: Option<(Name, Name)>,
    mailslot: Option<&'a [u8]>,
}

/// Looks for the datagram service: header, lengths and two encoded names.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let mut finding = Finding::new(&DATAGRAM, Confidence::Certain);
        let first = exchange.iter().find_map(|(side, datagram)| Some((side, datagram, datagram.names.as_ref()?)));
        let Some((side, datagram, (source, destination))) = first else { return finding };
        let mut detail = format!("{} to {}", source.shown(), destination.shown());
        if let Some(mailslot) = datagram.mailslot {
            let _ = write!(detail, " at {}", shown(mailslot));
        }
        finding = finding.asked_by(Some(side)).detailed(&detail);
        finding.of_client(source.is_host().then_some(&source.text))
    })
}

fn read<'a>(said: &Said<'a>) -> Read<Datagram<'a>> {
    Read::or_unlike(read_datagram(said.datagram().0))
}

fn read_datagram(bytes: &[u8]) -> Option<Datagram<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (kind, _flags, _id) = (cursor.u8()?, cursor.u8()?, cursor.be16()?);
    let (_ip, _port) = (cursor.be32()?, cursor.be16()?);
    match kind {
        0x10..=0x12 => {
            let (length, _offset) = (cursor.be16()?, cursor.be16()?);
            let names = read_name(&mut cursor).zip(read_name(&mut cursor))?;
            (length >= 68).then_some(Datagram { names: Some(names), mailslot: mailslot(cursor.rest()) })
        }
        // An error is one byte long; a query and its answers hold one name.
        0x13 => (bytes.len() == 11).then_some(Datagram { names: None, mailslot: None }),
        0x14..=0x16 => read_name(&mut cursor).map(|_| Datagram { names: None, mailslot: None }),
        _ => None,
    }
}

/// The name of an SMB transaction: the first text that begins with `\MAILSLOT\`.
fn mailslot(bytes: &[u8]) -> Option<&[u8]> {
    let at = text::find(bytes.get(..200).unwrap_or(bytes), b"\\MAILSLOT\\")?;
    bytes.get(at..)?.split(|byte| *byte == 0).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_browser_announcement() {
        let name = b" FADDDHCACACACACACACACACACACACAAA\0";
        let group = b" EDEPFCFACACACACACACACACACACACABO\0";
        let datagram =
            [&hex("1102800a 0a000805 008a 00bb 0000")[..], name, group, b"\xffSMB\x25\0\0\0\\MAILSLOT\\BROWSE\0"].concat();
        let finding = found(udp([138, 138], &datagram, b"", look));
        assert_eq!(detail(&finding), r"P37<00> to CORP<1e> at \MAILSLOT\BROWSE");
        assert_eq!(udp([138, 138], &hex("1102800a 0a000805 008a 00bb 0000 2041"), b"", look), Look::No);
    }
}
