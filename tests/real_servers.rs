//! Real servers and real clients, each side in a network namespace of its own, with a capture between them: live it says what reading the kept packets
//! says, and it is right. Servers that are not installed are left out, and that is said.

#![cfg(test)]
#![cfg(feature = "live")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use support::updates::applied;
use support::wire::{Peer, Wire, has_program};

/// Where the servers are, at the left end of the wire.
const SERVER: &str = "10.77.0.1";
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that runs; ended when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A server, how it is asked, and what the flows to its ports are to be called.
struct Service {
    /// All must be installed.
    programs: &'static [&'static str],
    serve: &'static str,
    ask: &'static [&'static str],
    /// Transport, port, label, evidence.
    expected: &'static [(&'static str, u16, &'static str, &'static str)],
}

/// One more is one entry. The commands run in a folder with what [`files`] puts there.
const SERVICES: &[Service] = &[
    Service {
        programs: &["python3", "curl"],
        serve: "exec python3 -m http.server 80 --bind 10.77.0.1",
        ask: &["curl -sf http://10.77.0.1/hello.txt"],
        expected: &[("tcp", 80, "HTTP", "payload")],
    },
    Service {
        programs: &["openssl", "curl"],
        serve: "exec openssl s_server -accept 10.77.0.1:443 -key key.pem -cert cert.pem -www -quiet",
        ask: &["curl -skf https://10.77.0.1/"],
        expected: &[("tcp", 443, "HTTPS", "payload")],
    },
    Service {
        programs: &["dnsmasq", "curl", "python3"],
        serve: "exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --listen-address=10.77.0.1 --bind-interfaces \
                --address=/corp.example/10.77.0.1 --pid-file= --enable-tftp --tftp-root=$PWD --user=root",
        ask: &["python3 ask_dns.py 10.77.0.1", "curl -sf tftp://10.77.0.1/hello.txt"],
        expected: &[("udp", 53, "DNS", "payload"), ("udp", 69, "TFTP", "payload")],
    },
    Service {
        programs: &["vsftpd", "curl"],
        serve: "exec vsftpd vsftpd.conf",
        ask: &["curl -sf ftp://10.77.0.1/hello.txt", "curl -sf -P - ftp://10.77.0.1/hello.txt"],
        expected: &[("tcp", 21, "FTP control", "payload")],
    },
    Service {
        programs: &["smbd", "smbclient"],
        serve: "exec smbd --foreground -s smb.conf",
        ask: &["smbclient -s smb.conf -N -m SMB3 //10.77.0.1/files -c ls"],
        expected: &[("tcp", 445, "SMB", "payload")],
    },
    Service {
        programs: &["snmpd", "snmpget"],
        serve: "exec snmpd -f -Lo -C -c snmpd.conf -p snmpd.pid udp:10.77.0.1:161",
        ask: &["snmpget -v2c -c public -t 1 -r 0 10.77.0.1 1.3.6.1.2.1.1.5.0"],
        expected: &[("udp", 161, "SNMP", "payload")],
    },
    Service {
        programs: &["slapd", "ldapsearch"],
        serve: "exec slapd -d 0 -f slapd.conf -h ldap://10.77.0.1/",
        ask: &["ldapsearch -x -H ldap://10.77.0.1/ -s base -b '' namingContexts"],
        expected: &[("tcp", 389, "LDAP Server", "payload")],
    },
    Service {
        programs: &["chronyd"],
        serve: "exec chronyd -d -x -u root 'bindaddress 10.77.0.1' 'allow all' 'local stratum 3' 'cmdport 0' 'pidfile $PWD/chronyd.pid' 'bindcmdaddress /'",
        ask: &[
            "chronyd -Q -x -u root -t 5 'server 10.77.0.1 iburst maxsamples 1' 'cmdport 0' 'pidfile $PWD/asking.pid' 'bindcmdaddress /'",
        ],
        expected: &[("udp", 123, "NTP", "payload")],
    },
    // Of the two only one can be installed. That it has no time to give yet is an answer too.
    Service {
        programs: &["ntpd", "ntpdig"],
        serve: "exec ntpd -n -g -c ntp.conf -p ntpd.pid -l ntpd.log",
        ask: &["ntpdig -t 1 10.77.0.1 2>&1 | grep -q -e 'stratum 0' -e '+/-'"],
        expected: &[("udp", 123, "NTP", "payload")],
    },
];

const ASK_DNS: &str = r#"
import socket, sys
asked = bytes.fromhex("1234 0100 0001 0000 0000 0000") + b"\x03www\x04corp\x07example\0" + bytes.fromhex("0001 0001")
ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask.settimeout(1)
ask.sendto(asked, (sys.argv[1], 53))
sys.exit(0 if ask.recv(512)[:2] == asked[:2] else 1)
"#;

/// What servers want to find.
fn files(folder: &Path) {
    let shown = folder.display();
    let share = folder.join("share");
    for made in ["share", "empty", "samba"] {
        fs::create_dir(folder.join(made)).unwrap();
    }
    fs::write(share.join("hello.txt"), "hello").unwrap();
    let samba = folder.join("samba");
    let samba = samba.display();
    let texts = [
        ("hello.txt", "hello".to_owned()),
        ("ask_dns.py", ASK_DNS.to_owned()),
        (
            "vsftpd.conf",
            format!(
                "listen=YES\nlisten_address={SERVER}\nanonymous_enable=YES\nanon_root={}\nconnect_from_port_20=YES\nbackground=NO\n\
                 secure_chroot_dir={shown}/empty\nseccomp_sandbox=NO\n",
                share.display()
            ),
        ),
        (
            "smb.conf",
            format!(
                "[global]\nserver role = standalone\nmap to guest = bad user\ninterfaces = {SERVER}/24\nbind interfaces only = yes\nsmb ports = 445\n\
                 disable netbios = yes\nprivate dir = {samba}\nlock directory = {samba}\nstate directory = {samba}\ncache directory = {samba}\n\
                 pid directory = {samba}\nncalrpc dir = {samba}/rpc\nlog file = {samba}/log\nload printers = no\n[files]\npath = {}\nguest ok = yes\n",
                share.display()
            ),
        ),
        ("ntp.conf", format!("refclock local stratum 3\ndisable ntp\ninterface ignore all\ninterface listen {SERVER}\n")),
        ("snmpd.conf", "rocommunity public\nsysName server\n".to_owned()),
        ("slapd.conf", format!("pidfile {shown}/slapd.pid\n")),
    ];
    for (name, text) in texts {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Runs a line of shell in a folder.
fn shell(mut command: Command, folder: &Path, line: &str) -> Command {
    command.args(["-c", line]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("HOME", folder);
    command
}

fn ask(peer: &Peer, folder: &Path, line: &str) {
    let begun = Instant::now();
    while !shell(peer.command("sh"), folder, line).status().unwrap().success() {
        assert!(begun.elapsed() < PATIENCE, "no answer: {line}");
    }
}

/// Flows to a port.
fn is_to(flow: &Value, transport: &str, port: u16) -> bool {
    flow["transport"] == transport && flow["server"]["ip"] == SERVER && flow["server"]["port"] == port
}

#[test]
fn real_servers_and_clients_are_called_what_they_are_live_as_from_a_file() {
    let Some(wire) = Wire::new() else { return };
    let peer = wire.with_peer(&format!("{SERVER}/24"), "10.77.0.2/24");
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    // Servers that give up their rights must reach it.
    std::os::unix::fs::chown(folder, None, None).unwrap();
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    files(folder);
    let certificate =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=web.corp.example";
    let _ = shell(Command::new("sh"), folder, certificate).status();
    let services: Vec<&Service> =
        SERVICES.iter().filter(|service| service.programs.iter().all(|program| has_program(program))).collect();

    let capture = wire.capture(&["--idle-timeout", "1s", "-w", folder.join("kept.pcapng").to_str().unwrap()]);
    let servers: Vec<Server> =
        services.iter().map(|service| Server(shell(wire.command("sh"), folder, service.serve).spawn().unwrap())).collect();
    for line in services.iter().flat_map(|service| service.ask) {
        ask(&peer, folder, line);
    }
    drop(servers);
    capture.signal("-TERM");
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");

    let live = applied(&lines);
    let read = applied(&support::binary::read(&folder.join("kept.pcapng"), &["--idle-timeout", "1s"]).lines());
    assert_eq!(live.keys().collect::<BTreeSet<_>>(), read.keys().collect::<BTreeSet<_>>());
    for (id, flow) in &read {
        assert_eq!(live.get(id), Some(flow), "flow {id}");
    }
    for (transport, port, label, evidence) in services.iter().flat_map(|service| service.expected) {
        let flows: Vec<&Value> = live.values().filter(|flow| is_to(flow, transport, *port)).collect();
        let is_right = |flow: &&&Value| flow["label"] == *label && flow["evidence"] == *evidence && flow["verdict"] == "matched";
        assert!(flows.iter().any(|flow| is_right(&flow)), "{transport}/{port} {label}: {flows:#?}");
        assert!(flows.iter().all(|flow| flow["label"] == *label), "{transport}/{port} {label}: {flows:#?}");
    }
    if services.iter().any(|service| service.programs.contains(&"vsftpd")) {
        let learned = |label: &str| live.values().filter(|flow| flow["label"] == label && flow["evidence"] == "learned").count();
        assert_eq!(learned("FTP default data"), 2, "passive and active");
    }
}

#[test]
fn a_server_is_asked_over_ipv6() {
    let Some(wire) = Wire::new().filter(|_| has_program("python3") && has_program("curl")) else { return };
    let peer = wire.with_peer(&format!("{SERVER}/24"), "10.77.0.2/24");
    for (mut command, end, address) in
        [(wire.command("sh"), "left", "2001:db8::1/64"), (peer.command("sh"), "right", "2001:db8::2/64")]
    {
        let line = format!("sysctl -qw net.ipv6.conf.{end}.disable_ipv6=0 && ip address add {address} dev {end} nodad");
        assert!(command.args(["-c", &line]).status().unwrap().success());
    }
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept.pcapng");
    let capture = wire.capture(&["--idle-timeout", "1s", "-w", kept.to_str().unwrap()]);
    let serve = "exec python3 -m http.server 80 --bind 2001:db8::1";
    let server = Server(shell(wire.command("sh"), dir.path(), serve).spawn().unwrap());
    ask(&peer, dir.path(), "curl -sf http://[2001:db8::1]/");
    drop(server);
    capture.signal("-TERM");
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let live = applied(&lines);
    assert_eq!(live, applied(&support::binary::read(&kept, &["--idle-timeout", "1s"]).lines()));
    let is_it = |flow: &&Value| flow["server"]["ip"] == "2001:db8::1" && flow["evidence"] == "payload";
    let flow = live.values().find(is_it).unwrap_or_else(|| panic!("{live:#?}"));
    assert_eq!((&flow["ip_version"], &flow["label"], &flow["direction"]), (&6.into(), &"HTTP".into(), &"syn".into()));
    assert!(live.values().any(|flow| flow["transport"] == "icmp6" && flow["verdict"] == "matched"), "no neighbour was asked for");
}
