//! The little language for payload bytes.
//!
//! ```text
//! "text\r\n\x00"       bytes of the text; \r \n \t \0 \\ \" \xHH
//! 0x05000b03           bytes in hex
//! utf16 "SERVER"       UTF-16, little-endian
//! name "dc1.corp"      a DNS name
//! zeros 16  noise 64   that many bytes
//! size16( ... )        the length of what is inside, then what is inside: size8 size16 size24 size32, with le for little-endian
//! length16le 8( ... )  what is inside, with its whole length written over it at offset 8
//! der 30( ... )        a DER element with this tag
//! @bind                a payload of the table [payloads]
//! ```

use std::collections::BTreeMap;

use super::Fallible;

/// Named payloads, to be used in others.
pub type Named = BTreeMap<String, String>;

/// Deeper nesting is a payload that names itself.
const DEEPEST: usize = 16;

/// The bytes that `text` describes.
pub fn bytes(text: &str, named: &Named) -> Fallible<Vec<u8>> {
    let mut reader = Reader { rest: text, named, depth: 0 };
    let bytes = reader.pieces()?;
    if reader.rest.is_empty() { Ok(bytes) } else { Err(format!("not a payload: {:?}", reader.rest)) }
}

struct Reader<'a> {
    rest: &'a str,
    named: &'a Named,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Everything up to the end or a closing parenthesis.
    fn pieces(&mut self) -> Fallible<Vec<u8>> {
        let mut out = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() || self.rest.starts_with(')') {
                return Ok(out);
            }
            out.extend(self.piece()?);
        }
    }

    fn piece(&mut self) -> Fallible<Vec<u8>> {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let word = self.word();
        if let Some(digits) = word.strip_prefix("0x") {
            return hex(digits);
        }
        if let Some(name) = word.strip_prefix('@') {
            return self.reference(name);
        }
        match word {
            "utf16" => Ok(text_of(self.quoted()?)?.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            "name" => dns_name(&text_of(self.quoted()?)?),
            "zeros" => Ok(vec![0; self.number()?]),
            "noise" => Ok(noise(self.number()?)),
            "der" => der(self.word(), &self.group()?),
            _ => self.measured(word),
        }
    }

    /// `sizeN` and `lengthN`, both perhaps with `le`.
    fn measured(&mut self, word: &str) -> Fallible<Vec<u8>> {
        let unknown = || format!("unknown word {word:?} in a payload");
        let big_endian = !word.ends_with("le");
        let kind = word.trim_end_matches("le");
        let width = |bits: &str| bits.parse::<usize>().ok().filter(|bits| [8, 16, 24, 32].contains(bits)).map(|bits| bits / 8);
        if let Some(bits) = kind.strip_prefix("size") {
            let width = width(bits).ok_or_else(unknown)?;
            let inside = self.group()?;
            return Ok([integer(inside.len(), width, big_endian), inside].concat());
        }
        let width = kind.strip_prefix("length").and_then(width).ok_or_else(unknown)?;
        let offset = self.number()?;
        let mut inside = self.group()?;
        let length = integer(inside.len(), width, big_endian);
        let place = inside.get_mut(offset..offset + width).ok_or_else(|| format!("{word} {offset} is beyond its group"))?;
        place.copy_from_slice(&length);
        Ok(inside)
    }

    fn reference(&mut self, name: &str) -> Fallible<Vec<u8>> {
        let text = self.named.get(name).ok_or_else(|| format!("no payload is named {name:?}"))?;
        if self.depth == DEEPEST {
            return Err(format!("payload {name:?} is nested too deep"));
        }
        let mut reader = Reader { rest: text, named: self.named, depth: self.depth + 1 };
        reader.pieces()
    }

    fn group(&mut self) -> Fallible<Vec<u8>> {
        self.rest = self.rest.trim_start();
        self.rest = self.rest.strip_prefix('(').ok_or_else(|| format!("'(' expected at {:?}", self.rest))?;
        let inside = self.pieces()?;
        self.rest = self.rest.strip_prefix(')').ok_or("a '(' is never closed")?;
        Ok(inside)
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| c.is_whitespace() || "()\"".contains(c)).unwrap_or(self.rest.len()).max(1);
        let (word, rest) = self.rest.split_at(end.min(self.rest.len()));
        self.rest = rest;
        word
    }

    fn number(&mut self) -> Fallible<usize> {
        let word = self.word();
        word.parse().map_err(|_| format!("a number was expected, not {word:?}"))
    }

    fn quoted(&mut self) -> Fallible<Vec<u8>> {
        self.rest = self.rest.trim_start();
        let inside = self.rest.strip_prefix('"').ok_or_else(|| format!("a quoted text was expected at {:?}", self.rest))?;
        let mut out = Vec::new();
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &inside[at + 1..];
                    return Ok(out);
                }
                '\\' => out.push(escape(&mut chars)?),
                c => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        Err("a '\"' is never closed".into())
    }
}

fn escape(chars: &mut std::str::CharIndices) -> Fallible<u8> {
    let mut next = || chars.next().map(|(_, c)| c);
    match next() {
        Some('r') => Ok(b'\r'),
        Some('n') => Ok(b'\n'),
        Some('t') => Ok(b'\t'),
        Some('0') => Ok(0),
        Some(c @ ('\\' | '"')) => Ok(c as u8),
        Some('x') => {
            let digits: String = [next(), next()].into_iter().flatten().collect();
            u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no byte"))
        }
        other => Err(format!("unknown escape {other:?}")),
    }
}

fn hex(digits: &str) -> Fallible<Vec<u8>> {
    if digits.is_empty() || digits.len() % 2 == 1 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("0x{digits} is no row of bytes"));
    }
    Ok((0..digits.len()).step_by(2).filter_map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect())
}

fn text_of(bytes: Vec<u8>) -> Fallible<String> {
    String::from_utf8(bytes).map_err(|_| "this text must be UTF-8".into())
}

fn dns_name(name: &str) -> Fallible<Vec<u8>> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).ok().filter(|length| *length < 64).ok_or_else(|| format!("label too long: {label}"))?);
        out.extend(label.as_bytes());
    }
    out.push(0);
    Ok(out)
}

/// Bytes without a pattern, the same every time.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn integer(value: usize, width: usize, big_endian: bool) -> Vec<u8> {
    let mut bytes = (value as u64).to_be_bytes()[8 - width..].to_vec();
    if !big_endian {
        bytes.reverse();
    }
    bytes
}

fn der(tag: &str, inside: &[u8]) -> Fallible<Vec<u8>> {
    let length = match inside.len() {
        short @ 0..=127 => vec![short as u8],
        middle @ 128..=255 => vec![0x81, middle as u8],
        long => [vec![0x82], integer(long, 2, true)].concat(),
    };
    Ok([hex(tag)?, length, inside.to_vec()].concat())
}
