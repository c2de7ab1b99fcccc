//! IP over Fibre Channel (RFC 2625): two network addresses of eight bytes, then LLC.

use super::super::inner;
use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 16;

pub(super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    window.header::<HEADER>("fibre-channel-header-cut")?;
    inner::llc(walk, window.skip(HEADER))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    #[test]
    fn llc_behind_two_network_addresses() {
        leads_to_ipv4(122, "1000020000000002 1000020000000001 aaaa03 000000 0800");
        assert_eq!(outcome(122, "10"), "stop fibre-channel-header-cut at 0");
    }
}
