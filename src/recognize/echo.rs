//! Echo (RFC 862): what comes back is what went. Any bytes, so on its port only.

use super::finding::{Confidence, Finding, Look, Protocol};
use super::opening::Opening;
use crate::net::Side;

/// Echo.
pub static ECHO: Protocol = Protocol { name: "Echo", label: Some("Echo"), behind: &["Echo"] };

/// Looks for an echo.
pub fn look(seen: &Opening<'_>) -> Look {
    let [a, b] = &seen.said;
    if !seen.has_port(7) {
        return Look::No;
    }
    let common = a.bytes.len().min(b.bytes.len());
    if common == 0 {
        return Look::More;
    }
    let same = a.bytes.get(..common) == b.bytes.get(..common);
    let client = if seen.ports.first() == Some(&7) { Side::B } else { Side::A };
    if same { Look::Sure(Finding::new(&ECHO, Confidence::Both).asked_by(Some(client))) } else { Look::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn what_went_comes_back() {
        assert_eq!(found(udp([7, 1025], b"hello", b"hello", look)).client, Some(Side::B));
        assert_eq!(udp([1025, 7], b"hello", b"help", look), Look::No);
        assert_eq!((udp([1025, 7], b"hello", b"", look), udp([1, 8], b"a", b"a", look)), (Look::More, Look::No));
    }
}
