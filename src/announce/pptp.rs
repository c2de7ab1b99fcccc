//! PPTP (RFC 2637): a call is set up over TCP, its data go over GRE between the same hosts.

use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::Cursor;

/// The data of calls.
pub static GRE: Service = Service { name: "GRE", label: Some("GRE"), speaks: &[] };

/// In every message (section 1.4).
const COOKIE: u32 = 0x1a2b_3c4d;
/// Answers to a call that goes out, and to one that comes in.
const OUTGOING_REPLY: u16 = 8;
const INCOMING_REPLY: u16 = 10;

/// A control connection.
#[derive(Debug, Default)]
pub struct Control;

impl Reader for Control {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let mut rest = bytes;
        while let Some((length, _)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            // The longest message has 220 bytes (section 2.10).
            if !(12..=256).contains(&length) {
                return bytes.len();
            }
            let Some((message, after)) = rest.split_at_checked(length) else { break };
            if let Some((own, peer)) = accepted(message) {
                let word = Word::new(&GRE, "PPTP call", Lasting::Session).about(&format!("PPTP call {peer} and {own}"));
                hearing.listens(side, IpProto::GRE, 0, word);
            }
            rest = after;
        }
        bytes.len() - rest.len()
    }
}

/// The call ids of the one who accepts and of the other.
fn accepted(message: &[u8]) -> Option<(u16, u16)> {
    let mut cursor = Cursor::new(message);
    cursor.skip(4)?;
    let is_cookie = cursor.be32()? == COOKIE;
    let kind = cursor.be16()?;
    cursor.skip(2)?;
    let (own, peer, result) = (cursor.be16()?, cursor.be16()?, cursor.u8()?);
    (is_cookie && matches!(kind, OUTGOING_REPLY | INCOMING_REPLY) && result == 1).then_some((own, peer))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told};
    use super::*;
    use crate::recognize::testing::hex;

    #[test]
    fn a_call_that_is_accepted_will_send_gre() {
        let reply =
            |result: &str| hex(&format!("0020 0001 1a2b3c4d 0008 0000 0080 4000 {result} 00 0000 00000000 0000 0000 00000000"));
        let heard = |bytes: &[u8]| told(&mut Control, &[Talk::new(Side::B, bytes)]).0;
        assert_eq!(heard(&reply("01")), ["10.0.0.2 gre 0 with 10.0.0.1 PPTP call"]);
        assert_eq!(heard(&reply("02")), Vec::<String>::new());
    }
}
