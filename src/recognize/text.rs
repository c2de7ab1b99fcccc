//! Lines of text, for protocols that talk in them.

use super::opening::Read;

/// The longest line that is looked at (RFC 5321 allows 512, HTTP start lines may be longer than any budget).
const LONGEST: usize = 2048;

/// The first line without its end; `Short` while the end is not there.
pub fn line(bytes: &[u8]) -> Read<&[u8]> {
    match memchr::memchr(b'\n', bytes.get(..LONGEST).unwrap_or(bytes)) {
        Some(at) => {
            let line = bytes.get(..at).unwrap_or_default();
            Read::Like(line.strip_suffix(b"\r").unwrap_or(line))
        }
        None if bytes.len() >= LONGEST => Read::Unlike,
        None => Read::Short,
    }
}

/// Every line, the last one perhaps cut.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let all = rest?;
        let (line, after) = match memchr::memchr(b'\n', all).and_then(|at| all.split_at_checked(at)) {
            Some((line, after)) => (line, after.get(1..)),
            None => (all, None),
        };
        rest = after;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

/// The words of a line.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

/// Whether the bytes are printable ASCII or, above it, some other text.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..))
}

/// Whether bytes without a line's end may become a line: text, the end perhaps half there.
pub fn may_become_line(bytes: &[u8]) -> bool {
    is_text(bytes.strip_suffix(b"\r").unwrap_or(bytes))
}

/// What follows a prefix, whatever its case.
pub fn after<'a>(bytes: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Where a text stands. Texts are short and what is searched is too: by its first byte it is found before a searcher is built.
pub fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let first = text.first()?;
    memchr::memchr_iter(*first, bytes).find(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(text)))
}

/// Whether a text stands in these bytes.
pub fn has(bytes: &[u8], text: &[u8]) -> bool {
    find(bytes, text).is_some()
}

/// A text in a field of fixed size, or one that a zero ends; `None` where it is empty.
pub fn until_zero(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split(|byte| *byte == 0).next().filter(|text| !text.is_empty())
}

/// ASCII out of UTF-16; what is none becomes a question mark.
pub fn narrow(wide: &[u8]) -> Vec<u8> {
    wide.chunks_exact(2).map(|pair| if let [byte, 0] = pair { *byte } else { b'?' }).collect()
}

/// Whether one side asks for a password and the other has typed two lines: a name and the password.
pub fn password_is_typed(asks: &[u8], types: &[u8]) -> bool {
    let lines = |end| memchr::memchr_iter(end, types).count();
    lines(b'\r').max(lines(b'\n')) >= 2 && has(asks, b"assword:")
}

/// Whether a message of NTLM is in the bytes ([MS-NLMP] section 2.2.1), as it is or in base64.
pub fn has_ntlm(bytes: &[u8]) -> bool {
    has(bytes, b"NTLMSSP\0") || has(bytes, b"TlRMTVNT")
}

/// A header's value, of lines up to the first empty one.
pub fn header<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut fields = lines(bytes).skip(1).take_while(|line| !line.is_empty());
    let value = |line: &'a [u8]| after(line, name)?.strip_prefix(b":").map(<[u8]>::trim_ascii);
    fields.find_map(value)
}

/// A reply code of three digits with the text after it (`220 ready`, `220-ready`).
pub fn reply(line: &[u8]) -> Option<(u16, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    let digits = code.iter().all(u8::is_ascii_digit);
    let number = code.iter().fold(0, |number, digit| number * 10 + u16::from(digit.wrapping_sub(b'0')));
    let text = rest.split_first().map_or(Some(rest), |(mark, text)| matches!(mark, b' ' | b'-').then_some(text))?;
    (digits && (100..600).contains(&number)).then_some((number, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_headers_and_replies() {
        assert_eq!(line(b"220 ready\r\nmore"), Read::Like(&b"220 ready"[..]));
        assert_eq!(line(b"220 rea"), Read::Short);
        assert_eq!(header(b"GET / HTTP/1.1\r\nhost:  a.example \r\n\r\nHost: b", b"Host"), Some(&b"a.example"[..]));
        assert_eq!(reply(b"220-ready"), Some((220, &b"ready"[..])));
        assert_eq!((reply(b"220"), reply(b"2x0 a"), reply(b"999 a")), (Some((220, &b""[..])), None, None));
    }
}
