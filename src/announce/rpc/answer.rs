//! A whole answer, and what it announces.

use super::super::door::Lasting;
use super::super::hearing::{Hearing, Word};
use super::dcom::{self, Binding};
use super::epm::{self, Over, Tower};
use super::ndr::Format;
use super::{RPC, RPC_OVER_HTTP};
use crate::net::{IpProto, Side};
use crate::recognize::{Uuid, interface, shown};

/// A call whose answer is worth reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// `ept_map`.
    Map,
    /// `ept_lookup`.
    Lookup,
    /// A call of DCOM, and the interface that it asks for.
    Object(&'static str, Option<Uuid>),
}

impl Question {
    /// The question of a request, by its interface, operation and stub.
    pub fn of(interface: Uuid, operation: u16, stub: &[u8], little: bool) -> Option<Self> {
        if interface == epm::EPM {
            return match operation {
                epm::LOOKUP => Some(Self::Lookup),
                other => epm::MAP.contains(&other).then_some(Self::Map),
            };
        }
        dcom::call(interface, operation).map(|name| Self::Object(name, dcom::wanted(stub, little)))
    }

    /// Whether an interface has such calls.
    pub fn is_asked_at(interface: Uuid) -> bool {
        [epm::EPM, dcom::RESOLVER, dcom::ACTIVATION, dcom::ACTIVATOR].contains(&interface)
    }

    /// Reads the server's answer.
    pub fn answered(self, server: Side, stub: &[u8], format: Format, hearing: &mut Hearing<'_>) {
        match self {
            Self::Map => announce(epm::mapped(stub, format), "ept_map", server, hearing),
            Self::Lookup => announce(epm::looked_up(stub, format), "ept_lookup", server, hearing),
            Self::Object(how, wanted) => {
                for binding in dcom::bindings(stub, format.little) {
                    bound(&binding, how, wanted, server, hearing);
                }
            }
        }
    }
}

fn announce(towers: Option<Vec<Tower>>, how: &'static str, server: Side, hearing: &mut Hearing<'_>) {
    for tower in towers.unwrap_or_default() {
        if let Some(host) = tower.host {
            hearing.check(server, host);
        }
        let (transport, service) = match tower.over {
            Over::Tcp => (IpProto::TCP, &RPC),
            Over::Udp => (IpProto::UDP, &RPC),
            Over::Http => (IpProto::TCP, &RPC_OVER_HTTP),
        };
        let word =
            Word::new(service, how, Lasting::Standing).offering(tower.interface).about(&shown(tower.annotation.trim_ascii()));
        hearing.listens(server, transport, tower.port, word);
    }
}

/// A host lists all its names and addresses, each with the same port. What counts is the port, at the address that is talked to.
fn bound(binding: &Binding, how: &'static str, wanted: Option<Uuid>, server: Side, hearing: &mut Hearing<'_>) {
    if hearing.announced.iter().any(|told| told.door.port == binding.port && told.how == how) {
        return;
    }
    let transport = if binding.over_udp { IpProto::UDP } else { IpProto::TCP };
    let about =
        wanted.and_then(interface).map_or_else(|| "DCOM object".to_owned(), |known| format!("DCOM object, {}", known.name));
    let word = Word::new(&RPC, how, Lasting::Standing).for_object(wanted).about(&about);
    hearing.listens(server, transport, binding.port, word);
}
