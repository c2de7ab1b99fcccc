//! The table of recognizers.

use std::ops::RangeInclusive;

use super::finding::{Look, Protocol};
use super::opening::Opening;
use super::{
    afp, amt_redirection, chargen, cldap, daytime, dcerpc, dcerpc_udp, dhcp, dhcpv6, dns, echo, esp_udp, ftp, http, http2, ike,
    imap, iso_transport, kerberos, l2tp, ldap, llmnr, lpd, madcap, mdns, mms, msmq, msmq_ping, net_tcp, netbios,
    netbios_datagram, netbios_name, nntp, ntp, password_change, pop3, pptp, quic, quote, radius, rdp, rdp_preconnection, rmcp,
    rtcp, rtp, rtsp, sip, smb, smtp, snmp, ssdp, ssh, ssrp, stun, tds, telnet, tftp, tls, wake_on_lan, wins_replication,
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
    Recognizer { word: "chargen", over: BOTH, first: &[b' '..=b'~'], protocols: &[&chargen::CHARGEN], look: chargen::look },
    Recognizer { word: "tls", over: TCP, first: &[0x14..=0x17, 0x80..=0xff], protocols: &[&tls::HTTPS, &tls::TLS], look: tls::look },
    Recognizer { word: "http2", over: TCP, first: &[0..=0, b'P'..=b'P'], protocols: &[&http2::HTTP2], look: http2::look },
    Recognizer { word: "http", over: TCP, first: &[b'A'..=b'z'], protocols: &[&http::HTTP], look: http::look },
    Recognizer { word: "ssdp", over: UDP, first: &[UPPER], protocols: &[&ssdp::SSDP], look: ssdp::look },
    Recognizer { word: "rtsp", over: TCP, first: &[UPPER], protocols: &[&rtsp::RTSP], look: rtsp::look },
    Recognizer { word: "sip", over: BOTH, first: &[UPPER], protocols: &[&sip::SIP], look: sip::look },
    Recognizer { word: "smb", over: TCP, first: &[0..=0, 0x81..=0x85], protocols: &[&smb::SMB], look: smb::look },
    Recognizer { word: "netbios", over: TCP, first: &[0x81..=0x85], protocols: &[&netbios::SESSION], look: netbios::look },
    Recognizer { word: "dcerpc", over: TCP, first: &[5..=5, b'n'..=b'n'], protocols: &[&DCE_RPC], look: dcerpc::look },
    Recognizer { word: "dcerpc_udp", over: UDP, first: &[4..=4], protocols: &[&DCE_RPC], look: dcerpc_udp::look },
    Recognizer { word: "password_change", over: BOTH, first: &[0..=5], protocols: &[&password_change::PASSWORD_CHANGE], look: password_change::look },
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
    Recognizer { word: "dhcpv6", over: UDP, first: &[1..=13], protocols: &[&dhcpv6::DHCPV6], look: dhcpv6::look },
    Recognizer { word: "madcap", over: UDP, first: &[0..=0], protocols: &[&madcap::MADCAP], look: madcap::look },
    Recognizer { word: "tftp", over: UDP, first: &[0..=0], protocols: &[&tftp::TFTP], look: tftp::look },
    Recognizer { word: "ntp", over: UDP, first: ANY, protocols: &[&ntp::NTP], look: ntp::look },
    Recognizer { word: "wake_on_lan", over: UDP, first: &[0xff..=0xff], protocols: &[&wake_on_lan::WAKE_ON_LAN], look: wake_on_lan::look },
    Recognizer { word: "ssh", over: TCP, first: &[b'S'..=b'S'], protocols: &[&ssh::SSH], look: ssh::look },
    Recognizer { word: "ftp", over: TCP, first: &[UPPER, b'a'..=b'z', DIGIT], protocols: &[&ftp::FTP], look: ftp::look },
    Recognizer { word: "smtp", over: TCP, first: &[UPPER, b'a'..=b'z', DIGIT], protocols: &[&smtp::SMTP], look: smtp::look },
    Recognizer { word: "pop3", over: TCP, first: &[UPPER, b'a'..=b'z', b'+'..=b'-'], protocols: &[&pop3::POP3], look: pop3::look },
    Recognizer { word: "imap", over: TCP, first: &[b'*'..=b'*', b'0'..=b'9', UPPER, b'a'..=b'z'], protocols: &[&imap::IMAP], look: imap::look },
    Recognizer { word: "nntp", over: TCP, first: &[UPPER, b'a'..=b'z', DIGIT], protocols: &[&nntp::NNTP], look: nntp::look },
    Recognizer { word: "telnet", over: TCP, first: &[0xff..=0xff], protocols: &[&telnet::TELNET], look: telnet::look },
    Recognizer { word: "lpd", over: TCP, first: &[1..=5], protocols: &[&lpd::LPD], look: lpd::look },
    Recognizer { word: "afp", over: TCP, first: &[0..=1], protocols: &[&afp::AFP], look: afp::look },
    Recognizer { word: "rdp_preconnection", over: TCP, first: &[0x58..=0x80], protocols: &[&rdp_preconnection::PRECONNECTION], look: rdp_preconnection::look },
    Recognizer { word: "rdp", over: TCP, first: &[3..=3], protocols: &[&rdp::RDP], look: rdp::look },
    Recognizer { word: "iso_transport", over: TCP, first: &[3..=3], protocols: &[&iso_transport::COTP], look: iso_transport::look },
    Recognizer { word: "tds", over: TCP, first: &[1..=0x12], protocols: &[&tds::TDS], look: tds::look },
    Recognizer { word: "ssrp", over: UDP, first: &[2..=5, 0x0f..=0x0f], protocols: &[&ssrp::SSRP], look: ssrp::look },
    Recognizer { word: "msmq", over: TCP, first: &[0x10..=0x10], protocols: &[&msmq::MSMQ], look: msmq::look },
    Recognizer { word: "msmq_ping", over: UDP, first: &[0..=3], protocols: &[&msmq_ping::MSMQ_PING], look: msmq_ping::look },
    Recognizer { word: "wins_replication", over: TCP, first: &[0..=0], protocols: &[&wins_replication::WINS_REPLICATION], look: wins_replication::look },
    Recognizer { word: "pptp", over: TCP, first: &[0..=0], protocols: &[&pptp::PPTP], look: pptp::look },
    Recognizer { word: "l2tp", over: UDP, first: &[0xc8..=0xc8], protocols: &[&l2tp::L2TP], look: l2tp::look },
    Recognizer { word: "mms", over: TCP, first: &[1..=1], protocols: &[&mms::MMS], look: mms::look },
    Recognizer { word: "rmcp", over: UDP, first: &[6..=6], protocols: &[&rmcp::RMCP], look: rmcp::look },
    Recognizer { word: "net_tcp", over: TCP, first: &[0..=0], protocols: &[&net_tcp::NET_TCP], look: net_tcp::look },
    Recognizer { word: "amt_redirection", over: TCP, first: &[0x10..=0x10], protocols: &[&amt_redirection::REDIRECTION], look: amt_redirection::look },
    Recognizer { word: "radius", over: UDP, first: &[1..=5, 11..=13, 40..=45], protocols: &[&radius::AUTHENTICATION, &radius::ACCOUNTING], look: radius::look },
    Recognizer { word: "ike", over: UDP, first: ANY, protocols: &[&ike::IKE], look: ike::look },
    Recognizer { word: "stun", over: BOTH, first: &[0..=1], protocols: &[&stun::STUN], look: stun::look },
    Recognizer { word: "quic", over: UDP, first: &[0x09..=0x0d, 0xc0..=0xff], protocols: &[&quic::QUIC], look: quic::look },
    Recognizer { word: "rtcp", over: UDP, first: &[0x80..=0xbf], protocols: &[&rtcp::RTCP], look: rtcp::look },
    Recognizer { word: "rtp", over: UDP, first: &[0x80..=0xbf], protocols: &[&rtp::RTP], look: rtp::look },
    Recognizer { word: "mms_udp", over: UDP, first: ANY, protocols: &[&mms::MMS], look: mms::look_udp },
    Recognizer { word: "esp_udp", over: UDP, first: ANY, protocols: &[&esp_udp::ESP_IN_UDP], look: esp_udp::look },
    Recognizer { word: "daytime", over: BOTH, first: &[b' '..=b'~'], protocols: &[&daytime::DAYTIME], look: daytime::look },
    Recognizer { word: "quote", over: BOTH, first: &[b' '..=b'~', 0x80..=0xff], protocols: &[&quote::QUOTE], look: quote::look },
    Recognizer { word: "echo", over: BOTH, first: ANY, protocols: &[&echo::ECHO], look: echo::look },
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
