//! The message that DNS, multicast DNS and LLMNR share (RFC 1035 section 4).

use super::cursor::Cursor;
use super::finding::shown;

/// What a message says.
pub(super) struct Message<'a> {
    pub(super) id: u16,
    pub(super) is_response: bool,
    pub(super) questions: u16,
    pub(super) code: u16,
    /// Nothing had to be forgiven, and something is asked or answered.
    pub(super) is_sound: bool,
    /// Name and type of the first question, or of the first record where there is none.
    pub(super) subject: Option<(Name<'a>, u16)>,
}

impl Message<'_> {
    /// `A www.example.com`.
    pub(super) fn text(&self) -> String {
        let Some((name, kind)) = &self.subject else { return String::new() };
        let name = name.dotted();
        let mut text = String::with_capacity(name.len() + 32);
        match TYPES.iter().find(|(number, _)| number == kind) {
            Some((_, word)) => text.push_str(word),
            None => text.extend(["TYPE", &kind.to_string()]),
        }
        text.extend([" ", &shown(&name)]);
        text
    }
}

/// A name without compression, as it stands in the message: lengths and labels.
pub(super) struct Name<'a>(&'a [u8]);

impl Name<'_> {
    fn dotted(&self) -> Vec<u8> {
        let mut labels = Cursor::new(self.0);
        let mut text = Vec::with_capacity(self.0.len() + 1);
        while let Some(label) = labels.u8().and_then(|len| labels.take(usize::from(len))) {
            if !text.is_empty() {
                text.push(b'.');
            }
            text.extend_from_slice(label);
        }
        if text.is_empty() {
            text.push(b'.');
        }
        text
    }
}

const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (43, "DS"),
    (48, "DNSKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
];

/// Reads a message on a port where nothing else is spoken: what senders and captures get wrong is forgiven as long as it begins like one.
pub(super) fn read_at_home(bytes: &[u8], is_whole: bool) -> Option<Message<'_>> {
    read(bytes, is_whole).or_else(|| {
        let mut cursor = Cursor::new(bytes);
        let (id, flags, questions) = (cursor.be16()?, cursor.be16()?, cursor.be16()?);
        cursor.skip(6)?;
        let name = read_name(&mut cursor);
        // Tails of a few bytes are cut off by whoever takes them for a checksum.
        let is_cut = cursor.rest().len() < 2 && (name.is_some() || !is_whole) || (!is_whole && cursor.rest().len() < 64);
        let subject = name.and_then(|name| Some((name, cursor.be16()?)));
        let is_possible = questions <= 4 && (subject.is_some() || is_cut);
        is_possible.then_some(Message {
            id,
            is_response: flags & 0x8000 != 0,
            questions,
            code: flags & 15,
            is_sound: false,
            subject,
        })
    })
}

/// Reads a message of which `bytes` may be the beginning only; `None` where it cannot be one.
pub(super) fn read(bytes: &[u8], is_whole: bool) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (id, flags) = (cursor.be16()?, cursor.be16()?);
    let [questions, answers, authorities, additionals] = [cursor.be16()?, cursor.be16()?, cursor.be16()?, cursor.be16()?];
    let opcode = flags >> 11 & 15;
    let is_response = flags & 0x8000 != 0;
    let records = answers.checked_add(authorities)?.checked_add(additionals)?;
    // RFC 1035, 1996, 2136, 8490: query, inverse query, status, notify, update, stateful operations. One bit is reserved.
    let is_possible = matches!(opcode, 0..=2 | 4..=6) && flags & 0x40 == 0 && questions <= 64 && records <= 2048;
    let empty = questions == 0 && records == 0;
    if !is_possible
        || (empty && !is_response)
        || (!is_response && flags & 0x80 != 0)
        || (!is_response && opcode == 0 && flags & 15 != 0)
    {
        return None;
    }
    let subject = if empty {
        None
    } else {
        let name = read_name(&mut cursor)?;
        let (kind, class) = (cursor.be16()?, cursor.be16()?);
        // IN, CH, HS, NONE, ANY; the top bit is multicast DNS's. Types above 259 are not in use but for TA and DLV.
        let is_known = (1..=260).contains(&kind) || matches!(kind, 32768 | 32769 | 65521..);
        let is_option = kind == 41 && questions == 0;
        if !is_known || !(is_option || matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255)) {
            return None;
        }
        Some((name, kind))
    };
    let nothing_left = questions != 1 || records > 0 || cursor.rest().is_empty() || !is_whole;
    let something_left = (records == 0 || questions == 0) || !cursor.rest().is_empty() || !is_whole;
    let is_sound = subject.is_some();
    (nothing_left && something_left).then_some(Message { id, is_response, questions, code: flags & 15, is_sound, subject })
}

/// Reads a name to its end, which is at most 255 bytes away (RFC 1035 section 2.3.4).
fn read_name<'a>(cursor: &mut Cursor<'a>) -> Option<Name<'a>> {
    let all = cursor.rest();
    let (mut labels, mut text) = (0, 0);
    loop {
        let len = usize::from(cursor.u8()?);
        if len == 0 {
            return all.get(..labels).map(Name);
        }
        // Between labels stands a dot.
        if len > 63 || text + len > 255 {
            return None;
        }
        cursor.skip(len)?;
        text += len + usize::from(text > 0);
        labels += 1 + len;
    }
}
