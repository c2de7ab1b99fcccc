//! FDDI (ISO 9314-2): frame control, destination, source, LLC.

use super::super::inner;
use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 13;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    match window.header::<HEADER>("fddi-header-cut")?[0] & 0x70 {
        0x50 => inner::llc(walk, window.skip(HEADER)),
        _ => Ok(Next::NonIp(Word::Plain("fddi-control"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn llc_frames_of_both_kinds() {
        leads_to_ipv4(10, "51 020000000002 020000000001 aaaa03 000000 0800");
        leads_to_ipv6(10, "d0 020000000002 020000000001 aaaa03 000000 86dd");
        assert_eq!(outcome(10, "41 020000000002 020000000001"), "non-ip fddi-control");
        assert_eq!(outcome(10, "51"), "stop fddi-header-cut at 0");
    }
}
