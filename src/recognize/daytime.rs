//! Daytime (RFC 867): one line of text with a day and a time in it, unasked. The form is free, so on its port only.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::Opening;
use super::text;
use crate::net::Side;

/// Daytime.
pub static DAYTIME: Protocol = Protocol { name: "Daytime", label: Some("Daytime"), behind: &["Daytime"] };

/// Looks for the time of day.
pub fn look(seen: &Opening<'_>) -> Look {
    if !seen.has_port(13) {
        return Look::No;
    }
    for side in [Side::A, Side::B] {
        let said = seen.said(side);
        let line = if seen.is_udp() { said.datagram().0 } else { said.bytes };
        if is_time(line.trim_ascii()) {
            let detail = shown(line.trim_ascii()).into_owned();
            return Look::Sure(Finding::new(&DAYTIME, Confidence::Both).asked_by(Some(side.other())).detailed(&detail));
        }
    }
    Look::More
}

/// Short, printable, with hours and minutes.
fn is_time(line: &[u8]) -> bool {
    let clock = |four: &[u8]| matches!(four, [a, b':', b, c] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()));
    (8..=128).contains(&line.len()) && text::is_text(line) && line.windows(4).any(clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{detail, found, udp};

    #[test]
    fn the_form_of_the_rfc_and_that_of_unix() {
        for line in [&b"Tuesday, February 22, 1982 17:37:43-PST"[..], b"Wed Nov 25 14:41:02 2026\r\n", b"4:07:09 PM 11/25/2026\n"]
        {
            let finding = found(udp([1025, 13], b"\n", line, look));
            assert_eq!((detail(&finding), finding.client), (std::str::from_utf8(line.trim_ascii()).unwrap(), Some(Side::A)));
        }
        assert_eq!(udp([1025, 14], b"", b"Wed Nov 25 14:41:02 2026\r\n", look), Look::No);
        assert_eq!(udp([1025, 13], b"", b"no time at all\r\n", look), Look::More);
    }
}
