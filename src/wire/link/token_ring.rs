//! Token Ring (IEEE 802.5).

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

/// Access control, frame control, destination, source.
const HEADER: usize = 14;
/// Frame control: the two highest bits of a frame with LLC inside.
const LLC: u8 = 0x40;
/// The group bit of a source address: a route follows.
const ROUTED: u8 = 0x80;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("token-ring-header-cut")?;
    if header[1] & 0xc0 != LLC {
        return Ok(Next::NonIp(Word::Plain("token-ring-mac")));
    }
    let inside = window.skip(HEADER);
    if header[8] & ROUTED == 0 {
        return inner::llc(walk, inside);
    }
    // The route counts its own two bytes of control.
    let [control] = *inside.header::<1>("token-ring-route-cut")?;
    inner::llc(walk, inside.skip(usize::from(control & 0x1f)))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    #[test]
    fn with_and_without_a_route() {
        leads_to_ipv4(6, "10 40 020000000002 020000000001 aaaa03 000000 0800");
        leads_to_ipv4(6, "10 40 020000000002 820000000001 0630 0011 0022 aaaa03 000000 0800");
        assert_eq!(outcome(6, "10 00 020000000002 020000000001"), "non-ip token-ring-mac");
        assert_eq!(outcome(6, "10 40"), "stop token-ring-header-cut at 0");
    }
}
