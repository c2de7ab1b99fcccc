//! Answers of the endpoint mapper: towers, each of which says how one interface is reached (C706 appendices L, O and I).

use super::ndr::{Format, Ndr};
use crate::net::Addr;
use crate::recognize::{Cursor, InterfaceId, Uuid};

/// The endpoint mapper.
pub const EPM: Uuid = Uuid([0xe1, 0xaf, 0x83, 0x08, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa]);

/// `ept_lookup`: everything that is registered, in several rounds.
pub const LOOKUP: u16 = 2;
/// `ept_map`: where one interface is. The next two ask the same for a caller that is named, and without waiting.
pub const MAP: [u16; 3] = [3, 7, 8];

/// The most entries one answer may hold.
const ENTRIES: u64 = 1000;

/// How the interface is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// `ncacn_ip_tcp`.
    Tcp,
    /// `ncadg_ip_udp`.
    Udp,
    /// `ncacn_http`.
    Http,
}

/// What a tower says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tower {
    /// Which interface.
    pub interface: InterfaceId,
    /// Over what.
    pub over: Over,
    /// At which port.
    pub port: u16,
    /// At which address; often none.
    pub host: Option<Addr>,
    /// What the server calls it.
    pub annotation: Vec<u8>,
}

/// The towers with a port in an answer to `ept_map`.
pub fn mapped(stub: &[u8], format: Format) -> Option<Vec<Tower>> {
    let mut ndr = after_handle(stub, format)?;
    let count = array(&mut ndr)?;
    let present: Vec<bool> = (0..count).map(|_| ndr.size().map(|referent| referent != 0)).collect::<Option<_>>()?;
    let mut towers = Vec::new();
    for _ in present.into_iter().filter(|present| *present) {
        let Some(octets) = octets(&mut ndr) else { break };
        towers.extend(tower(octets));
    }
    Some(towers)
}

/// The towers with a port in an answer to `ept_lookup`.
pub fn looked_up(stub: &[u8], format: Format) -> Option<Vec<Tower>> {
    let mut ndr = after_handle(stub, format)?;
    let count = array(&mut ndr)?;
    let mut annotations = Vec::new();
    for _ in 0..count {
        ndr.align_pointer();
        ndr.uuid()?;
        let referent = ndr.size()?;
        let (_offset, length) = (ndr.size()?, ndr.size()?);
        let annotation = ndr.take(usize::try_from(length).ok()?)?;
        if referent != 0 {
            annotations.push(annotation.split(|byte| *byte == 0).next().unwrap_or_default());
        }
    }
    let mut towers = Vec::new();
    for annotation in annotations {
        let Some(octets) = octets(&mut ndr) else { break };
        towers.extend(tower(octets).map(|tower| Tower { annotation: annotation.to_vec(), ..tower }));
    }
    Some(towers)
}

/// Both answers begin with a handle to go on with, and the number of entries.
fn after_handle(stub: &[u8], format: Format) -> Option<Ndr<'_>> {
    let mut ndr = Ndr::new(stub, format);
    ndr.u32()?;
    ndr.uuid()?;
    ndr.u32()?;
    Some(ndr)
}

/// The head of a conformant and varying array: its size, where it begins, and how many entries follow.
fn array(ndr: &mut Ndr<'_>) -> Option<u64> {
    let (most, offset, count) = (ndr.size()?, ndr.size()?, ndr.size()?);
    (count <= most && offset == 0 && count <= ENTRIES).then_some(count)
}

/// The octets of a tower: the size twice, and those.
fn octets<'a>(ndr: &mut Ndr<'a>) -> Option<&'a [u8]> {
    let size = ndr.size()?;
    let length = ndr.u32()?;
    if size != u64::from(length) {
        return None;
    }
    ndr.take(length as usize)
}

/// One floor: what it names, and where.
struct Floor<'a> {
    protocol: u8,
    name: &'a [u8],
    place: &'a [u8],
}

fn floors(octets: &[u8]) -> Option<Vec<Floor<'_>>> {
    let mut cursor = Cursor::new(octets);
    let count = cursor.le16()?;
    let mut floors = Vec::new();
    for _ in 0..count.min(8) {
        let left = cursor.le16()?;
        let (protocol, name) = cursor.take(usize::from(left))?.split_first()?;
        let right = cursor.le16()?;
        floors.push(Floor { protocol: *protocol, name, place: cursor.take(usize::from(right))? });
    }
    Some(floors)
}

/// Lengths and UUIDs of a tower are little-endian whatever the PDU is, ports and addresses are in network order.
fn tower(octets: &[u8]) -> Option<Tower> {
    let floors = floors(octets)?;
    let first = floors.first().filter(|floor| floor.protocol == 0x0d)?;
    let mut name = Cursor::new(first.name);
    let uuid = Uuid::from_wire(name.array()?, true);
    let version = (name.le16()?, Cursor::new(first.place).le16().unwrap_or_default());
    let (over, port) = floors.iter().skip(2).find_map(reached)?;
    let host = floors.iter().find(|floor| floor.protocol == 0x09).and_then(|floor| Some(Addr::v4(floor.place.try_into().ok()?)));
    Some(Tower { interface: InterfaceId { uuid, version }, over, port, host, annotation: Vec::new() })
}

fn reached(floor: &Floor<'_>) -> Option<(Over, u16)> {
    let over = match floor.protocol {
        0x07 => Over::Tcp,
        0x08 => Over::Udp,
        0x1f => Over::Http,
        _ => return None,
    };
    Some((over, Cursor::new(floor.place).be16()?))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A tower for netlogon, written down from the table in C706 appendix L.
    pub fn netlogon(protocol: u8, port: u16) -> Vec<u8> {
        let uuid = [0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0xcf, 0xfb];
        let ndr = [0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60];
        let floor = |left: &[u8], right: &[u8]| {
            [&(left.len() as u16).to_le_bytes()[..], left, &(right.len() as u16).to_le_bytes(), right].concat()
        };
        [
            vec![5, 0],
            floor(&[&[0x0d][..], &uuid, &[1, 0]].concat(), &[0, 0]),
            floor(&[&[0x0d][..], &ndr, &[2, 0]].concat(), &[0, 0]),
            floor(&[0x0b], &[0, 0]),
            floor(&[protocol], &port.to_be_bytes()),
            floor(&[0x09], &[0, 0, 0, 0]),
        ]
        .concat()
    }

    /// An answer to `ept_map` with these towers, or with an annotation to `ept_lookup`.
    pub fn answer(towers: &[Vec<u8>], annotation: Option<&[u8]>, format: Format) -> Vec<u8> {
        let mut stub = Vec::new();
        let number = |stub: &mut Vec<u8>, value: u64, width: usize| {
            stub.resize(stub.len().next_multiple_of(width), 0);
            let bytes = value.to_le_bytes();
            let bytes = &bytes[..width];
            stub.extend(if format.little { bytes.to_vec() } else { bytes.iter().rev().copied().collect() });
        };
        let wide = if format.wide { 8 } else { 4 };
        stub.extend([0; 20]);
        number(&mut stub, towers.len() as u64, 4);
        for value in [4, 0, towers.len() as u64] {
            number(&mut stub, value, wide);
        }
        for at in 1..=towers.len() as u64 {
            if let Some(text) = annotation {
                stub.resize(stub.len().next_multiple_of(wide), 0);
                stub.extend([0; 16]);
                number(&mut stub, at, wide);
                number(&mut stub, 0, wide);
                number(&mut stub, text.len() as u64 + 1, wide);
                stub.extend([text, b"\0"].concat());
            } else {
                number(&mut stub, at, wide);
            }
        }
        for tower in towers {
            number(&mut stub, tower.len() as u64, wide);
            number(&mut stub, tower.len() as u64, 4);
            stub.extend(tower);
        }
        number(&mut stub, 0, 4);
        stub
    }

    const FORMATS: [Format; 4] = [
        Format { little: true, wide: false },
        Format { little: false, wide: false },
        Format { little: true, wide: true },
        Format { little: false, wide: true },
    ];

    #[test]
    fn towers_in_both_formats_and_byte_orders() {
        for format in FORMATS {
            let stub = answer(&[netlogon(0x07, 49158), netlogon(0x08, 1035), netlogon(0x0f, 7)], None, format);
            let towers = mapped(&stub, format).unwrap();
            let found: Vec<_> = towers.iter().map(|tower| (tower.over, tower.port, tower.interface.to_string())).collect();
            assert_eq!(
                found,
                [(Over::Tcp, 49158, "netlogon 1.0".to_owned()), (Over::Udp, 1035, "netlogon 1.0".to_owned())],
                "{format:?}"
            );
        }
    }

    #[test]
    fn annotations_belong_to_their_towers() {
        for format in FORMATS {
            let stub = answer(&[netlogon(0x10, 1), netlogon(0x1f, 593)], Some(b"NETLOGON service"), format);
            let towers = looked_up(&stub, format).unwrap();
            assert_eq!(towers.len(), 1, "{format:?}");
            assert_eq!(
                (towers[0].over, towers[0].port, towers[0].annotation.as_slice()),
                (Over::Http, 593, &b"NETLOGON service"[..])
            );
        }
    }

    #[test]
    fn a_cut_answer_gives_the_towers_that_are_whole() {
        let format = FORMATS[0];
        let stub = answer(&[netlogon(0x07, 1), netlogon(0x07, 2)], None, format);
        assert_eq!(mapped(&stub[..stub.len() - 20], format).unwrap().len(), 1);
        for end in 0..stub.len() {
            let _ = (mapped(&stub[..end], format), looked_up(&stub[..end], format));
        }
    }
}
