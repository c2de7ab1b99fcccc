//! Solaris IP observability: version, address family, and where the packet was seen.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::loopback;

const HEADER: usize = 24;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("ipnet-header-cut")?;
    Ok(loopback::by_family(u32::from(header[1]), window.skip(HEADER)))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn solaris_families() {
        leads_to_ipv4(226, &format!("01 02 {}", "00".repeat(22)));
        leads_to_ipv6(226, &format!("01 1a {}", "00".repeat(22)));
        assert_eq!(outcome(226, "01 02"), "stop ipnet-header-cut at 0");
    }
}
