//! ISO transport over TCP (RFC 1006, X.224): X.400 and others; RDP begins with it too.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};

/// ISO transport class 0.
pub static COTP: Protocol = Protocol { name: "ISO transport (COTP)", label: None, behind: &["X.400"] };

/// A TPDU in its envelope.
#[derive(Clone, Copy)]
pub(super) struct Tpdu<'a> {
    /// Connection request 0xe0, confirm 0xd0, disconnect 0x80, data 0xf0.
    pub(super) kind: u8,
    /// The variable part of a connection TPDU; user data of a data TPDU.
    pub(super) rest: &'a [u8],
}

/// The first TPDU of a side.
pub(super) fn read<'a>(said: &Said<'a>) -> Read<Tpdu<'a>> {
    let mut cursor = Cursor::new(said.bytes);
    let (Some([3, 0]), Some(length)) = (cursor.array::<2>(), cursor.be16()) else {
        return if [3, 0].starts_with(said.bytes.get(..2).unwrap_or(said.bytes)) { Read::Short } else { Read::Unlike };
    };
    let (Some(indicator), Some(kind)) = (cursor.u8(), cursor.u8()) else { return Read::Short };
    if usize::from(length) < usize::from(indicator) + 5 || indicator < 2 {
        return Read::Unlike;
    }
    match kind & 0xf0 {
        // References and class, then parameters up to the indicator.
        kind @ (0xe0 | 0xd0 | 0x80) if indicator >= 6 && (kind == 0x80 || usize::from(length) == usize::from(indicator) + 5) => {
            let Some(()) = cursor.skip(5) else { return Read::Short };
            Read::Like(Tpdu { kind, rest: cursor.take_most(usize::from(indicator) - 6) })
        }
        0xf0 if indicator == 2 => {
            let Some(()) = cursor.skip(1) else { return Read::Short };
            Read::Like(Tpdu { kind: 0xf0, rest: cursor.take_most(usize::from(length).saturating_sub(7)) })
        }
        _ => Read::Unlike,
    }
}

/// Looks for ISO transport.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    exchange.look(|| {
        let called = exchange.values().filter(|tpdu| tpdu.kind == 0xe0).find_map(|tpdu| called(tpdu.rest));
        let detail = called.map(|name| format!("calls {}", selector(name))).unwrap_or_default();
        Finding::new(&COTP, exchange.confidence(Confidence::Plausible))
            .asked_by(exchange.client(|tpdu| match tpdu.kind {
                0xe0 => Some(true),
                0xd0 => Some(false),
                _ => None,
            }))
            .detailed(&detail)
    })
}

/// The selector of who is called (X.224 section 13.3.4): code, length, value.
fn called(parameters: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(parameters);
    loop {
        let (code, length) = (cursor.u8()?, cursor.u8()?);
        let value = cursor.take(usize::from(length))?;
        if code == 0xc2 {
            return Some(value).filter(|value| !value.is_empty());
        }
    }
}

/// In letters where it is made of them, else in digits.
fn selector(name: &[u8]) -> String {
    if name.iter().all(u8::is_ascii_graphic) {
        shown(name).into_owned()
    } else {
        let mut digits = String::new();
        for byte in name.iter().take(32) {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp};

    #[test]
    fn a_connection_request_and_its_confirm() {
        let (ask, answer) =
            (hex("03000016 11e00000000100c0010ac1020100c2020102"), hex("03000016 11d00001000300c0010ac1020100c2020102"));
        let finding = found(look(&tcp(&ask, &answer)));
        assert_eq!((finding.confidence, finding.client, detail(&finding)), (Confidence::Both, Some(Side::A), "calls 0102"));
        let named = hex("03000013 0ee00000000100 c10141 c2034d5441");
        assert_eq!(detail(&found(look(&tcp(&named, b"")))), "calls MTA");
        assert_eq!(look(&tcp(&hex("03010016 11e0"), b"")), Look::No);
    }
}
