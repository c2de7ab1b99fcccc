//! Which of several record headers a pcap file has.
//!
//! Patched libpcaps and Nokia's wrote longer record headers under the usual magic number, or under one number for two layouts, so
//! the first records are tried in each layout and the one with the fewest oddities wins. Values after the layouts of the kernel
//! headers of that time (`linux/if_ether.h`, `linux/if_packet.h`) and the captures Wireshark's developers described.

/// A layout of the record header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Variant {
    /// Time, captured length, length.
    Plain,
    /// Linux, 1999-04-17 and 1999-10-29: interface index, protocol, packet type, padding.
    Linux24,
    /// Linux, 1999-09-15: the same and five more bytes.
    Linux28,
    /// Nokia IPSO: four more bytes.
    Nokia,
}

/// Layouts under the usual magic number.
pub(super) const USUAL: &[Variant] = &[Variant::Plain, Variant::Linux24, Variant::Nokia];
/// Layouts under the magic number of the patched libpcap.
pub(super) const PATCHED: &[Variant] = &[Variant::Linux24, Variant::Linux28];

/// Worse than anything a header can hold.
const VERY_ODD: u32 = 100;
/// Records to try.
const RECORDS: usize = 3;
/// More interfaces no machine of 1999 had.
const MANY_INTERFACES: u32 = 10_000;
/// The largest packet anything sent (D-Bus).
const LARGEST: u32 = 128 << 20;

/// What bounds a sensible record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Byte order of the file.
    pub big: bool,
    /// The snap length of the file header.
    pub snaplen: u32,
    /// The longest record accepted.
    pub limit: u32,
}

impl Variant {
    /// Length of the record header.
    pub fn header_len(self) -> usize {
        match self {
            Self::Plain => 16,
            Self::Nokia => 20,
            Self::Linux24 => 24,
            Self::Linux28 => 28,
        }
    }

    /// How many things are odd about the header's own fields beyond the common sixteen bytes.
    fn oddities_beyond(self, header: &[u8], big: bool) -> u32 {
        match self {
            Self::Plain => 0,
            Self::Linux24 | Self::Linux28 => {
                let kind = header.get(22).copied().unwrap_or_default();
                u32::from(super::u32_at(header, 16, big) > MANY_INTERFACES)
                    + u32::from(!is_linux_protocol(super::u16_at(header, 20, big)))
                    + u32::from(kind > 4)
            }
            Self::Nokia => u32::from(!is_nokia_word(super::u32_at(header, 16, big))),
        }
    }
}

/// An EtherType, or one of the numbers Linux uses beside them.
fn is_linux_protocol(protocol: u16) -> bool {
    protocol >= 0x0600 || matches!(protocol, 0..=0x17 | 0x60 | 0x200 | 0x400)
}

/// Seen values have the form 0xXfbfYZ0W.
fn is_nokia_word(word: u32) -> bool {
    word & 0x0fff_00f0 == 0x0fbf_0000
        && matches!(word >> 28, 0x9 | 0xb)
        && matches!(word >> 12 & 0xf, 0xb | 0xd)
        && matches!(word >> 8 & 0xf, 0x6 | 0x9)
        && matches!(word & 0xf, 1 | 2)
}

/// How much is odd about the first records in this layout.
fn oddities(variant: Variant, window: &[u8], bounds: Bounds) -> u32 {
    let mut rest = window;
    let mut odd = 0;
    for record in 0..RECORDS {
        if rest.is_empty() {
            break;
        }
        // A file that is cut here may have any layout: what is missing says nothing, unless not even one header fits.
        let Some((header, body)) = rest.split_at_checked(variant.header_len()) else {
            return odd + if record == 0 { VERY_ODD } else { 1 };
        };
        let captured = super::u32_at(header, 8, bounds.big);
        let wire = super::u32_at(header, 12, bounds.big);
        odd += u32::from(super::u32_at(header, 4, bounds.big) >= 1_000_000)
            + u32::from(captured > bounds.limit)
            + u32::from(captured > bounds.snaplen)
            + u32::from(wire > LARGEST)
            + u32::from(captured > wire)
            + variant.oddities_beyond(header, bounds.big);
        if captured > bounds.limit {
            return odd;
        }
        let Some(next) = body.get(captured as usize..) else { return odd + 1 };
        rest = next;
    }
    odd
}

/// The layout that fits best; the first of equals.
pub(super) fn best(variants: &[Variant], window: &[u8], bounds: Bounds) -> Variant {
    variants.iter().copied().min_by_key(|variant| oddities(*variant, window, bounds)).unwrap_or(Variant::Plain)
}
