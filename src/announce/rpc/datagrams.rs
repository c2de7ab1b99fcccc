//! DCE/RPC over UDP (C706 chapter 12.5): each datagram names its interface, an answer may come in numbered fragments.

use super::super::hearing::Hearing;
use super::super::reader::Reader;
use super::answer::Question;
use super::ndr::Format;
use crate::net::Side;
use crate::recognize::{Cursor, Uuid};

/// Answers of which a part is still missing.
const CALLS: usize = 8;
/// Bytes that one conversation may keep.
const STUBS: usize = 64 << 10;

/// An activity and the number of its call.
type CallId = ([u8; 16], u32);

/// A call that waits for its answer, with the fragments that came in order so far.
#[derive(Debug)]
struct Call {
    id: CallId,
    question: Question,
    stub: Vec<u8>,
    next: u16,
}

/// The datagrams of a pair of ports.
#[derive(Debug, Default)]
pub struct Datagrams {
    calls: Vec<Call>,
}

struct Pdu<'a> {
    kind: u8,
    is_fragment: bool,
    is_last: bool,
    little: bool,
    interface: Uuid,
    id: CallId,
    operation: u16,
    fragment: u16,
    body: &'a [u8],
}

impl Reader for Datagrams {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        if let Some(pdu) = Pdu::of(bytes) {
            match pdu.kind {
                0 => self.request(&pdu),
                2 => self.response(side, &pdu, hearing),
                _ => {}
            }
        }
        bytes.len()
    }

    fn held(&self) -> usize {
        self.calls.iter().map(|call| call.stub.len()).sum()
    }
}

impl<'a> Pdu<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let [version, kind, flags, _, drep, _, _, _] = cursor.array()?;
        let little = drep >> 4 == 1;
        let word = |cursor: &mut Cursor<'_>| if little { cursor.le16() } else { cursor.be16() };
        cursor.skip(16)?;
        let interface = Uuid::from_wire(cursor.array()?, little);
        let activity = cursor.array()?;
        cursor.skip(8)?;
        let sequence = if little { cursor.le32() } else { cursor.be32() }?;
        let operation = word(&mut cursor)?;
        cursor.skip(4)?;
        let (length, fragment) = (word(&mut cursor)?, word(&mut cursor)?);
        cursor.skip(2)?;
        let body = cursor.take_most(usize::from(length));
        let (is_fragment, is_last) = (flags & 4 != 0, flags & 4 == 0 || flags & 2 != 0);
        let id = (activity, sequence);
        (version == 4).then_some(Self { kind, is_fragment, is_last, little, interface, id, operation, fragment, body })
    }
}

impl Datagrams {
    fn request(&mut self, pdu: &Pdu<'_>) {
        let Some(question) = Question::of(pdu.interface, pdu.operation, pdu.body, pdu.little) else { return };
        if self.calls.iter().any(|call| call.id == pdu.id) {
            return;
        }
        if self.calls.len() >= CALLS {
            self.calls.remove(0);
        }
        self.calls.push(Call { id: pdu.id, question, stub: Vec::new(), next: 0 });
    }

    fn response(&mut self, side: Side, pdu: &Pdu<'_>, hearing: &mut Hearing<'_>) {
        let format = Format { little: pdu.little, wide: false };
        let held = self.held();
        let Some(at) = self.calls.iter().position(|call| call.id == pdu.id) else {
            // Only the answers were captured. They repeat the interface and the operation.
            if let Some(question) = Question::of(pdu.interface, pdu.operation, &[], pdu.little).filter(|_| !pdu.is_fragment) {
                question.answered(side, pdu.body, format, hearing);
            }
            return;
        };
        let Some(call) = self.calls.get_mut(at).filter(|call| !pdu.is_fragment || call.next == pdu.fragment) else { return };
        if held + pdu.body.len() <= STUBS {
            call.stub.extend_from_slice(pdu.body);
            call.next += 1;
        }
        if pdu.is_last {
            call.question.answered(side, &call.stub, format, hearing);
            self.calls.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Talk, told_over};
    use super::super::epm;
    use super::*;
    use crate::net::IpProto;

    fn datagram(kind: u8, flags: u8, fragment: u16, body: &[u8]) -> Vec<u8> {
        let mut mapper = epm::EPM.0;
        for field in [0..4, 4..6, 6..8] {
            mapper[field].reverse();
        }
        let head = [&[4, kind, flags, 0, 0x10, 0, 0, 0][..], &[0; 16], &mapper, &[7; 16], &[0; 4], &[3, 0, 0, 0], &[1, 0, 0, 0]]
            .concat();
        let tail =
            [&3_u16.to_le_bytes()[..], &[0xff; 4], &(body.len() as u16).to_le_bytes(), &fragment.to_le_bytes(), &[0, 0], body];
        [head, tail.concat()].concat()
    }

    #[test]
    fn an_answer_whole_and_in_fragments() {
        let stub = epm::tests::answer(&[epm::tests::netlogon(8, 1035)], None, Format { little: true, wide: false });
        let expected = vec!["10.0.0.2 udp 1035 ept_map netlogon 1.0".to_owned()];
        let (request, whole) = (datagram(0, 0, 0, b"?"), datagram(2, 0, 0, &stub));
        let udp = |talk: &[Talk<'_>]| told_over(IpProto::UDP, &mut Datagrams::default(), talk).0;
        assert_eq!(udp(&[Talk::new(Side::A, &request), Talk::new(Side::B, &whole)]), expected);
        assert_eq!(udp(&[Talk::new(Side::B, &whole)]), expected);
        let (first, last) = (datagram(2, 4, 0, &stub[..60]), datagram(2, 6, 1, &stub[60..]));
        assert_eq!(udp(&[Talk::new(Side::A, &request), Talk::new(Side::B, &first), Talk::new(Side::B, &last)]), expected);
        assert_eq!(udp(&[Talk::new(Side::A, &request), Talk::new(Side::B, &last)]), Vec::<String>::new());
    }
}
