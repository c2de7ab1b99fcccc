//! What a file is that is no capture, or one of a format that is not read.

/// How an editor of captures turns such a file into one that can be read.
const CONVERT: &str = "; convert it with: editcap -F pcapng FILE OUT";

/// The first bytes, the place they stand at, what the file is, and whether editcap can convert it.
const SIGNATURES: &[(usize, &[u8], &str, bool)] = &[
    (0, b"snoop\0\0\0", "a Sun snoop file", true),
    (0, b"GMBU", "a Network Monitor file", true),
    (0, b"RTSS", "a Network Monitor 1 file", true),
    (0, b"btsnoop\0", "a btsnoop Bluetooth log", true),
    (0, b"ObserverPktBuffe", "an Observer capture", true),
    (0, b"TRSNIFF data    \x1a", "a DOS Sniffer file", true),
    (0, b"XCP\0", "a NetXRay or Windows Sniffer file", true),
    (0, b"\x7fver", "a Savvius or WildPackets tagged capture", true),
    (0, b"iptrace ", "an AIX iptrace file", true),
    (0, b"\0\0\x02\0\x12\x05\x10\x10", "a Tektronix K12 file", true),
    (0, b"EyeSDN", "an EyeSDN trace", true),
    (0, b"\x05VNF", "a Visual Networks capture", true),
    (0, b"\x1f\x8b", "a gzip file inside a compressed file", false),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file inside a compressed file", false),
    (0, b"BZh", "a bzip2 file; unpack it first", false),
    (0, b"\xfd7zXZ\0", "an xz file; unpack it first", false),
    (0, b"\x04\x22\x4d\x18", "an lz4 file; unpack it first", false),
    (0, b"PK\x03\x04", "a zip archive; unpack it first", false),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first", false),
    (0, b"Rar!\x1a\x07", "a rar archive; unpack it first", false),
    (257, b"ustar", "a tar archive; unpack it first", false),
    (0, b"ElfFile\0", "a Windows event log", false),
    (0, b"\x7fELF", "a program", false),
    (0, b"MZ", "a Windows program", false),
    (0, b"%PDF", "a PDF document", false),
    (0, b"SQLite format 3\0", "an SQLite database", false),
    (0, b"\x89PNG", "a picture", false),
];

/// How much of a file is looked at.
pub(in crate::capture) const LOOK: usize = 512;

/// What a file that starts so looks like.
pub(in crate::capture) fn describe(head: &[u8]) -> String {
    let head = head.get(..LOOK).unwrap_or(head);
    let known = SIGNATURES.iter().find(|(at, bytes, ..)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    match known {
        _ if head.is_empty() => "it is empty".to_owned(),
        Some((.., what, true)) => format!("it looks like {what}{CONVERT}"),
        Some((.., what, false)) => format!("it looks like {what}"),
        None if is_event_trace(head) => {
            "it looks like a Windows event trace (ETL); convert it with: pktmon etl2pcap FILE, or etl2pcapng FILE OUT".to_owned()
        }
        None if is_text(head) => "it looks like a text file".to_owned(),
        None => format!("its first bytes are {}", hex(head)),
    }
}

/// ETL: a buffer size in whole KiB, and behind the buffer header of 72 bytes a system trace header with its marker 0xc0.
fn is_event_trace(head: &[u8]) -> bool {
    let size = super::u32_at(head, 0, false);
    (1024..=16 << 20).contains(&size) && size.is_multiple_of(1024) && matches!(head.get(0x4a..0x4c), Some([1 | 2, 0xc0]))
}

/// UTF-8 (the last character may be cut) or UTF-16 with its mark, without control characters that text does not have.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(head.get(..e.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b'))
}

fn hex(head: &[u8]) -> String {
    let words: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_is() {
        assert_eq!(describe(b""), "it is empty");
        assert_eq!(
            describe(b"snoop\0\0\0\0\0\0\x02"),
            "it looks like a Sun snoop file; convert it with: editcap -F pcapng FILE OUT"
        );
        assert_eq!(describe("Grüße\nan alle\n".as_bytes()), "it looks like a text file");
        assert_eq!(describe(&[0x80, 0, 1, 2]), "its first bytes are 80 00 01 02");
        assert_eq!(describe(b"PK\x03\x04rest"), "it looks like a zip archive; unpack it first");
    }

    #[test]
    fn a_character_cut_by_the_look_is_still_text() {
        let text = "ä".repeat(400);
        assert_eq!(describe(&text.as_bytes()[..511]), "it looks like a text file");
    }
}
