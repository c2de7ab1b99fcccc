//! pcapng: sections of blocks, each with its type and its length at both ends.
//!
//! After draft-ietf-opsawg-pcapng. Of the blocks only those that hold packets or say how to read them are looked into; all others
//! are passed over by their length. The repeated length makes it possible to find a block again after damage.

use super::clock::Clock;
use super::{ABSURD, Fault, Format, Kind, Sink, Step, u16_at, u32_at};
use crate::net::{LinkType, Timestamp};

/// The entry in the table of formats.
pub(super) const KIND: Kind =
    Kind { is: |magic| magic == SECTION.to_be_bytes(), peek: |_, _| 4, open: |_, _| Ok((Box::new(PcapNg::default()), 0)) };

/// Section header: reads the same in both byte orders.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Tells the byte order of a section.
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Type and length in front, length behind.
const AROUND: usize = 12;
/// What stands in front of a block's body.
const BEFORE: usize = 8;
/// More interfaces in a section are not remembered: it keeps memory bounded.
const MOST_INTERFACES: usize = 65_536;
/// So many sensible blocks in a row convince that the place was found again.
const CONVINCING: usize = 4;

/// What a section says of an interface; `link` is `None` when its description could not be read.
#[derive(Clone, Copy, Debug, Default)]
struct Interface {
    link: Option<LinkType>,
    snaplen: u32,
    clock: Clock,
}

/// A pcapng file: the byte order and the interfaces of the section being read.
#[derive(Default)]
struct PcapNg {
    big: bool,
    interfaces: Vec<Interface>,
    notes: Vec<String>,
    /// A version that is not known was noted: once is enough, a file may have millions of sections.
    noted: bool,
}

/// A block's frame as it claims it.
#[derive(Clone, Copy)]
struct Block {
    kind: u32,
    big: bool,
    claimed: u32,
}

impl Block {
    /// The first bytes of a block; the error says why they are none.
    fn read(head: &[u8; AROUND], big: bool) -> Result<Self, String> {
        let kind = u32_at(head, 0, big);
        let big = if kind == SECTION { section_order(head)? } else { big };
        let claimed = u32_at(head, 4, big);
        if (claimed as usize) < AROUND || claimed > ABSURD {
            return Err(format!("a block of type {kind:#x} claims a length of {claimed} bytes"));
        }
        Ok(Self { kind, big, claimed })
    }

    /// Its whole length. Some writers forget that it has to be a multiple of four.
    fn len(self) -> usize {
        (self.claimed as usize).next_multiple_of(4)
    }

    /// Whether it holds a packet.
    fn is_packet(self) -> bool {
        matches!(self.kind, OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
    }
}

fn section_order(head: &[u8; AROUND]) -> Result<bool, String> {
    [false, true].into_iter().find(|big| u32_at(head, 8, *big) == BYTE_ORDER).ok_or_else(|| {
        format!("a section header has the byte-order mark {:#010x}, not {BYTE_ORDER:#010x}", u32_at(head, 8, true))
    })
}

impl PcapNg {
    /// A whole block at `at` of the file's window.
    #[inline]
    fn block(&mut self, block: Block, body: &[u8], at: usize, sink: &mut Sink<'_>) -> Result<(), String> {
        match block.kind {
            ENHANCED_PACKET => self.enhanced(body, at, sink),
            SIMPLE_PACKET => self.simple(body, at, sink),
            OBSOLETE_PACKET => self.obsolete(body, at, sink),
            INTERFACE => self.interface(body),
            SECTION => {
                self.section(block.big, body);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn section(&mut self, big: bool, body: &[u8]) {
        self.big = big;
        self.interfaces.clear();
        let (major, minor) = (u16_at(body, 4, big), u16_at(body, 6, big));
        if major != 1 && !std::mem::replace(&mut self.noted, true) {
            self.notes.push(format!("pcapng version {major}.{minor} is not known; read as 1.0"));
        }
    }

    fn interface(&mut self, body: &[u8]) -> Result<(), String> {
        let mut interface = Interface::default();
        let readable = body.len() >= 8;
        if readable {
            interface.link = Some(LinkType(u16_at(body, 0, self.big)));
            interface.snaplen = u32_at(body, 4, self.big);
            self.options(body.get(8..).unwrap_or_default(), &mut interface.clock);
        }
        if self.interfaces.len() >= MOST_INTERFACES {
            return Err(format!("a section describes more than {MOST_INTERFACES} interfaces"));
        }
        // Kept also when unreadable: the next ones are known by their position.
        self.interfaces.push(interface);
        if readable { Ok(()) } else { Err("an interface description is too short".to_owned()) }
    }

    /// The options that say how to read times; what makes no sense ends the list.
    fn options(&self, mut rest: &[u8], clock: &mut Clock) {
        while let Some((head, after)) = rest.split_at_checked(4) {
            let (code, len) = (u16_at(head, 0, self.big), usize::from(u16_at(head, 2, self.big)));
            let Some(value) = after.get(..len) else { return };
            match (code, value) {
                (0, _) => return,
                (9, [resolution, ..]) => clock.set_resolution(*resolution),
                (14, [_, _, _, _, _, _, _, _]) => clock.set_offset(self.seconds(value)),
                _ => {}
            }
            rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    fn seconds(&self, value: &[u8]) -> i64 {
        let raw = value.first_chunk().copied().unwrap_or_default();
        if self.big { i64::from_be_bytes(raw) } else { i64::from_le_bytes(raw) }
    }

    #[inline]
    fn described(&self, id: u32) -> Result<(Interface, LinkType), String> {
        let known = self.interfaces.get(id as usize).and_then(|interface| Some((*interface, interface.link?)));
        known.ok_or_else(|| format!("a packet names interface {id}, which the section does not describe"))
    }

    /// Enhanced packet block: interface, time, lengths.
    #[inline]
    fn enhanced(&self, body: &[u8], at: usize, sink: &mut Sink<'_>) -> Result<(), String> {
        self.timed(u32_at(body, 0, self.big), body, at, sink)
    }

    /// Obsolete packet block: the same with a short interface number and a count of drops.
    fn obsolete(&self, body: &[u8], at: usize, sink: &mut Sink<'_>) -> Result<(), String> {
        self.timed(u32::from(u16_at(body, 0, self.big)), body, at, sink)
    }

    #[inline]
    fn timed(&self, id: u32, body: &[u8], at: usize, sink: &mut Sink<'_>) -> Result<(), String> {
        let (interface, link) = self.described(id)?;
        let word = |at| u32_at(body, at, self.big);
        let data = body.get(20..).ok_or("a packet block is too short for its header")?;
        let (captured, wire) = (word(12), word(16));
        if captured as usize > data.len() {
            return Err(format!("a packet claims {captured} captured bytes, its block holds {}", data.len()));
        }
        let ticks = u64::from(word(4)) << 32 | u64::from(word(8));
        sink.push(interface.clock.time(ticks), link, at + BEFORE + 20, captured, wire);
        Ok(())
    }

    /// Simple packet block: the first interface, no time; captured is what fits of the length.
    fn simple(&self, body: &[u8], at: usize, sink: &mut Sink<'_>) -> Result<(), String> {
        let (interface, link) = self.described(0)?;
        let data = body.get(4..).ok_or("a simple packet block is too short for its header")?;
        let wire = u32_at(body, 0, self.big);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let captured = wire.min(snaplen).min(data.len() as u32);
        sink.push(Timestamp::NONE, link, at + BEFORE + 4, captured, wire);
        Ok(())
    }

    /// The block at the start of `bytes`, if what stands there looks like one.
    fn plausible(bytes: &[u8], big: bool) -> Option<Block> {
        let head = bytes.first_chunk()?;
        if !matches!(u32_at(head, 0, big), INTERFACE..=6 | 9 | 10 | 0xbad | 0x4000_0bad | SECTION) {
            return None;
        }
        let block = Block::read(head, big).ok().filter(|block| block.claimed.is_multiple_of(4))?;
        let trailer = block.len() - 4;
        (bytes.len() > trailer && u32_at(bytes, trailer, block.big) == block.claimed).then_some(block)
    }

    /// Whether some blocks in a row, or the last ones of all, start here.
    fn convincing(&self, bytes: &[u8]) -> bool {
        let (mut rest, mut big) = (bytes, self.big);
        for found in 0..CONVINCING {
            if rest.is_empty() {
                return found > 0;
            }
            let Some(block) = Self::plausible(rest, big) else { return false };
            big = block.big;
            rest = rest.get(block.len()..).unwrap_or_default();
        }
        true
    }

    /// Where to look after a bad block: first where it claims to end, then at every fourth byte.
    fn candidates(&self, window: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let claimed = window.first_chunk().and_then(|head| Block::read(head, self.big).ok()).map(Block::len);
        claimed.into_iter().chain((4..window.len()).step_by(4))
    }
}

impl Format for PcapNg {
    fn parse(&mut self, window: &[u8], at: &mut usize, sink: &mut Sink<'_>) -> Step {
        while !sink.is_full() {
            let rest = window.get(*at..).unwrap_or_default();
            let Some(head) = rest.first_chunk() else { return Step::Need(AROUND) };
            let block = match Block::read(head, self.big) {
                Ok(block) => block,
                Err(reason) => return Step::Bad(Fault { reason, packet: false, skip: None }),
            };
            let Some(bytes) = rest.get(..block.len()) else { return Step::Need(block.len()) };
            let (body, trailer) = bytes.split_at(bytes.len() - 4);
            let repeated = u32_at(trailer, 0, block.big);
            if repeated != block.claimed {
                let reason = format!("a block's length is {} at its start and {repeated} at its end", block.claimed);
                return Step::Bad(Fault { reason, packet: block.is_packet(), skip: None });
            }
            if let Err(reason) = self.block(block, body.get(BEFORE..).unwrap_or_default(), *at, sink) {
                return Step::Bad(Fault { reason, packet: block.is_packet(), skip: Some(block.len()) });
            }
            *at += block.len();
        }
        Step::Full
    }

    fn cut(&self, rest: &[u8]) -> Fault {
        let block = rest.first_chunk().and_then(|head| Block::read(head, self.big).ok());
        let packet = block.is_some_and(Block::is_packet);
        let reason = match block {
            Some(block) => format!("the file ends in a block, after {} of {} bytes", rest.len(), block.claimed),
            None => format!("the file ends in a block's header, after {} bytes", rest.len()),
        };
        Fault { reason, packet, skip: None }
    }

    fn resync(&mut self, window: &[u8]) -> Option<usize> {
        let found = self.candidates(window).find(|at| window.get(*at..).is_some_and(|rest| self.convincing(rest)));
        if found.is_some() && u32_at(window, 0, self.big) == INTERFACE {
            self.interfaces.push(Interface::default());
        }
        found
    }

    fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

#[cfg(test)]
#[path = "pcapng_tests.rs"]
mod tests;
