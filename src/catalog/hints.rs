//! What ports and IP protocols are registered as elsewhere: hints for flows that no document explains.

use toml::de::DeValue;

use super::builtin;
use super::reader::Reader;
use crate::net::IpProto;

/// Names by port, for TCP and for UDP, and by IP protocol, sorted by number.
#[derive(Debug, Default)]
pub(super) struct Hints {
    tcp: Vec<(u16, String)>,
    udp: Vec<(u16, String)>,
    ip: Vec<(u16, String)>,
}

impl Hints {
    /// The built-in table. A test holds the file to be without mistakes.
    pub fn builtin() -> Self {
        let (name, text) = builtin::REGISTERED;
        Self::read(&mut Reader::new(name, text))
    }

    pub fn read(reader: &mut Reader<'_>) -> Self {
        let Some(root) = reader.parse() else { return Self::default() };
        let table = |reader: &mut Reader<'_>, key: &str| match root.get_ref().get(key).map(toml::Spanned::get_ref) {
            Some(DeValue::Table(table)) => {
                let mut names: Vec<(u16, String)> = Vec::with_capacity(table.len());
                for (port, name) in table {
                    let number: Option<u16> = port.get_ref().parse().ok().filter(|number| *number > 0);
                    match (number, reader.string(name)) {
                        (Some(number), Some(name)) => names.push((number, name)),
                        (None, _) => reader.mistake(port.span(), "a number from 1 to 65535 is needed here"),
                        (Some(_), None) => {}
                    }
                }
                names.sort_unstable();
                names
            }
            _ => Vec::new(),
        };
        Self { tcp: table(reader, "tcp"), udp: table(reader, "udp"), ip: table(reader, "ip") }
    }

    pub fn get(&self, transport: IpProto, port: u16) -> Option<&str> {
        let names = match transport {
            IpProto::TCP => &self.tcp,
            IpProto::UDP => &self.udp,
            _ => return None,
        };
        find(names, port)
    }

    /// What an IP protocol is registered as.
    pub fn of_protocol(&self, protocol: IpProto) -> Option<&str> {
        find(&self.ip, u16::from(protocol.0))
    }
}

fn find(names: &[(u16, String)], wanted: u16) -> Option<&str> {
    let at = names.binary_search_by_key(&wanted, |(number, _)| *number).ok()?;
    names.get(at).map(|(_, name)| name.as_str())
}
