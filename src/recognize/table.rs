//! The table of recognizers.

use std::ops::RangeInclusive;

use super::finding::{Look, Protocol};
use super::opening::Opening;
use super::{
    cldap, dcerpc, dcerpc_udp, dhcp, dns, ftp, http, ike, imap, iso_transport, kerberos, ldap, llmnr, mdns, netbios,
    netbios_datagram, netbios_name, ntp, pop3, quic, radius, rdp, rtsp, sip, smb, smtp, snmp, ssdp, ssh, ssrp, stun, tds, telnet,
    tftp, tls,
};
use crate::net::IpProto;

pub use super::dcerpc::DCE_RPC;

/// A way to recognise protocols.
#[derive(Debug)]
pub struct Recognizer {
    /// Its word, the name of its file.
    pub word: &'static str,
    /// The transports it reads.
    pub over: &'static [IpProto],
    /// First bytes of either side that are worth a look.
    pub first: &'static [RangeInclusive<u8>],
    /// What it can find.
    pub protocols: &'static [&'static Protocol],
    /// The look.
    pub look: fn(&Opening<'_>) -> Look,
}

const TCP: &[IpProto] = &[IpProto::TCP];
const UDP: &[IpProto] = &[IpProto::UDP];
const BOTH: &[IpProto] = &[IpProto::TCP, IpProto::UDP];
const ANY: &[RangeInclusive<u8>] = &[0..=255];
const UPPER: RangeInclusive<u8> = b'A'..=b'Z';
const DIGIT: RangeInclusive<u8> = b'1'..=b'5';

/// Every recognizer. Of two that are equally sure the one further up wins, so the special stands before the general.
#[rustfmt::skip]
pub const RECOGNIZERS: &[Recognizer] = &[
    Recognizer { word: "tls", over: TCP, first: &[0x14..=0x17, 0x80..=0xff], protocols: &[&tls::HTTPS, &tls::TLS], look: tls::look },
    Recognizer { word: "http", over: TCP, first: &[b'A'..=b'z'], protocols: &[&http::HTTP], look: http::look },
    Recognizer { word: "ssdp", over: UDP, first: &[UPPER], protocols: &[&ssdp::SSDP], look: ssdp::look },
    Recognizer { word: "rtsp", over: TCP, first: &[UPPER], protocols: &[&rtsp::RTSP], look: rtsp::look },
    Recognizer { word: "sip", over: BOTH, first: &[UPPER], protocols: &[&sip::SIP], look: sip::look },
    Recognizer { word: "smb", over: TCP, first: &[0..=0, 0x81..=0x85], protocols: &[&smb::SMB], look: smb::look },
    Recognizer { word: "netbios", over: TCP, first: &[0x81..=0x85], protocols: &[&netbios::SESSION], look: netbios::look },
    Recognizer { word: "dcerpc", over: TCP, first: &[5..=5, b'n'..=b'n'], protocols: &[&DCE_RPC], look: dcerpc::look },
    Recognizer { word: "dcerpc_udp", over: UDP, first: &[4..=4], protocols: &[&DCE_RPC], look: dcerpc_udp::look },
    Recognizer { word: "kerberos", over: BOTH, first: &[0..=0, 0x6a..=0x7e], protocols: &[&kerberos::KERBEROS], look: kerberos::look },
    Recognizer { word: "ldap", over: TCP, first: &[0x30..=0x30], protocols: &[&ldap::LDAP], look: ldap::look },
    Recognizer { word: "cldap", over: UDP, first: &[0x30..=0x30], protocols: &[&ldap::LDAP], look: cldap::look },
    Recognizer { word: "snmp", over: UDP, first: &[0x30..=0x30], protocols: &[&snmp::SNMP, &snmp::TRAP], look: snmp::look },
    Recognizer { word: "mdns", over: UDP, first: ANY, protocols: &[&mdns::MDNS], look: mdns::look },
    Recognizer { word: "llmnr", over: BOTH, first: ANY, protocols: &[&llmnr::LLMNR], look: llmnr::look },
    Recognizer { word: "netbios_name", over: UDP, first: ANY, protocols: &[&netbios_name::NAME], look: netbios_name::look },
    Recognizer { word: "netbios_datagram", over: UDP, first: &[0x10..=0x16], protocols: &[&netbios_datagram::DATAGRAM], look: netbios_datagram::look },
    Recognizer { word: "dns", over: BOTH, first: ANY, protocols: &[&dns::DNS], look: dns::look },
    Recognizer { word: "dhcp", over: UDP, first: &[1..=2], protocols: &[&dhcp::DHCP], look: dhcp::look },
    Recognizer { word: "tftp", over: UDP, first: &[0..=0], protocols: &[&tftp::TFTP], look: tftp::look },
    Recognizer { word: "ntp", over: UDP, first: ANY, protocols: &[&ntp::NTP], look: ntp::look },
    Recognizer { word: "ssh", over: TCP, first: &[b'S'..=b'S'], protocols: &[&ssh::SSH], look: ssh::look },
    Recognizer { word: "ftp", over: TCP, first: &[UPPER, b'a'..=b'z', DIGIT], protocols: &[&ftp::FTP], look: ftp::look },
    Recognizer { word: "smtp", over: TCP, first: &[UPPER, b'a'..=b'z', DIGIT], protocols: &[&smtp::SMTP], look: smtp::look },
    Recognizer { word: "pop3", over: TCP, first: &[UPPER, b'a'..=b'z', b'+'..=b'-'], protocols: &[&pop3::POP3], look: pop3::look },
    Recognizer { word: "imap", over: TCP, first: &[b'*'..=b'*', b'0'..=b'9', UPPER, b'a'..=b'z'], protocols: &[&imap::IMAP], look: imap::look },
    Recognizer { word: "telnet", over: TCP, first: &[0xff..=0xff], protocols: &[&telnet::TELNET], look: telnet::look },
    Recognizer { word: "rdp", over: TCP, first: &[3..=3], protocols: &[&rdp::RDP], look: rdp::look },
    Recognizer { word: "iso_transport", over: TCP, first: &[3..=3], protocols: &[&iso_transport::COTP], look: iso_transport::look },
    Recognizer { word: "tds", over: TCP, first: &[1..=0x12], protocols: &[&tds::TDS], look: tds::look },
    Recognizer { word: "ssrp", over: UDP, first: &[2..=5, 0x0f..=0x0f], protocols: &[&ssrp::SSRP], look: ssrp::look },
    Recognizer { word: "radius", over: UDP, first: &[1..=5, 11..=13, 40..=45], protocols: &[&radius::AUTHENTICATION, &radius::ACCOUNTING], look: radius::look },
    Recognizer { word: "ike", over: UDP, first: ANY, protocols: &[&ike::IKE], look: ike::look },
    Recognizer { word: "stun", over: BOTH, first: &[0..=1], protocols: &[&stun::STUN], look: stun::look },
    Recognizer { word: "quic", over: UDP, first: &[0x09..=0x0d, 0xc0..=0xff], protocols: &[&quic::QUIC], look: quic::look },
];

/// Whether some recognizer knows what a service of this catalog name speaks.
pub fn is_known_format(name: &str) -> bool {
    let mut protocols = RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
    protocols.any(|protocol| protocol.is_behind(name))
}

impl Protocol {
    /// Whether a service of this catalog name may speak it.
    pub fn is_behind(&self, name: &str) -> bool {
        self.behind.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_of_the_names_it_may_be_behind() {
        for protocol in RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols) {
            assert!(protocol.label.is_none_or(|label| protocol.is_behind(label)), "{protocol:?}");
        }
    }
}
