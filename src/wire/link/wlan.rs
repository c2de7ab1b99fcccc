//! IEEE 802.11: data frames in clear lead to LLC; all others are named.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 24;
const ADDRESS_4: usize = 6;
const QOS_CONTROL: usize = 2;
const HT_CONTROL: usize = 4;
const CHECKSUM: usize = 4;
/// Destination, source, length: the header of one frame in an aggregate.
const SUBFRAME: usize = 14;

/// Type and subtype in the first byte of frame control (IEEE 802.11-2020 section 9.2.4.1.3).
mod kind {
    pub(super) const MASK: u8 = 0x0c;
    pub(super) const MANAGEMENT: u8 = 0x00;
    pub(super) const CONTROL: u8 = 0x04;
    pub(super) const DATA: u8 = 0x08;
    pub(super) const NO_DATA: u8 = 0x40;
    pub(super) const QOS: u8 = 0x80;
}

/// The second byte of frame control.
mod flag {
    pub(super) const BOTH_DS: u8 = 0x03;
    pub(super) const PROTECTED: u8 = 0x40;
    pub(super) const ORDER: u8 = 0x80;
}

/// The quality-of-service field's A-MSDU bit.
const AGGREGATE: u8 = 0x80;

/// What a capture header tells of the frame behind it.
#[derive(Clone, Copy, Default)]
pub(super) struct Form {
    /// The frame check sequence stands at the end.
    pub checksum: bool,
    /// The MAC header is padded to a multiple of four bytes.
    pub padded: bool,
}

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    frame(walk, window, Form::default())
}

/// A frame behind a capture header.
pub(super) fn frame<'a>(walk: &mut Walk<'_>, window: Window<'a>, form: Form) -> Result<Next<'a>, Stop> {
    let [first, flags] = *window.header::<2>("wlan-header-cut")?;
    match first & kind::MASK {
        kind::MANAGEMENT => Ok(Next::NonIp(Word::Plain("wlan-management"))),
        kind::CONTROL => Ok(Next::NonIp(Word::Plain("wlan-control"))),
        kind::DATA if first & kind::NO_DATA != 0 => Ok(Next::NonIp(Word::Plain("wlan-null"))),
        kind::DATA if flags & flag::PROTECTED != 0 => Ok(Next::NonIp(Word::Plain("wlan-encrypted"))),
        kind::DATA => data(walk, window, form),
        _ => Ok(Next::NonIp(Word::Plain("wlan-extension"))),
    }
}

fn data<'a>(walk: &mut Walk<'_>, window: Window<'a>, form: Form) -> Result<Next<'a>, Stop> {
    let [first, flags] = *window.header::<2>("wlan-header-cut")?;
    window.header::<HEADER>("wlan-header-cut")?;
    let window = if form.checksum { window.limit(window.wire_len().saturating_sub(CHECKSUM)) } else { window };
    let mut len = HEADER;
    if flags & flag::BOTH_DS == flag::BOTH_DS {
        len += ADDRESS_4;
    }
    let mut aggregate = false;
    if first & kind::QOS != 0 {
        aggregate = window.skip(len).header::<QOS_CONTROL>("wlan-header-cut")?[0] & AGGREGATE != 0;
        len += QOS_CONTROL;
        if flags & flag::ORDER != 0 {
            len += HT_CONTROL;
        }
    }
    let body = window.skip(if form.padded { len.next_multiple_of(4) } else { len });
    inner::llc(walk, if aggregate { first_of_aggregate(body)? } else { body })
}

/// Only the first frame of an aggregate: a captured frame stands for one packet.
fn first_of_aggregate(body: Window<'_>) -> Result<Window<'_>, Stop> {
    let header = body.header::<SUBFRAME>("wlan-aggregate-cut")?;
    let len = usize::from(u16::from_be_bytes([header[12], header[13]]));
    Ok(body.skip(SUBFRAME).limit(len))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const ADDRESSES: &str = "0000 020000000002 020000000001 020000000003 0000";
    const SNAP: &str = "aaaa03 000000";

    #[test]
    fn data_frames_in_clear() {
        leads_to_ipv4(105, &format!("0801 {ADDRESSES} {SNAP} 0800"));
        // QoS; four addresses; QoS with HT control.
        leads_to_ipv6(105, &format!("8801 {ADDRESSES} 0000 {SNAP} 86dd"));
        leads_to_ipv4(105, &format!("0803 {ADDRESSES} 020000000004 {SNAP} 0800"));
        leads_to_ipv4(105, &format!("8881 {ADDRESSES} 0000 00000000 {SNAP} 0800"));
    }

    #[test]
    fn the_first_frame_of_an_aggregate() {
        leads_to_ipv4(105, &format!("8801 {ADDRESSES} 8000 020000000002 020000000001 0026 {SNAP} 0800"));
    }

    #[test]
    fn frames_without_ip() {
        assert_eq!(outcome(105, &format!("8000 {ADDRESSES}")), "non-ip wlan-management");
        assert_eq!(outcome(105, "d400 0000 020000000002"), "non-ip wlan-control");
        assert_eq!(outcome(105, &format!("4801 {ADDRESSES}")), "non-ip wlan-null");
        assert_eq!(outcome(105, &format!("0841 {ADDRESSES} 0102030405060708")), "non-ip wlan-encrypted");
        assert_eq!(outcome(105, &format!("0801 {ADDRESSES} {SNAP} 888e")), "non-ip eapol");
        assert_eq!(outcome(105, "0801 0000"), "stop wlan-header-cut at 0");
    }
}
