//! DNS (RFC 1035): queries and answers over UDP, and over TCP with a length in front.

use super::dns_message::{self, Message};
use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::{Exchange, Opening, Read, Said};

/// DNS.
pub static DNS: Protocol = Protocol { name: "DNS", label: Some("DNS"), behind: &["DNS"] };

/// The high byte of a length over TCP, at most: of the side that asks. Text has higher bytes.
const LARGEST_QUESTION: u8 = 0x0f;

/// Looks for DNS.
pub fn look(seen: &Opening<'_>) -> Look {
    let at_home = seen.has_port(53) || seen.has_port(5355);
    let exchange =
        if seen.is_udp() { seen.read(|said| read_datagram(said, at_home)) } else { seen.read(|said| read_stream(said, at_home)) };
    let Some(exchange) = exchange else { return Look::No };
    if !seen.is_udp() && !seen.said.iter().any(|said| said.bytes.first().is_some_and(|high| *high <= LARGEST_QUESTION)) {
        // Whoever asks does so in less than four kilobytes: both sides that begin with more are no conversation.
        return if seen.said.iter().all(|said| !said.bytes.is_empty()) { Look::No } else { Look::More };
    }
    if exchange.is_both() && !is_one_conversation(&exchange) {
        return Look::No;
    }
    exchange.look(|| finding(&exchange, &DNS, at_home))
}

/// One asks and the other answers. Over TCP and to busy resolvers the first answer need not be to the first question.
fn is_one_conversation(exchange: &Exchange<Message<'_>>) -> bool {
    exchange.values().filter(|message| message.is_response).count() == 1
}

/// What was read, as a finding of one of the protocols that share the message.
///
/// A message that holds to the last byte is enough on a port where nothing else is spoken.
pub(super) fn finding(exchange: &Exchange<Message<'_>>, protocol: &'static Protocol, at_home: bool) -> Finding {
    let asked = exchange.values().find(|message| !message.is_response);
    let answered = exchange.values().find(|message| message.is_response);
    let mut detail = asked.or(answered).map(Message::text).unwrap_or_default();
    detail += match answered.map(|message| message.code) {
        Some(1) => ": format error",
        Some(2) => ": server failure",
        Some(3) => ": no such name",
        Some(4) => ": not implemented",
        Some(5) => ": refused",
        _ => "",
    };
    let same = exchange.is_both() && asked.map(|message| message.id) == answered.map(|message| message.id);
    let is_sound = at_home && exchange.values().all(|message| message.is_sound);
    let alone = if is_sound { Confidence::Certain } else { Confidence::Plausible };
    let confidence = if same { Confidence::Certain } else { exchange.confidence(alone) };
    Finding::new(protocol, confidence).asked_by(exchange.client(|message| Some(!message.is_response))).detailed(&detail)
}

/// One datagram holds one message.
fn read_datagram<'a>(said: &Said<'a>, at_home: bool) -> Read<Message<'a>> {
    let (bytes, len) = said.datagram();
    let message = message(bytes, bytes.len() == len, at_home);
    Read::or_unlike(message.filter(|message| message.questions <= 1 || at_home))
}

fn message(bytes: &[u8], is_whole: bool, at_home: bool) -> Option<Message<'_>> {
    if at_home { dns_message::read_at_home(bytes, is_whole) } else { dns_message::read(bytes, is_whole) }
}

fn read_stream<'a>(said: &Said<'a>, at_home: bool) -> Read<Message<'a>> {
    let Some((length, rest)) = said.bytes.split_first_chunk::<2>() else { return Read::Short };
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 12 {
        return Read::Unlike;
    }
    let bytes = rest.get(..length).unwrap_or(rest);
    if bytes.len() < length.min(300) && !said.ended {
        return Read::Short;
    }
    Read::or_unlike(message(bytes, bytes.len() == length, at_home).filter(|message| message.questions <= 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, hex, tcp, udp};

    /// A query for www.example.com A, and its answer, worked out by hand.
    const QUERY: &str = "1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001";
    const ANSWER: &str =
        "1234 8180 0001 0001 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001 c00c 0001 0001 0000003c 0004 5db8d822";

    #[test]
    fn a_query_and_its_answer() {
        let (query, answer) = (hex(QUERY), hex(ANSWER));
        assert_eq!(found(udp([999, 1000], &query, b"", look)).confidence, Confidence::Plausible);
        let finding = found(udp([999, 1000], &query, &answer, look));
        assert_eq!(
            (finding.confidence, finding.client, detail(&finding)),
            (Confidence::Certain, Some(Side::A), "A www.example.com")
        );
        assert_eq!(found(udp([999, 1000], &answer, b"", look)).client, Some(Side::B));
    }

    #[test]
    fn over_tcp_a_length_stands_in_front() {
        let framed = |text: &str| [&(hex(text).len() as u16).to_be_bytes()[..], &hex(text)].concat();
        let (query, answer) = (framed(QUERY), framed(ANSWER));
        assert_eq!(found(look(&tcp(&query, &answer))).confidence, Confidence::Certain);
        assert_eq!(look(&tcp(&query[..20], b"")), Look::More);
    }

    #[test]
    fn what_does_not_add_up_is_not_dns() {
        let mut trailing = hex(QUERY);
        trailing.push(0);
        let two_queries = udp([1, 2], &hex(QUERY), &hex(QUERY), look);
        let bad_type = hex(&QUERY.replace("00 0001 0001", "00 4001 0001"));
        assert_eq!((udp([1, 2], &trailing, b"", look), two_queries), (Look::No, Look::No));
        assert_eq!(udp([1, 2], &bad_type, b"", look), Look::No);
    }

    #[test]
    fn what_is_cut_or_odd_is_believed_on_the_port_only() {
        // Opcode 9 is not assigned; the name of the second is cut.
        let odd = hex("0001 4900 0001 0000 0000 0000 03 777777 00 0001 0001");
        assert_eq!(udp([1, 2], &odd, b"", look), Look::No);
        assert_eq!(detail(&found(udp([1, 53], &odd, b"", look))), "A www");
        assert_eq!(udp([1, 53], b"\0\x01\0\0", b"", look), Look::No);
    }
}
