//! Link types have one number in files and, some of them, another in libpcap's interface (pcap-linktype(7); these are Linux's).

use crate::net::LinkType;

/// (LINKTYPE in files, DLT of the interface), where the two differ.
const DIFFERENT: &[(u16, i32)] = &[(100, 11), (101, 12), (102, 15), (103, 16), (106, 19)];

/// What libpcap calls a link type.
pub(super) fn of_link(link: LinkType) -> i32 {
    // 14 is what OpenBSD calls raw IP.
    let number = if link.0 == 14 { LinkType::RAW.0 } else { link.0 };
    DIFFERENT.iter().find(|(file, _)| *file == number).map_or(i32::from(number), |(_, dlt)| *dlt)
}

/// The link type that libpcap calls so; a number that no file can hold is none.
pub(super) fn to_link(dlt: i32) -> Option<LinkType> {
    let number = DIFFERENT.iter().find(|(_, theirs)| *theirs == dlt).map(|(file, _)| *file);
    number.or_else(|| u16::try_from(dlt).ok()).map(LinkType)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for link in [0, 1, 9, 100, 101, 102, 103, 105, 106, 113, 276] {
            assert_eq!(to_link(of_link(LinkType(link))), Some(LinkType(link)), "{link}");
        }
        assert_eq!(of_link(LinkType(14)), 12);
        assert_eq!(to_link(-1), None);
    }
}
