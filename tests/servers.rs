//! What real servers and clients said (`fixtures/servers`), as tshark names it: each is recognised, hints match nothing, and a flow that is decided
//! asks no more.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::program;
use support::repository;

/// Case, transport, server's port, and the protocol that tshark reads there (`tshark -T fields -e frame.protocols`), in our word for it.
const SPOKEN: &[(&str, &str, u64, &str)] = &[
    ("coap", "udp", 5683, "CoAP"),
    ("dhcp", "udp", 67, "DHCP"),
    ("dhcp", "udp", 69, "TFTP"),
    ("dhcp", "udp", 547, "DHCPv6"),
    ("dns", "tcp", 53, "DNS"),
    ("dns", "udp", 53, "DNS"),
    ("dtls", "udp", 4433, "DTLS"),
    ("git", "tcp", 9418, "Git"),
    ("http", "tcp", 80, "HTTP"),
    ("http", "tcp", 8080, "HTTP/2"),
    ("https", "tcp", 443, "HTTPS"),
    ("ike", "udp", 500, "IKE"),
    ("ike", "udp", 4500, "IKE"),
    ("imap", "tcp", 143, "IMAP"),
    ("imap", "tcp", 993, "TLS"),
    ("ipmi", "udp", 623, "IPMI"),
    ("irc", "tcp", 6667, "IRC"),
    ("iscsi", "tcp", 3260, "iSCSI"),
    ("kerberos", "tcp", 88, "Kerberos"),
    ("kerberos", "udp", 88, "Kerberos"),
    ("kerberos", "tcp", 464, "Kerberos password change"),
    ("l2tp", "udp", 1701, "L2TP"),
    ("ldap", "tcp", 389, "LDAP"),
    ("ldaps", "tcp", 636, "TLS"),
    ("lpd", "tcp", 515, "LPD"),
    ("mdns", "udp", 5353, "mDNS"),
    ("memcached", "tcp", 11211, "Memcached"),
    ("memcached", "udp", 11211, "Memcached"),
    ("mqtt", "tcp", 1883, "MQTT"),
    ("mysql", "tcp", 3306, "MySQL"),
    ("netbios-name", "udp", 137, "NetBIOS name service"),
    ("netbios-name", "udp", 138, "NetBIOS datagram service"),
    ("nntp", "tcp", 119, "NNTP"),
    ("openvpn", "udp", 1194, "OpenVPN"),
    ("pop3", "tcp", 110, "POP3"),
    ("pop3", "tcp", 995, "TLS"),
    ("portmap", "tcp", 111, "Portmapper"),
    ("portmap", "udp", 111, "Portmapper"),
    ("postgresql", "tcp", 5432, "PostgreSQL"),
    ("pptp", "tcp", 1723, "PPTP"),
    ("radius", "udp", 1812, "RADIUS"),
    ("radius", "udp", 1813, "RADIUS accounting"),
    ("rdp", "tcp", 3389, "RDP"),
    ("redis", "tcp", 6379, "Redis"),
    ("routing", "tcp", 179, "BGP"),
    ("routing", "udp", 520, "RIP"),
    ("routing", "udp", 3784, "BFD"),
    ("rsync", "tcp", 873, "rsync"),
    ("simple-services", "tcp", 7, "Echo"),
    ("simple-services", "udp", 7, "Echo"),
    ("simple-services", "udp", 13, "Daytime"),
    ("simple-services", "udp", 19, "Chargen"),
    ("sip", "udp", 5060, "SIP"),
    ("smb", "tcp", 445, "SMB"),
    ("smtp", "tcp", 25, "SMTP"),
    ("snmp", "udp", 161, "SNMP"),
    ("snmp-trap", "udp", 162, "SNMP trap"),
    ("samba-pipe", "tcp", 445, "SMB"),
    ("ssrp", "tcp", 49501, "TDS"),
    ("ssrp", "udp", 1434, "SQL Server browser"),
    ("upnp", "tcp", 8200, "HTTP"),
    ("socks", "tcp", 1080, "SOCKS"),
    ("ssdp", "udp", 1900, "SSDP"),
    ("ssh", "tcp", 22, "SSH"),
    ("stun", "udp", 3478, "STUN"),
    ("syslog", "udp", 514, "Syslog"),
    ("telnet", "tcp", 23, "Telnet"),
    ("vnc", "tcp", 5901, "VNC"),
    ("wake-on-lan", "udp", 9, "Wake on LAN"),
    ("x11", "tcp", 6002, "X11"),
    // Its own name for it; tshark has no dissector.
    ("wireguard", "udp", 51820, "WireGuard"),
    ("ws-discovery", "udp", 3702, "WS-Discovery"),
    ("zabbix", "tcp", 10050, "Zabbix"),
];

/// Without ports: transport and hint.
const BY_PROTOCOL: &[(&str, &str, &str)] = &[("routing", "ospf", "OSPF"), ("vrrp", "vrrp", "VRRP")];

fn flows(case: &str) -> Vec<Value> {
    let capture = fs::read(repository("fixtures/servers").join(case).join("capture.pcap")).unwrap();
    program::flows(&capture, &[])
}

#[test]
fn what_servers_and_clients_speak_is_recognised() {
    for (case, transport, port, protocol) in SPOKEN {
        let flows = flows(case);
        let mut here = flows.iter().filter(|flow| flow["transport"] == *transport && flow["server"]["port"] == *port).peekable();
        assert!(here.peek().is_some(), "{case}: nobody comes to {port}/{transport}");
        assert!(here.any(|flow| flow["payload"]["protocol"] == *protocol), "{case} {port}/{transport}: no {protocol}");
    }
    for (case, transport, hint) in BY_PROTOCOL {
        let flows = flows(case);
        let flow = flows.iter().find(|flow| flow["transport"] == *transport).unwrap();
        assert_eq!((&flow["hint"], &flow["verdict"]), (&Value::from(*hint), &Value::from("unmatched")), "{case}");
    }
}

#[test]
fn a_hint_matches_nothing() {
    let mut hints = BTreeSet::new();
    for (case, ..) in SPOKEN {
        for flow in flows(case).iter().filter(|flow| !flow["hint"].is_null()) {
            let (verdict, label) = (&flow["verdict"], &flow["label"]);
            assert!(verdict != "matched" && label.is_null(), "{case} {}: {verdict} {label}", flow["id"]);
            assert!(!flow["flags"].as_array().unwrap().is_empty() && flow["evidence"].is_null(), "{case} {}", flow["id"]);
            hints.insert(flow["hint"].as_str().unwrap().to_owned());
        }
    }
    assert!(hints.len() >= 20, "{hints:?}");
}

/// A conversation that is recognised at once, and then so many segments each way.
fn conversation(opening: &str, more: usize) -> Vec<u8> {
    let rest = "'> noise 900', '< noise 900', ".repeat(more);
    let scenario = format!(
        "title = \"calls\"\nstart = 2026-03-02T08:00:00Z\n[[flow]]\nname = \"it\"\nat = 0.0\nfrom = \"10.0.0.1:40000\"\nto = \"10.0.0.2:4000\"\n\
         protocol = \"tcp\"\nsteps = ['open', {opening}, {rest}'close']\n"
    );
    support::capture(&scenario).unwrap()
}

#[test]
fn a_flow_that_is_decided_asks_no_recognizer_again() {
    let openings = [
        r#"'> "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"', '< "HTTP/1.1 200 OK\r\n\r\n"'"#,
        r#"'< "SSH-2.0-OpenSSH_9.2\r\n"', '> "SSH-2.0-OpenSSH_9.2\r\n"'"#,
        r#"'> "*1\r\n$4\r\nPING\r\n"', '< "+PONG\r\n"'"#,
        // Nobody knows it: the budget ends the search.
        r"'> noise 700', '< noise 700'",
    ];
    for opening in openings {
        let calls = |more: usize| program::flows(&conversation(opening, more), &[])[0]["payload"]["calls"].as_u64().unwrap();
        let enough = 20;
        assert_eq!(calls(enough), calls(10 * enough), "{opening}");
        assert!((1..=200).contains(&calls(enough)), "{opening}: {}", calls(enough));
    }
}
