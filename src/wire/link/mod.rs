//! Link layers: how the first bytes of a frame are read, by link type. One file each, one line in [`TABLE`].

pub(super) mod ethernet;
mod raw;
mod without_ip;

use super::layer::{Stop, Word};
use super::walk::{Next, Step, Walk};
use super::window::Window;
use crate::net::LinkType;

/// A link type that can be read.
pub(super) struct Reader {
    link: LinkType,
    step: Step,
}

/// Every link type that can be read, by number.
const TABLE: &[Reader] = &[
    Reader { link: LinkType::ETHERNET, step: ethernet::read },
    Reader { link: LinkType(12), step: raw::read },
    Reader { link: LinkType(14), step: raw::read },
    Reader { link: LinkType::RAW, step: raw::read },
    Reader { link: LinkType::IPV4, step: raw::ipv4 },
    Reader { link: LinkType::IPV6, step: raw::ipv6 },
];

/// Reads the link header of a frame. A link type that nobody here knows is named and counted, never guessed.
#[inline]
pub(super) fn read<'a>(walk: &mut Walk<'_>, link: LinkType, window: Window<'a>) -> Result<Next<'a>, Stop> {
    if link == LinkType::ETHERNET {
        return ethernet::read(walk, window);
    }
    match TABLE.iter().find(|reader| reader.link == link) {
        Some(reader) => (reader.step)(walk, window),
        None => without_ip::name(link).map_or_else(|| Err(unknown(link, window)), |name| Ok(Next::NonIp(Word::Plain(name)))),
    }
}

/// The stop at a link type that nobody here knows.
fn unknown(link: LinkType, window: Window<'_>) -> Stop {
    Stop { why: Word::LinkType(link.0), offset: window.span().start }
}
