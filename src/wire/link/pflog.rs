//! What the BSD packet filter logs: a header of the length it says (padding to four bytes not counted), an address family in it.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::loopback;

/// Length, family, action, reason, and more that differs from system to system; the shortest of them.
const MIN_HEADER: usize = 45;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let [len, family] = *window.header::<2>("pflog-header-cut")?;
    let len = usize::from(len);
    if len < MIN_HEADER {
        return Err(window.stop("pflog-header-length"));
    }
    Ok(loopback::by_family(u32::from(family), window.skip(len.next_multiple_of(4))))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn the_length_does_not_count_the_padding() {
        // 61 bytes and 3 of padding, with the IPv6 family of each system.
        leads_to_ipv4(117, &format!("3d 02 {}", "00".repeat(62)));
        for family in ["18", "1c", "1e"] {
            leads_to_ipv6(117, &format!("3d {family} {}", "00".repeat(62)));
        }
        assert_eq!(outcome(117, "08 02 000000000000"), "stop pflog-header-length at 0");
    }
}
