//! FTP: PORT, PASV (RFC 959), EPRT, EPSV (RFC 2428). The control connection may be on any port.

use super::address;
use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{Addr, IpProto, Side};
use crate::recognize::text;

/// A data connection: files and lists, of any kind.
pub static DATA: Service = Service { name: "FTP data", label: Some("FTP default data"), speaks: &[] };

/// The longest line that may be one (a path and a few words).
const LONGEST: usize = 2048;

/// A control connection.
#[derive(Debug, Default)]
pub struct Control {
    is_sealed: bool,
}

impl Reader for Control {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let mut consumed = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                let is_too_long = line.len() > LONGEST;
                return if is_too_long { bytes.len() } else { consumed };
            }
            consumed += line.len();
            self.line(side, line.trim_ascii(), hearing);
        }
        consumed
    }

    fn is_done(&self) -> bool {
        self.is_sealed
    }
}

impl Control {
    fn line(&mut self, side: Side, line: &[u8], hearing: &mut Hearing<'_>) {
        // 234: security data exchange complete (RFC 2228), from now on it is TLS.
        self.is_sealed |= text::reply(line).is_some_and(|(code, _)| code == 234);
        let Some((how, address, port)) = data_port(line) else { return };
        if let Some(address) = address {
            hearing.check(side, address);
        }
        // The data connection is to the host that speaks, whatever address it names: a server behind a translator does not know its own.
        let about = if matches!(how, "PORT" | "EPRT") { "active" } else { "passive" };
        let word =
            Word::new(&DATA, how, Lasting::Once).about(&format!("{about}, control on port {}", control_port(hearing, side, how)));
        hearing.listens(side, IpProto::TCP, port, word);
    }
}

/// The server's port: it answers PASV, and its client sends PORT.
fn control_port(hearing: &Hearing<'_>, side: Side, how: &str) -> u16 {
    hearing.port(if matches!(how, "PORT" | "EPRT") { side.other() } else { side })
}

/// The command or reply that names a data port, the address where one is named, and the port.
fn data_port(line: &[u8]) -> Option<(&'static str, Option<Addr>, u16)> {
    if let Some((code, rest)) = text::reply(line) {
        return match code {
            227 => address::commas(rest).map(|(address, port)| ("PASV", Some(address), port)),
            229 => extended(rest.get(memchr::memchr(b'(', rest)? + 1..)?).map(|(address, port)| ("EPSV", address, port)),
            _ => None,
        };
    }
    if let Some(rest) = text::after(line, b"PORT ") {
        return address::commas(rest).map(|(address, port)| ("PORT", Some(address), port));
    }
    let (address, port) = extended(text::after(line, b"EPRT ")?.trim_ascii())?;
    Some(("EPRT", address, port))
}

/// `|2|fe80::1|5282|`, any character for the bars; a reply leaves all but the port empty.
fn extended(text: &[u8]) -> Option<(Option<Addr>, u16)> {
    let bar = *text.first()?;
    let mut fields = text.split(|byte| *byte == bar).skip(1);
    let (_family, address, port) = (fields.next()?, fields.next()?, fields.next()?);
    Some((address::ip(address), address::number(port)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told};
    use super::*;

    fn control(lines: &[(Side, &str)]) -> (Vec<String>, bool) {
        told(&mut Control::default(), &lines.iter().map(|(side, line)| Talk::new(*side, line.as_bytes())).collect::<Vec<_>>())
    }

    #[test]
    fn every_way_to_name_a_data_port() {
        let cases = [
            (Side::A, "PORT 10,0,0,1,7,209\r\n", "10.0.0.1 tcp 2001 with 10.0.0.2 PORT"),
            (Side::A, "eprt |1|10.0.0.1|2002|\r\n", "10.0.0.1 tcp 2002 with 10.0.0.2 EPRT"),
            (Side::B, "227 Entering Passive Mode (10,0,0,2,195,80)\r\n", "10.0.0.2 tcp 50000 with 10.0.0.1 PASV"),
            (Side::B, "227 =10,0,0,2,195,80\r\n", "10.0.0.2 tcp 50000 with 10.0.0.1 PASV"),
            (Side::B, "229 Entering Extended Passive Mode (|||6446|)\r\n", "10.0.0.2 tcp 6446 with 10.0.0.1 EPSV"),
        ];
        for (side, line, expected) in cases {
            assert_eq!(control(&[(side, line)]), (vec![expected.to_owned()], false), "{line}");
        }
        for line in [
            "PORT 1,2,3\r\n",
            "227 fine\r\n",
            "229 (|||99999|)\r\n",
            "226-227 (1,2,3,4,5,6)\r\n",
            "EPRT |1|a\r\n",
            "PORT 10,0,0,1,0,0\r\n",
        ] {
            assert_eq!(control(&[(Side::A, line)]).0, Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn lines_come_in_pieces_and_another_hosts_address_is_noted() {
        let (announced, foreign) = control(&[(Side::B, "227 ok (10,9,9,9,1"), (Side::A, "NOOP\r\n"), (Side::B, ",0)\r\n")]);
        assert_eq!((announced, foreign), (vec!["10.0.0.2 tcp 256 with 10.0.0.1 PASV".to_owned()], true));
    }
}
