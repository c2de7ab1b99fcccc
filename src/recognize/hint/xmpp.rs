//! XMPP (RFC 6120 section 4): a stream of XML.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, has, hint, text};

/// XMPP.
pub static XMPP: Protocol = hint("XMPP");

/// Looks for XMPP.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &XMPP, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let head = said.bytes.get(..400).unwrap_or(said.bytes);
    if head.first() != Some(&b'<') || !text::is_text(head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default())
    {
        return Read::Unlike;
    }
    // A client's namespace, a server's; the opening element in either case.
    if has(head, b"<stream:stream") {
        let to = has(head, b"jabber:server").then_some("between servers");
        return Read::Like(Turn::peer(Confidence::Certain).saying(to.unwrap_or_default()));
    }
    let is_stanza = [&b"<iq "[..], b"<message ", b"<presence"].iter().any(|start| head.starts_with(start));
    match said.from_start {
        false if is_stanza && has(head, b"jabber:") => Read::Like(Turn::peer(Confidence::Both)),
        _ if head.len() < 64
            && (b"<?xml ".starts_with(head) || head.starts_with(b"<?xml ") || b"<stream:stream".starts_with(head)) =>
        {
            Read::Short
        }
        _ => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_stream_opens() {
        let stream = b"<?xml version='1.0'?><stream:stream to='example.com' xmlns='jabber:client'>";
        assert_eq!(found(look(&tcp(stream, b""))).protocol, &XMPP);
        assert_eq!((look(&tcp(&stream[..21], b"")), look(&tcp(b"<html>", b""))), (Look::More, Look::No));
    }
}
