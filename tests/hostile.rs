//! Bad input through the real binary: every damage has its message, its place in the summary and its exit code, what could be read
//! is reported, nothing from a file reaches a terminal unescaped, and memory stays within its bounds.
//!
//! `UPDATE_FIXTURES=1 cargo test --test hostile` writes `fixtures/hostile` anew.

#![cfg(test)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flowlabel::capture::{Batch, Options, Source, open};
use serde_json::Value;
use tempfile::TempDir;

use support::binary::{Said, flowlabel, read, said_by};
use support::captures::say;
use support::framing::{block, claimed, enhanced, interface, pcap, record, section, syn, udp, udp_packet};

const ETHERNET: u32 = 1;

/// A folder for one test, and files in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A pcap file with so many packets of one flow, a second apart.
fn good(packets: u32) -> Vec<u8> {
    let records = (0..packets).flat_map(|second| record(second, &udp(2, 1024)));
    pcap(262_144, ETHERNET).into_iter().chain(records).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Asserts the exit code, the packets, and the one damage: its packet, its offset, a part of its reason, and that stderr says all that.
fn assert_damage(said: &Said, file: &Path, packets: u64, (packet, offset, reason): (Option<u64>, u64, &str)) {
    assert_eq!(said.code, Some(3), "{}", said.err);
    let summary = said.summary();
    assert_eq!(summary["packets"]["total"], packets, "{summary}");
    let damage = &summary["damage"][0];
    assert_eq!(damage["file"], text(file));
    assert_eq!(damage["packet"].as_u64(), packet, "{damage}");
    assert_eq!(damage["offset"], offset, "{damage}");
    assert!(damage["reason"].as_str().unwrap().contains(reason), "{damage}");
    let place = packet.map_or(String::new(), |packet| format!("packet {packet}, "));
    let line = format!("flowlabel: {}: {place}byte {offset}: ", file.display());
    assert!(said.err.contains(&line) && said.err.contains(reason), "{line} {reason}: {}", said.err);
}

// Cut files.

/// Packets and first damage of a file, in this process.
fn opened(path: &Path) -> (u64, Option<(Option<u64>, u64)>) {
    let mut source = open(&[path.to_owned()], &Options::default()).unwrap();
    let (mut batch, mut packets) = (Batch::default(), 0);
    while source.fill(&mut batch) {
        packets += batch.packets.len() as u64;
    }
    (packets, source.damage().first().map(|damage| (damage.packet, damage.offset)))
}

/// `ends` is where each record or block ends, and whether it holds a packet.
fn cut_everywhere(whole: &[u8], ends: &[(usize, bool)]) {
    let desk = Desk::new();
    for length in 1..whole.len() {
        let before: Vec<_> = ends.iter().filter(|(end, _)| *end <= length).collect();
        let packets = before.iter().filter(|(_, packet)| *packet).count() as u64;
        let last = before.last().map_or(0, |(end, _)| *end);
        let (found, damage) = opened(&desk.put("cut", &whole[..length]));
        assert_eq!(found, packets, "cut after {length} bytes");
        let offset = damage.map(|(_, offset)| offset);
        assert_eq!(offset, (last != length).then_some(last as u64), "cut after {length} bytes");
    }
}

#[test]
fn a_pcap_file_cut_anywhere_gives_its_whole_packets_and_says_where_it_is_cut() {
    let ends: Vec<_> = std::iter::once((24, false)).chain((1..=3).map(|n| (24 + n * 58, true))).collect();
    cut_everywhere(&good(3), &ends);
}

#[test]
fn a_pcapng_file_cut_anywhere_gives_its_whole_packets_and_says_where_it_is_cut() {
    let blocks =
        [section(1), interface(1, 6), enhanced(0, 1, &udp(2, 1024)), block(0xbad, &[1; 10]), enhanced(0, 2, &udp(2, 1024))];
    let mut end = 0;
    let ends: Vec<_> = blocks
        .iter()
        .map(|block| {
            end += block.len();
            (end, block[0] == 6)
        })
        .collect();
    cut_everywhere(&blocks.concat(), &ends);
}

#[test]
fn the_message_names_file_packet_offset_and_reason() {
    let desk = Desk::new();
    let whole = good(3);
    for (length, packets, damage) in [
        (20, 0, (None, 0, "the file header is cut: 20 of 24 bytes")),
        (24 + 58 + 10, 1, (Some(2), 82, "ends in a packet's header, after 10 of 16 bytes")),
        (24 + 2 * 58 + 16 + 30, 2, (Some(3), 140, "ends in a packet, after 30 of 42 captured bytes")),
    ] {
        let cut = desk.put("cut.pcap", &whole[..length]);
        assert_damage(&read(&cut, &[]), &cut, packets, damage);
    }
}

#[test]
fn compressed_data_that_is_cut_or_damaged_gives_what_came_before() {
    let desk = Desk::new();
    // Two members: the first is whole.
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let (first, second) = (packed(&good(2)), packed(&record(9, &udp(3, 1024))));
    let cut = desk.put("cut.pcap.gz", &[&first[..], &second[..second.len() - 9]].concat());
    let said = read(&cut, &[]);
    assert_eq!(said.code, Some(3));
    assert!(said.err.contains("the gzip data is cut; what came before was read"), "{}", said.err);
    assert!(number(&said.summary()["packets"]["total"]) >= 2);
    let mut bytes = [first, second].concat();
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let said = read(&desk.put("wrong.pcap.gz", &bytes), &[]);
    assert_eq!((said.code, said.summary()["packets"]["total"].as_u64()), (Some(3), Some(3)));
    assert!(said.err.contains("the gzip data is damaged"), "{}", said.err);
}

// Lies.

#[test]
fn a_record_with_an_absurd_length_is_passed_over_where_the_file_goes_on() {
    let desk = Desk::new();
    let bad = claimed(3, (0x7fff_ffff, 60), &[0x5a; 60]);
    let more: Vec<u8> = (3..33).flat_map(|second| record(second, &udp(2, 1024))).collect();
    let begins = good(3).len();
    // A long chain of records convinces; after fewer nobody can know that they are any.
    for (records, packets) in [(30, 33), (15, 3)] {
        let file = desk.put("lie.pcap", &[&good(3)[..], &bad, &more[..records * 58]].concat());
        assert_damage(&read(&file, &[]), &file, packets, (Some(4), begins as u64, "claims 2147483647 captured bytes"));
    }
}

#[test]
fn lengths_that_contradict_each_other_are_taken_as_they_stand() {
    let desk = Desk::new();
    let frame = udp(2, 1024);
    // Less on the wire than captured; more than the snap length; nothing at all.
    let records = [claimed(0, (42, 10), &frame), claimed(1, (42, u32::MAX), &frame), claimed(2, (0, 0), &[])].concat();
    let said = read(&desk.put("odd.pcap", &[pcap(16, ETHERNET), records].concat()), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let summary = said.summary();
    assert_eq!(summary["packets"], serde_json::json!({"total": 3, "flows": 2, "non_ip": 0, "undecodable": 1}));
    assert_eq!(summary["bytes"], 10 + u64::from(u32::MAX));
}

#[test]
fn a_block_that_claims_more_than_there_is_ends_the_file_there() {
    let desk = Desk::new();
    let mut lie = enhanced(0, 2, &udp(2, 1024));
    lie[4..8].copy_from_slice(&0x0fff_fff0_u32.to_le_bytes());
    let before = [section(1), interface(1, 6), enhanced(0, 1, &udp(2, 1024))].concat();
    let file = desk.put("lie.pcapng", &[&before[..], &lie].concat());
    assert_damage(&read(&file, &[]), &file, 1, (Some(2), before.len() as u64, "ends in a block"));
}

#[test]
fn what_is_piped_byte_by_byte_reads_like_a_file() {
    let desk = Desk::new();
    let whole = support::repository("fixtures/hostile/bad-block/capture.pcap");
    let mut child = flowlabel()
        .args(["read", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = fs::read(&whole).unwrap();
    let writer = std::thread::spawn(move || bytes.chunks(1).for_each(|byte| input.write_all(byte).unwrap()));
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    writer.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let flows = |out: &str| out.lines().filter(|line| line.contains(r#""type":"flow""#)).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(flows(&out), flows(&read(&desk.put("whole", &fs::read(&whole).unwrap()), &[]).out));
}

// What is no capture, or cannot be read.

#[test]
fn what_is_no_capture_is_named_and_the_code_is_3() {
    let desk = Desk::new();
    for (name, bytes, part) in [
        ("empty.pcap", &b""[..], "it is empty"),
        ("text.pcap", b"No. Time Source\n", "a text file"),
        ("zeros.pcap", &[0; 64], "its first bytes are 00 00"),
        ("snoop.pcap", b"snoop\0\0\0\0\0\0\x02", "editcap"),
    ] {
        let file = desk.put(name, bytes);
        assert_damage(&read(&file, &[]), &file, 0, (None, 0, part));
    }
    let device = Path::new("/dev/null");
    assert_damage(&read(device, &[]), device, 0, (None, 0, "it is empty"));
}

#[test]
fn a_directory_without_captures_says_so() {
    let desk = Desk::new();
    let folder = desk.0.path();
    assert_damage(&read(folder, &[]), folder, 0, (None, 0, "no capture at all"));
    desk.put("notes.txt", b"hello\n");
    std::os::unix::fs::symlink(".", folder.join("again")).unwrap();
    let said = read(folder, &["-v"]);
    assert_damage(&said, folder, 0, (None, 0, "no capture at all"));
    assert!(said.err.contains("notes.txt: passed over") && said.err.contains("again: passed over"), "{}", said.err);
}

/// The command as a user that permissions hold for; `None` where that cannot be had.
fn unprivileged(desk: &Desk) -> Option<Command> {
    let locked = desk.put("locked", b"");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(locked).is_err() {
        return Some(flowlabel());
    }
    // Another user must be able to reach the binary and the files.
    fs::set_permissions(desk.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = desk.0.path().join("flowlabel");
    fs::copy(env!("CARGO_BIN_EXE_flowlabel"), &binary).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(binary).stdin(Stdio::null());
    let works = Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"]).status();
    works.is_ok_and(|status| status.success()).then_some(command)
}

#[test]
fn a_missing_permission_is_named() {
    let desk = Desk::new();
    let Some(mut command) = unprivileged(&desk) else {
        return say("\nNOT TESTED: permissions hold for nobody here (no setpriv)");
    };
    let (open, closed) = (desk.put("open.pcap", &good(2)), desk.put("closed.pcap", &good(2)));
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let said = said_by(command.arg("read").args([&open, &closed]).args(["--format", "ndjson"]));
    assert_damage(&said, &closed, 2, (None, 0, "no permission to read it"));
    let said = said_by(unprivileged(&desk).unwrap().arg("read").arg(&closed));
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{}", said.err);
    assert!(said.err.contains("no permission to read it"), "{}", said.err);
}

// Links and clocks.

#[test]
fn link_types_belong_to_the_frame_and_an_unknown_one_is_counted_by_its_number() {
    let (records, summary) = read(&support::repository("fixtures/hostile/mixed-links/capture.pcap"), &[]).records();
    assert_eq!(summary["packets"], serde_json::json!({"total": 4, "flows": 3, "non_ip": 0, "undecodable": 1}));
    assert_eq!(summary["undecodable"], serde_json::json!({"link-type-60000": 1}));
    assert_eq!(records.len(), 1, "Ethernet, raw IP and null carry one flow");
    assert_eq!(records[0]["packets"]["client"], 3);
}

#[test]
fn a_clock_that_jumps_splits_forward_and_never_backward() {
    let (records, _) = read(&support::repository("fixtures/hostile/clock-jumps/capture.pcap"), &[]).records();
    let shown: Vec<_> =
        records.iter().map(|record| (record["id"].as_str().unwrap(), number(&record["packets"]["client"]))).collect();
    // 10 s, then the end of 32-bit time, 11 s, 0 s and 12 s; then 2038.
    assert_eq!(shown, [("1.0", 1), ("2.0", 4), ("6.0", 1)]);
    assert_eq!(records[1]["first"], "1970-01-01T00:00:00.000000Z");
    assert_eq!(records[1]["last"], "2106-02-07T06:28:15.000000Z");
    let single = read(&support::repository("fixtures/hostile/clock-jumps/capture.pcap"), &["--no-split"]);
    assert_eq!(single.records().0.len(), 1);
}

#[test]
fn a_year_beyond_9999_prints_as_its_number() {
    let (records, _) = read(&support::repository("fixtures/hostile/far-future/capture.pcap"), &["--no-split"]).records();
    // 253402300800 is 10000-01-01 (date -u -d @253402300800).
    assert_eq!(records[0]["first"], "10000-01-01T00:00:00Z");
    // The last second of a 64-bit signed clock (date -u -d @9223372036854775807 fails; by the 400-year cycle of the calendar).
    assert_eq!(records[0]["last"], "292277026596-12-04T15:30:07Z");
}

// Output.

#[test]
fn a_full_disk_is_code_2_and_names_what_could_not_be_written() {
    let desk = Desk::new();
    let cut = desk.put("cut.pcap", &good(3)[..150]);
    for format in ["table", "ndjson", "json", "csv"] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let said = said_by(flowlabel().arg("read").arg(&cut).args(["-q", "--format", format]).stdout(full));
        assert_eq!(said.code, Some(2), "{format}: {}", said.err);
        assert!(said.err.contains("cannot write the results: No space left"), "{format}: {}", said.err);
        assert!(said.err.contains("packet 3, byte 140"), "{format}: the damage is said all the same: {}", said.err);
    }
    let said = read(&cut, &["-o", "/dev/full"]);
    assert!(said.code == Some(2) && said.err.contains("cannot write /dev/full"), "{}", said.err);
}

#[test]
fn an_input_is_never_overwritten() {
    let desk = Desk::new();
    let file = desk.put("x.pcap", &good(2));
    std::os::unix::fs::symlink(&file, desk.0.path().join("link")).unwrap();
    for output in [&file, &desk.0.path().join("link")] {
        let said = read(&file, &["-o", text(output)]);
        assert!(said.code == Some(2) && said.err.contains("overwrite"), "{}", said.err);
        assert_eq!(fs::read(&file).unwrap(), good(2));
    }
}

#[test]
fn who_reads_only_the_first_line_is_no_failure() {
    let desk = Desk::new();
    // More than a pipe holds, and damaged: that would be said otherwise.
    let records: Vec<u8> = (0..400).flat_map(|n| record(n, &syn(n))).collect();
    let file = desk.put("many.pcap", &[pcap(262_144, ETHERNET), records, vec![0; 5]].concat());
    let mut child = flowlabel()
        .arg("read")
        .arg(&file)
        .args(["--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn exit_codes_take_precedence_2_3_1_0() {
    let desk = Desk::new();
    let odd: Vec<u8> = (0..3).flat_map(|n| record(n, &[&udp(2, 1024)[..36], &[0xee, 0xee, 0, 8, 0, 0]].concat())).collect();
    let whole = [pcap(262_144, ETHERNET), odd].concat();
    let (flagged, cut) = (desk.put("flagged.pcap", &whole), desk.put("cut.pcap", &whole[..whole.len() - 1]));
    assert_eq!(read(&flagged, &[]).code, Some(0));
    assert_eq!(read(&flagged, &["--fail-on", "flagged"]).code, Some(1));
    assert_eq!(read(&cut, &["--fail-on", "flagged"]).code, Some(3));
    assert_eq!(read(&cut, &["--fail-on", "flagged", "-o", "/dev/full"]).code, Some(2));
    let missing = desk.0.path().join("missing.pcap");
    assert_eq!(said_by(flowlabel().arg("read").args([&missing, &missing])).code, Some(2));
    let said = said_by(flowlabel().arg("read").args([&missing, &flagged]).args(["--format", "ndjson"]));
    assert_damage(&said, &missing, 3, (None, 0, "there is no such file"));
}

#[test]
fn nothing_in_a_name_reaches_the_terminal() {
    let desk = Desk::new();
    let evil = "\x1b]0;owned\x07\u{202e}\u{9b}2J\r\nflowlabel: all is well";
    let folder = desk.0.path().join(format!("d{evil}"));
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(format!("{name}{evil}")), bytes).unwrap();
    put("a", &good(3)[..150]);
    put("b", b"a text\n");
    let bare = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    for format in ["table", "ndjson", "json", "csv"] {
        let said = said_by(flowlabel().arg("read").arg(&folder).args(["-v", "--flows", "--format", format]));
        assert_eq!(said.code, Some(3));
        assert!(!bare(&said.out), "{format}: {:?}", said.out);
        assert!(!bare(&said.err) && said.err.lines().all(|line| !line.starts_with("flowlabel: all")), "{:?}", said.err);
    }
    for arguments in [&["read"][..], &["read", "--rules"], &["read", "x", "-o"], &["explain"], &["read", "x", "--from"]] {
        let said = said_by(flowlabel().args(arguments).arg(folder.join("missing/x")));
        assert!(said.code == Some(2) && !bare(&said.err), "{arguments:?}: {:?}", said.err);
    }
}

#[test]
fn absurd_options_are_refused_or_harmless() {
    let demo = support::repository("fixtures/demo/segment/capture.pcap");
    let usual = read(&demo, &[]).out;
    for workers in ["65", "100000", "18446744073709551615"] {
        assert_eq!(read(&demo, &["--workers", workers]).out, usual, "{workers}");
    }
    for options in [
        &["--from", "9223372036854775807-01-01"][..],
        &["--to", "-9223372036854775808-12-31T23:59:59Z"],
        &["--workers", "0"],
        &["--max-flows", "0"],
        &["--idle-timeout", "18446744073709551615d"],
    ] {
        let options: Vec<String> =
            if options[0].starts_with("--to") { vec![options.join("=")] } else { options.iter().map(|&o| o.into()).collect() };
        let said = said_by(flowlabel().arg("read").arg(&demo).args(&options));
        assert!(said.code == Some(2) && !said.err.contains("panicked"), "{options:?}: {:?} {}", said.code, said.err);
    }
    for options in [&["--from", "-9223372036854775808"][..], &["--to", "9223372036854775807.999999999"]] {
        let options = options.join("=");
        assert_eq!(said_by(flowlabel().arg("read").arg(&demo).arg(&options)).code, Some(0), "{options}");
    }
}

// Bounds.

/// Runs `read FILE` with so many MiB of address space, the summary alone written.
fn within(mebibytes: u32, file: &Path, options: &[&str]) -> Value {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -v {} && exec \"$@\"", mebibytes << 10)).arg("sh").arg(env!("CARGO_BIN_EXE_flowlabel"));
    let only = ["--format", "ndjson", "--only", "host=192.0.2.1"];
    let said = said_by(command.arg("read").arg(file).args(only).args(options));
    assert!(matches!(said.code, Some(0 | 3)), "{options:?} within {mebibytes} MiB: {:?} {}", said.code, said.err);
    said.summary()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

#[test]
fn huge_records_out_of_a_small_file_take_bounded_memory() {
    const HUGE: u32 = 96 << 20;
    let desk = Desk::new();
    let head = zstd(&pcap(HUGE, ETHERNET));
    let huge = zstd(&claimed(1, (HUGE, HUGE), &vec![0; HUGE as usize]));
    assert!(huge.len() < 100 << 10);
    let file = desk.put("bomb.pcap.zst", &[head, huge.repeat(24)].concat());
    for workers in ["1", "8"] {
        let summary = within(1400, &file, &["--workers", workers]);
        assert_eq!(summary["packets"]["total"], 24);
    }
}

#[test]
fn millions_of_remarkable_sections_take_bounded_memory() {
    let desk = Desk::new();
    let file = desk.put("sections.pcapng.zst", &zstd(&section(7).repeat(3_000_000)));
    assert_eq!(within(160, &file, &["-v"])["packets"]["total"], 0);
}

#[test]
fn damage_everywhere_is_counted_and_not_listed() {
    let desk = Desk::new();
    let mut bad = enhanced(0, 1, b"????");
    *bad.last_mut().unwrap() = 1;
    let unit = [bad, enhanced(0, 1, &udp(2, 1024)).repeat(4)].concat();
    let file = desk.put("bad.pcapng", &[section(1), interface(1, 6), unit.repeat(3000)].concat());
    let summary = within(160, &file, &[]);
    assert_eq!(summary["packets"]["total"], 12_000);
    let damage = summary["damage"].as_array().unwrap();
    assert_eq!(damage.len(), 101);
    assert_eq!(damage[100]["reason"], "2900 more places are damaged");
}

#[test]
fn a_million_half_open_connections_take_no_more_than_their_limit() {
    const MILLION: u32 = 1_000_000;
    let desk = Desk::new();
    let mut bytes = pcap(262_144, ETHERNET);
    (0..MILLION).for_each(|n| bytes.extend(record(n / 1000, &syn(n))));
    let file = desk.put("million.pcap", &bytes);
    let all = within(800, &file, &["--workers", "2"]);
    assert_eq!((number(&all["flows"]["total"]), number(&all["flows"]["evicted"])), (1_000_000, 0));
    let few = within(400, &file, &["--workers", "2", "--max-flows", "6400"]);
    let (total, evicted) = (number(&few["flows"]["total"]), number(&few["flows"]["evicted"]));
    assert_eq!(total, 1_000_000);
    assert!((MILLION as u64 - 6400..MILLION as u64).contains(&evicted), "{evicted}");
    assert_eq!(few["packets"]["flows"], MILLION);
}

// Fixtures.

/// The captures of `fixtures/hostile`.
fn hostile() -> [(&'static str, Vec<u8>); 6] {
    let frame = udp(2, 1024);
    let packets = |range: std::ops::Range<u32>| range.flat_map(|second| record(second, &frame)).collect::<Vec<u8>>();
    let ng = |blocks: &[Vec<u8>]| [section(1), blocks.concat()].concat();
    let mut bad = enhanced(0, 2, &frame);
    *bad.last_mut().unwrap() = 0x5a;
    let null = [&[2, 0, 0, 0][..], &udp_packet(2, 1024)].concat();
    let last_second = i64::MAX.cast_unsigned();
    [
        ("cut", good(3)[..150].to_vec()),
        ("bad-record", [good(2), claimed(2, (0x7fff_ffff, 60), &[0x5a; 60]), packets(2..22)].concat()),
        (
            "bad-block",
            ng(&[
                interface(1, 6),
                enhanced(0, 1, &frame),
                bad,
                enhanced(0, 3, &frame),
                enhanced(7, 4, &frame),
                block(0xbad, &[1, 2, 3]),
                enhanced(0, 5, &frame),
                enhanced(0, 6, &frame),
            ]),
        ),
        (
            "mixed-links",
            ng(&[
                interface(1, 6),
                interface(101, 6),
                interface(60_000, 6),
                interface(0, 6),
                enhanced(0, 1, &frame),
                enhanced(1, 2, &udp_packet(2, 1024)),
                enhanced(2, 3, &frame),
                enhanced(3, 4, &null),
            ]),
        ),
        (
            "clock-jumps",
            [10, u32::MAX, 11, 0, 12, 1 << 31]
                .iter()
                .fold(pcap(262_144, ETHERNET), |file, second| [file, record(*second, &frame)].concat()),
        ),
        (
            "far-future",
            ng(&[
                interface(1, 0),
                enhanced(0, 253_402_300_800, &frame),
                enhanced(0, last_second, &frame),
                enhanced(0, u64::MAX, &frame),
            ]),
        ),
    ]
}

#[test]
fn the_fixtures_are_what_is_written_here() {
    for (name, bytes) in hostile() {
        let path = support::repository("fixtures/hostile").join(name).join("capture.pcap");
        if support::is_asked_for("UPDATE_FIXTURES") {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(&path).unwrap() == bytes, "{} (make fixtures writes it anew)", path.display());
    }
}
