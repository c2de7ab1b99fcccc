//! DCOM: string bindings in the answers of the activator and of the OXID resolver ([MS-DCOM] sections 2.2.19 and 3.1.2.5).

use crate::recognize::{Uuid, interface};

/// `IObjectExporter`, the OXID resolver.
pub const RESOLVER: Uuid = Uuid([0x99, 0xfc, 0xfe, 0xc4, 0x52, 0x60, 0x10, 0x1b, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a]);
/// `IActivation`.
pub const ACTIVATION: Uuid =
    Uuid([0x4d, 0x9f, 0x4a, 0xb8, 0x7d, 0x1c, 0x11, 0xcf, 0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57]);
/// `IRemoteSCMActivator`.
pub const ACTIVATOR: Uuid =
    Uuid([0x00, 0x00, 0x01, 0xa0, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46]);

/// What a call of these interfaces is named, where its answer holds bindings.
pub fn call(interface: Uuid, operation: u16) -> Option<&'static str> {
    match (interface, operation) {
        (RESOLVER, 0) => Some("ResolveOxid"),
        (RESOLVER, 4) => Some("ResolveOxid2"),
        (RESOLVER, 5) => Some("ServerAlive2"),
        (ACTIVATION, 0) => Some("RemoteActivation"),
        (ACTIVATOR, 3) => Some("RemoteGetClassObject"),
        (ACTIVATOR, 4) => Some("RemoteCreateInstance"),
        _ => None,
    }
}

/// `ncacn_ip_tcp` and `ncadg_ip_udp` as a binding numbers them.
const TCP: u16 = 7;
const UDP: u16 = 8;
/// The longest network address of a binding.
const LONGEST: usize = 260;

/// A binding with a port: `host[49158]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// Over UDP.
    pub over_udp: bool,
    /// The host as it calls itself, a name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// The bindings in an answer. Activation wraps them in several layers of properties whose order is free, so they are looked for by what they are:
/// a tower number, then 16-bit text that ends in a port in brackets.
pub fn bindings(stub: &[u8], little: bool) -> Vec<Binding> {
    let unit = |pair: &[u8]| pair.try_into().map_or(0, if little { u16::from_le_bytes } else { u16::from_be_bytes });
    let units: Vec<u16> = stub.chunks_exact(2).map(unit).collect();
    let mut found: Vec<Binding> = Vec::new();
    for at in 0..units.len() {
        let Some((tower @ &(TCP | UDP), rest)) = units.get(at..).and_then(<[u16]>::split_first) else { continue };
        if let Some(binding) = binding(*tower == UDP, rest).filter(|binding| !found.contains(binding)) {
            found.push(binding);
        }
    }
    found
}

fn binding(over_udp: bool, text: &[u16]) -> Option<Binding> {
    let end = text.iter().take(LONGEST).position(|unit| *unit == 0)?;
    let text = String::from_utf16(text.get(..end)?).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let (host, port) = text.strip_suffix(']')?.rsplit_once('[')?;
    Some(Binding { over_udp, host: host.to_owned(), port: port.parse().ok()? })
}

/// The first interface that a request asks for and that is known by name: what the object behind the binding will be used for.
pub fn wanted(stub: &[u8], little: bool) -> Option<Uuid> {
    const PLUMBING: &str = "DCOM";
    let uuids = stub.windows(16).step_by(4).filter_map(|bytes| Some(Uuid::from_wire(bytes.try_into().ok()?, little)));
    let mut known = uuids.filter(|uuid| interface(*uuid).is_some_and(|known| !known.about.starts_with(PLUMBING)));
    known.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::hex;

    #[test]
    fn bindings_with_a_port_are_found_wherever_they_stand() {
        let mut stub = vec![1, 0, 9, 9];
        for unit in [7]
            .into_iter()
            .chain("dc1[49158]".encode_utf16())
            .chain([0, 7])
            .chain("10.0.0.2".encode_utf16())
            .chain([0, 0, 10, 0xffff, 0])
        {
            stub.extend(unit.to_le_bytes());
        }
        assert_eq!(bindings(&stub, true), [Binding { over_udp: false, host: "dc1".to_owned(), port: 49158 }]);
        assert_eq!(bindings(&stub, false), []);
    }

    /// Two bindings for one port, then security, as impacket writes a `DUALSTRINGARRAY`, inside of each answer that has one.
    const ARRAY: &str = "22000000 2200 1e00 0700 310030002e0030002e0030002e0032005b00340039003100350038005d000000 \
        0700 6400630031005b00340039003100350038005d000000 0000 0a00 ffff 0000 0000";

    #[test]
    fn every_answer_with_bindings_is_read() {
        let answers = [
            (RESOLVER, 0, "ResolveOxid", format!("1a630000 {ARRAY} {}", "00".repeat(24))),
            (RESOLVER, 4, "ResolveOxid2", format!("20b10000 {ARRAY} {} 0500 0700 00000000", "00".repeat(20))),
            (RESOLVER, 5, "ServerAlive2", format!("0500 0700 b82c0000 {ARRAY} 00000000 00000000")),
        ];
        let expected = ["10.0.0.2", "dc1"].map(|host| Binding { over_udp: false, host: host.to_owned(), port: 49158 });
        for (uuid, operation, name, stub) in answers {
            assert_eq!((call(uuid, operation), bindings(&hex(&stub), true)), (Some(name), expected.to_vec()));
        }
        for (uuid, operation, name) in [(ACTIVATION, 0, "RemoteActivation"), (ACTIVATOR, 4, "RemoteCreateInstance")] {
            assert_eq!(call(uuid, operation), Some(name));
        }
    }

    #[test]
    fn what_is_wanted_is_named_in_the_request() {
        let wmi = Uuid::parse("f309ad18-d86a-11d0-a075-00c04fb68820").unwrap();
        let mut bytes = wmi.0;
        for field in [0..4, 4..6, 6..8] {
            bytes[field].reverse();
        }
        let stub = [&[0; 8][..], &bytes, &[0; 8]].concat();
        assert_eq!(wanted(&stub, true), Some(wmi));
        assert_eq!(wanted(&[0; 40], true), None);
    }
}
