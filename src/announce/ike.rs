//! IKE (RFC 2409, RFC 7296): who agrees on keys for a child association sends ESP or AH to the same host. The SPIs are sealed.

use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::reader::Reader;
use crate::net::{IpProto, Side};

/// Sealed packets.
pub static ESP: Service = Service { name: "IPSec ESP", label: Some("IPSec ESP"), speaks: &[] };
/// Authenticated packets.
pub static AH: Service = Service { name: "IPSec AH", label: Some("IPSec AH"), speaks: &[] };

/// Quick mode of version 1; `IKE_AUTH` and `CREATE_CHILD_SA` of version 2.
const CHILDREN: [u8; 3] = [32, 35, 36];

/// A negotiation.
#[derive(Debug, Default)]
pub struct Negotiation {
    is_read: bool,
}

impl Reader for Negotiation {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        // Two cookies, the next payload, the version, the exchange.
        if let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, 0x10 | 0x20, exchange, ..] = bytes
            && CHILDREN.contains(exchange)
        {
            let word = |service| Word::new(service, "IKE", Lasting::Session);
            hearing.listens(side, IpProto::ESP, 0, word(&ESP));
            hearing.listens(side, IpProto::AH, 0, word(&AH));
            self.is_read = true;
        }
        bytes.len()
    }

    fn is_done(&self) -> bool {
        self.is_read
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told_over};
    use super::*;

    #[test]
    fn a_child_association_will_send_esp() {
        let message = |exchange| [&[7; 16][..], &[8, 0x10, exchange, 1], &[0; 8]].concat();
        let heard = |bytes: &[u8]| told_over(IpProto::UDP, &mut Negotiation::default(), &[Talk::new(Side::A, bytes)]).0;
        assert_eq!(heard(&message(32)), ["10.0.0.1 esp 0 with 10.0.0.2 IKE", "10.0.0.1 ah 0 with 10.0.0.2 IKE"]);
        assert_eq!(heard(&message(2)), Vec::<String>::new());
    }
}
