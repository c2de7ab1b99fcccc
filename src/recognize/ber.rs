//! BER and DER elements (X.690), as LDAP, SNMP and Kerberos use them: single-byte tags, definite lengths.

use super::cursor::Cursor;

/// One element: its tag, its length by its header, and what there is of its contents.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The identifier byte.
    pub tag: u8,
    /// How long its contents are.
    pub len: usize,
    /// The contents, perhaps cut.
    pub body: Cursor<'a>,
    /// Bytes of identifier and length.
    pub header: usize,
}

/// Identifier and length; `None` where they are cut or the length is over 16 MiB.
fn header(cursor: &mut Cursor<'_>) -> Option<(u8, usize)> {
    let tag = cursor.u8()?;
    let first = cursor.u8()?;
    let len = match first {
        0..=0x7f => u32::from(first),
        // Windows writes four bytes whatever the length.
        0x81..=0x84 => cursor
            .take(usize::from(first & 0x7f))?
            .iter()
            .try_fold(0u32, |len, byte| Some(len.checked_mul(256)? | u32::from(*byte)))?,
        _ => return None,
    };
    (len < 1 << 24).then_some((tag, len as usize))
}

/// The next element, perhaps cut at the end of the bytes.
pub fn next<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let before = cursor.rest().len();
    let (tag, len) = header(cursor)?;
    let header = before - cursor.rest().len();
    Some(Element { tag, len, body: Cursor::new(cursor.take_most(len)), header })
}

/// The next element if it has this tag; the cursor stays where it is if not.
pub fn expect<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<Element<'a>> {
    let mut ahead = *cursor;
    let element = next(&mut ahead).filter(|element| element.tag == tag)?;
    *cursor = ahead;
    Some(element)
}

/// An INTEGER or ENUMERATED of up to four bytes.
pub fn integer(cursor: &mut Cursor<'_>, tag: u8) -> Option<u32> {
    let element = expect(cursor, tag).filter(|element| (1..=4).contains(&element.len))?;
    let bytes = element.body.rest();
    (bytes.len() == element.len).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// The contents of an element that is all there.
pub fn whole<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<&'a [u8]> {
    let element = expect(cursor, tag)?;
    (element.body.rest().len() == element.len).then(|| element.body.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_read() {
        for bytes in [&[2, 1, 5][..], &[2, 0x81, 1, 5], &[2, 0x84, 0, 0, 0, 1, 5]] {
            assert_eq!(integer(&mut Cursor::new(bytes), 2), Some(5), "{bytes:?}");
        }
        assert!(next(&mut Cursor::new(&[2, 0x80, 5])).is_none(), "indefinite");
        assert!(next(&mut Cursor::new(&[2, 0x84, 0xff, 0xff, 0xff, 0xff])).is_none(), "longer than anything");
        assert_eq!(whole(&mut Cursor::new(&[4, 3, b'a']), 4), None, "cut");
    }
}
