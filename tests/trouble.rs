//! What can go wrong with a live capture: packets are lost, interfaces change and vanish, rights are missing (`support::wire`).

#![cfg(test)]
#![cfg(feature = "live")]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use support::binary::said_by;
use support::updates::applied;
use support::wire::{BOUND, Capture, Wire, frames, has_program, pieces, skipped};

fn demo() -> Vec<Vec<u8>> {
    frames(&support::repository("fixtures/demo/segment/capture.pcap"))
}

fn counters(summary: &Value) -> (u64, u64, u64) {
    let drops = &summary["drops"];
    let lost = |by: &str| drops[by].as_u64().unwrap();
    (summary["packets"]["total"].as_u64().unwrap(), lost("kernel"), lost("interface") + lost("flowlabel"))
}

#[test]
fn every_packet_is_either_received_or_counted_as_lost_and_loss_comes_with_advice() {
    const TIMES: usize = 60;
    let Some(wire) = Wire::new() else { return };
    let sent: Vec<Vec<u8>> = std::iter::repeat_n(demo(), TIMES).flatten().collect();
    let capture = wire.listen(&["left", "--format", "ndjson", "--buffer", "1M"], Path::new("."));
    // A capture that is stopped takes nothing, and its buffer is too small for all of them.
    capture.signal("-STOP");
    wire.send(&sent);
    capture.signal("-CONT");
    capture.signal("-TERM");
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let (received, kernel, others) = counters(lines.last().unwrap());
    assert!(received > 0 && kernel > 0, "{received} received, {kernel} lost");
    assert_eq!((received + kernel, others), (sent.len() as u64, 0));
    let advice = said.lines().find(|line| line.contains("dropped")).unwrap_or_else(|| panic!("no advice: {said}"));
    assert!(advice.contains(&format!("{kernel} packets")) && advice.contains("--buffer"), "{advice}");

    let capture = wire.listen(&["left", "--format", "ndjson", "--buffer", "1M", "--fail-on", "loss"], Path::new("."));
    capture.signal("-STOP");
    wire.send(&sent);
    capture.signal("-CONT");
    capture.signal("-TERM");
    assert_eq!(capture.end().0, Some(1));
}

#[test]
fn nothing_is_lost_at_rising_rates_while_the_buffer_holds_it() {
    const SECONDS: &str = "1";
    let Some(wire) = Wire::new().filter(|_| has_program("tcpreplay")) else { return };
    let file = support::repository("fixtures/demo/segment/capture.pcap");
    for rate in ["--pps=5000", "--pps=50000", "--topspeed"] {
        // At any speed not more packets than the buffer holds: what is tested is that they are counted, not how fast this build is.
        let capture = wire.listen(&["left", "--format", "ndjson", "--no-split", "--buffer", "64M"], Path::new("."));
        let limit = "--limit=60000";
        let said = wire.exec(&[
            "tcpreplay",
            "-q",
            "-K",
            rate,
            "-i",
            "right",
            "--loop=1000",
            limit,
            "--duration",
            SECONDS,
            file.to_str().unwrap(),
        ]);
        let sent: u64 = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("Successful packets:"))
            .and_then(|count| count.trim().parse().ok())
            .unwrap_or_else(|| panic!("{said}"));
        capture.signal("-TERM");
        let (code, lines, said) = capture.end();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(counters(lines.last().unwrap()), (sent, 0, 0), "{rate}");
    }
}

#[test]
fn frames_that_no_protocol_of_the_host_wanted_are_not_lost() {
    let Some(wire) = Wire::new() else { return };
    // To the interface itself, of an EtherType that nobody handles.
    let address = wire.exec(&["cat", "/sys/class/net/left/address"]);
    let mut frame: Vec<u8> = address.trim().split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    frame.extend([2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
    frame.resize(60, 0);
    let capture = wire.capture(&["--packets", "50"]);
    wire.send(&vec![frame; 50]);
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    // Kernels differ in whether `rx_dropped` has risen by now; whether it is taken for loss then, a unit test says.
    assert_eq!(counters(lines.last().unwrap()), (50, 0, 0));
    assert_eq!(lines.last().unwrap()["packets"]["non_ip"], 50);
}

#[test]
fn of_several_interfaces_one_may_vanish_and_the_others_go_on() {
    let Some(wire) = Wire::new() else { return };
    let sent = demo();
    for interfaces in [&["left", "spare"][..], &["any"]] {
        wire.ip(&["link", "add", "spare", "type", "veth", "peer", "name", "other"]);
        wire.ip(&["link", "set", "spare", "up"]);
        let capture = wire.listen(&[interfaces, &["--format", "ndjson", "--no-split"]].concat(), Path::new("."));
        wire.send(&sent[..100]);
        wire.ip(&["link", "set", "left", "down"]);
        wire.ip(&["link", "del", "spare"]);
        wire.ip(&["link", "set", "left", "up"]);
        wire.send(&sent[100..]);
        capture.signal("-TERM");
        let (code, lines, said) = capture.end();
        let summary = lines.last().unwrap();
        // `any` sees both ends of the wire, and is not lost with one of its interfaces.
        let (times, damaged) = if interfaces == ["any"] { (2, json!([])) } else { (1, json!(["spare"])) };
        assert_eq!(summary["packets"]["total"], times * sent.len(), "{interfaces:?}");
        let files: Vec<&Value> = summary["damage"].as_array().unwrap().iter().map(|damage| &damage["file"]).collect();
        assert_eq!(json!(files), damaged, "{said}");
        assert_eq!(code, Some(if interfaces == ["any"] { 0 } else { 3 }), "{said}");
    }
}

/// Makes a TUN interface, sends a packet through it, makes it an Ethernet interface when asked to, and sends another.
const TUN: &str = r#"
import fcntl, os, struct, subprocess, sys
TUNSETIFF, TUNSETLINK, IFF_TUN, IFF_NO_PI, ARPHRD_ETHER = 0x400454CA, 0x400454CD, 1, 0x1000, 1
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"tun7", IFF_TUN | IFF_NO_PI))
def ip(*words): subprocess.run(["ip", "link", "set", "tun7", *words], check=True)
def packet(): os.write(tun, bytes.fromhex("45000021000000004011f96f0a0000010a000002") + bytes.fromhex("03e8270f000d0000") + b"hello")
def told(word): print(word, flush=True); sys.stdin.readline()
ip("up")
told("up"); packet(); told("sent")
ip("down"); fcntl.ioctl(tun, TUNSETLINK, ARPHRD_ETHER); ip("up"); packet()
told("changed")
"#;

/// The program with an interface that becomes another one.
struct Tun {
    program: Child,
    tell: ChildStdin,
    told: BufReader<ChildStdout>,
}

impl Tun {
    /// The interface is up. `None`, said aloud, where it cannot be.
    fn new(wire: &Wire) -> Option<Self> {
        if !has_program("python3") || !Path::new("/dev/net/tun").exists() {
            return skipped("no TUN interface to be had");
        }
        let mut command = wire.command("python3");
        let mut program = command.args(["-c", TUN]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, told) = (program.stdin.take().unwrap(), BufReader::new(program.stdout.take().unwrap()));
        let mut tun = Self { program, tell, told };
        tun.wait_for("up");
        Some(tun)
    }

    fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    }

    /// Has it send a packet.
    fn send(&mut self) {
        writeln!(self.tell).unwrap();
        self.wait_for("sent");
    }

    /// Has it become an Ethernet interface, and send another packet.
    fn change(&mut self) {
        writeln!(self.tell).unwrap();
        self.wait_for("changed");
    }
}

impl Drop for Tun {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[test]
fn a_changed_link_type_is_said_and_ends_the_capture() {
    let Some(wire) = Wire::new() else { return };
    let Some(mut tun) = Tun::new(&wire) else { return };
    let mut capture = wire.listen(&["tun7", "--format", "ndjson"], Path::new("."));
    tun.send();
    // It is flagged, so it is told at once.
    assert_eq!(capture.line()["server"]["port"], 9999);
    tun.change();
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(3), "{said}");
    let summary = lines.last().unwrap();
    let reason = summary["damage"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("link type has changed (hardware type 65534 before, 1 now)"), "{reason}");
    // The packet that came after the change is one that flowlabel could not read.
    assert_eq!((counters(summary), &summary["drops"]["flowlabel"]), ((1, 0, 1), &json!(1)));
}

/// Of two interfaces the other one goes on, and what has changed is said also when the capture ends right then.
#[test]
fn of_two_interfaces_one_may_change_its_link_type() {
    let Some(wire) = Wire::new() else { return };
    let sent = demo();
    for ends_at_once in [false, true] {
        let Some(mut tun) = Tun::new(&wire) else { return };
        let mut capture = wire.listen(&["tun7", "left", "--format", "ndjson", "--no-split"], Path::new("."));
        tun.send();
        assert_eq!(capture.line()["server"]["port"], 9999);
        tun.change();
        if !ends_at_once {
            wire.send(&sent);
            // The demo has flagged flows: by now the other interface was read after the change.
            assert_eq!(capture.line()["type"], "flow");
        }
        capture.signal("-TERM");
        let (code, lines, said) = capture.end();
        assert_eq!(code, Some(3), "{said}");
        let summary = lines.last().unwrap();
        let damage = summary["damage"].as_array().unwrap();
        assert_eq!(damage.len(), 1, "{damage:?}");
        assert_eq!(damage[0]["file"], "tun7");
        assert!(damage[0]["reason"].as_str().unwrap().contains("link type has changed"), "{damage:?}");
        let others = if ends_at_once { 0 } else { sent.len() as u64 };
        assert_eq!(counters(summary), (1 + others, 0, 1));
    }
}

/// `any` says of each packet by itself what it is, so that nothing changes for it.
#[test]
fn any_goes_on_when_an_interface_changes_its_link_type() {
    let Some(wire) = Wire::new() else { return };
    let Some(mut tun) = Tun::new(&wire) else { return };
    let mut capture = wire.listen(&["any", "--format", "ndjson", "--no-split"], Path::new("."));
    tun.send();
    let told = capture.line();
    tun.change();
    capture.signal("-TERM");
    let (code, lines, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let summary = lines.last().unwrap();
    assert_eq!((counters(summary), &summary["damage"]), ((2, 0, 0), &json!([])));
    let flows = applied(&[vec![told], lines].concat());
    assert_eq!(flows.len(), 1, "{flows:?}");
    assert_eq!(flows["1.0"]["packets"]["client"], 2);
}

/// Whoever is nobody, without any right.
const NOBODY: [&str; 5] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];

/// A copy of the program that everybody may start.
fn program_for_all(folder: &Path) -> PathBuf {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("flowlabel");
    fs::copy(env!("CARGO_BIN_EXE_flowlabel"), &program).unwrap();
    program
}

#[test]
fn with_capabilities_on_the_program_anybody_captures_and_keeps_no_right() {
    let Some(wire) = Wire::new().filter(|_| has_program("setpriv") && has_program("setcap")) else { return };
    let sent = demo();
    for capabilities in ["cap_net_raw=ep", "cap_net_raw,cap_net_admin=eip"] {
        let dir = tempfile::tempdir().unwrap();
        let program = program_for_all(dir.path());
        let given = Command::new("setcap").arg(capabilities).arg(&program).output().unwrap();
        if !given.status.success() {
            return skipped(&format!("no capabilities on files here: {}", String::from_utf8_lossy(&given.stderr))).unwrap_or(());
        }
        let folder = dir.path().join("out");
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(65534), Some(65534)).unwrap();
        let mut command = wire.command("setpriv");
        command.args(NOBODY).arg(&program).args(["capture", "left", "-v", "--duration", BOUND, "--buffer", "8M"]);
        command.args(["--no-split", "--packets", &sent.len().to_string(), "--rotate", "8K", "--format", "ndjson"]);
        let capture = Capture::start(command.args(["-w", "kept.pcapng", "-o", "flows.ndjson"]).current_dir(&folder));
        // It listens, and no packet has come yet. Each thread has rights of its own.
        let mut threads = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", capture.child.id())).unwrap() {
            let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
            let nothing = ["CapInh", "CapPrm", "CapEff", "CapAmb"].map(|set| format!("{set}:\t0000000000000000\n"));
            let others = ["Uid:\t65534\t65534\t65534\t65534\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"].map(str::to_owned);
            for line in nothing.iter().chain(&others) {
                assert!(status.contains(line), "{line:?}: {status}");
            }
            threads += 1;
        }
        assert!(threads > 0);
        wire.send(&sent);
        let (code, _, said) = capture.end_as_text();
        assert_eq!(code, Some(0), "{said}");
        let kept = pieces(&folder, "kept", ".pcapng");
        assert!(kept.len() > 1, "{kept:?}");
        assert_eq!(kept.iter().flat_map(|piece| frames(piece)).collect::<Vec<_>>(), sent);
        let written = pieces(&folder, "flows", ".ndjson");
        assert!(written.len() > 1, "{written:?}");
        let last = fs::read_to_string(written.last().unwrap()).unwrap();
        let summary: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
        assert_eq!(counters(&summary), (sent.len() as u64, 0, 0));
    }
}

#[test]
fn without_rights_one_message_says_what_to_do() {
    let Some(wire) = Wire::new().filter(|_| has_program("setpriv")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let program = program_for_all(dir.path());
    let mut command = wire.command("setpriv");
    command.args(NOBODY).arg("--bounding-set=-all");
    let said = said_by(command.arg(&program).args(["capture", "left"]));
    assert_eq!((said.code, &*said.out), (Some(2), ""), "{}", said.err);
    assert_eq!(said.err.matches("flowlabel: ").count(), 1, "{}", said.err);
    let program = program.to_str().unwrap();
    for what in [
        "no permission to capture on left".to_owned(),
        format!("sudo {program} capture left"),
        format!("sudo setcap cap_net_raw=ep {program}"),
        format!("sudo chgrp pcap {program}"),
    ] {
        assert!(said.err.contains(&what), "{what}: {}", said.err);
    }
}
