//! VLAN tags: IEEE 802.1Q and 802.1ad.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

pub(in super::super) fn read<'a>(walk: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let tag = window.header::<4>("vlan-tag-cut")?;
    walk.vlan(u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff);
    super::type_or_length(walk, u16::from_be_bytes([tag[2], tag[3]]), window.skip(4))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, outcome};

    #[test]
    fn tags_are_listed_outermost_first() {
        for outer in ["88a8", "9100", "9200", "8100"] {
            let decoded = leads_to_ipv4(1, &format!("020000000002 020000000001 {outer} 2064 8100 000a 0800"));
            assert_eq!(decoded.layers[0].vlans.as_slice(), [100, 10]);
        }
    }

    #[test]
    fn a_length_behind_a_tag() {
        leads_to_ipv4(1, "020000000002 020000000001 8100 000a 0026 aaaa03 000000 0800");
        assert_eq!(outcome(1, "0180c2000000 020000000001 8100 000a 0003 424203"), "non-ip stp");
    }
}
