//! Link layers: how the first bytes of a frame are read, by link type. One file each, one line in [`TABLE`].

mod ethernet;
mod raw;

use super::walk::Step;
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
];

/// The reader of a link type.
#[inline]
pub(super) fn reader(link: LinkType) -> Option<Step> {
    if link == LinkType::ETHERNET {
        return Some(ethernet::read);
    }
    TABLE.iter().find(|reader| reader.link == link).map(|reader| reader.step)
}
