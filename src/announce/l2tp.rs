//! L2TP (RFC 2661 section 8.1): who is asked for a tunnel may answer from a new port, to the port that asked.

use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::Cursor;

/// A tunnel.
pub static TUNNEL: Service = Service { name: "L2TP", label: Some("L2TP"), speaks: &[] };

/// The first datagram of a tunnel.
#[derive(Debug, Default)]
pub struct Request {
    is_read: bool,
}

impl Reader for Request {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        if is_start(bytes).unwrap_or(false) {
            let word = Word::new(&TUNNEL, "SCCRQ", Lasting::Once);
            hearing.waits(side, IpProto::UDP, hearing.port(side), word);
        }
        self.is_read = true;
        bytes.len()
    }

    fn is_done(&self) -> bool {
        self.is_read
    }
}

/// Start-Control-Connection-Request: a control message of version 2 whose first attribute says so (sections 3.1 and 4.4.1).
fn is_start(bytes: &[u8]) -> Option<bool> {
    let mut cursor = Cursor::new(bytes);
    let flags = cursor.be16()?;
    cursor.skip(10)?;
    cursor.skip(4)?;
    let (attribute, value) = (cursor.be16()?, cursor.be16()?);
    Some(flags & 0xc80f == 0xc802 && (attribute, value) == (0, 1))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told_over};
    use super::*;
    use crate::recognize::testing::hex;

    #[test]
    fn a_request_waits_for_an_answer_from_any_port() {
        let request = hex("c802 0014 0000 0000 0000 0000 8008 0000 0000 0001");
        let heard = |bytes: &[u8]| told_over(IpProto::UDP, &mut Request::default(), &[Talk::new(Side::A, bytes)]).0;
        assert_eq!(heard(&request), ["10.0.0.1 udp 40000 with 10.0.0.2 SCCRQ"]);
        assert_eq!(heard(&hex("0202 0001 0001 ff03")), Vec::<String>::new());
    }
}
