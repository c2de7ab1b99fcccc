//! Header fields as HTTP/2 packs them (RFC 7541): a fixed table of 61 fields, one that grows, and texts in a code of Huffman's.

use std::sync::LazyLock;

use super::cursor::Cursor;

/// Fields of one block that are read, and how many bytes their texts may have: what is kept of a side unpacks to no more.
const FIELDS: usize = 64;
const LONGEST: usize = 4096;

/// A name and a value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// Appendix A.
const FIXED: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// How many bits the code of each byte has (appendix B), the end of the string last. Codes of one length count up in the order of their bytes.
#[rustfmt::skip]
const BITS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The code: for each length its first code, how many there are, and where their bytes stand.
struct Code {
    lengths: [(u32, u32, usize); 31],
    symbols: Vec<u16>,
}

static CODE: LazyLock<Code> = LazyLock::new(|| {
    let mut code = Code { lengths: [(0, 0, 0); 31], symbols: Vec::with_capacity(BITS.len()) };
    let mut next = 0u32;
    for (bits, length) in code.lengths.iter_mut().enumerate() {
        let here = (0u16..).zip(BITS).filter(|(_, has)| usize::from(*has) == bits).map(|(symbol, _)| symbol);
        let start = code.symbols.len();
        code.symbols.extend(here);
        let count = (code.symbols.len() - start) as u32;
        next <<= 1;
        *length = (next, count, start);
        next += count;
    }
    code
});

impl Code {
    /// The byte of a code, where it is a whole one.
    fn symbol(&self, code: u32, bits: usize) -> Option<u16> {
        let (first, count, start) = self.lengths.get(bits).copied()?;
        let at = code.checked_sub(first).filter(|at| *at < count)?;
        self.symbols.get(start + at as usize).copied()
    }
}

/// A text in the code; `None` where it holds the end of the string or is too long.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let (mut code, mut bits) = (0u32, 0);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
        code = code << 1 | u32::from(bit);
        bits += 1;
        if bits > 30 || text.len() > LONGEST {
            return None;
        }
        if let Some(symbol) = CODE.symbol(code, bits) {
            text.push(u8::try_from(symbol).ok()?);
            (code, bits) = (0, 0);
        }
    }
    Some(text)
}

/// An integer with a prefix of some bits (section 5.1).
fn integer(cursor: &mut Cursor<'_>, first: u8, bits: u32) -> Option<usize> {
    let most = (1usize << bits) - 1;
    let mut value = usize::from(first) & most;
    if value < most {
        return Some(value);
    }
    for shift in [0, 7, 14] {
        let byte = cursor.u8()?;
        value += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn text(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let first = cursor.u8()?;
    let length = integer(cursor, first, 7)?;
    let bytes = cursor.take(length)?;
    if first & 0x80 == 0 { Some(bytes.to_vec()) } else { unpacked(bytes) }
}

fn indexed(grown: &[Field], index: usize) -> Option<Field> {
    let bytes = |(name, value): (&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    match index.checked_sub(FIXED.len() + 1) {
        None => FIXED.get(index.checked_sub(1)?).copied().map(bytes),
        Some(at) => grown.iter().rev().nth(at).cloned(),
    }
}

/// One step through a block: a field, or a new size of the table, which is none.
enum Step {
    Said(Field),
    Resized,
}

/// The fields of the first block of a connection, as far as it goes.
pub(super) fn fields(block: &[u8]) -> Vec<Field> {
    let mut cursor = Cursor::new(block);
    let (mut said, mut grown) = (Vec::new(), Vec::new());
    while said.len() < FIELDS && !cursor.rest().is_empty() {
        match step(&mut cursor, &mut grown) {
            Some(Step::Said(field)) => said.push(field),
            Some(Step::Resized) => {}
            None => break,
        }
    }
    said
}

/// `None` where the block is cut or refers to what is not there.
fn step(cursor: &mut Cursor<'_>, grown: &mut Vec<Field>) -> Option<Step> {
    let first = cursor.u8()?;
    let (bits, is_kept) = match first {
        0x80.. => return Some(Step::Said(indexed(grown, integer(cursor, first, 7)?)?)),
        0x40.. => (6, true),
        0x20.. => return integer(cursor, first, 5).map(|_| Step::Resized),
        _ => (4, false),
    };
    let name = match integer(cursor, first, bits)? {
        0 => text(cursor)?,
        index => indexed(grown, index)?.0,
    };
    let field = (name, text(cursor)?);
    if is_kept {
        grown.push(field.clone());
    }
    Some(Step::Said(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::hex;

    fn shown(block: &str) -> Vec<String> {
        fields(&hex(block))
            .into_iter()
            .map(|(name, value)| format!("{}: {}", String::from_utf8_lossy(&name), String::from_utf8_lossy(&value)))
            .collect()
    }

    #[test]
    fn the_examples_of_the_specification() {
        // RFC 7541 appendix C.2.1, C.4.1 and C.6.1.
        assert_eq!(shown("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"), ["custom-key: custom-header"]);
        let request = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
        assert_eq!(shown("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), request);
        assert_eq!(
            shown(
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 \
                e9ae 82ae 43d3"
            ),
            [
                ":status: 302",
                "cache-control: private",
                "date: Mon, 21 Oct 2013 20:13:21 GMT",
                "location: https://www.example.com"
            ]
        );
    }

    #[test]
    fn a_field_that_was_added_is_found_and_a_cut_block_ends() {
        assert_eq!(shown("4001 6101 62 be"), ["a: b", "a: b"]);
        assert_eq!(shown("82 bf"), [":method: GET"], "an index that nothing was added at");
        assert_eq!(shown("8286 4181 ff"), [":method: GET", ":scheme: http", ":authority: "], "only filler");
        assert_eq!(shown("8286 418c f1e3"), [":method: GET", ":scheme: http"]);
        assert_eq!(shown("3fe11f 88"), [":status: 200"], "a new size is no field");
    }
}
