//! SQL Server's browser ([MC-SQLR]): where the instances of a host listen.

use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::{Cursor, shown};

/// An instance.
pub static SQL: Service = Service { name: "SQL Server", label: Some("SQL over TCP"), speaks: &["TDS", "TLS", "HTTPS"] };

/// Questions and answers of one pair of ports.
#[derive(Debug, Default)]
pub struct Browser {
    /// The instance whose administrator's connection was asked for last.
    administrated: Option<Box<str>>,
}

impl Reader for Browser {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        match bytes {
            // CLNT_UCAST_DAC (section 2.2.4).
            [0x0f, 1, name @ ..] => {
                self.administrated = Some(shown(name.split(|byte| *byte == 0).next().unwrap_or_default()).into());
            }
            [5, rest @ ..] => drop(self.answer(side, rest, hearing)),
            _ => {}
        }
        bytes.len()
    }
}

impl Browser {
    fn answer(&self, side: Side, rest: &[u8], hearing: &mut Hearing<'_>) -> Option<()> {
        let mut cursor = Cursor::new(rest);
        let length = usize::from(cursor.le16()?);
        let data = cursor.take_most(length);
        // SVR_RESP (DAC) (section 2.2.6): six bytes in all, a version and a port.
        if let ([1, low, high], 3 | 6) = (data, length) {
            let about = format!("administrator's connection {}", self.administrated.as_deref().unwrap_or_default());
            let word = Word::new(&SQL, "SQL Browser DAC", Lasting::Standing).about(about.trim_end());
            hearing.listens(side, IpProto::TCP, u16::from_le_bytes([*low, *high]), word);
        }
        for instance in instances(data) {
            let word = Word::new(&SQL, "SQL Browser", Lasting::Standing).about(&instance.about);
            hearing.listens(side, IpProto::TCP, instance.port, word);
        }
        Some(())
    }
}

struct Instance {
    about: String,
    port: u16,
}

/// `ServerName;A;InstanceName;B;IsClustered;No;Version;9.0;tcp;49172;np;\\A\pipe\sql\query;;`, one after the other.
fn instances(data: &[u8]) -> Vec<Instance> {
    let mut found = Vec::new();
    let mut fields = data.split(|byte| *byte == b';');
    let (mut name, mut version, mut port) = (None, None, None);
    while let Some(key) = fields.next() {
        // An empty key ends an instance.
        if key.is_empty() || key.eq_ignore_ascii_case(b"ServerName") {
            found.extend(instance(name.take(), version.take(), port.take()));
        }
        if key.is_empty() {
            continue;
        }
        let value = fields.next().unwrap_or_default();
        match key.to_ascii_lowercase().as_slice() {
            b"instancename" => name = Some(value),
            b"version" => version = Some(value),
            b"tcp" => port = super::address::number::<u16>(value),
            _ => {}
        }
    }
    found.extend(instance(name, version, port));
    found
}

fn instance(name: Option<&[u8]>, version: Option<&[u8]>, port: Option<u16>) -> Option<Instance> {
    let mut about = format!("instance {}", shown(name.unwrap_or_default()));
    if let Some(version) = version {
        about = format!("{about} {}", shown(version));
    }
    Some(Instance { about, port: port? })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told_over};
    use super::*;

    #[test]
    fn every_instance_of_an_answer() {
        let text = b"ServerName;SQL1;InstanceName;MSSQLSERVER;IsClustered;No;Version;9.00.1399.06;tcp;1433;np;\\\\SQL1\\pipe\\sql\\query;;\
            ServerName;SQL1;InstanceName;SMS;IsClustered;No;Version;9.00.1399.06;tcp;49172;;ServerName;SQL1;InstanceName;OFF;IsClustered;No;Version;9;;";
        let answer = [&[5][..], &(text.len() as u16).to_le_bytes(), text].concat();
        let (announced, _) =
            told_over(IpProto::UDP, &mut Browser::default(), &[Talk::new(Side::A, b"\x03"), Talk::new(Side::B, &answer)]);
        assert_eq!(announced, ["10.0.0.2 tcp 1433 SQL Browser", "10.0.0.2 tcp 49172 SQL Browser"]);
        let abouts: Vec<String> = instances(text).into_iter().map(|instance| instance.about).collect();
        assert_eq!(abouts, ["instance MSSQLSERVER 9.00.1399.06", "instance SMS 9.00.1399.06"]);
    }

    #[test]
    fn the_administrators_connection() {
        let talk = [Talk::new(Side::A, b"\x0f\x01SMS\0"), Talk::new(Side::B, &[5, 6, 0, 1, 0x9a, 0x05])];
        assert_eq!(told_over(IpProto::UDP, &mut Browser::default(), &talk).0, ["10.0.0.2 tcp 1434 SQL Browser DAC"]);
    }
}
