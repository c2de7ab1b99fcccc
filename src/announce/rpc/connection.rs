//! DCE/RPC over a connection (C706 chapter 12.6): binds, and the calls of interfaces that announce others.

use super::super::door::Lasting;
use super::super::hearing::{Hearing, Word};
use super::super::reader::Reader;
use super::RPC;
use super::answer::Question;
use super::epm::EPM;
use super::ndr::Format;
use crate::net::{IpProto, Side};
use crate::recognize::{Cursor, InterfaceId, Uuid};

const HEADER: usize = 16;
/// Where RPC over HTTP begins: who accepts the connection greets first ([MS-RPCH] section 2.1.1).
const GREETING: &[u8] = b"ncacn_http/1.";
/// Contexts, calls and bytes that one connection may keep.
const CONTEXTS: usize = 64;
const CALLS: usize = 64;
const STUBS: usize = 128 << 10;
/// Sealed: nobody but the two can read it ([MS-RPCE] section 2.2.1.1.8).
const PRIVACY: u8 = 6;

/// The ports of an endpoint mapper: what is called there without a bind in sight is most likely that.
const MAPPERS: [u16; 2] = [135, 593];

/// One side's view of a presentation context.
#[derive(Clone, Copy, Debug)]
struct Context {
    id: u16,
    /// The call of the bind that offered it.
    bind: u32,
    interface: InterfaceId,
    is_wide: bool,
}

/// A call that waits for its answer, and what came of the answer so far.
#[derive(Debug)]
struct Call {
    id: u32,
    question: Question,
    is_wide: bool,
    stub: Vec<u8>,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Connection {
    contexts: Vec<Context>,
    calls: Vec<Call>,
    /// A bind was answered, and nothing that was bound announces others.
    is_elsewhere: bool,
    /// Some bind was seen.
    is_bound: bool,
}

/// One PDU.
struct Pdu<'a> {
    kind: u8,
    flags: u8,
    little: bool,
    call: u32,
    is_sealed: bool,
    /// What follows the common header, without what authentication adds.
    body: &'a [u8],
}

impl Reader for Connection {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let mut rest = bytes;
        if rest.starts_with(GREETING) {
            rest = rest.get(GREETING.len() + 1..).unwrap_or_default();
        } else if GREETING.starts_with(rest) {
            return 0;
        }
        loop {
            match Pdu::length(rest) {
                Length::Short => return bytes.len() - rest.len(),
                // Nothing of DCE/RPC, or from the middle of something: the next segment may begin with a PDU.
                Length::Wrong => return bytes.len(),
                Length::Whole(length) => match rest.split_at_checked(length) {
                    None => return bytes.len() - rest.len(),
                    Some((pdu, after)) => {
                        if let Some(pdu) = Pdu::of(pdu) {
                            self.pdu(side, &pdu, hearing);
                        }
                        rest = after;
                    }
                },
            }
        }
    }

    fn lost(&mut self, _side: Side) {
        // The answer of which a part is missing will never be whole.
        self.calls.retain(|call| call.stub.is_empty());
    }

    fn is_done(&self) -> bool {
        self.is_elsewhere
    }

    fn held(&self) -> usize {
        self.calls.iter().map(|call| call.stub.len()).sum()
    }
}

enum Length {
    Short,
    Wrong,
    Whole(usize),
}

impl<'a> Pdu<'a> {
    fn length(bytes: &[u8]) -> Length {
        let checks: [fn(u8) -> bool; 5] = [
            |version| version == 5,
            |minor| minor <= 1,
            |kind| kind <= 19,
            |_flags| true,
            |drep| drep >> 4 <= 1 && drep & 15 <= 1,
        ];
        if bytes.iter().zip(checks).any(|(byte, is_possible)| !is_possible(*byte)) {
            return Length::Wrong;
        }
        let Some([.., drep, _, _, _, x, y]) = bytes.first_chunk::<10>() else { return Length::Short };
        let length = usize::from(if drep >> 4 == 1 { u16::from_le_bytes([*x, *y]) } else { u16::from_be_bytes([*x, *y]) });
        if length < HEADER { Length::Wrong } else { Length::Whole(length) }
    }

    fn is_first(&self) -> bool {
        self.flags & 1 != 0
    }

    fn is_last(&self) -> bool {
        self.flags & 2 != 0
    }

    fn has_object(&self) -> bool {
        self.flags & 0x80 != 0
    }

    fn of(pdu: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(pdu);
        cursor.skip(2)?;
        let [kind, flags, drep] = cursor.array()?;
        let little = drep >> 4 == 1;
        cursor.skip(5)?;
        let auth = usize::from(word(&mut cursor, little)?);
        let call = double(&mut cursor, little)?;
        let (mut body, mut is_sealed) = (cursor.rest(), false);
        if auth > 0 {
            // Padding, then a trailer of eight bytes, then the verifier.
            let end = body.len().checked_sub(auth + 8)?;
            let [_kind, level, padding] = Cursor::new(body.get(end..)?).array()?;
            (body, is_sealed) = (body.get(..end.checked_sub(usize::from(padding))?)?, level == PRIVACY);
        }
        Some(Self { kind, flags, little, call, is_sealed, body })
    }
}

fn word(cursor: &mut Cursor<'_>, little: bool) -> Option<u16> {
    if little { cursor.le16() } else { cursor.be16() }
}

fn double(cursor: &mut Cursor<'_>, little: bool) -> Option<u32> {
    if little { cursor.le32() } else { cursor.be32() }
}

impl Connection {
    fn pdu(&mut self, side: Side, pdu: &Pdu<'_>, hearing: &mut Hearing<'_>) {
        match pdu.kind {
            0 => drop(self.request(pdu, hearing)),
            2 => drop(self.response(side, pdu, hearing)),
            3 => self.calls.retain(|call| call.id != pdu.call),
            11 | 14 => drop(self.bind(pdu)),
            12 | 15 => drop(self.accepted(side, pdu, hearing)),
            _ => {}
        }
    }

    /// The contexts of a bind or an alter-context.
    fn bind(&mut self, pdu: &Pdu<'_>) -> Option<()> {
        self.is_bound = true;
        let mut cursor = Cursor::new(pdu.body);
        cursor.skip(8)?;
        let count = cursor.u8()?;
        cursor.skip(3)?;
        for _ in 0..count {
            let id = word(&mut cursor, pdu.little)?;
            let syntaxes = cursor.u8()?;
            cursor.skip(1)?;
            let uuid = Uuid::from_wire(cursor.array()?, pdu.little);
            let interface = InterfaceId::new(uuid, double(&mut cursor, pdu.little)?);
            let is_wide = is_wide(cursor.rest(), pdu.little);
            cursor.skip(20 * usize::from(syntaxes))?;
            self.contexts.retain(|context| context.id != id);
            if self.contexts.len() < CONTEXTS {
                self.contexts.push(Context { id, bind: pdu.call, interface, is_wide });
            }
        }
        Some(())
    }

    /// What the server accepts of a bind, in the order of what was offered, and the port it would rather have.
    fn accepted(&mut self, side: Side, pdu: &Pdu<'_>, hearing: &mut Hearing<'_>) -> Option<()> {
        self.is_elsewhere = self.is_bound && !self.contexts.iter().any(|context| Question::is_asked_at(context.interface.uuid));
        let mut cursor = Cursor::new(pdu.body);
        cursor.skip(8)?;
        let length = usize::from(word(&mut cursor, pdu.little)?);
        self.secondary(side, cursor.take(length)?, hearing);
        // The results are aligned to four bytes, and so is the header before.
        let used = pdu.body.len() - cursor.rest().len();
        cursor.skip(used.next_multiple_of(4) - used)?;
        let count = cursor.u8()?;
        cursor.skip(3)?;
        let offered = self.contexts.iter_mut().filter(|context| context.bind == pdu.call);
        for (context, _) in offered.zip(0..count) {
            cursor.skip(4)?;
            context.is_wide = is_wide(cursor.rest(), pdu.little);
            cursor.skip(20)?;
        }
        Some(())
    }

    /// The secondary address: for TCP the port as text. Where it is the port that is talked to already it says nothing new.
    fn secondary(&self, side: Side, address: &[u8], hearing: &mut Hearing<'_>) {
        let text = address.strip_suffix(b"\0").unwrap_or(address);
        let port = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u16>().ok());
        let Some(port) = port.filter(|port| *port != hearing.port(side)) else { return };
        let word = Word::new(&RPC, "sec_addr", Lasting::Standing);
        let offered = self.contexts.iter().find(|context| !Question::is_asked_at(context.interface.uuid));
        let word = offered.map_or(word.clone(), |context| word.offering(context.interface));
        hearing.listens(side, IpProto::TCP, port, word);
    }

    fn request(&mut self, pdu: &Pdu<'_>, hearing: &Hearing<'_>) -> Option<()> {
        let mut cursor = Cursor::new(pdu.body);
        cursor.skip(4)?;
        let (context, operation) = (word(&mut cursor, pdu.little)?, word(&mut cursor, pdu.little)?);
        cursor.skip(if pdu.has_object() { 16 } else { 0 })?;
        let known = self.contexts.iter().find(|known| known.id == context);
        let uuid = match known {
            Some(known) => known.interface.uuid,
            None => assumed(hearing)?,
        };
        let question = Question::of(uuid, operation, cursor.rest(), pdu.little)?;
        let is_wide = known.is_some_and(|known| known.is_wide);
        // A long request comes in fragments: the first says it all.
        if pdu.is_first() && self.calls.len() < CALLS {
            self.calls.retain(|call| call.id != pdu.call);
            self.calls.push(Call { id: pdu.call, question, is_wide, stub: Vec::new() });
        }
        Some(())
    }

    fn response(&mut self, side: Side, pdu: &Pdu<'_>, hearing: &mut Hearing<'_>) -> Option<()> {
        let stub = pdu.body.get(8..)?;
        let at = self.calls.iter().position(|call| call.id == pdu.call);
        if pdu.is_sealed {
            at.map(|at| self.calls.swap_remove(at));
            return None;
        }
        let Some(at) = at else {
            // Only the answers were captured: one to `ept_map` is what is asked for most.
            assumed(hearing).filter(|_| !self.is_bound && pdu.is_first() && pdu.is_last())?;
            Question::Map.answered(side, stub, Format { little: pdu.little, wide: false }, hearing);
            return Some(());
        };
        let held = self.held();
        let call = self.calls.get_mut(at)?;
        if pdu.is_first() {
            call.stub.clear();
        }
        let format = Format { little: pdu.little, wide: call.is_wide };
        if pdu.is_first() && pdu.is_last() {
            call.question.answered(side, stub, format, hearing);
        } else if held + stub.len() <= STUBS {
            call.stub.extend_from_slice(stub);
            if pdu.is_last() {
                call.question.answered(side, &call.stub, format, hearing);
            }
        }
        if pdu.is_last() {
            self.calls.swap_remove(at);
        }
        Some(())
    }
}

/// What is called without a bind in sight.
fn assumed(hearing: &Hearing<'_>) -> Option<Uuid> {
    hearing.ports.iter().any(|port| MAPPERS.contains(port)).then_some(EPM)
}

/// Whether a transfer syntax is NDR64.
fn is_wide(syntax: &[u8], little: bool) -> bool {
    const NDR64: Uuid = Uuid([0x71, 0x71, 0x05, 0x33, 0xbe, 0xba, 0x49, 0x37, 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36]);
    syntax.first_chunk().is_some_and(|bytes| Uuid::from_wire(*bytes, little) == NDR64)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Talk, told};
    use super::super::epm;
    use super::*;
    use crate::recognize::testing::hex;

    const EPM_LE: &str = "0883afe11f5dc91191a408002b14a0fa 03000000";
    const NDR_LE: &str = "045d888aeb1cc9119fe808002b104860 02000000";
    const NDR64_LE: &str = "33057171babe37498319b5dbef9ccc36 01000000";

    fn pdu(kind: u8, flags: u8, call: u32, body: &[u8]) -> Vec<u8> {
        [&[5, 0, kind, flags, 0x10, 0, 0, 0][..], &(16 + body.len() as u16).to_le_bytes(), &[0, 0], &call.to_le_bytes(), body]
            .concat()
    }

    fn bind(contexts: &[&str]) -> Vec<u8> {
        let listed = contexts
            .iter()
            .zip(0_u16..)
            .flat_map(|(syntax, id)| [&id.to_le_bytes()[..], &[1, 0], &hex(EPM_LE), &hex(syntax)].concat());
        pdu(11, 3, 1, &[&hex("d016d016 00000000")[..], &[contexts.len() as u8, 0, 0, 0], &listed.collect::<Vec<_>>()].concat())
    }

    fn accept(port: &str, syntaxes: &[&str]) -> Vec<u8> {
        let mut body = [&hex("d016d016 01000000")[..], &(port.len() as u16 + 1).to_le_bytes(), port.as_bytes(), &[0]].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend([syntaxes.len() as u8, 0, 0, 0]);
        body.extend(syntaxes.iter().flat_map(|syntax| [&[0; 4][..], &hex(syntax)].concat()));
        pdu(12, 3, 1, &body)
    }

    fn request(call: u32, context: u16, operation: u16) -> Vec<u8> {
        pdu(0, 3, call, &[&[0; 4][..], &context.to_le_bytes(), &operation.to_le_bytes(), &[9; 40]].concat())
    }

    fn response(call: u32, stub: &[u8]) -> Vec<u8> {
        pdu(2, 3, call, &[&[0; 8][..], stub].concat())
    }

    fn conversation(client: &[u8], server: &[u8]) -> Vec<String> {
        told(&mut Connection::default(), &[Talk::new(Side::A, client), Talk::new(Side::B, server)]).0
    }

    const LITTLE: Format = Format { little: true, wide: false };
    const EXPECTED: &str = "10.0.0.2 tcp 49158 ept_map netlogon 1.0";

    #[test]
    fn a_map_is_answered() {
        let client = [bind(&[NDR_LE]), request(2, 0, 3)].concat();
        let answer = epm::tests::answer(&[epm::tests::netlogon(7, 49158)], None, LITTLE);
        let server = [accept("135", &[NDR_LE]), response(2, &answer)].concat();
        assert_eq!(conversation(&client, &server)[1..], [EXPECTED], "{:?}", conversation(&client, &server));
        // Nothing depends on how the bytes come.
        let (mut reader, mut pieces) = (Connection::default(), vec![]);
        pieces.extend(client.chunks(7).map(|piece| Talk::new(Side::A, piece)));
        pieces.extend(server.chunks(7).map(|piece| Talk::new(Side::B, piece)));
        assert_eq!(told(&mut reader, &pieces).0[1..], [EXPECTED]);
    }

    #[test]
    fn the_syntax_that_was_accepted_counts() {
        let client = [bind(&[NDR_LE, NDR64_LE]), request(2, 1, 3)].concat();
        let answer = epm::tests::answer(&[epm::tests::netlogon(7, 49158)], None, Format { wide: true, ..LITTLE });
        let server = [accept("1000", &[NDR_LE, NDR64_LE]), response(2, &answer)].concat();
        assert_eq!(conversation(&client, &server), [EXPECTED]);
    }

    #[test]
    fn answers_in_fragments_and_several_rounds() {
        let client = [bind(&[NDR_LE]), request(2, 0, 2), request(3, 0, 2)].concat();
        let answer = epm::tests::answer(&[epm::tests::netlogon(7, 49158)], Some(b"a"), LITTLE);
        let (head, tail) = answer.split_at(50);
        let fragment = |flags, stub: &[u8]| pdu(2, flags, 2, &[&[0; 8][..], stub].concat());
        let second = epm::tests::answer(&[epm::tests::netlogon(8, 1035)], Some(b""), LITTLE);
        let server = [accept("1000", &[NDR_LE]), fragment(1, head), fragment(2, tail), response(3, &second)].concat();
        let expected = ["10.0.0.2 tcp 49158 ept_lookup netlogon 1.0", "10.0.0.2 udp 1035 ept_lookup netlogon 1.0"];
        assert_eq!(conversation(&client, &server), expected);
    }

    #[test]
    fn over_http_after_its_greeting_and_sealed_not_at_all() {
        let client = [bind(&[NDR_LE]), request(2, 0, 3)].concat();
        let answer = epm::tests::answer(&[epm::tests::netlogon(7, 49158)], None, LITTLE);
        let server = [b"ncacn_http/1.0".to_vec(), accept("1000", &[NDR_LE]), response(2, &answer)].concat();
        assert_eq!(conversation(&client, &server), [EXPECTED]);
        let mut sealed = response(2, &[answer, hex("0a 06 00 00 00000000 0102030405060708")].concat());
        sealed[10] = 8;
        assert_eq!(conversation(&client, &[accept("1000", &[NDR_LE]), sealed].concat()), Vec::<String>::new());
    }

    #[test]
    fn another_interface_ends_it_once_the_bind_is_answered() {
        let mut reader = Connection::default();
        let mut bytes = bind(&[NDR_LE]);
        bytes[32] ^= 0xff;
        told(&mut reader, &[Talk::new(Side::A, &bytes)]);
        assert!(!reader.is_done());
        told(&mut reader, &[Talk::new(Side::B, &accept("1000", &[NDR_LE]))]);
        assert!(reader.is_done());
    }
}
