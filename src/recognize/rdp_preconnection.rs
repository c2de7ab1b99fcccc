//! What goes before a remote desktop connection to a virtual machine ([MS-RDPEPS] section 2.2): the machine's name, then RDP or TLS.
//! The name is a GUID, perhaps with an option behind it.

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// A connection to a virtual machine.
pub static PRECONNECTION: Protocol = Protocol { name: "RDP", label: Some("RDP"), behind: &["RDP", "Terminal Services"] };

/// Looks for a preconnection message.
pub fn look(seen: &Opening<'_>) -> Look {
    for side in [crate::net::Side::A, crate::net::Side::B] {
        if let Read::Like(name) = read(seen.said(side)) {
            let detail = format!("virtual machine {}", shown(&name));
            return Look::Sure(Finding::new(&PRECONNECTION, Confidence::Certain).asked_by(Some(side)).detailed(&detail));
        }
    }
    let open = seen.said.iter().any(|said| !said.bytes.is_empty() && read(said) == Read::Short);
    if open { Look::More } else { Look::No }
}

/// The name in UTF-16, as its low bytes.
fn read(said: &Said<'_>) -> Read<Vec<u8>> {
    message(said.bytes).unwrap_or(Read::Short)
}

/// Version 2: size, no flags, version, id, the count of characters, the characters. `None` where it is cut.
fn message(bytes: &[u8]) -> Option<Read<Vec<u8>>> {
    let mut cursor = Cursor::new(bytes);
    let size = cursor.le32()?;
    if !(0x58..=0x80).contains(&size) {
        return Some(Read::Unlike);
    }
    let (flags, version, _id, count) = (cursor.le32()?, cursor.le32()?, cursor.le32()?, cursor.le16()?);
    if flags != 0 || version != 2 || 18 + 2 * u32::from(count) != size {
        return Some(Read::Unlike);
    }
    let name = cursor.take(2 * usize::from(count))?;
    Some(Read::Like(name.iter().step_by(2).copied().take_while(|byte| *byte != 0).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn the_machine_is_named() {
        let guid = b"fdc04b5e-4d2c-4a6b-9f0e-6d2c4a6b9f0e\0";
        let name: Vec<u8> = guid.iter().flat_map(|byte| [*byte, 0]).collect();
        let bytes = [&hex("5c000000 00000000 02000000 00000000 2500")[..], &name].concat();
        let finding = found(look(&tcp(&bytes, b"")));
        assert_eq!((detail(&finding), finding.client), ("virtual machine fdc04b5e-4d2c-4a6b-9f0e-6d2c4a6b9f0e", Some(Side::A)));
        assert_eq!(look(&tcp(&bytes[..20], b"")), Look::More);
        assert_eq!(look(&tcp(&hex("5c000000 01000000 02000000 00000000 2500"), b"")), Look::No);
    }
}
