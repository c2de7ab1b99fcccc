//! TFTP (RFC 1350): a request goes to port 69, the answer comes from a port that nobody knows yet (section 4), to the port that asked.

use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::shown;

/// The transfer itself.
pub static TRANSFER: Service = Service { name: "TFTP", label: Some("TFTP"), speaks: &[] };

/// Requests from one port.
#[derive(Debug, Default)]
pub struct Requests;

impl Reader for Requests {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        if let Some((how, about)) = request(bytes) {
            let word = Word::new(&TRANSFER, how, Lasting::Once).about(&about);
            hearing.waits(side, IpProto::UDP, hearing.port(side), word);
        }
        bytes.len()
    }
}

/// A read or write request: a file, a mode, and perhaps options (RFC 2347), of which the block size (RFC 2348) is worth telling.
fn request(bytes: &[u8]) -> Option<(&'static str, String)> {
    let (how, rest) = match bytes {
        [0, 1, rest @ ..] => ("RRQ", rest),
        [0, 2, rest @ ..] => ("WRQ", rest),
        _ => return None,
    };
    let mut fields = rest.split(|byte| *byte == 0);
    let (file, mode) = (fields.next()?, fields.next()?);
    let is_mode = [&b"octet"[..], b"netascii", b"mail"].iter().any(|known| known.eq_ignore_ascii_case(mode));
    if file.is_empty() || !is_mode {
        return None;
    }
    let mut about = format!("{} {}", if how == "RRQ" { "read" } else { "write" }, shown(file));
    while let (Some(option), Some(value)) = (fields.next(), fields.next()) {
        if option.eq_ignore_ascii_case(b"blksize") && value.iter().all(u8::is_ascii_digit) && value.len() <= 5 {
            about.push_str(", blocks of ");
            about.push_str(&String::from_utf8_lossy(value));
        }
    }
    Some((how, about))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told_over};
    use super::*;

    #[test]
    fn the_port_that_asks_waits_for_an_answer_from_anywhere() {
        let read = b"\0\x01boot\\x64\\wdsnbp.com\0octet\0tsize\x000\0blksize\x001456\0";
        assert_eq!(request(read), Some(("RRQ", r"read boot\x64\wdsnbp.com, blocks of 1456".to_owned())));
        let (announced, _) = told_over(IpProto::UDP, &mut Requests, &[Talk::new(Side::A, read)]);
        assert_eq!(announced, ["10.0.0.1 udp 40000 with 10.0.0.2 RRQ"]);
        for other in [&b"\0\x03\0\x01data"[..], b"\0\x01\0octet\0", b"\0\x01file\0binary\0", b""] {
            assert_eq!(request(other), None);
        }
    }
}
