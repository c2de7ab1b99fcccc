//! The live view on a real terminal emulator (tmux), with packets passing by: what is seen, and that the terminal is given back whatever happens.

#![cfg(test)]
#![cfg(feature = "live")]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowlabel::catalog::{self, Catalog};
use flowlabel::record::Drops;
use flowlabel::tui;
use support::wire::{Wire, frames, has_program};

/// Nothing takes longer to be seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal with a shell in it, in the namespace of a wire; gone when it is dropped.
struct Screen<'a> {
    wire: &'a Wire,
    socket: String,
}

impl<'a> Screen<'a> {
    fn new(wire: &'a Wire) -> Self {
        let screen = Self { wire, socket: wire.name.clone() };
        screen.tmux(&["new-session", "-d", "-x", "80", "-y", "24", "env PS1='ready> ' LC_ALL=C.UTF-8 sh"]);
        screen.until("ready>");
        screen
    }

    fn command(&self) -> Command {
        let mut command = self.wire.command("tmux");
        command.args(["-u", "-f", "/dev/null", "-L", &self.socket]);
        command
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn run(&self, command: &str) {
        self.press(&[command, "Enter"]);
    }

    fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until something is to be seen.
    fn until(&self, what: &str) -> String {
        self.until_it(what, |text| text.contains(what))
    }

    fn until_it(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if is_so(&text) {
                return text;
            }
            assert!(begun.elapsed() < PATIENCE, "no {what:?} in:\n{text}");
        }
    }

    /// Starts the view; what was said on the terminal before is gone.
    fn view(&self, before: &str, options: &str) -> String {
        let program = env!("CARGO_BIN_EXE_flowlabel");
        self.run(&format!("clear; {before} {program} capture left --buffer 8M {options}; echo \"exit code $?\""));
        self.until("nothing lost")
    }

    /// The shell is back, the screen is the usual one, and keys are echoed again.
    fn is_given_back(&self, code: i32) -> String {
        let text = self.until(&format!("exit code {code}"));
        assert_eq!(self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]).trim(), "0 1");
        self.run("clear; stty -a | grep -cw -e '-icanon' -e '-echo'; echo 'asked'");
        let stty = self.until_it("asked", |text| text.contains("\nasked"));
        assert!(stty.contains("0\nasked"), "{stty}");
        text
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").output();
    }
}

/// The process of a name among those that a process has started.
fn descendant(of: &str, name: &str) -> Option<String> {
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    children.split_whitespace().find_map(|child| {
        let is_it = std::fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|comm| comm.trim() == name);
        if is_it { Some(child.to_owned()) } else { descendant(child, name) }
    })
}

fn demo() -> Vec<Vec<u8>> {
    frames(&support::repository("fixtures/demo/segment/capture.pcap"))
}

fn wire() -> Option<Wire> {
    Wire::new().filter(|_| has_program("tmux"))
}

#[test]
fn what_passes_by_is_seen_filtered_explained_and_fits_any_size() {
    let Some(wire) = wire() else { return };
    let screen = Screen::new(&wire);
    screen.view("", "--idle-timeout 1s");
    wire.send(&demo());
    let text = screen.until("322 packets");
    assert_eq!(screen.tmux(&["display-message", "-p", "#{alternate_on}"]).trim(), "1");
    assert!(text.contains("1 Labels") && text.contains("2 Newest") && text.contains("? help"), "{text}");
    screen.until("HTTP");
    screen.press(&["3"]);
    screen.until("3 Flagged");
    screen.press(&["Enter"]);
    screen.until("port-undocumented");
    screen.press(&["Escape"]);
    screen.press(&["/", "postgresql"]);
    screen.until("/postgresql");
    screen.press(&["Enter"]);
    screen.until_it("one flagged flow", |text| text.contains("3 Flagged 1 ") && text.contains(":5432"));
    screen.press(&["Escape"]);
    screen.until_it("all flagged flows", |text| !text.contains("filter postgresql"));
    screen.press(&["?"]);
    screen.until("Keys and words");
    screen.press(&["?"]);
    screen.press(&["p"]);
    screen.until("PAUSED");
    screen.press(&["p"]);
    for (width, height) in [("200", "50"), ("30", "8"), ("1", "1"), ("80", "24")] {
        screen.tmux(&["resize-window", "-x", width, "-y", height]);
        if width == "200" {
            let text =
                screen.until_it("three lists", |text| ["1 Labels", "2 Newest", "3 Flagged"].iter().all(|l| text.contains(l)));
            assert!(text.lines().count() > 40 && text.contains("LAST MINUTE"), "{text}");
        }
    }
    screen.until_it("the keys", |text| text.contains("? help") && text.lines().all(|line| line.chars().count() <= 80));
    screen.press(&["q"]);
    let text = screen.is_given_back(0);
    assert!(text.contains("LABEL") || text.contains("flows"), "no table at the end: {text}");
}

#[test]
fn the_terminal_is_given_back_after_a_signal() {
    let Some(wire) = wire() else { return };
    let screen = Screen::new(&wire);
    screen.view("", "");
    let shell = screen.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let view = descendant(shell.trim(), "flowlabel").expect("no view");
    assert!(Command::new("kill").args(["-TERM", &view]).status().unwrap().success());
    screen.is_given_back(0);
}

#[test]
fn a_second_ctrl_c_ends_at_once_even_when_the_results_go_nowhere() {
    let Some(wire) = wire() else { return };
    let dir = tempfile::tempdir().unwrap();
    let screen = Screen::new(&wire);
    // Nobody reads the pipe, so the end of the capture waits for ever.
    let pipe = dir.path().join("pipe");
    let pipe = pipe.to_str().unwrap();
    screen.run(&format!("mkfifo {pipe}; sleep 60 < {pipe} &"));
    screen.view("", &format!("--format ndjson --no-split -o {pipe}"));
    for _ in 0..4 {
        wire.send(&demo());
    }
    screen.until("1.3 k packets");
    screen.press(&["C-c"]);
    screen.until("ending");
    screen.press(&["C-c"]);
    screen.is_given_back(3);
}

#[test]
fn when_the_terminal_goes_every_flow_is_reported_and_the_program_ends() {
    let Some(wire) = wire() else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flows.ndjson");
    let screen = Screen::new(&wire);
    screen.view("", &format!("--format ndjson -o {}", file.display()));
    wire.send(&demo());
    screen.until("322 packets");
    let shell = screen.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let view = descendant(shell.trim(), "flowlabel").expect("no view");
    drop(screen);
    let begun = Instant::now();
    while std::fs::read_to_string(format!("/proc/{view}/comm")).is_ok_and(|comm| comm.trim() == "flowlabel") {
        assert!(begun.elapsed() < PATIENCE, "it is still there");
    }
    let lines = std::fs::read_to_string(file).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["packets"]["total"]), (&"summary".into(), &322.into()));
}

#[test]
fn a_terminal_that_cannot_draw_gets_lines() {
    let Some(wire) = wire() else { return };
    let screen = Screen::new(&wire);
    let program = env!("CARGO_BIN_EXE_flowlabel");
    screen.run(&format!("TERM=dumb {program} capture left --buffer 8M; echo \"exit code $?\""));
    screen.until("listening on left");
    assert_eq!(screen.tmux(&["display-message", "-p", "#{alternate_on}"]).trim(), "0");
    screen.press(&["C-c"]);
    screen.is_given_back(0);
}

/// Run by the test below in a terminal of its own.
#[test]
#[ignore = "it panics"]
fn panics_with_the_view_open() {
    let catalog = Catalog::load(&catalog::Options { builtin: true, ..Default::default() }).unwrap();
    let (ask, asked) = std::sync::mpsc::channel();
    let capture = tui::Capture {
        name: "left".to_owned(),
        counts: Box::new(|| (0, 0, Drops::default())),
        end: Box::new(move || ask.send(()).unwrap()),
        leave: Box::new(|| ()),
        is_ending: Box::new(|| false),
    };
    let _view = tui::View::open(Arc::default(), Arc::new(catalog), capture, true).unwrap();
    asked.recv().unwrap();
    panic!("on purpose");
}

#[test]
fn the_terminal_is_given_back_after_a_panic() {
    let Some(wire) = wire() else { return };
    let screen = Screen::new(&wire);
    let program = std::env::current_exe().unwrap();
    let program = program.display();
    screen.run(&format!(
        "clear; RUST_BACKTRACE=0 {program} --exact panics_with_the_view_open --ignored --nocapture; echo \"exit code $?\""
    ));
    screen.until("nothing lost");
    screen.press(&["q"]);
    let text = screen.is_given_back(101);
    assert!(text.contains("on purpose"), "{text}");
}
