use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::capture::testing::{pcap_file, pcapng_file, read_bytes};
use crate::capture::{Batch, Source};

/// What a run over inputs gave: first byte and number of every packet, and what was said.
#[derive(Debug, Default)]
struct Run {
    packets: Vec<(u64, u8)>,
    damage: Vec<String>,
    notes: Vec<String>,
    inputs: Vec<(String, u64)>,
    progress: (u64, Option<u64>),
}

fn run(inputs: &[PathBuf], options: &Options) -> Run {
    let mut source = open(inputs, options).unwrap();
    let mut batch = Batch::default();
    let mut run = Run::default();
    while source.fill(&mut batch) {
        run.packets.extend(batch.packets.iter().map(|p| (p.number, batch.frame(p).data[0])));
    }
    assert!(!source.fill(&mut batch), "the end stays the end");
    run.damage = source.damage().iter().map(|d| format!("{}: {}", name(Path::new(&d.file)), d.reason)).collect();
    run.notes = source.notes().iter().map(|n| format!("{}: {}", name(Path::new(&n.file)), n.text)).collect();
    run.inputs = source.inputs().iter().map(|i| (name(Path::new(&i.path)), i.bytes)).collect();
    run.progress = source.progress();
    run
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn numbers_run_on_over_the_inputs_in_their_order() {
    let folder = TempDir::new().unwrap();
    let inputs = [put(&folder, "b.pcap", &pcap_file(false, 2)), put(&folder, "a.pcapng", &pcapng_file(true, 3))];
    let run = run(&inputs, &Options::default());
    assert_eq!(run.packets, [(1, 0), (2, 1), (3, 0), (4, 1), (5, 2)]);
    assert_eq!(run.inputs, [("b.pcap".to_owned(), 96), ("a.pcapng".to_owned(), 204)]);
    assert_eq!(run.progress, (300, Some(300)));
}

#[test]
fn a_directory_is_read_in_order_of_name_and_below() {
    let folder = TempDir::new().unwrap();
    put(&folder, "in/c", &pcap_file(false, 1));
    put(&folder, "in/b/2", &pcapng_file(false, 2));
    put(&folder, "in/b/10", &pcap_file(true, 3));
    put(&folder, "in/a.txt", b"hello\n");
    put(&folder, "in/d", b"");
    std::os::unix::fs::symlink("..", folder.path().join("in/up")).unwrap();
    let run = run(&[folder.path().join("in")], &Options::default());
    assert_eq!(run.inputs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["10", "2", "c"]);
    assert!(run.damage.is_empty(), "{run:?}");
    assert_eq!(
        run.notes,
        [
            "a.txt: passed over, it is no capture: it looks like a text file",
            "d: passed over, it is no capture: it is empty",
            "up: passed over: a link to a directory"
        ]
    );
}

#[test]
fn a_directory_without_captures_is_damage() {
    let folder = TempDir::new().unwrap();
    put(&folder, "in/a.txt", b"hello\n");
    let good = put(&folder, "good", &pcap_file(false, 1));
    let run = run(&[good.clone(), folder.path().join("in"), good], &Options::default());
    assert_eq!(run.damage, ["in: there is no capture at all in this directory"]);
    assert_eq!(run.packets.len(), 2);
}

#[test]
fn named_files_that_are_no_captures_are_damage() {
    let folder = TempDir::new().unwrap();
    let inputs = [
        put(&folder, "empty", b""),
        put(&folder, "text", b"hello\n"),
        put(&folder, "snoop", b"snoop\0\0\0\0\0\0\x02\0\0\0\x04"),
        put(&folder, "short", &pcap_file(false, 1)[..20]),
        put(&folder, "text.gz", &gzip(b"hello\n")),
    ];
    let run = run(&inputs, &Options::default());
    assert_eq!(
        run.damage,
        [
            "empty: it is no capture: it is empty",
            "text: it is no capture: it looks like a text file",
            "snoop: it is no capture: it looks like a Sun snoop file; convert it with: editcap -F pcapng FILE OUT",
            "short: the file header is cut: 20 of 24 bytes",
            "text.gz: it is no capture: it looks like a text file"
        ]
    );
    assert_eq!(run.inputs.len(), 5);
}

#[test]
fn what_is_missing_is_damage_unless_all_is() {
    let folder = TempDir::new().unwrap();
    let (good, missing) = (put(&folder, "good", &pcap_file(false, 1)), folder.path().join("missing"));
    let some = run(&[missing.clone(), good], &Options::default());
    assert_eq!(some.damage, ["missing: there is no such file"]);
    assert_eq!(some.packets.len(), 1);
    let none = open(&[missing], &Options::default()).err().unwrap();
    assert!(none.to_string().ends_with("missing: there is no such file"), "{none}");
    assert!(open(&[], &Options::default()).is_err());
}

#[test]
fn packed_files_are_told_by_their_bytes() {
    let folder = TempDir::new().unwrap();
    let (pcap, pcapng) = (pcap_file(false, 3), pcapng_file(true, 2));
    let members = [gzip(&pcap[..50]), gzip(&pcap[50..])].concat();
    let inputs = [
        put(&folder, "members.pcap", &members),
        put(&folder, "zstd", &zstd::encode_all(&pcapng[..], 3).unwrap()),
        put(&folder, "frames", &[zstd::encode_all(&pcap[..60], 3).unwrap(), zstd::encode_all(&pcap[60..], 3).unwrap()].concat()),
    ];
    let run = run(&inputs, &Options::default());
    assert_eq!(run.packets.len(), 3 + 2 + 3, "{run:?}");
    assert!(run.damage.is_empty(), "{run:?}");
    assert_eq!(run.progress.1, Some(run.progress.0));
}

#[test]
fn a_packed_file_that_is_cut_gives_what_can_be_read() {
    let noise: Vec<u8> = (0..400_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut pcap = crate::capture::testing::pcap_header(false, 0xa1b2_c3d4, (2, 4), 65_535, 1);
    for chunk in noise.chunks(1000) {
        pcap.extend(crate::capture::testing::pcap_record(false, [1, 0, 1000, 1000], chunk));
    }
    for (packed, said) in
        [(gzip(&pcap), "the gzip data is cut"), (zstd::encode_all(&pcap[..], 3).unwrap(), "the zstd data is cut")]
    {
        let out = read_bytes(&packed[..packed.len() - 9]);
        assert!(out.damage[0].reason.starts_with(said), "{:?}", out.damage);
        assert_eq!(out.damage.len(), 1);
        // zstd gives whole blocks of at most 128 KiB: three here before the last.
        let least = if said.contains("zstd") { 3 * 131_072 / 1016 } else { 398 };
        assert!(out.packets.len() >= least, "{} packets", out.packets.len());
    }
    let mut wrong = gzip(&pcap);
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    let out = read_bytes(&wrong);
    assert_eq!(out.packets.len(), 400);
    assert!(out.damage[0].reason.starts_with("the gzip data is damaged"), "{:?}", out.damage);
}

#[test]
fn a_mapped_file_gives_the_same_as_a_stream() {
    let folder = TempDir::new().unwrap();
    let mut bytes = crate::capture::testing::pcap_header(false, 0xa1b2_3c4d, (2, 4), 65_535, 1);
    // Two windows and some, with records that lie across their borders.
    let data = vec![7u8; 60_001];
    for n in 0..1200u32 {
        bytes.extend(crate::capture::testing::pcap_record(false, [n, n, 60_001, 60_001], &data));
    }
    bytes.truncate(bytes.len() - 1);
    let path = put(&folder, "large", &bytes);
    let mapped = run(&[path], &Options::default());
    let stream = read_bytes(&bytes);
    assert_eq!((mapped.packets.len(), stream.packets.len()), (1199, 1199));
    assert_eq!(mapped.packets.last(), Some(&(1199, 7)));
    assert_eq!(mapped.damage, ["large: the file ends in a packet, after 60000 of 60001 captured bytes; nothing was read beyond"]);
    assert_eq!(stream.damage[0].offset, 24 + 1199 * 60_017);
}

#[test]
fn merging_goes_by_time_and_keeps_the_order_of_equals() {
    let folder = TempDir::new().unwrap();
    let record = |second, byte: u8| crate::capture::testing::pcap_record(false, [second, 0, 1, 1], &[byte]);
    let file = |records: &[Vec<u8>]| {
        [crate::capture::testing::pcap_header(false, 0xa1b2_c3d4, (2, 4), 65_535, 1), records.concat()].concat()
    };
    let inputs = [
        put(&folder, "a", &file(&[record(1, 10), record(5, 11), record(5, 12), record(2, 13)])),
        put(&folder, "b", &file(&[record(1, 20), record(4, 21), record(5, 22), record(9, 23)])),
    ];
    let run = run(&inputs, &Options { merge: true, ..Options::default() });
    // 13 is out of order in its own file and stays behind 12.
    let expected = [10, 20, 21, 11, 12, 13, 22, 23];
    assert_eq!(run.packets, (1..).zip(expected).collect::<Vec<_>>());
    assert_eq!(run.inputs.len(), 2);
    assert_eq!(run.progress, (184, Some(184)));
}

#[test]
fn a_time_window_includes_both_its_ends_and_keeps_numbers() {
    let folder = TempDir::new().unwrap();
    let inputs = [put(&folder, "a", &pcap_file(false, 6))];
    let at = |second| Some(Timestamp::new(second, 7000, 6));
    let window = |from, to| run(&inputs, &Options { from, to, ..Options::default() }).packets;
    assert_eq!(window(at(1001), at(1003)), [(2, 1), (3, 2), (4, 3)]);
    assert_eq!(window(at(1004), None), [(5, 4), (6, 5)]);
    assert_eq!(window(None, at(1000)), [(1, 0)]);
}

#[test]
fn a_fifo_is_read_like_a_pipe() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || fs::write(path, pcap_file(false, 4)).unwrap())
    };
    let run = run(&[path], &Options::default());
    writer.join().unwrap();
    assert_eq!(run.packets.len(), 4);
    assert_eq!((run.inputs[0].1, run.progress), (168, (168, None)));
}
