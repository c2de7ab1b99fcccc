//! The NetBIOS name service (RFC 1002 section 4.2): registrations, answers to queries, the status of a node.

use super::{Teller, Told};
use crate::net::Addr;
use crate::recognize::{Cursor, NetbiosName, netbios_name};

const NB: u16 = 0x20;
const NBSTAT: u16 = 0x21;
/// The bit of a name that is a group's (section 4.2.1.3).
const GROUP: u16 = 0x8000;
/// Names of a node that are looked at, and bytes of each (section 4.2.18).
const NODE_NAMES: u8 = 32;

/// Reads a message.
pub(super) fn read(told: &Told<'_>, teller: &mut Teller<'_>) -> Option<()> {
    let mut cursor = Cursor::new(told.bytes);
    let (_id, flags) = (cursor.be16()?, cursor.be16()?);
    let (is_response, opcode, error) = (flags & 0x8000 != 0, flags >> 11 & 15, flags & 15);
    let [questions, answers, _authorities, additionals] = [cursor.be16()?, cursor.be16()?, cursor.be16()?, cursor.be16()?];
    // Answers to queries and registrations; and what registers or refreshes a name, in the additional record.
    let is_answer = is_response && answers == 1 && error == 0 && matches!(opcode, 0 | 5 | 8 | 9 | 15);
    let registers = !is_response && questions == 1 && additionals == 1 && matches!(opcode, 5 | 8 | 9 | 15);
    if !is_answer && !registers {
        return None;
    }
    let mut asked = None;
    if questions == 1 {
        asked = netbios_name(&mut cursor);
        cursor.skip(4)?;
    }
    let owner = if cursor.rest().starts_with(&[0xc0]) { cursor.skip(2).and(asked) } else { netbios_name(&mut cursor) }?;
    let (kind, _class, _lifetime, length) = (cursor.be16()?, cursor.be16()?, cursor.be32()?, cursor.be16()?);
    let data = Cursor::new(cursor.take(usize::from(length))?);
    match kind {
        NB => addresses(&owner, data, teller),
        NBSTAT if is_answer => node(told, data, teller)?,
        _ => {}
    }
    Some(())
}

/// The addresses of a name.
fn addresses(owner: &NetbiosName, mut data: Cursor<'_>, teller: &mut Teller<'_>) {
    while let Some((flags, address)) = data.be16().zip(data.array()) {
        if flags & GROUP == 0 && owner.is_host() {
            teller.say(4, Addr::v4(address), &owner.text);
        }
    }
}

/// The names of whoever sends them: the first that is its own.
fn node(told: &Told<'_>, mut data: Cursor<'_>, teller: &mut Teller<'_>) -> Option<()> {
    for _ in 0..data.u8()?.min(NODE_NAMES) {
        let (text, suffix, flags) = (data.take(15)?, data.u8()?, data.be16()?);
        let name = NetbiosName { text: text.trim_ascii_end().to_vec(), suffix };
        if flags & GROUP == 0 && matches!(suffix, 0x00 | 0x20) && name.is_host() {
            teller.say(told.version, told.by, &name.text);
            break;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use crate::recognize::testing::hex;

    /// FRED<20> in first-level encoding (RFC 1001 section 14.1).
    const FRED: &[u8] = b" EGFCEFEECACACACACACACACACACACACA\0";

    fn message(head: &str, owner: &[u8], rest: &str) -> Vec<u8> {
        [&hex(head)[..], owner, &hex(rest)].concat()
    }

    #[test]
    fn a_registration_names_its_sender_and_an_answer_whoever_was_asked_for() {
        let register = message("0001 2910 0001 0000 0000 0001", FRED, "0020 0001 c00c 0020 0001 000493e0 0006 0000 0a000007");
        assert_eq!(read("NetBIOS name service", &register), ["10.0.0.7 FRED netbios"]);
        let answer = message("0001 8500 0000 0001 0000 0000", FRED, "0020 0001 000493e0 000c 0000 0a000007 2000 0a000008");
        assert_eq!(read("NetBIOS name service", &answer), ["10.0.0.7 FRED netbios", "10.0.0.8 FRED netbios"]);
        let group = message("0001 8500 0000 0001 0000 0000", FRED, "0020 0001 000493e0 0006 8000 0a000007");
        assert_eq!(read("NetBIOS name service", &group), [""; 0]);
        let refused = message("0001 ad86 0000 0001 0000 0000", FRED, "0020 0001 000493e0 0006 0000 0a000007");
        assert_eq!(read("NetBIOS name service", &refused), [""; 0]);
    }

    #[test]
    fn the_status_of_a_node_names_its_sender() {
        let any = b" CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0";
        // WORKGROUP<00> (group), FS1<00>.
        let names = "02 574f524b47524f5550 202020202020 00 8400 465331 202020202020202020202020 00 0400";
        let status = message("0001 8400 0000 0001 0000 0000", any, &format!("0021 0001 00000000 0025 {names}"));
        assert_eq!(read("NetBIOS name service", &status), ["10.0.0.5 FS1 netbios"]);
    }
}
