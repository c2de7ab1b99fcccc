//! Raw IP: no link header; the first nibble is the IP version.

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<1>("raw-ip-empty")?[0] >> 4 {
        4 => Ok(Next::Ipv4(window)),
        6 => Ok(Next::Ipv6(window)),
        _ => Ok(Next::NonIp(Word::Plain("raw-not-ip"))),
    }
}

/// Raw IPv4, as the link type says.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a `Step`")]
pub(super) fn ipv4<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    Ok(Next::Ipv4(window))
}

/// Raw IPv6, as the link type says.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a `Step`")]
pub(super) fn ipv6<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    Ok(Next::Ipv6(window))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn the_first_nibble_tells() {
        for link in [12, 14, 101] {
            leads_to_ipv4(link, "");
            leads_to_ipv6(link, "");
        }
        leads_to_ipv4(228, "");
        leads_to_ipv6(229, "");
        assert_eq!(outcome(101, "30"), "non-ip raw-not-ip");
        assert_eq!(outcome(101, ""), "stop raw-ip-empty at 0");
    }
}
