//! pcap: a header of 24 bytes, then records of a header and the captured bytes.
//!
//! Layout after draft-ietf-opsawg-pcap; the variants are those Wireshark reads (version 2.3 and older with swapped lengths, AIX, IXIA's
//! lcap, the patched libpcaps of 1999, Nokia). The format has no mark to find a record by.

use super::variant::{self, Bounds, Variant};
use super::{ABSURD, Fault, Format, Kind, Opened, Sink, Step, u16_at, u32_at};
use crate::net::{LinkType, Timestamp, prefetch};

/// The entry in the table of formats.
pub(super) const KIND: Kind = Kind { is: |magic| Flavour::of(magic).is_some(), peek, open };

/// Length of the file header.
const HEADER: usize = 24;
/// IXIA's has the length of the rest behind it.
const LCAP_HEADER: usize = 28;
/// The bytes of a record header that all variants share.
const RECORD: usize = 16;
/// Enough to see the first records in every variant.
const TRIAL: usize = 1 << 20;
/// The longest record of most link types: what libpcap and Wireshark accept.
const LONGEST: u32 = 256 << 10;
/// The longest of link types that carry whole messages.
const LONGEST_MESSAGE: u32 = 128 << 20;
/// So many sensible records in a row convince that the place was found again.
const CONVINCING: usize = 16;
/// How far ahead of the walk the processor is told what it will see.
const AHEAD: usize = 4096;
/// Packets further apart than this are not taken for neighbours.
const NEIGHBOUR_SECONDS: u64 = 86_400;

/// What the magic number says.
#[derive(Clone, Copy, Debug)]
struct Flavour {
    big: bool,
    nanos: bool,
    /// Length of the file header.
    header: usize,
    /// Layouts a record header may have.
    variants: &'static [Variant],
}

impl Flavour {
    fn of(magic: [u8; 4]) -> Option<Self> {
        Self::in_order(u32::from_le_bytes(magic), false).or_else(|| Self::in_order(u32::from_be_bytes(magic), true))
    }

    fn in_order(magic: u32, big: bool) -> Option<Self> {
        let plain = Self { big, nanos: false, header: HEADER, variants: &[Variant::Plain] };
        match magic {
            0xa1b2_c3d4 => Some(Self { variants: variant::USUAL, ..plain }),
            0xa1b2_3c4d => Some(Self { nanos: true, ..plain }),
            0xa1b2_cd34 => Some(Self { variants: variant::PATCHED, ..plain }),
            // IXIA's hardware and software captures.
            0x1c00_01ac => Some(Self { nanos: true, header: LCAP_HEADER, ..plain }),
            0x1c00_01ab => Some(Self { header: LCAP_HEADER, ..plain }),
            _ => None,
        }
    }

    /// Whether the layout has to be guessed: there is no usual one to fall back to.
    fn must_guess(self) -> bool {
        !self.variants.contains(&Variant::Plain)
    }
}

/// In which order a record header has its two lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lengths {
    /// Captured, then wire.
    Usual,
    /// Wire, then captured.
    Swapped,
    /// Whichever makes sense.
    Either,
}

impl Lengths {
    /// Files before version 2.3 have them swapped, some of 2.3 too, and DG/UX's 543.0.
    fn of_version(major: u16, minor: u16) -> Self {
        match (major, minor) {
            (2, 0..=2) | (543, _) => Self::Swapped,
            (2, 3) => Self::Either,
            _ => Self::Usual,
        }
    }
}

/// A pcap file behind its header.
struct Pcap {
    big: bool,
    nanos: bool,
    lengths: Lengths,
    variant: Variant,
    link: LinkType,
    bounds: Bounds,
    last: i64,
    notes: Vec<String>,
}

/// The common part of a record header.
#[derive(Clone, Copy)]
struct Record {
    seconds: u32,
    fraction: u32,
    captured: u32,
    wire: u32,
}

fn peek(magic: [u8; 4], patient: bool) -> usize {
    let Some(flavour) = Flavour::of(magic) else { return HEADER };
    if patient || flavour.must_guess() { flavour.header + TRIAL } else { flavour.header }
}

/// `patient` says whether the window shows the first records, so that the variant can be told.
fn open(window: &[u8], patient: bool) -> Result<Opened, String> {
    let flavour = window.first_chunk().and_then(|magic| Flavour::of(*magic)).ok_or("not a pcap file")?;
    let Some((header, records)) = window.split_at_checked(flavour.header) else {
        return Err(format!("the file header is cut: {} of {} bytes", window.len(), flavour.header));
    };
    let mut pcap = Pcap::new(flavour, header);
    // Only files of version 2.4 have other layouts.
    if pcap.lengths == Lengths::Usual && (patient || flavour.must_guess()) {
        pcap.variant = variant::best(flavour.variants, records, pcap.bounds);
    }
    Ok((Box::new(pcap), flavour.header))
}

impl Pcap {
    fn new(flavour: Flavour, header: &[u8]) -> Self {
        let big = flavour.big;
        let (major, minor) = (u16_at(header, 4, big), u16_at(header, 6, big));
        let network = u32_at(header, 20, big);
        let aix = if (major, minor) == (2, 2) { aix_link(network) } else { None };
        let link = aix.unwrap_or(LinkType(network as u16));
        let snaplen = u32_at(header, 16, big);
        let limit = longest(link).max(if snaplen <= ABSURD { snaplen } else { 0 });
        let mut notes = Vec::new();
        if !matches!((major, minor), (2, _) | (543, 0)) {
            notes.push(format!("pcap version {major}.{minor} is not known; read as 2.4"));
        }
        // Only the FCS length and its flag are defined above the link type.
        if network & 0x03ff_0000 != 0 {
            notes.push(format!("reserved bits are set in the link type field {network:#010x}; read as link type {link}"));
        }
        Self {
            big,
            nanos: flavour.nanos || aix.is_some(),
            lengths: Lengths::of_version(major, minor),
            variant: Variant::Plain,
            link,
            bounds: Bounds { big, snaplen, limit },
            last: 0,
            notes,
        }
    }

    #[inline]
    fn record<const BIG: bool>(&self, header: [u8; RECORD]) -> Record {
        let word = |at: usize| u32_at(&header, at, BIG);
        let (first, second) = (word(8), word(12));
        let swapped = match self.lengths {
            Lengths::Usual => false,
            Lengths::Swapped => true,
            Lengths::Either => first > second,
        };
        let (captured, wire) = if swapped { (second, first) } else { (first, second) };
        Record { seconds: word(0), fraction: word(4), captured, wire }
    }

    #[inline]
    fn time(&self, record: Record) -> Timestamp {
        let seconds = i64::from(record.seconds);
        match (self.nanos, record.fraction) {
            (false, micros @ 0..1_000_000) => Timestamp::new(seconds, micros * 1000, 6),
            (true, nanos @ 0..1_000_000_000) => Timestamp::new(seconds, nanos, 9),
            (nanos, fraction) => impossible_time(seconds, fraction, nanos),
        }
    }

    /// The walk over the record headers: the only bytes it touches.
    #[inline]
    fn walk<const BIG: bool>(&mut self, window: &[u8], at: &mut usize, sink: &mut Sink<'_>) -> Step {
        let header = self.variant.header_len();
        while !sink.is_full() {
            let rest = window.get(*at..).unwrap_or_default();
            let Some(&bytes) = rest.first_chunk() else { return Step::Need(header) };
            let record = self.record::<BIG>(bytes);
            if record.captured > self.bounds.limit {
                return Step::Bad(Fault::packet(self.too_long(record)));
            }
            let len = header + record.captured as usize;
            if rest.len() < len {
                return Step::Need(len);
            }
            for line in (0..len).step_by(64) {
                prefetch(rest, AHEAD + line);
            }
            self.last = i64::from(record.seconds);
            sink.push(self.time(record), self.link, *at + header, record.captured, record.wire);
            *at += len;
        }
        Step::Full
    }

    fn too_long(&self, record: Record) -> String {
        format!("a packet claims {} captured bytes, the most a file like this can hold is {}", record.captured, self.bounds.limit)
    }

    /// The length of a record that stands at the start of `bytes`, if what stands there looks like one.
    fn plausible(&self, bytes: &[u8]) -> Option<usize> {
        let header = *bytes.first_chunk()?;
        let record = if self.big { self.record::<true>(header) } else { self.record::<false>(header) };
        let fractions = if self.nanos { 1_000_000_000 } else { 1_000_000 };
        let looks = record.captured > 0
            && record.captured <= record.wire
            && record.wire <= longest(self.link)
            && record.fraction < fractions
            && i64::from(record.seconds).abs_diff(self.last) <= NEIGHBOUR_SECONDS;
        looks.then(|| self.variant.header_len() + record.captured as usize)
    }

    /// Whether a long chain of records starts here.
    fn convincing(&self, bytes: &[u8]) -> bool {
        let mut at = 0;
        (0..CONVINCING).all(|_| {
            let next = bytes.get(at..).and_then(|rest| self.plausible(rest)).map(|len| at + len);
            at = next.unwrap_or(usize::MAX);
            at <= bytes.len()
        })
    }
}

impl Format for Pcap {
    fn parse(&mut self, window: &[u8], at: &mut usize, sink: &mut Sink<'_>) -> Step {
        if self.big { self.walk::<true>(window, at, sink) } else { self.walk::<false>(window, at, sink) }
    }

    fn cut(&self, rest: &[u8]) -> Fault {
        let header = self.variant.header_len();
        let Some(&bytes) = rest.first_chunk().filter(|_| rest.len() >= header) else {
            return Fault::packet(format!("the file ends in a packet's header, after {} of {header} bytes", rest.len()));
        };
        let record = if self.big { self.record::<true>(bytes) } else { self.record::<false>(bytes) };
        Fault::packet(format!("the file ends in a packet, after {} of {} captured bytes", rest.len() - header, record.captured))
    }

    fn resync(&mut self, window: &[u8]) -> Option<usize> {
        (1..window.len()).find(|at| window.get(*at..).is_some_and(|rest| self.convincing(rest)))
    }

    fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

/// AIX writes version 2.2, interface types of RFC 1573 for link types, and nanoseconds.
fn aix_link(network: u32) -> Option<LinkType> {
    match network {
        6 => Some(LinkType::ETHERNET),
        9 => Some(LinkType(6)),
        15 => Some(LinkType(10)),
        24 => Some(LinkType::NULL),
        _ => None,
    }
}

/// The longest record of a link type: USB and D-Bus messages come whole.
fn longest(link: LinkType) -> u32 {
    if matches!(link.0, 189 | 220 | 231 | 249 | 279) { LONGEST_MESSAGE } else { LONGEST }
}

#[cfg(test)]
#[path = "pcap_tests.rs"]
mod tests;

/// The time of a record whose fraction is a second or more. Nobody can know what was meant, so it is what Wireshark shows, to have both
/// show the same: nanoseconds in 32 bits with a sign that goes before the whole, of which nine digits follow the point.
#[cold]
fn impossible_time(seconds: i64, fraction: u32, nanos: bool) -> Timestamp {
    let fraction = if nanos { fraction } else { fraction.wrapping_mul(1000) }.cast_signed();
    let digits = if nanos { 9 } else { 6 };
    let shown = match fraction.unsigned_abs() {
        ten_digits @ 1_000_000_000.. => ten_digits / 10,
        nine_digits => nine_digits,
    };
    match (fraction < 0, shown) {
        (false, _) => Timestamp::new(seconds, shown, digits),
        (true, 0) => Timestamp::new(-seconds, 0, digits),
        (true, _) => Timestamp::new(-seconds - 1, 1_000_000_000 - shown, digits),
    }
}
