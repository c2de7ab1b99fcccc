//! DHCP (RFC 2131): who asks for an address, or gets one, and what that host is called (option 12; option 81, RFC 4702).

use super::{Step, Teller, Told};
use crate::net::Addr;
use crate::recognize::{Cursor, text};

const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACKNOWLEDGED: u8 = 5;
const INFORM: u8 = 8;

/// Reads a message: of a client, which address it asks for or has; of a server, which one it gives.
pub(super) fn read(told: &Told<'_>, teller: &mut Teller<'_>) -> Option<()> {
    let mut cursor = Cursor::new(told.bytes);
    let [op, _kind, _address_length, _hops] = cursor.array()?;
    let transaction = u32::from_be_bytes(cursor.array()?);
    cursor.skip(4)?;
    let (has, given) = (cursor.array::<4>()?, cursor.array::<4>()?);
    cursor.skip(236 - 20)?;
    if cursor.array::<4>()? != COOKIE {
        return None;
    }
    let (mut kind, mut wanted, mut host, mut full) = (0, [0; 4], None, None);
    while let Some(option) = cursor.u8().filter(|option| *option != 255) {
        if option == 0 {
            continue;
        }
        let Some(value) = cursor.u8().and_then(|len| cursor.take(usize::from(len))) else { break };
        match (option, value) {
            (53, [number]) => kind = *number,
            (50, _) => wanted = value.try_into().unwrap_or_default(),
            (12, _) => host = text::until_zero(value),
            (81, [flags, _, _, name @ ..]) => full = domain_name(*flags, name),
            _ => {}
        }
    }
    if let Some(step) = step(told, op, kind, given) {
        teller.lease(transaction, step);
    }
    let address = match kind {
        REQUEST => [has, wanted].into_iter().find(|address| *address != [0; 4])?,
        INFORM => has,
        ACKNOWLEDGED => [given, has].into_iter().find(|address| *address != [0; 4])?,
        _ => return None,
    };
    teller.say(4, Addr::v4(address), full.as_deref().or(host)?);
    Some(())
}

/// How far a host without an address has got (RFC 2131 section 4.3; without a kind it is BOOTP).
fn step(told: &Told<'_>, op: u8, kind: u8, given: [u8; 4]) -> Option<Step> {
    let is_given = given != [0; 4];
    match (op, kind) {
        (1, 0 | DISCOVER | REQUEST) if told.by == Addr::v4([0; 4]) => Some(Step::Asked),
        (2, OFFER) if is_given => Some(Step::Offered(Addr::v4(given))),
        (2, 0 | ACKNOWLEDGED) if is_given => Some(Step::Given(Addr::v4(given))),
        _ => None,
    }
}

/// A full name: in labels where the flag E says so, else in ASCII (RFC 4702 section 2.1).
fn domain_name(flags: u8, name: &[u8]) -> Option<Vec<u8>> {
    if flags & 4 == 0 {
        return text::until_zero(name).map(<[u8]>::to_vec);
    }
    let (mut cursor, mut text) = (Cursor::new(name), Vec::new());
    while let Some(length) = cursor.u8().filter(|length| *length > 0) {
        if !text.is_empty() {
            text.push(b'.');
        }
        text.extend_from_slice(cursor.take(usize::from(length))?);
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;

    /// A message: the client's address, the one given, and options.
    fn message(has: [u8; 4], given: [u8; 4], options: &[u8]) -> Vec<u8> {
        let head = [&[1, 1, 6, 0][..], &[0; 8], &has, &given, &[0; 216], &[0x63, 0x82, 0x53, 0x63]].concat();
        [&head[..], options, &[255]].concat()
    }

    #[test]
    fn requests_and_leases_name_the_address() {
        let (none, own) = ([0; 4], [10, 0, 0, 7]);
        let wanting = message(none, none, b"\x35\x01\x03\x32\x04\x0a\0\0\x07\x0c\x03PC7");
        assert_eq!(read("DHCP", &wanting), ["10.0.0.7 PC7 dhcp"]);
        let renewing = message(own, none, b"\x35\x01\x03\x51\x0e\x04\0\0\x03pc7\x04corp\0\0\0\x0c\x03PC7");
        assert_eq!(read("DHCP", &renewing), ["10.0.0.7 pc7.corp dhcp"]);
        let lease = message(none, own, b"\x35\x01\x05\x51\x0b\0\0\0pc7.corp\x0c\x03PC7");
        assert_eq!(read("DHCP", &lease), ["10.0.0.7 pc7.corp dhcp"]);
    }

    #[test]
    fn what_is_only_hoped_for_names_nobody() {
        let discover = message([0; 4], [0; 4], b"\x35\x01\x01\x32\x04\x0a\0\0\x07\x0c\x03PC7");
        let release = message([10, 0, 0, 7], [0; 4], b"\x35\x01\x07\x0c\x03PC7");
        let nameless = message([0; 4], [10, 0, 0, 7], b"\x35\x01\x05");
        for bytes in [&discover[..], &release, &nameless, &discover[..200]] {
            assert_eq!(read("DHCP", bytes), [""; 0]);
        }
    }
}
