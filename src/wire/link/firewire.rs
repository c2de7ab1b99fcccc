//! IP over `FireWire` as Darwin captures it (RFC 2734): two unique ids of eight bytes, then an `EtherType`.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;

const HEADER: usize = 18;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let header = window.header::<HEADER>("firewire-header-cut")?;
    Ok(Next::Ether(u16::from_be_bytes([header[16], header[17]]), window.skip(HEADER)))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn an_ethertype_behind_two_unique_ids() {
        leads_to_ipv4(138, "0102030405060708 1112131415161718 0800");
        leads_to_ipv6(138, "0102030405060708 1112131415161718 86dd");
        assert_eq!(outcome(138, "0102030405060708 1112131415161718 0806"), "non-ip arp");
        assert_eq!(outcome(138, "01"), "stop firewire-header-cut at 0");
    }
}
