//! Named pipes of SMB 1 ([MS-CIFS]) and of SMB 2 and 3 ([MS-SMB2]): an endpoint mapper answers at `\pipe\epmapper` as it does on port 135.
//!
//! Only that pipe is read. Messages of anything else are passed over without being kept, and a connection that does not open it soon is left alone.

use super::hearing::Hearing;
use super::reader::Reader;
use super::rpc;
use crate::net::Side;
use crate::recognize::Cursor;

/// The name of the pipe, in small letters.
const MAPPER: &[u8] = b"epmapper";
/// Messages within which the pipe is opened, if it is at all.
const SOON: usize = 256;
/// The longest message that may be one of a pipe; longer ones carry files.
const LONGEST: usize = 0xff00;
/// Pipes, requests without an answer, and bytes of an unfinished PDU that are kept.
const PIPES: usize = 4;
const WAITING: usize = 64;
const LEFT: usize = 64 << 10;

/// A pipe as the server numbers it: 16 bytes in SMB 2, two in SMB 1.
type Handle = [u8; 16];

/// What a request asked for, and its answer will give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    /// A pipe.
    Open,
    /// What the server said there.
    Said(Handle),
}

/// The endpoint mapper's pipe.
#[derive(Debug)]
struct Pipe {
    handle: Handle,
    rpc: rpc::Connection,
    left: [Vec<u8>; 2],
}

/// A connection to a file server.
#[derive(Debug, Default)]
pub struct Pipes {
    /// The pipes that are open.
    open: Vec<Pipe>,
    waiting: Vec<(u64, Asked)>,
    messages: usize,
    is_over: bool,
}

/// What a message means for pipes.
#[derive(Clone, Copy)]
enum Meaning<'a> {
    /// A request by its number.
    Asks(u64, Asked),
    /// A pipe was opened.
    Opened(Handle),
    /// Bytes at a pipe, and the number of the request where an answer to it will bring more.
    Says(Handle, &'a [u8], Option<u64>),
    /// A pipe was closed.
    Closed(Handle),
}

/// Whether a connection's first payload begins a session.
pub fn is_session(payload: &[u8]) -> bool {
    matches!(payload, [0x81, 0, ..] | [0, _, _, _, 0xff | 0xfe, b'S', b'M', b'B', ..])
}

impl Reader for Pipes {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let mut rest = bytes;
        while let [kind, high, middle, low, after @ ..] = rest {
            let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
            match kind {
                0 => {}
                // The session that carries messages on port 139 (RFC 1002 section 4.3.1).
                0x81..=0x85 if length < 512 => {}
                _ => return bytes.len(),
            }
            let is_wanted = *kind == 0 && length <= LONGEST;
            let Some((message, next)) = after.split_at_checked(length) else {
                let is_known = !is_wanted || after.len() >= HEAD;
                let is_kept = is_wanted && (!is_known || self.wants(after));
                return if is_kept { bytes.len() - rest.len() } else { self.pass(bytes.len() - after.len() + length) };
            };
            if is_wanted && self.wants(message) {
                self.message(side, message, hearing);
            }
            self.count();
            rest = next;
        }
        bytes.len() - rest.len()
    }

    fn lost(&mut self, _side: Side) {
        self.waiting.clear();
        for pipe in &mut self.open {
            pipe.left = [Vec::new(), Vec::new()];
        }
    }

    fn is_done(&self) -> bool {
        self.is_over
    }

    fn held(&self) -> usize {
        self.open.iter().map(|pipe| pipe.rpc.held() + pipe.left.iter().map(Vec::len).sum::<usize>()).sum()
    }
}

/// Bytes by which a message is known to be worth keeping.
const HEAD: usize = 64;

impl Pipes {
    /// Passes over a message that is not kept.
    fn pass(&mut self, consumed: usize) -> usize {
        self.count();
        consumed
    }

    fn count(&mut self) {
        self.messages += 1;
        self.is_over |= self.messages > SOON && self.open.is_empty();
    }

    /// Whether a message can say something of the pipe, by its header.
    fn wants(&mut self, message: &[u8]) -> bool {
        let has_pipes = !self.open.is_empty();
        match message {
            [0xfe, b'S', b'M', b'B', ..] => two::is_wanted(message, has_pipes, &self.waiting).unwrap_or(false),
            [0xff, b'S', b'M', b'B', ..] => one::is_wanted(message, has_pipes, &self.waiting).unwrap_or(false),
            // Sealed (SMB 3): nothing can be read from here on.
            [0xfd, b'S', b'M', b'B', ..] => {
                self.is_over = true;
                false
            }
            _ => false,
        }
    }

    fn message(&mut self, side: Side, message: &[u8], hearing: &mut Hearing<'_>) {
        if message.first() == Some(&0xff) {
            if let Some(meaning) = one::meaning(message, &self.waiting) {
                self.take(side, meaning, hearing);
            }
            return;
        }
        // Several may come in one (section 3.2.4.1.4).
        let mut rest = message;
        loop {
            let next = two::next(rest).unwrap_or(0);
            let this = if next == 0 { rest } else { rest.get(..next).unwrap_or(rest) };
            if let Some(meaning) = two::meaning(this, &self.waiting) {
                self.take(side, meaning, hearing);
            }
            match rest.get(next..) {
                Some(after) if next > 0 => rest = after,
                _ => return,
            }
        }
    }

    fn take(&mut self, side: Side, meaning: Meaning<'_>, hearing: &mut Hearing<'_>) {
        match meaning {
            Meaning::Asks(id, asked) => self.ask(id, asked),
            Meaning::Opened(handle) => {
                self.waiting.retain(|(_, asked)| *asked != Asked::Open);
                if self.open.len() < PIPES {
                    self.open.push(Pipe { handle, rpc: rpc::Connection::default(), left: [Vec::new(), Vec::new()] });
                }
            }
            Meaning::Closed(handle) => self.open.retain(|pipe| pipe.handle != handle),
            Meaning::Says(handle, bytes, id) => {
                let Some(pipe) = self.open.iter_mut().find(|pipe| pipe.handle == handle) else { return };
                pipe.say(side, bytes, hearing);
                if let Some(id) = id {
                    self.ask(id, Asked::Said(handle));
                }
            }
        }
    }

    fn ask(&mut self, id: u64, asked: Asked) {
        self.waiting.retain(|(known, _)| *known != id);
        if self.waiting.len() >= WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push((id, asked));
    }
}

impl Pipe {
    fn say(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) {
        let [a, b] = &mut self.left;
        let left = if side == Side::A { a } else { b };
        left.extend_from_slice(bytes);
        let consumed = self.rpc.read(side, left, hearing);
        left.drain(..consumed.min(left.len()));
        if left.len() > LEFT {
            left.clear();
        }
    }
}

fn asked(waiting: &[(u64, Asked)], id: u64) -> Option<Asked> {
    waiting.iter().find(|(known, _)| *known == id).map(|(_, asked)| *asked)
}

fn le16(message: &[u8], at: usize) -> Option<u16> {
    Cursor::new(message.get(at..)?).le16()
}

fn le32(message: &[u8], at: usize) -> Option<u32> {
    Cursor::new(message.get(at..)?).le32()
}

/// Bytes of a message, where they are said to be.
fn part(message: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    message.get(at..at.checked_add(length)?)
}

/// Whether a path, of 8 or 16 bits a letter, ends in the mapper's name.
fn is_mapper(path: &[u8]) -> bool {
    let mut letters = path.iter().rev().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase);
    let name = MAPPER.iter().rev().all(|letter| letters.next() == Some(*letter));
    name && letters.next().is_none_or(|letter| letter == b'\\' || letter == b'/')
}

/// SMB 1 ([MS-CIFS] section 2.2.3.1): 32 bytes of header, words, bytes; offsets count from the header's start.
mod one {
    use super::{Asked, Handle, Meaning, asked, is_mapper, le16, part};

    const CLOSE: u8 = 0x04;
    const TRANSACTION: u8 = 0x25;
    const OPEN: u8 = 0x2d;
    const READ: u8 = 0x2e;
    const WRITE: u8 = 0x2f;
    const CREATE: u8 = 0xa2;
    /// `TRANS_TRANSACT_NMPIPE`.
    const TRANSACT: u16 = 0x26;
    /// A message to a pipe, written raw, begins with its length (section 2.2.4.43.1).
    const RAW_START: u16 = 0x0c;

    /// The number of a request: of its process and of the message.
    fn id(message: &[u8]) -> Option<u64> {
        Some(u64::from(le16(message, 26)?) << 16 | u64::from(le16(message, 30)?))
    }

    fn handle(message: &[u8], at: usize) -> Option<Handle> {
        let mut handle = [0; 16];
        let [low, high] = le16(message, at)?.to_le_bytes();
        (handle[0], handle[1]) = (low, high);
        Some(handle)
    }

    /// The data of a message, by the places of its length and of its offset.
    fn data(message: &[u8], length: usize, at: usize) -> Option<&[u8]> {
        part(message, le16(message, at)?.into(), le16(message, length)?.into())
    }

    pub fn is_wanted(message: &[u8], has_pipes: bool, waiting: &[(u64, Asked)]) -> Option<bool> {
        let (command, is_answer) = (*message.get(4)?, message.get(9)? & 0x80 != 0);
        let is_opening = matches!(command, OPEN | CREATE);
        let is_of_pipes = is_opening || matches!(command, CLOSE | TRANSACTION | READ | WRITE);
        let is_awaited = is_answer && asked(waiting, id(message)?).is_some();
        Some(is_of_pipes && if is_answer { is_awaited } else { is_opening || has_pipes })
    }

    pub fn meaning<'a>(message: &'a [u8], waiting: &[(u64, Asked)]) -> Option<Meaning<'a>> {
        let (command, id) = (*message.get(4)?, id(message)?);
        if message.get(9)? & 0x80 == 0 {
            return request(message, command, id);
        }
        match (command, asked(waiting, id)?) {
            (CREATE, Asked::Open) => Some(Meaning::Opened(handle(message, 38)?)),
            (OPEN, Asked::Open) => Some(Meaning::Opened(handle(message, 37)?)),
            (TRANSACTION, Asked::Said(handle)) => Some(Meaning::Says(handle, data(message, 45, 47)?, None)),
            (READ, Asked::Said(handle)) => Some(Meaning::Says(handle, data(message, 43, 45)?, None)),
            _ => None,
        }
    }

    fn request(message: &[u8], command: u8, id: u64) -> Option<Meaning<'_>> {
        match command {
            OPEN | CREATE => {
                let words = usize::from(*message.get(32)?);
                let path = message.get(33 + 2 * words + 2..)?;
                is_mapper(path).then_some(Meaning::Asks(id, Asked::Open))
            }
            TRANSACTION if le16(message, 61)? == TRANSACT => {
                Some(Meaning::Says(handle(message, 63)?, data(message, 55, 57)?, Some(id)))
            }
            READ => Some(Meaning::Asks(id, Asked::Said(handle(message, 37)?))),
            WRITE => {
                let bytes = data(message, 53, 55)?;
                let is_raw = le16(message, 47)? & RAW_START == RAW_START;
                Some(Meaning::Says(handle(message, 37)?, bytes.get(if is_raw { 2 } else { 0 }..)?, None))
            }
            CLOSE => Some(Meaning::Closed(handle(message, 33)?)),
            _ => None,
        }
    }
}

/// SMB 2 and 3 ([MS-SMB2] section 2.2.1): 64 bytes of header, then fields at fixed places; offsets count from the header's start.
mod two {
    use super::{Asked, Handle, Meaning, asked, is_mapper, le16, le32, part};
    use crate::recognize::Cursor;

    const CREATE: u16 = 5;
    const CLOSE: u16 = 6;
    const READ: u16 = 8;
    const WRITE: u16 = 9;
    const CONTROL: u16 = 11;
    /// `FSCTL_PIPE_TRANSCEIVE`.
    const TRANSCEIVE: u32 = 0x0011_c017;

    /// Where the next of several messages begins; 0: nowhere.
    pub fn next(message: &[u8]) -> Option<usize> {
        Some(le32(message, 20)? as usize)
    }

    fn id(message: &[u8]) -> Option<u64> {
        Some(u64::from(le32(message, 24)?) | u64::from(le32(message, 28)?) << 32)
    }

    fn handle(message: &[u8], at: usize) -> Option<Handle> {
        Cursor::new(message.get(at..)?).array()
    }

    pub fn is_wanted(message: &[u8], has_pipes: bool, waiting: &[(u64, Asked)]) -> Option<bool> {
        let (command, is_answer) = (le16(message, 12)?, message.get(16)? & 1 != 0);
        if next(message)? != 0 {
            return Some(true);
        }
        let is_of_pipes = matches!(command, CREATE | CLOSE | READ | WRITE | CONTROL);
        let is_awaited = is_answer && asked(waiting, id(message)?).is_some();
        Some(is_of_pipes && if is_answer { is_awaited } else { command == CREATE || has_pipes })
    }

    pub fn meaning<'a>(message: &'a [u8], waiting: &[(u64, Asked)]) -> Option<Meaning<'a>> {
        let (command, id) = (le16(message, 12)?, id(message)?);
        if message.get(16)? & 1 == 0 {
            return request(message, command, id);
        }
        match (command, asked(waiting, id)?) {
            (CREATE, Asked::Open) => Some(Meaning::Opened(handle(message, 128)?)),
            (READ, Asked::Said(handle)) => {
                let bytes = part(message, usize::from(*message.get(66)?), le32(message, 68)? as usize)?;
                Some(Meaning::Says(handle, bytes, None))
            }
            (CONTROL, Asked::Said(handle)) => {
                Some(Meaning::Says(handle, part(message, le32(message, 96)? as usize, le32(message, 100)? as usize)?, None))
            }
            _ => None,
        }
    }

    fn request(message: &[u8], command: u16, id: u64) -> Option<Meaning<'_>> {
        match command {
            CREATE => {
                let path = part(message, le16(message, 108)?.into(), le16(message, 110)?.into())?;
                is_mapper(path).then_some(Meaning::Asks(id, Asked::Open))
            }
            READ => Some(Meaning::Asks(id, Asked::Said(handle(message, 80)?))),
            WRITE => {
                let bytes = part(message, le16(message, 66)?.into(), le32(message, 68)? as usize)?;
                Some(Meaning::Says(handle(message, 80)?, bytes, None))
            }
            CONTROL if le32(message, 68)? == TRANSCEIVE => {
                let bytes = part(message, le32(message, 88)? as usize, le32(message, 92)? as usize)?;
                Some(Meaning::Says(handle(message, 72)?, bytes, Some(id)))
            }
            CLOSE => Some(Meaning::Closed(handle(message, 72)?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told};
    use super::*;

    /// Fields at their places in a message of this length, behind the four bytes of its session message.
    fn message(length: usize, fields: &[(usize, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for (at, field) in fields {
            bytes[*at..*at + field.len()].copy_from_slice(field);
        }
        [&(length as u32).to_be_bytes()[..], &bytes].concat()
    }

    fn second(command: u8, is_answer: bool, id: u8, length: usize, fields: &[(usize, &[u8])]) -> Vec<u8> {
        let head: [(usize, &[u8]); 4] = [(0, b"\xfeSMB\x40"), (12, &[command]), (16, &[u8::from(is_answer)]), (24, &[id])];
        message(length, &[&head[..], fields].concat())
    }

    #[test]
    fn the_mappers_pipe_is_found_by_its_name() {
        for (path, expected) in [
            (&b"epmapper"[..], true),
            (b"\\PIPE\\EPMAPPER\0", true),
            (b"e\0p\0m\0a\0p\0p\0e\0r\0", true),
            (b"myepmapper", false),
            (b"lsarpc", false),
            (b"", false),
        ] {
            assert_eq!(is_mapper(path), expected, "{path:?}");
        }
        assert!(is_session(b"\0\0\0\x50\xffSMB") && is_session(b"\x81\0\0\x44") && !is_session(b"GET / HT"));
    }

    #[test]
    fn a_bind_through_a_pipe_tells_the_port_that_the_server_would_rather_have() {
        let pdu = |kind: u8, body: &[u8]| {
            [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &(16 + body.len() as u16).to_le_bytes(), &[0, 0, 1, 0, 0, 0], body].concat()
        };
        let mapper =
            [&[0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0][..], &[9; 16], &[1, 0, 0, 0], &[7; 20]].concat();
        let (bind, accepted) = (pdu(11, &mapper), pdu(12, b"\xd0\x16\xd0\x16\x01\0\0\0\x06\x0049158\0\x01\0\0\0\0\0\0\0"));
        let (name, handle) = (&b"e\0p\0m\0a\0p\0p\0e\0r\0"[..], [3; 16]);
        let open = second(5, false, 1, 120 + name.len(), &[(108, &[120, 0, name.len() as u8, 0]), (120, name)]);
        let opened = second(5, true, 1, 152, &[(128, &handle)]);
        let length = (bind.len() as u32).to_le_bytes();
        let write = second(9, false, 2, 112 + bind.len(), &[(66, &[112, 0]), (68, &length), (80, &handle), (112, &bind)]);
        let read = second(8, false, 3, 113, &[(80, &handle)]);
        let length = (accepted.len() as u32).to_le_bytes();
        let answer = second(8, true, 3, 80 + accepted.len(), &[(66, &[80]), (68, &length), (80, &accepted)]);
        let talk = [(Side::A, &open), (Side::B, &opened), (Side::A, &write), (Side::A, &read), (Side::B, &answer)]
            .map(|(s, m)| Talk::new(s, m));
        assert_eq!(told(&mut Pipes::default(), &talk).0.len(), 1);
        assert!(told(&mut Pipes::default(), &talk).0[0].starts_with("10.0.0.2 tcp 49158 sec_addr"));
        // Another handle is another pipe's.
        let elsewhere = second(9, false, 2, 112, &[(66, &[112, 0]), (80, &[4; 16])]);
        assert!(told(&mut Pipes::default(), &[Talk::new(Side::A, &open), Talk::new(Side::A, &elsewhere)]).0.is_empty());
    }

    #[test]
    fn files_are_passed_over_and_left_alone_soon() {
        let mut pipes = Pipes::default();
        let big = [&[0, 0x10, 0, 0][..], b"\xfeSMB", &[0; 100]].concat();
        let mut hearing = super::super::testing::hearing(crate::net::IpProto::TCP);
        assert_eq!(pipes.read(Side::A, &big, &mut hearing), 4 + 0x10_0000, "what is not there yet is not wanted either");
        let other = second(3, false, 1, 80, &[]);
        for _ in 0..SOON {
            pipes.read(Side::A, &other, &mut hearing);
        }
        assert!(pipes.is_done());
    }
}
