//! Radiotap: what a radio tells of an 802.11 frame, as fields that a bit mask announces (radiotap.org).

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::wlan;

const HEADER: usize = 8;
const TSFT_PRESENT: u32 = 1;
const FLAGS_PRESENT: u32 = 1 << 1;
/// One more mask follows.
const MORE: u32 = 1 << 31;
/// Masks before a header is taken for nonsense.
const MAX_MASKS: usize = 16;

const CHECKSUM_AT_END: u8 = 0x10;
const PADDED: u8 = 0x20;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("radiotap-header-cut")?;
    let len = usize::from(u16::from_le_bytes([header[2], header[3]]));
    if len < HEADER {
        return Err(window.stop("radiotap-header-length"));
    }
    if len > window.bytes().len() {
        return Err(window.stop("radiotap-header-cut"));
    }
    let flags = flags(window.limit(len));
    let form = wlan::Form { checksum: flags & CHECKSUM_AT_END != 0, padded: flags & PADDED != 0 };
    wlan::frame(walk, window.skip(len), form)
}

/// The flags field, the second a header can have; none of its bits where it is absent.
fn flags(header: Window<'_>) -> u8 {
    let mask = |at: usize| header.skip(at).peek().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let present = mask(4);
    if present & FLAGS_PRESENT == 0 {
        return 0;
    }
    let masks = 1 + (1..MAX_MASKS).take_while(|n| mask(n * 4) & MORE != 0).count();
    let fields = 4 + masks * 4;
    // The time stamp is a number of eight bytes, aligned to its size.
    let at = if present & TSFT_PRESENT == 0 { fields } else { fields.next_multiple_of(8) + 8 };
    header.skip(at).peek().map_or(0, |[flags]| *flags)
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{IPV4, bytes, decode_cut, leads_to_ipv4, outcome, survives_cuts};

    const DATA: &str = "0801 0000 020000000002 020000000001 020000000003 0000";
    const QOS: &str = "8801 0000 020000000002 020000000001 020000000003 0000 0000";
    const IP: &str = "aaaa03 000000 0800";

    #[test]
    fn the_shortest_header() {
        leads_to_ipv4(127, &format!("0000 0800 00000000 {DATA} {IP}"));
    }

    #[test]
    fn the_padding_flag_behind_a_time_stamp_and_two_masks() {
        // Masks: time stamp, flags, more; then nothing. The time is aligned to eight bytes from the header's start.
        leads_to_ipv4(127, &format!("0000 1a00 03000080 00000000 00000000 0102030405060708 20 00 {QOS} 0000 {IP}"));
        leads_to_ipv4(127, &format!("0000 0900 02000000 20 {QOS} 0000 {IP}"));
        leads_to_ipv4(127, &format!("0000 0900 02000000 00 {QOS} {IP}"));
    }

    #[test]
    fn the_check_sequence_is_no_payload() {
        // The packet claims four bytes more than the frame holds without its check sequence: they are not read.
        let mut frame = bytes(&format!("0000 0900 02000000 10 {DATA} {IP}"));
        let at = frame.len();
        frame.extend_from_slice(&IPV4);
        frame[at + 3] += 4;
        frame.extend_from_slice(&[0xcc; 4]);
        let decoded = decode_cut(127, &frame, frame.len());
        assert_eq!(decoded.layers[0].packet.end as usize, frame.len() - 4);
        survives_cuts(127, &frame);
    }

    #[test]
    fn lengths_that_lie() {
        assert_eq!(outcome(127, "0000 0700 00000000 0801"), "stop radiotap-header-length at 0");
        assert_eq!(outcome(127, "0000 ff00 00000000 0801"), "stop radiotap-header-cut at 0");
    }
}
