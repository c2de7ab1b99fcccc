//! The table of recognizers.

use std::ops::RangeInclusive;

use super::finding::{Look, Protocol};
use super::hint;
use super::opening::Opening;
use super::{
    afp, amt_redirection, binl, chargen, cldap, daytime, dcerpc, dcerpc_udp, dhcp, dhcpv6, dns, echo, esp_udp, ftp, http,
    http_kind, http2, ike, imap, iso_transport, kerberos, l2tp, ldap, llmnr, lpd, madcap, mdns, mms, msmq, msmq_ping, net_tcp,
    netbios, netbios_datagram, netbios_name, nntp, ntp, password_change, pop3, pptp, quic, quote, radius, rdp, rdp_preconnection,
    rmcp, rtcp, rtp, rtsp, sip, smb, smtp, snmp, ssdp, ssh, ssrp, stun, tds, telnet, tftp, tls, wake_on_lan, wins_replication,
};
use crate::net::IpProto;

pub use super::dcerpc::DCE_RPC;

/// A way to recognise protocols.
#[derive(Debug)]
pub struct Recognizer {
    /// Its word: the name of its file, and what of it this line is where it has several.
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

/// Recognizers that go by a port and look at nothing elsewhere, sorted.
pub const AT_PORTS: &[(&str, &[u16])] = &[
    ("daytime", &[13]),
    ("dhcpv6", &[546, 547]),
    ("echo", &[7]),
    ("esp_udp", &[4500]),
    ("gtp", &[2123, 2152, 3386]),
    ("hsrp", &[1985, 2029]),
    ("llmnr", &[5355]),
    ("mdns", &[5353]),
    ("mms_udp", &[1755]),
    ("nat_pmp", &[5350, 5351]),
    ("oicq", &[8000]),
    ("quote", &[17]),
];

/// Recognizers of protocols whose fourth byte is the top of a length or a number that is always small: text is none of theirs.
pub const SMALL_FOURTH_BYTE: &[&str] = &["modbus", "mongodb", "mysql", "skinny"];

/// Recognizers that find their protocol behind any bytes where the beginning of a connection is missing.
pub const FROM_THE_MIDDLE: &[&str] = &["tls"];

/// HTTP, and what is spoken over it and belongs on other ports.
const WEB: &[&Protocol] = &[
    &http_kind::HTTP,
    &http2::HTTP2,
    &http_kind::SITE,
    &http_kind::WS_MANAGEMENT,
    &http_kind::AMT,
    &http_kind::RPC_OVER_HTTP,
    &http_kind::UPNP,
    &http_kind::UPNP_EVENTS,
    &http_kind::WINDOWS_MEDIA,
    &http_kind::SESSION_STATE,
];

/// Every recognizer. Of two that are equally sure the one further up wins, so the special stands before the general.
#[rustfmt::skip]
pub const RECOGNIZERS: &[Recognizer] = &[
    Recognizer { word: "chargen", over: BOTH, first: &[b' '..=b'~'], protocols: &[&chargen::CHARGEN], look: chargen::look },
    Recognizer { word: "tls", over: TCP, first: &[0x14..=0x17, 0x80..=0x8f], protocols: &[&tls::TLS, &tls::HTTPS, &tls::IMAPS, &tls::POP3S, &tls::STRICT_TDS], look: tls::look },
    Recognizer { word: "http2", over: TCP, first: &[0..=0, b'P'..=b'P'], protocols: WEB, look: http2::look },
    Recognizer { word: "http", over: TCP, first: &[0..=0, b'A'..=b'z'], protocols: WEB, look: http::look },
    Recognizer { word: "ssdp", over: UDP, first: &[UPPER], protocols: &[&ssdp::SSDP], look: ssdp::look },
    Recognizer { word: "rtsp", over: TCP, first: &[UPPER], protocols: &[&rtsp::RTSP], look: rtsp::look },
    Recognizer { word: "sip", over: BOTH, first: &[UPPER], protocols: &[&sip::SIP], look: sip::look },
    Recognizer { word: "smb", over: TCP, first: &[0..=0, 0x81..=0x85], protocols: &[&smb::SMB], look: smb::look },
    Recognizer { word: "netbios", over: TCP, first: &[0x81..=0x85], protocols: &[&netbios::SESSION], look: netbios::look },
    Recognizer { word: "dcerpc", over: TCP, first: &[5..=5, b'n'..=b'n'], protocols: &[&DCE_RPC], look: dcerpc::look },
    Recognizer { word: "dcerpc_udp", over: UDP, first: &[4..=4], protocols: &[&DCE_RPC], look: dcerpc_udp::look },
    Recognizer { word: "password_change", over: BOTH, first: &[0..=5], protocols: &[&password_change::PASSWORD_CHANGE], look: password_change::look },
    Recognizer { word: "kerberos", over: BOTH, first: &[0..=0, 4..=4, 0x61..=0x7e], protocols: &[&kerberos::KERBEROS], look: kerberos::look },
    Recognizer { word: "ldap", over: TCP, first: &[0..=0, 0x30..=0x30], protocols: &[&ldap::LDAP], look: ldap::look },
    Recognizer { word: "cldap", over: UDP, first: &[0x30..=0x30], protocols: &[&ldap::LDAP], look: cldap::look },
    Recognizer { word: "snmp", over: UDP, first: &[0x30..=0x30], protocols: &[&snmp::SNMP, &snmp::TRAP], look: snmp::look },
    Recognizer { word: "mdns", over: UDP, first: ANY, protocols: &[&mdns::MDNS], look: mdns::look },
    Recognizer { word: "llmnr", over: BOTH, first: ANY, protocols: &[&llmnr::LLMNR], look: llmnr::look },
    Recognizer { word: "netbios_name", over: UDP, first: ANY, protocols: &[&netbios_name::NAME], look: netbios_name::look },
    Recognizer { word: "netbios_datagram", over: UDP, first: &[0x10..=0x16], protocols: &[&netbios_datagram::DATAGRAM], look: netbios_datagram::look },
    Recognizer { word: "dns_stream", over: TCP, first: &[0..=0x0f], protocols: &[&dns::DNS], look: dns::look },
    Recognizer { word: "dns", over: UDP, first: ANY, protocols: &[&dns::DNS], look: dns::look },
    Recognizer { word: "dhcp", over: UDP, first: &[1..=2], protocols: &[&dhcp::DHCP, &dhcp::PXE], look: dhcp::look },
    Recognizer { word: "binl", over: UDP, first: &[0x81..=0x82], protocols: &[&binl::BINL], look: binl::look },
    Recognizer { word: "dhcpv6", over: UDP, first: &[1..=18], protocols: &[&dhcpv6::DHCPV6], look: dhcpv6::look },
    Recognizer { word: "madcap", over: UDP, first: &[0..=0], protocols: &[&madcap::MADCAP], look: madcap::look },
    Recognizer { word: "tftp", over: UDP, first: &[0..=0], protocols: &[&tftp::TFTP], look: tftp::look },
    Recognizer { word: "ntp", over: UDP, first: ANY, protocols: &[&ntp::NTP], look: ntp::look },
    Recognizer { word: "wake_on_lan", over: UDP, first: &[0xff..=0xff], protocols: &[&wake_on_lan::WAKE_ON_LAN], look: wake_on_lan::look },
    Recognizer { word: "ssh", over: TCP, first: &[0..=0, b'S'..=b'S'], protocols: &[&ssh::SSH], look: ssh::look },
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
    Recognizer { word: "l2tp", over: UDP, first: &[0..=0, 2..=2, 0x40..=0x4b, 0xc8..=0xc8], protocols: &[&l2tp::L2TP], look: l2tp::look },
    Recognizer { word: "mms", over: TCP, first: &[1..=1], protocols: &[&mms::MMS], look: mms::look },
    Recognizer { word: "rmcp", over: UDP, first: &[6..=6], protocols: &[&rmcp::RMCP], look: rmcp::look },
    Recognizer { word: "net_tcp", over: TCP, first: &[0..=0], protocols: &[&net_tcp::NET_TCP], look: net_tcp::look },
    Recognizer { word: "amt_redirection", over: TCP, first: &[0x10..=0x10], protocols: &[&amt_redirection::REDIRECTION], look: amt_redirection::look },
    Recognizer { word: "radius", over: UDP, first: &[1..=5, 11..=13, 40..=45], protocols: &[&radius::AUTHENTICATION, &radius::ACCOUNTING, &radius::DYNAMIC], look: radius::look },
    Recognizer { word: "ike", over: UDP, first: ANY, protocols: &[&ike::IKE], look: ike::look },
    Recognizer { word: "stun", over: BOTH, first: &[0..=1, 8..=8], protocols: &[&stun::STUN], look: stun::look },
    Recognizer { word: "quic", over: UDP, first: &[0x09..=0x0d, 0xc0..=0xff], protocols: &[&quic::QUIC], look: quic::look },
    Recognizer { word: "redis", over: TCP, first: &[b'$'..=b'-', b':'..=b':', b'I'..=b'P'], protocols: &[&hint::redis::REDIS], look: hint::redis::look },
    Recognizer { word: "onc_rpc_stream", over: TCP, first: &[0..=0, 0x80..=0x80], protocols: &[&hint::onc_rpc::NFS, &hint::onc_rpc::PORTMAPPER, &hint::onc_rpc::RPC], look: hint::onc_rpc::look },
    Recognizer { word: "onc_rpc", over: UDP, first: ANY, protocols: &[&hint::onc_rpc::NFS, &hint::onc_rpc::PORTMAPPER, &hint::onc_rpc::RPC], look: hint::onc_rpc::look },
    Recognizer { word: "postgresql", over: TCP, first: &[0..=0, b'1'..=b'2', b'C'..=b'T'], protocols: &[&hint::postgresql::POSTGRESQL], look: hint::postgresql::look },
    Recognizer { word: "mysql", over: TCP, first: ANY, protocols: &[&hint::mysql::MYSQL], look: hint::mysql::look },
    Recognizer { word: "mqtt", over: TCP, first: &[0x10..=0x10, 0x20..=0x20, 0x30..=0x3d, 0xc0..=0xc0, 0xd0..=0xd0], protocols: &[&hint::mqtt::MQTT], look: hint::mqtt::look },
    Recognizer { word: "bgp", over: TCP, first: &[0xff..=0xff], protocols: &[&hint::bgp::BGP], look: hint::bgp::look },
    Recognizer { word: "bfd", over: UDP, first: &[0x20..=0x3f], protocols: &[&hint::bfd::BFD], look: hint::bfd::look },
    Recognizer { word: "ldp", over: BOTH, first: &[0..=0], protocols: &[&hint::ldp::LDP], look: hint::ldp::look },
    Recognizer { word: "dnp3", over: BOTH, first: &[5..=5], protocols: &[&hint::dnp3::DNP3], look: hint::dnp3::look },
    Recognizer { word: "modbus", over: TCP, first: ANY, protocols: &[&hint::modbus::MODBUS], look: hint::modbus::look },
    Recognizer { word: "rfb", over: TCP, first: &[b'R'..=b'R'], protocols: &[&hint::rfb::RFB], look: hint::rfb::look },
    Recognizer { word: "x11", over: TCP, first: &[0..=2, b'B'..=b'B', b'l'..=b'l'], protocols: &[&hint::x11::X11], look: hint::x11::look },
    Recognizer { word: "openflow", over: TCP, first: &[1..=6], protocols: &[&hint::openflow::OPENFLOW], look: hint::openflow::look },
    Recognizer { word: "gtp", over: UDP, first: &[0x0e..=0x0f, 0x1e..=0x1f, 0x30..=0x37, 0x40..=0x58], protocols: &[&hint::gtp::GTP], look: hint::gtp::look },
    Recognizer { word: "source_engine", over: UDP, first: &[0xff..=0xff], protocols: &[&hint::source_engine::SOURCE], look: hint::source_engine::look },
    Recognizer { word: "fix", over: TCP, first: &[b'8'..=b'8'], protocols: &[&hint::fix::FIX], look: hint::fix::look },
    Recognizer { word: "hsrp", over: UDP, first: &[0..=1], protocols: &[&hint::hsrp::HSRP], look: hint::hsrp::look },
    Recognizer { word: "netflow", over: UDP, first: &[0..=0], protocols: &[&hint::netflow::NETFLOW], look: hint::netflow::look },
    Recognizer { word: "sflow", over: UDP, first: &[0..=0], protocols: &[&hint::sflow::SFLOW], look: hint::sflow::look },
    Recognizer { word: "coap", over: UDP, first: &[0x40..=0x7f], protocols: &[&hint::coap::COAP], look: hint::coap::look },
    Recognizer { word: "syslog", over: BOTH, first: &[b'0'..=b'<'], protocols: &[&hint::syslog::SYSLOG], look: hint::syslog::look },
    Recognizer { word: "xmpp", over: TCP, first: &[b'<'..=b'<'], protocols: &[&hint::xmpp::XMPP], look: hint::xmpp::look },
    Recognizer { word: "socks", over: TCP, first: &[0..=0, 4..=5], protocols: &[&hint::socks::SOCKS], look: hint::socks::look },
    Recognizer { word: "dtls", over: UDP, first: &[0x14..=0x19], protocols: &[&hint::dtls::DTLS], look: hint::dtls::look },
    Recognizer { word: "rlogin", over: TCP, first: &[0..=0], protocols: &[&hint::rlogin::RLOGIN], look: hint::rlogin::look },
    Recognizer { word: "rpki_rtr", over: TCP, first: &[0..=2], protocols: &[&hint::rpki_rtr::RPKI], look: hint::rpki_rtr::look },
    Recognizer { word: "irc", over: TCP, first: &[b':'..=b':', UPPER], protocols: &[&hint::irc::IRC], look: hint::irc::look },
    Recognizer { word: "bacnet", over: UDP, first: &[0x81..=0x82], protocols: &[&hint::bacnet::BACNET], look: hint::bacnet::look },
    Recognizer { word: "opc_ua", over: TCP, first: &[UPPER], protocols: &[&hint::opc_ua::OPC_UA], look: hint::opc_ua::look },
    Recognizer { word: "mgcp", over: UDP, first: &[DIGIT, UPPER], protocols: &[&hint::mgcp::MGCP], look: hint::mgcp::look },
    Recognizer { word: "wireguard", over: UDP, first: &[1..=4], protocols: &[&hint::wireguard::WIREGUARD], look: hint::wireguard::look },
    Recognizer { word: "enip", over: BOTH, first: &[4..=4, 0x63..=0x70], protocols: &[&hint::enip::ENIP], look: hint::enip::look },
    Recognizer { word: "hislip", over: TCP, first: &[b'H'..=b'H'], protocols: &[&hint::hislip::HISLIP], look: hint::hislip::look },
    Recognizer { word: "iec_104", over: TCP, first: &[0x68..=0x68], protocols: &[&hint::iec_104::IEC_104], look: hint::iec_104::look },
    Recognizer { word: "diameter", over: TCP, first: &[1..=1], protocols: &[&hint::diameter::DIAMETER], look: hint::diameter::look },
    Recognizer { word: "synchrophasor", over: BOTH, first: &[0xaa..=0xaa], protocols: &[&hint::synchrophasor::SYNCHROPHASOR], look: hint::synchrophasor::look },
    Recognizer { word: "collectd", over: UDP, first: &[0..=2], protocols: &[&hint::collectd::COLLECTD], look: hint::collectd::look },
    Recognizer { word: "dropbox", over: UDP, first: &[b'{'..=b'{'], protocols: &[&hint::dropbox::DROPBOX], look: hint::dropbox::look },
    Recognizer { word: "oicq", over: UDP, first: &[2..=2], protocols: &[&hint::oicq::OICQ], look: hint::oicq::look },
    Recognizer { word: "tuya", over: BOTH, first: &[0..=0], protocols: &[&hint::tuya::TUYA], look: hint::tuya::look },
    Recognizer { word: "bittorrent", over: BOTH, first: &[0..=0, 0x13..=0x13, 0x21..=0x21, 0x41..=0x41, b'd'..=b'd'], protocols: &[&hint::bittorrent::BITTORRENT], look: hint::bittorrent::look },
    Recognizer { word: "tns", over: TCP, first: &[0..=0x20], protocols: &[&hint::tns::TNS], look: hint::tns::look },
    Recognizer { word: "skinny", over: TCP, first: ANY, protocols: &[&hint::skinny::SKINNY], look: hint::skinny::look },
    Recognizer { word: "spotify", over: UDP, first: &[b'S'..=b'S'], protocols: &[&hint::spotify::SPOTIFY], look: hint::spotify::look },
    Recognizer { word: "rip", over: UDP, first: &[1..=2], protocols: &[&hint::rip::RIP], look: hint::rip::look },
    Recognizer { word: "stomp", over: TCP, first: &[UPPER], protocols: &[&hint::stomp::STOMP], look: hint::stomp::look },
    Recognizer { word: "nats", over: TCP, first: &[UPPER], protocols: &[&hint::nats::NATS], look: hint::nats::look },
    Recognizer { word: "amqp", over: TCP, first: &[1..=1, 8..=8, b'A'..=b'A'], protocols: &[&hint::amqp::AMQP], look: hint::amqp::look },
    Recognizer { word: "kafka", over: TCP, first: &[0..=3], protocols: &[&hint::kafka::KAFKA], look: hint::kafka::look },
    Recognizer { word: "zookeeper", over: TCP, first: &[0..=0], protocols: &[&hint::zookeeper::ZOOKEEPER], look: hint::zookeeper::look },
    Recognizer { word: "cassandra", over: TCP, first: &[3..=5, 0x83..=0x85], protocols: &[&hint::cassandra::CASSANDRA], look: hint::cassandra::look },
    Recognizer { word: "elasticsearch", over: TCP, first: &[b'E'..=b'E'], protocols: &[&hint::elasticsearch::ELASTICSEARCH], look: hint::elasticsearch::look },
    Recognizer { word: "mongodb", over: TCP, first: ANY, protocols: &[&hint::mongodb::MONGODB], look: hint::mongodb::look },
    Recognizer { word: "memcached", over: BOTH, first: &[0..=0, UPPER, b'a'..=b'z', 0x80..=0x81], protocols: &[&hint::memcached::MEMCACHED], look: hint::memcached::look },
    Recognizer { word: "git", over: TCP, first: &[b'0'..=b'0'], protocols: &[&hint::git::GIT], look: hint::git::look },
    Recognizer { word: "rsync", over: TCP, first: &[b'@'..=b'@'], protocols: &[&hint::rsync::RSYNC], look: hint::rsync::look },
    Recognizer { word: "svn", over: TCP, first: &[b'('..=b'('], protocols: &[&hint::svn::SVN], look: hint::svn::look },
    Recognizer { word: "spice", over: TCP, first: &[b'R'..=b'R'], protocols: &[&hint::spice::SPICE], look: hint::spice::look },
    Recognizer { word: "ica", over: TCP, first: &[0x1a..=0x1a, 0x7f..=0x7f], protocols: &[&hint::ica::ICA], look: hint::ica::look },
    Recognizer { word: "iscsi", over: TCP, first: &[3..=3, 0x23..=0x23, 0x43..=0x43], protocols: &[&hint::iscsi::ISCSI], look: hint::iscsi::look },
    Recognizer { word: "nbd", over: TCP, first: &[0..=0, b'N'..=b'N'], protocols: &[&hint::nbd::NBD], look: hint::nbd::look },
    Recognizer { word: "tacacs", over: TCP, first: &[0xc0..=0xc1], protocols: &[&hint::tacacs::TACACS], look: hint::tacacs::look },
    Recognizer { word: "zabbix", over: TCP, first: &[b'Z'..=b'Z'], protocols: &[&hint::zabbix::ZABBIX], look: hint::zabbix::look },
    Recognizer { word: "bitcoin", over: TCP, first: &[0x0b..=0x0b, 0xf9..=0xfa], protocols: &[&hint::bitcoin::BITCOIN], look: hint::bitcoin::look },
    Recognizer { word: "drda", over: TCP, first: &[0..=0x10], protocols: &[&hint::drda::DRDA], look: hint::drda::look },
    Recognizer { word: "h225", over: TCP, first: &[3..=3], protocols: &[&hint::h225::H225], look: hint::h225::look },
    Recognizer { word: "iax2", over: UDP, first: &[0x80..=0xff], protocols: &[&hint::iax2::IAX2], look: hint::iax2::look },
    Recognizer { word: "ws_discovery", over: UDP, first: &[b'<'..=b'<'], protocols: &[&hint::ws_discovery::WSD], look: hint::ws_discovery::look },
    Recognizer { word: "openvpn", over: BOTH, first: &[0..=0, 0x38..=0x38, 0x40..=0x40, 0x50..=0x50], protocols: &[&hint::openvpn::OPENVPN], look: hint::openvpn::look },
    Recognizer { word: "ajp", over: TCP, first: &[0x12..=0x12, b'A'..=b'A'], protocols: &[&hint::ajp::AJP], look: hint::ajp::look },
    Recognizer { word: "ceph", over: TCP, first: &[b'c'..=b'c'], protocols: &[&hint::ceph::CEPH], look: hint::ceph::look },
    Recognizer { word: "giop", over: BOTH, first: &[b'G'..=b'G', b'M'..=b'M'], protocols: &[&hint::giop::GIOP], look: hint::giop::look },
    Recognizer { word: "rdp_udp", over: UDP, first: &[0xff..=0xff], protocols: &[&hint::rdp_udp::RDP_UDP], look: hint::rdp_udp::look },
    Recognizer { word: "vmware", over: TCP, first: &[b'2'..=b'2'], protocols: &[&hint::vmware::VMWARE], look: hint::vmware::look },
    Recognizer { word: "pjl", over: TCP, first: &[0x1b..=0x1b, b'@'..=b'@'], protocols: &[&hint::pjl::PJL], look: hint::pjl::look },
    Recognizer { word: "delivery_optimization", over: TCP, first: &[0x0e..=0x0e], protocols: &[&hint::delivery_optimization::SWARM], look: hint::delivery_optimization::look },
    Recognizer { word: "slp", over: BOTH, first: &[1..=2], protocols: &[&hint::slp::SLP], look: hint::slp::look },
    Recognizer { word: "doip", over: BOTH, first: &[1..=4, 0xff..=0xff], protocols: &[&hint::doip::DOIP], look: hint::doip::look },
    Recognizer { word: "knx", over: UDP, first: &[6..=6], protocols: &[&hint::knx::KNX], look: hint::knx::look },
    Recognizer { word: "ibm_mq", over: TCP, first: &[b'T'..=b'T', 0xe3..=0xe3], protocols: &[&hint::ibm_mq::IBM_MQ], look: hint::ibm_mq::look },
    Recognizer { word: "openwire", over: TCP, first: &[0..=0], protocols: &[&hint::openwire::OPENWIRE], look: hint::openwire::look },
    Recognizer { word: "stratum", over: TCP, first: &[b'{'..=b'{'], protocols: &[&hint::stratum::STRATUM], look: hint::stratum::look },
    Recognizer { word: "nat_pmp", over: UDP, first: &[0..=2], protocols: &[&hint::nat_pmp::NAT_PMP], look: hint::nat_pmp::look },
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
