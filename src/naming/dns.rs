//! DNS, multicast DNS and LLMNR (RFC 1035 section 4, RFC 6762, RFC 4795): the addresses of a name, and the name of an address.
//!
//! The name is the one that owns the address record: where an alias led there, the host's own. A service record (RFC 2782) names a target, whose
//! address comes as another record of the same message.

use super::{Teller, Told};
use crate::net::Addr;
use crate::recognize::Cursor;

const A: u16 = 1;
const PTR: u16 = 12;
const AAAA: u16 = 28;

/// Questions and records that are walked.
const QUESTIONS: u16 = 8;
const RECORDS: u32 = 128;
/// The longest name on the wire (RFC 1035 section 2.3.4).
const LONGEST: usize = 255;

/// Reads an answer.
pub(super) fn read(told: &Told<'_>, teller: &mut Teller<'_>) -> Option<()> {
    let message = unframed(told.bytes);
    let mut cursor = Cursor::new(message);
    let (_id, flags) = (cursor.be16()?, cursor.be16()?);
    // An answer to a query, without an error.
    if flags & 0xf80f != 0x8000 {
        return None;
    }
    let [questions, answers, authorities, additionals] = [cursor.be16()?, cursor.be16()?, cursor.be16()?, cursor.be16()?];
    if questions > QUESTIONS {
        return None;
    }
    for _ in 0..questions {
        skip_name(&mut cursor)?;
        cursor.skip(4)?;
    }
    let records = u32::from(answers) + u32::from(authorities) + u32::from(additionals);
    for _ in 0..records.min(RECORDS) {
        record(message, &mut cursor, teller)?;
    }
    Some(())
}

/// Over TCP a length stands in front of the message; a segment that holds just one is read as a datagram is.
fn unframed(bytes: &[u8]) -> &[u8] {
    match bytes.split_first_chunk() {
        Some((length, rest)) if usize::from(u16::from_be_bytes(*length)) == rest.len() => rest,
        _ => bytes,
    }
}

fn record(message: &[u8], cursor: &mut Cursor<'_>, teller: &mut Teller<'_>) -> Option<()> {
    let begin = message.len() - cursor.rest().len();
    skip_name(cursor)?;
    let owner = || labels(message, begin);
    let (kind, class) = (cursor.be16()?, cursor.be16()?);
    let (lifetime, length) = (cursor.be32()?, cursor.be16()?);
    let data = cursor.take(usize::from(length))?;
    // The top bit of the class is multicast DNS's; a lifetime of 0 says goodbye there (RFC 6762 section 10.1).
    if class & 0x7fff != 1 || (lifetime == 0 && class & 0x8000 != 0) {
        return Some(());
    }
    match (kind, data.len()) {
        (A, 4) => teller.say(4, Addr::v4(data.try_into().ok()?), &owner()?),
        (AAAA, 16) => teller.say(6, Addr::v6(data.try_into().ok()?), &owner()?),
        (PTR, 1..) => {
            if let Some((version, host)) = reversed(&owner()?) {
                let end = message.len() - cursor.rest().len();
                teller.say(version, host, &labels(message, end - data.len())?);
            }
        }
        _ => {}
    }
    Some(())
}

/// Steps over a name: labels to an empty one, or to a pointer.
fn skip_name(cursor: &mut Cursor<'_>) -> Option<()> {
    loop {
        match cursor.u8()? {
            0 => return Some(()),
            length @ 1..=63 => cursor.skip(usize::from(length))?,
            0xc0..=0xff => return cursor.skip(1),
            _ => return None,
        }
    }
}

/// A name of the message, its pointers followed. A pointer leads back, so that none can lead in a circle (RFC 1035 section 4.1.4).
fn labels(message: &[u8], start: usize) -> Option<Vec<u8>> {
    let (mut text, mut at, mut before) = (Vec::with_capacity(64), start, start);
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => return Some(text),
            1..=63 => {
                let label = message.get(at + 1..=at + length)?;
                if text.len() + length > LONGEST {
                    return None;
                }
                if !text.is_empty() {
                    text.push(b'.');
                }
                text.extend_from_slice(label);
                at += 1 + length;
            }
            0xc0..=0xff => {
                let target = (length & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                if target >= before {
                    return None;
                }
                (at, before) = (target, target);
            }
            _ => return None,
        }
    }
}

/// The address of `9.0.1.10.in-addr.arpa` or of its like for IPv6 (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reversed(name: &[u8]) -> Option<(u8, Addr)> {
    let text = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    if let Some(digits) = text.strip_suffix(".in-addr.arpa") {
        let mut bytes = [0; 4];
        let mut parts = digits.split('.');
        for byte in bytes.iter_mut().rev() {
            *byte = parts.next()?.parse().ok()?;
        }
        return parts.next().is_none().then(|| (4, Addr::v4(bytes)));
    }
    let digits: Vec<u8> = text.strip_suffix(".ip6.arpa")?.split('.').map(nibble).collect::<Option<_>>()?;
    let number = digits.iter().rev().fold(0u128, |number, digit| number << 4 | u128::from(*digit));
    (digits.len() == 32).then(|| (6, Addr::v6(number.to_be_bytes())))
}

fn nibble(text: &str) -> Option<u8> {
    if text.len() == 1 { u8::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use crate::recognize::testing::hex;

    /// www.corp.example is an alias of sms1.corp.example, which has 10.1.0.9 and `2001:db8::9`; worked out by hand.
    const ALIAS: &str = "1234 8180 0001 0003 0000 0000 03777777 04636f7270 076578616d706c65 00 0001 0001
        c00c 0005 0001 0000003c 0007 04736d7331 c010
        c02e 0001 0001 0000003c 0004 0a010009
        c02e 001c 0001 0000003c 0010 20010db8 00000000 00000000 00000009";

    #[test]
    fn addresses_belong_to_the_name_at_the_end_of_the_alias() {
        let said = ["10.1.0.9 sms1.corp.example dns", "2001:db8::9 sms1.corp.example dns"];
        assert_eq!(read("DNS", &hex(ALIAS)), said);
        let framed = [&(hex(ALIAS).len() as u16).to_be_bytes()[..], &hex(ALIAS)].concat();
        assert_eq!(read("DNS", &framed), said);
    }

    #[test]
    fn a_query_an_error_and_another_class_name_nobody() {
        assert_eq!(read("DNS", &hex(&ALIAS.replace("8180", "0100"))), [""; 0]);
        assert_eq!(read("DNS", &hex(&ALIAS.replace("8180", "8183"))), [""; 0]);
        assert_eq!(
            read("DNS", &hex(&ALIAS.replace("c02e 0001 0001", "c02e 0001 0003")))[..1],
            ["2001:db8::9 sms1.corp.example dns"]
        );
    }

    #[test]
    fn reverse_lookups() {
        let record = |owner: &str| format!("0000 8400 0000 0001 0000 0000 {owner} 000c 0001 00000e10 0005 03646331 00");
        let owner = "0139 0130 0131 023130 07696e2d61646472 0461727061 00";
        assert_eq!(read("DNS", &hex(&record(owner))), ["10.1.0.9 dc1 dns"]);
        let nibbles = format!("0139 {} 0138 0162 0164 0130 0131 0130 0130 0132 03697036 0461727061 00", "0130 ".repeat(23));
        assert_eq!(read("DNS", &hex(&record(&nibbles))), ["2001:db8::9 dc1 dns"]);
        assert_eq!(read("DNS", &hex(&record("0139 07696e2d61646472 0461727061 00"))), [""; 0]);
    }

    #[test]
    fn multicast_answers_and_goodbyes() {
        // printer.local is 10.0.0.7, for 120 seconds and for none.
        let answer = |ttl: &str| {
            hex(&format!("0000 8400 0000 0001 0000 0000 077072696e746572 056c6f63616c 00 0001 8001 {ttl} 0004 0a000007"))
        };
        assert_eq!(read("mDNS", &answer("00000078")), ["10.0.0.7 printer.local mdns"]);
        assert_eq!(read("mDNS", &answer("00000000")), [""; 0]);
        assert_eq!(read("LLMNR", &answer("00000078")), ["10.0.0.7 printer.local llmnr"]);
    }

    #[test]
    fn pointers_that_lead_forward_or_in_circles_end_the_message() {
        for owner in ["c00c", "c010", "c0ff", "0161 c00c", "40"] {
            let message = format!("0000 8400 0000 0001 0000 0000 {owner} 0001 0001 00000e10 0004 0a000007");
            assert_eq!(read("DNS", &hex(&message)), [""; 0], "{owner}");
        }
    }
}
