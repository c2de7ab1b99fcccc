//! A network namespace with a pair of virtual interfaces: what is sent into one end is captured at the other.
//!
//! Only root may make namespaces; for anybody else the tests say that they were skipped. A namespace is gone when its wire is dropped, also when a test
//! fails; when the tests are killed a shell that waits for their end takes it away, and what is left after all is swept by the next run.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// No capture of these tests lasts longer.
pub const BOUND: &str = "30s";

/// The largest that a veth takes.
const MTU: &str = "65535";

/// What the namespaces of these tests are called: this, the process that made them, and a number.
const PREFIX: &str = "flowlabel-";

/// A namespace with two ends of a wire, `left` and `right`.
pub struct Wire {
    pub name: String,
    heir: Child,
}

/// A shell that takes a namespace away, and the one of its peer, when the process of the test has gone and with it the other end of a pipe. In a process
/// group of its own, it survives a signal to all of the tests.
fn heir(name: &str) -> Child {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat; ip netns del $0-peer; ip netns del $0", name]).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Wire {
    /// `None`, said aloud, where it is not allowed.
    pub fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static SWEPT: Once = Once::new();
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return skipped("no network namespace to be had: not root");
        }
        SWEPT.call_once(sweep);
        let made = Command::new("ip").args(["netns", "add", &name]).output().expect("ip is missing: scripts/setup iproute2");
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            assert!(said.contains("not permitted"), "{said}");
            return skipped(&format!("no network namespace to be had: {said}"));
        }
        let heir = heir(&name);
        let wire = Self { name, heir };
        // Nothing but what the test sends may be on the wire.
        wire.exec(&["sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
        wire.ip(&["link", "add", "left", "mtu", MTU, "type", "veth", "peer", "name", "right", "mtu", MTU]);
        for end in ["left", "right"] {
            wire.ip(&["link", "set", end, "arp", "off", "up"]);
        }
        Some(wire)
    }

    /// Moves the right end into a namespace of its own, and gives both ends addresses: whoever is there speaks to whoever is here.
    pub fn with_peer(&self, here: &str, there: &str) -> Peer {
        let peer = Peer { name: format!("{}-peer", self.name) };
        let made = Command::new("ip").args(["netns", "add", &peer.name]).status().unwrap();
        assert!(made.success());
        self.ip(&["link", "set", "right", "netns", &peer.name]);
        for (space, end, address) in [(&self.name, "left", here), (&peer.name, "right", there)] {
            run(Command::new("ip").args(["-n", space, "address", "add", address, "dev", end]));
            run(Command::new("ip").args(["-n", space, "link", "set", end, "mtu", "1500", "arp", "on", "up"]));
            run(Command::new("ip").args(["-n", space, "link", "set", "lo", "up"]));
        }
        peer
    }

    /// A command that will run inside of the namespace.
    pub fn command(&self, program: &str) -> Command {
        inside(&self.name, program)
    }

    /// Runs a command inside of the namespace.
    pub fn exec(&self, command: &[&str]) -> String {
        let (program, arguments) = command.split_first().unwrap();
        run(self.command(program).args(arguments))
    }

    /// Runs `ip` inside of the namespace.
    pub fn ip(&self, arguments: &[&str]) {
        run(Command::new("ip").args(["-n", &self.name]).args(arguments));
    }

    /// Starts a capture at the left end with lines of JSON on its standard output, and comes back when it listens.
    pub fn capture(&self, options: &[&str]) -> Capture {
        self.listen(&[&["left", "--format", "ndjson"], options].concat(), Path::new("."))
    }

    /// Starts `flowlabel capture` in a folder, and comes back when it listens.
    pub fn listen(&self, arguments: &[&str], folder: &Path) -> Capture {
        let mut command = self.command(env!("CARGO_BIN_EXE_flowlabel"));
        command.args(["capture", "--duration", BOUND]).args(arguments).current_dir(folder);
        if !arguments.contains(&"--buffer") {
            command.args(["--buffer", "8M"]);
        }
        Capture::start(&mut command)
    }

    /// Sends frames into the right end.
    pub fn send(&self, frames: &[Vec<u8>]) {
        self.send_into("right", frames);
    }

    /// Sends frames into an interface.
    pub fn send_into(&self, interface: &str, frames: &[Vec<u8>]) {
        let namespace = File::open(Path::new("/run/netns").join(&self.name)).unwrap();
        let send = move || {
            // A thread's namespace is its own.
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let mut right = pcap::Capture::from_device(interface).unwrap().open().unwrap();
            for frame in frames {
                right.sendpacket(frame.as_slice()).unwrap();
            }
        };
        std::thread::scope(|scope| scope.spawn(send).join().unwrap());
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.heir.kill();
        let _ = self.heir.wait();
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// The namespace at the other end of a wire.
pub struct Peer {
    name: String,
}

impl Peer {
    /// A command that will run there.
    pub fn command(&self, program: &str) -> Command {
        inside(&self.name, program)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]).stdin(Stdio::null());
    command
}

/// Runs a command that must succeed; what it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Takes away the namespaces of runs that were killed.
fn sweep() {
    let listed = Command::new("ip").args(["netns", "list"]).output().map(|output| output.stdout).unwrap_or_default();
    for name in String::from_utf8_lossy(&listed).lines().filter_map(|line| line.split_whitespace().next()) {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(process, _)| process);
        if process.is_some_and(|process| process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).exists()) {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

/// Says that a test was not run; not through `eprintln!`, which the test harness hides.
pub fn skipped<T>(why: &str) -> Option<T> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
    None
}

/// Whether a program is there; said aloud where it is not.
pub fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.into_iter().any(|folder| folder.join(name).is_file()) || skipped::<()>(&format!("{name} is missing")).is_some()
}

/// A capture under way; killed when it is dropped.
pub struct Capture {
    pub child: Child,
    out: BufReader<std::process::ChildStdout>,
    errors: BufReader<std::process::ChildStderr>,
    /// What it said before it listened.
    pub said: String,
}

impl Capture {
    /// Starts a capture, and comes back when it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("listening on") {
            assert!(errors.read_line(&mut said).unwrap() > 0, "{command:?}: {said}");
        }
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out, errors, said }
    }

    pub fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// The next line; blocks until there is one.
    pub fn text_line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// The next line of JSON.
    pub fn line(&mut self) -> Value {
        let line = self.text_line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Waits for the end: exit code, the lines not read yet, what was said.
    pub fn end(self) -> (Option<i32>, Vec<Value>, String) {
        let (code, out, said) = self.end_as_text();
        (code, out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect(), said)
    }

    pub fn end_as_text(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut errors) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.errors.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), out, errors)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The frames of a capture file; `Err` says why they cannot be sent over a wire.
pub fn sendable(capture: &Path) -> Result<Vec<Vec<u8>>, String> {
    const ETHERNET_HEADER: usize = 14;
    let mut file = pcap::Capture::from_file(capture).map_err(|error| format!("libpcap cannot read it: {error}"))?;
    if file.get_datalink() != pcap::Linktype::ETHERNET {
        return Err(format!("its link type is {}", file.get_datalink().get_name().unwrap_or_default()));
    }
    let mut frames = Vec::new();
    loop {
        match file.next_packet() {
            Ok(packet) if packet.header.caplen != packet.header.len => return Err("frames are cut".to_owned()),
            Ok(packet) if !(ETHERNET_HEADER..=65535 + ETHERNET_HEADER).contains(&packet.data.len()) => {
                return Err(format!("no wire takes a frame of {} bytes", packet.data.len()));
            }
            Ok(packet) => frames.push(packet.data.to_vec()),
            Err(pcap::Error::NoMorePackets) => return Ok(frames),
            Err(error) => return Err(format!("libpcap cannot read it: {error}")),
        }
    }
}

/// The frames of a capture file that can be sent.
pub fn frames(capture: &Path) -> Vec<Vec<u8>> {
    sendable(capture).unwrap_or_else(|why| panic!("{}: {why}", capture.display()))
}

/// The files of a folder in order of name, those of the same stem and extension only.
pub fn pieces(folder: &Path, stem: &str, extension: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_piece = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(stem) && name.ends_with(extension)
    };
    let mut pieces: Vec<PathBuf> = names.filter(is_piece).collect();
    pieces.sort();
    pieces
}
