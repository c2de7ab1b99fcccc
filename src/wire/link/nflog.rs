//! What Linux netfilter logs: an address family, then typed values, one of them the packet.

use super::super::layer::Stop;
use super::super::walk::{Next, Walk};
use super::super::window::Window;
use super::loopback;

const HEADER: usize = 4;
const VALUE_HEADER: usize = 4;
const PAYLOAD: u16 = 9;

pub(super) fn read<'a>(_: &mut Walk<'_>, window: Window<'a>) -> Result<Next<'a>, Stop> {
    let [family, ..] = *window.header::<HEADER>("nflog-header-cut")?;
    let mut values = window.skip(HEADER);
    loop {
        let value = *values.header::<VALUE_HEADER>("nflog-value-cut")?;
        let (len, kind) = in_host_order(value);
        if len < VALUE_HEADER {
            return Err(values.stop("nflog-value-length"));
        }
        if kind == PAYLOAD {
            let packet = values.limit(len).skip(VALUE_HEADER);
            return Ok(loopback::by_family(u32::from(family), packet));
        }
        values = values.skip(len.next_multiple_of(4));
    }
}

/// Length and type. They are in the byte order of whoever captured; types are below 256, so the zero byte tells.
fn in_host_order(value: [u8; VALUE_HEADER]) -> (usize, u16) {
    let read = if value[3] == 0 { u16::from_le_bytes } else { u16::from_be_bytes };
    (usize::from(read([value[0], value[1]])), read([value[2], value[3]]))
}

#[cfg(test)]
mod tests {
    use super::super::super::probe::{leads_to_ipv4, leads_to_ipv6, outcome};

    #[test]
    fn the_payload_among_other_values() {
        // In either byte order: a prefix of 5 bytes with its padding, then the packet's 34 or 54 with their header.
        leads_to_ipv4(239, "02 00 0005 0900 0a00 6162636400 000000 2200 0900");
        leads_to_ipv6(239, "0a 00 0005 0009 000a 6162636400 000000 0036 0009");
    }

    #[test]
    fn values_that_lie() {
        assert_eq!(outcome(239, "02 00 0005 0300 0a00"), "stop nflog-value-length at 4");
        assert_eq!(outcome(239, "02 00 0005 0800 0100 0800"), "stop nflog-value-cut at 10");
    }
}
