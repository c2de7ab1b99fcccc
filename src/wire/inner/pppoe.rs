//! PPP over Ethernet, session stage (RFC 2516).

use super::super::layer::{Stop, Word};
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 6;
const SESSION_DATA: u8 = 0;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("pppoe-header-cut")?;
    if header[1] != SESSION_DATA {
        return Ok(Next::NonIp(Word::Plain("pppoe-discovery")));
    }
    walk.tunnel("pppoe", Some(u32::from(u16::from_be_bytes([header[2], header[3]]))));
    let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
    super::ppp(walk, window.skip(HEADER).limit(len))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    const MAC: &str = "020000000002 020000000001";

    #[test]
    fn a_session_carries_ppp_of_the_length_it_says() {
        leads_to_ipv4(1, &format!("{MAC} 8864 11 00 0011 0020 0021"));
        leads_to_ipv6(51, "11 00 0011 0034 0057");
        assert_eq!(outcome(1, &format!("{MAC} 8864 11 00 0011 0001 0021 45")), "stop ppp-header-cut at 20");
    }

    #[test]
    fn discovery_is_no_session() {
        assert_eq!(outcome(1, &format!("{MAC} 8863 11 09 0000 0000")), "non-ip pppoe-discovery");
        assert_eq!(outcome(1, &format!("{MAC} 8864 11 a7 0011 0000")), "non-ip pppoe-discovery");
    }
}
