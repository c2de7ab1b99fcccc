//! Live capture in a network namespace of its own, with a pair of virtual interfaces: what is sent into one end is captured at the other.
//!
//! Only root may make namespaces; for anybody else these tests say that they were skipped.

#![cfg(test)]
#![cfg(feature = "live")]

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// No capture of these tests lasts longer.
const BOUND: &str = "15s";

/// Cases whose link is Ethernet and whose frames are whole, so that they can be sent.
const CASES: &[&str] = &[
    "demo/segment",
    "fragment/every-order",
    "icmp/echo",
    "icmp/errors",
    "tcp/backwards",
    "tcp/mid-flow",
    "tcp/reused-port",
    "tunnel/ipsec",
    "tunnel/nested",
    "tunnel/vxlan",
];

/// A namespace with two ends of a wire, gone when it is dropped.
struct Wire {
    name: String,
}

impl Wire {
    /// `None`, said aloud, where it is not allowed.
    fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("flowlabel-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return skipped("not root");
        }
        let made = Command::new("ip").args(["netns", "add", &name]).output().expect("ip is missing: scripts/setup iproute2");
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            assert!(said.contains("not permitted"), "{said}");
            return skipped(&said);
        }
        let wire = Self { name };
        // Nothing but what the test sends may be on the wire.
        wire.exec(&["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
        wire.ip(&["link", "add", "left", "mtu", "9000", "type", "veth", "peer", "name", "right", "mtu", "9000"]);
        for end in ["left", "right"] {
            wire.ip(&["link", "set", end, "arp", "off", "up"]);
        }
        Some(wire)
    }

    /// Runs a command inside of the namespace.
    fn exec(&self, command: &[&str]) {
        let output = Command::new("ip").args(["netns", "exec", &self.name]).args(command).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs `ip` inside of the namespace.
    fn ip(&self, arguments: &[&str]) {
        let output = Command::new("ip").args(["-n", &self.name]).args(arguments).output().unwrap();
        assert!(output.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts a capture at the left end, and comes back when it listens.
    fn capture(&self, options: &[&str]) -> Capture {
        self.listen(&[&["capture", "left", "--format", "ndjson", "--buffer", "8M"], options].concat())
    }

    /// Starts a command that captures at the left end, and comes back when it listens.
    fn listen(&self, arguments: &[&str]) -> Capture {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, env!("CARGO_BIN_EXE_flowlabel")]).args(arguments).args(["--duration", BOUND]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        errors.read_line(&mut first).unwrap();
        assert!(first.contains("listening on left"), "{first}");
        let out = BufReader::new(child.stdout.take().unwrap());
        Capture { child, out, errors }
    }

    /// Sends frames into the right end.
    fn send(&self, frames: Vec<Vec<u8>>) {
        let namespace = File::open(Path::new("/run/netns").join(&self.name)).unwrap();
        let send = move || {
            // A thread's namespace is its own.
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let mut right = pcap::Capture::from_device("right").unwrap().open().unwrap();
            for frame in frames {
                right.sendpacket(frame).unwrap();
            }
        };
        std::thread::spawn(send).join().unwrap();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// Says that a test was not run; not through `eprintln!`, which the test harness hides.
fn skipped(why: &str) -> Option<Wire> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no network namespace to be had: {why}");
    None
}

/// A capture under way; killed when it is dropped.
struct Capture {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    errors: BufReader<std::process::ChildStderr>,
}

impl Capture {
    fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// The next line; blocks until there is one.
    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Waits for the end: exit code, lines, what was said.
    fn end(mut self) -> (Option<i32>, Vec<Value>, String) {
        let (mut out, mut errors) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.errors.read_to_string(&mut errors).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), errors)
    }
}

impl Capture {
    /// Waits for the end of a command that prints text: exit code, and what it printed.
    fn text(mut self) -> (Option<i32>, String) {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        (self.child.wait().unwrap().code(), out)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn frames(capture: &Path) -> Vec<Vec<u8>> {
    let mut file = pcap::Capture::from_file(capture).unwrap();
    assert_eq!(file.get_datalink(), pcap::Linktype::ETHERNET, "{}", capture.display());
    let mut frames = Vec::new();
    while let Ok(packet) = file.next_packet() {
        assert_eq!(packet.header.caplen, packet.header.len, "{}", capture.display());
        frames.push(packet.data.to_vec());
    }
    frames
}

/// What `read` says of a file; on a wire without pauses nothing is split.
fn read(capture: &Path) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output = command.arg("read").arg(capture).args(["--format", "ndjson", "--no-split"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The flows by id without what depends on the time of day and on pace: a repeated segment so close to the first is a copy.
fn flows(lines: &[Value]) -> BTreeMap<String, Value> {
    let flows = lines.iter().filter(|line| line["type"] == "flow").cloned().map(|mut flow| {
        for field in ["first", "last", "duration"] {
            flow[field].take();
        }
        if let Some(tcp) = flow["tcp"].as_object_mut() {
            tcp.insert("rtt_ms".to_owned(), Value::Null);
        }
        (flow["id"].as_str().unwrap().to_owned(), flow)
    });
    flows.collect()
}

#[test]
fn a_replayed_capture_gives_the_flows_that_reading_it_gives() {
    let Some(wire) = Wire::new() else { return };
    for case in CASES {
        let file = support::repository("fixtures").join(case).join("capture.pcap");
        let sent = frames(&file);
        let capture = wire.capture(&["--no-split", "--packets", &sent.len().to_string()]);
        let count = sent.len();
        wire.send(sent);
        let (code, lines, said) = capture.end();
        assert_eq!(code, Some(0), "{case}: {said}");
        let summary = lines.last().unwrap();
        assert_eq!(summary["packets"]["total"], count, "{case}");
        assert_eq!(flows(&lines), flows(&read(&file)), "{case}");
    }
}

/// What `flowlabel rpc` says without the times, which are those of the day.
fn timeless(mut told: Value) -> Value {
    for endpoint in told["learned"].as_array_mut().unwrap() {
        endpoint["first"].take();
        endpoint["last"].take();
    }
    told
}

#[test]
fn who_listens_where_is_told_of_an_interface_as_of_a_file() {
    let Some(wire) = Wire::new() else { return };
    for case in ["samba", "ftp", "rtsp"] {
        let file = support::repository("fixtures/servers").join(case).join("capture.pcap");
        let sent = frames(&file);
        let count = sent.len().to_string();
        let capture = wire.listen(&["rpc", "--interface", "left", "--format", "json", "--no-split", "--packets", &count]);
        let status = fs::read_to_string(format!("/proc/{}/status", capture.child.id())).unwrap();
        assert!(status.contains("Seccomp:\t2") && status.contains("CapEff:\t0000000000000000"), "in its sandbox: {status}");
        wire.send(sent);
        let (code, lines, said) = capture.end();
        assert_eq!((code, lines.len()), (Some(0), 1), "{case}: {said}");
        let of_file =
            support::binary::said_by(support::binary::flowlabel().arg("rpc").arg(&file).args(["--format", "json", "--no-split"]));
        let of_file: Value = serde_json::from_str(&of_file.out).unwrap();
        assert!(!of_file["learned"].as_array().unwrap().is_empty());
        assert_eq!(timeless(lines.into_iter().next().unwrap()), timeless(of_file), "{case}");
    }
    // The table, ended by a signal, with nothing to tell.
    let capture = wire.listen(&["rpc", "--interface", "left"]);
    capture.signal("-INT");
    let said = capture.text();
    assert_eq!(said, (Some(0), "Nobody announced where it listens, and no DCE/RPC was bound.\n".to_owned()));
}

#[test]
fn what_is_kept_reads_like_what_was_sent() {
    let Some(wire) = Wire::new() else { return };
    let file = support::repository("fixtures/demo/segment/capture.pcap");
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept.pcapng");
    let sent = frames(&file);
    let capture = wire.capture(&["--no-split", "--packets", &sent.len().to_string(), "-w", kept.to_str().unwrap()]);
    wire.send(sent.clone());
    assert_eq!(capture.end().0, Some(0));
    assert_eq!(frames(&kept), sent);
    assert_eq!(flows(&read(&kept)), flows(&read(&file)));
}

#[test]
fn a_quiet_link_ends_its_flows_and_a_signal_ends_the_capture() {
    let Some(wire) = Wire::new() else { return };
    let sent = frames(&support::repository("fixtures/icmp/echo/capture.pcap"));
    let mut capture = wire.capture(&["--idle-timeout", "1s"]);
    let status = fs::read_to_string(format!("/proc/{}/status", capture.child.id())).unwrap();
    for gone in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(gone), "{gone}: {status}");
    }
    let begun = Instant::now();
    wire.send(sent.clone());
    assert_eq!(capture.line()["type"], "flow");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    capture.signal("-TERM");
    let (code, lines, said) = capture.end();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let summary = lines.last().unwrap();
    assert_eq!(summary["packets"]["total"], sent.len());
    assert_eq!(summary["drops"], serde_json::json!({"kernel": 0, "interface": 0, "flowlabel": 0}));
}

#[test]
fn an_interface_may_go_down_and_come_back_but_when_it_vanishes_the_run_ends_with_what_was_known() {
    let Some(wire) = Wire::new() else { return };
    let sent = frames(&support::repository("fixtures/icmp/echo/capture.pcap"));
    let mut capture = wire.capture(&["--idle-timeout", "1s"]);
    wire.ip(&["link", "set", "left", "down"]);
    wire.ip(&["link", "set", "left", "up"]);
    wire.send(sent);
    assert_eq!(capture.line()["type"], "flow");
    wire.ip(&["link", "del", "left"]);
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(3), "{said}");
    let damage = &lines.last().unwrap()["damage"];
    assert_eq!(damage.as_array().unwrap().len(), 1, "{damage}");
    assert_eq!(damage[0]["file"], "left");
}
