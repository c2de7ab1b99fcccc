//! Link-local multicast name resolution (RFC 4795): DNS messages on port 5355.

use super::dns;
use super::finding::{Finding, Look, Protocol};
use super::opening::Opening;

/// LLMNR.
pub static LLMNR: Protocol = Protocol { name: "LLMNR", label: Some("LLMNR"), behind: &["LLMNR"] };

/// Looks for LLMNR; nothing but the port tells it from DNS.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(5355) {
        return Look::No;
    }
    let renamed = |mut finding: Finding| {
        finding.protocol = &LLMNR;
        finding
    };
    match dns::look(seen) {
        Look::Likely(finding) => Look::Likely(renamed(finding)),
        Look::Sure(finding) => Look::Sure(renamed(finding)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, hex, udp};

    #[test]
    fn a_query_on_its_port() {
        let query = hex("0001 0000 0001 0000 0000 0000 04 77706164 00 0001 0001");
        let finding = found(udp([50_000, 5355], &query, b"", look));
        assert_eq!((finding.protocol, detail(&finding)), (&LLMNR, "A wpad"));
        assert_eq!(udp([50_000, 53], &query, b"", look), Look::No);
    }
}
