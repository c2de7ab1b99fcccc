//! Messages that look like mail: a start line, headers, an empty line, and a body of a given length (RFC 2326, RFC 3261, RFC 9112).

use super::address;
use crate::recognize::text;

/// The longest head and body that are read.
const LONGEST: usize = 16 << 10;

/// One message.
pub struct Message<'a> {
    /// Start line and headers.
    pub head: &'a [u8],
    /// What follows the empty line.
    pub body: &'a [u8],
}

/// What a stream begins with.
pub enum Begins<'a> {
    /// A message, and how long it is.
    Message(Message<'a>, usize),
    /// A message whose end is not there yet.
    Short,
    /// Something else.
    Other,
}

impl<'a> Message<'a> {
    /// The whole datagram is one.
    pub fn of_datagram(bytes: &'a [u8]) -> Self {
        let at = memchr::memmem::find(bytes, b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let (head, body) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        Self { head, body }
    }

    /// The first message of a stream.
    pub fn first(bytes: &'a [u8]) -> Begins<'a> {
        if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
            return if bytes.is_empty() { Begins::Short } else { Begins::Other };
        }
        let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() > LONGEST { Begins::Other } else { Begins::Short };
        };
        let (head, rest) = bytes.split_at_checked(end + 4).unwrap_or((bytes, &[]));
        let length = text::header(head, b"Content-Length").or_else(|| text::header(head, b"l"));
        let length = length.and_then(address::number::<usize>).unwrap_or(0);
        match rest.get(..length) {
            Some(body) => Begins::Message(Self { head, body }, end + 4 + length),
            // A long body announces nothing: it is passed over.
            None if length > LONGEST => Begins::Message(Self { head, body: &[] }, end + 4 + length),
            None => Begins::Short,
        }
    }

    /// Whether it answers, with this protocol's name in front.
    pub fn is_answer(&self, protocol: &[u8]) -> bool {
        self.head.starts_with(protocol)
    }

    /// A header.
    pub fn header(&self, name: &[u8]) -> Option<&'a [u8]> {
        text::header(self.head, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_where_their_length_says() {
        let bytes = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabcRTSP";
        let Begins::Message(message, length) = Message::first(bytes) else { panic!("no message") };
        assert_eq!((message.body, length, message.header(b"cseq")), (&b"abc"[..], bytes.len() - 4, Some(&b"1"[..])));
        assert!(matches!(Message::first(&bytes[..bytes.len() - 6]), Begins::Short));
        assert!(matches!(Message::first(b"$\0\0\x04data"), Begins::Other));
        assert_eq!(Message::of_datagram(b"A\r\n\r\nbody").body, b"body");
    }
}
