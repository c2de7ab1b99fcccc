//! `MACsec` (IEEE 802.1AE): the `SecTAG` is passed over where the user data is in clear.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// Control information, short length, packet number.
const SECTAG: usize = 6;
/// Secure channel identifier, where announced.
const SCI: usize = 8;
/// Integrity check value of the default cipher suite; it may be longer, and is no payload either way.
const ICV: usize = 16;

const SCI_PRESENT: u8 = 0x20;
const ENCRYPTED: u8 = 0x08;
const CHANGED: u8 = 0x04;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<SECTAG>("macsec-header-cut")?;
    if header[0] & (ENCRYPTED | CHANGED) != 0 {
        return Ok(Next::NonIp(Word::Plain("macsec")));
    }
    let sci = if header[0] & SCI_PRESENT == 0 { 0 } else { SCI };
    let secured = window.skip(SECTAG + sci);
    // The short length, where given, counts the user data; else all but the check value is.
    let data = match usize::from(header[1] & 0x3f) {
        0 => secured.limit(secured.wire_len().saturating_sub(ICV)),
        short => secured.limit(short),
    };
    let kind = u16::from_be_bytes(*data.header::<2>("macsec-data-cut")?);
    super::type_or_length(walk, kind, data.skip(2))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{IPV4, bytes, decode_cut, leads_to_ipv4, outcome};

    const MAC: &str = "020000000002 020000000001";

    #[test]
    fn user_data_in_clear() {
        // With and without a secure channel identifier; a short length of 32: the EtherType and 30 bytes.
        leads_to_ipv4(1, &format!("{MAC} 88e5 20 20 00000001 0200000000010001 0800"));
        leads_to_ipv4(1, &format!("{MAC} 88e5 00 20 00000001 0800"));
    }

    #[test]
    fn user_data_that_is_not() {
        assert_eq!(outcome(1, &format!("{MAC} 88e5 2c 00 00000001 0200000000010001 0800 4500")), "non-ip macsec");
        assert_eq!(outcome(1, &format!("{MAC} 88e5 04 00 00000001 0800 4500")), "non-ip macsec");
        assert_eq!(outcome(1, &format!("{MAC} 88e5 00 01 00000001 0800 4500")), "stop macsec-data-cut at 20");
    }

    #[test]
    fn without_a_short_length_the_check_value_is_left_out() {
        let mut frame = bytes(&format!("{MAC} 88e5 00 00 00000001 0800"));
        let at = frame.len();
        frame.extend_from_slice(&IPV4);
        frame[at + 3] += 16;
        frame.extend_from_slice(&[0xcc; 16]);
        let decoded = decode_cut(1, &frame, frame.len());
        assert_eq!(decoded.layers[0].packet.end as usize, frame.len() - 16);
        assert_eq!(decoded.layers[0].ip_len, 46);
    }
}
