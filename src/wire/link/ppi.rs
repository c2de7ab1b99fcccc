//! Per-packet information (CACE): typed fields, then a frame of the link type the header names.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::wlan;
use crate::net::LinkType;

const HEADER: usize = 8;
const FIELD_HEADER: usize = 4;
/// The 802.11 field with the flags of a frame.
const COMMON: u16 = 2;
/// The fields are padded to a multiple of four bytes.
const ALIGNED: u8 = 1;
const CHECKSUM_AT_END: u8 = 1;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("ppi-header-cut")?;
    let len = usize::from(u16::from_le_bytes([header[2], header[3]]));
    if len < HEADER {
        return Err(window.stop("ppi-header-length"));
    }
    if len > window.bytes().len() {
        return Err(window.stop("ppi-header-cut"));
    }
    let link = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let Ok(link) = u16::try_from(link).map(LinkType) else { return Err(window.stop("ppi-link-type")) };
    let inside = window.skip(len);
    if link == LinkType::IEEE802_11 {
        let checksum = checksum_at_end(window.limit(len).skip(HEADER), header[1] & ALIGNED != 0);
        return wlan::frame(walk, inside, wlan::Form { checksum, padded: false });
    }
    Ok(Next::Link(link, inside))
}

/// What the 802.11 common field says; its flags stand behind eight bytes of time.
fn checksum_at_end(mut fields: Window<'_>, aligned: bool) -> bool {
    while let Some(field) = fields.peek::<FIELD_HEADER>() {
        let kind = u16::from_le_bytes([field[0], field[1]]);
        let len = usize::from(u16::from_le_bytes([field[2], field[3]]));
        if kind == COMMON {
            return fields.skip(FIELD_HEADER + 8).peek().is_some_and(|[flags]| flags & CHECKSUM_AT_END != 0);
        }
        fields = fields.skip(FIELD_HEADER + if aligned { len.next_multiple_of(4) } else { len });
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{IPV4, bytes, decode_cut, leads_to_ipv4, outcome, survives_cuts};

    const DATA: &str = "0801 0000 020000000002 020000000001 020000000003 0000 aaaa03 000000 0800";

    #[test]
    fn any_link_type_inside() {
        leads_to_ipv4(192, "00 00 0800 01000000 020000000002 020000000001 0800");
        leads_to_ipv4(192, &format!("00 00 0800 69000000 {DATA}"));
        assert_eq!(outcome(192, "00 00 0800 93000000 45"), "stop link-type-147 at 8");
    }

    #[test]
    fn the_check_sequence_is_no_payload() {
        let common = "0200 1400 0000000000000000 0100 0000 0000 0000 00 00 00 00";
        let mut frame = bytes(&format!("00 00 2000 69000000 {common} {DATA}"));
        let at = frame.len();
        frame.extend_from_slice(&IPV4);
        frame[at + 3] += 4;
        frame.extend_from_slice(&[0xcc; 4]);
        let decoded = decode_cut(192, &frame, frame.len());
        assert_eq!(decoded.layers[0].packet.end as usize, frame.len() - 4);
        survives_cuts(192, &frame);
    }

    #[test]
    fn lengths_that_lie() {
        assert_eq!(outcome(192, "00 00 0700 01000000"), "stop ppi-header-length at 0");
        assert_eq!(outcome(192, "00 00 0900 01000000"), "stop ppi-header-cut at 0");
        assert_eq!(outcome(192, "00 00 0800 01000100"), "stop ppi-link-type at 0");
    }
}
