//! VMware's authentication daemon, the consoles' first stop on 902: a banner like that of FTP and SMTP.

use super::{Confidence, Finding, Look, Opening, Protocol, Read, Said, after, first_line, hint};

/// VMware authentication.
pub static VMWARE: Protocol = hint("VMware authentication");

/// Looks for the daemon.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    // The client waits for the banner, whatever it says then.
    match exchange.iter().find(|(_, banner)| !banner.is_empty()) {
        Some((side, banner)) => {
            Look::Sure(Finding::new(&VMWARE, Confidence::Certain).asked_by(Some(side.other())).detailed(&first_line(banner)))
        }
        None => Look::More,
    }
}

/// The banner; nothing where another side's lines are read.
fn read<'a>(said: &Said<'a>) -> Read<&'a [u8]> {
    match after(said.bytes, b"220 VMware Authentication Daemon") {
        Read::Like(_) => Read::Like(said.bytes),
        Read::Short => Read::Short,
        Read::Unlike
            if [&b"USER "[..], b"PASS ", b"GLOBAL ", b"PROXY ", b"\x16\x03"].iter().any(|word| said.bytes.starts_with(word)) =>
        {
            Read::Like(&[])
        }
        Read::Unlike => Read::Unlike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_banner() {
        let banner = b"220 VMware Authentication Daemon Version 1.10: SSL Required, ServerDaemonProtocol:SOAP\r\n";
        assert_eq!(found(look(&tcp(b"", banner))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"", b"220 mail.example ESMTP\r\n")), Look::No);
    }
}
