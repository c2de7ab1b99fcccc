//! `flowlabel rpc` through the real binary: who listens where, as a table and as JSON.

#![cfg(test)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::binary::{Said, flowlabel, read, said_by};
use support::conversation::{Capture, looked_up};

const CLIENT: &str = "10.0.0.1";
const SERVER: &str = "10.0.0.2";

fn rpc(path: &Path, options: &[&str]) -> Said {
    said_by(flowlabel().arg("rpc").arg(path).args(options))
}

fn recorded(name: &str) -> PathBuf {
    support::repository("fixtures/servers").join(name).join("capture.pcap")
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.err))
}

/// The lines of a table with their runs of spaces made one.
fn lines(said: &Said) -> Vec<String> {
    said.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_table_lists_by_server_what_a_domain_controller_registered_and_who_came() {
    let said = rpc(&recorded("samba"), &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let lines = lines(&said);
    assert_eq!(lines[0], "10.77.0.1 takes its ports from 49152-65535 (since Windows Vista and Server 2008)");
    // The ports that `ask.py` printed, and the answers that tshark shows them in.
    for (place, what) in [("tcp/49152", "netlogon 1.0"), ("tcp/49153", "lsarpc 0.0"), ("tcp/49154", "samr 1.0")] {
        let line = lines.iter().find(|line| line.starts_with(place)).unwrap_or_else(|| panic!("{place}: {}", said.out));
        assert!(line.contains(what) && line.contains("ept_lookup in packet 12"), "{line}");
    }
    let samr = lines.iter().find(|line| line.contains("samr 1.0")).unwrap();
    assert!(samr.contains("10.77.0.20 10.77.0.21"), "two hosts bound samr: {samr}");
    let drsuapi = lines.iter().find(|line| line.contains("drsuapi 4.0")).unwrap();
    assert!(drsuapi.ends_with("10.77.0.20") && drsuapi.contains("svc.lsass"), "{drsuapi}");
    assert!(lines.iter().any(|line| line.contains("high ports: 5 flows") && line.contains("explained 100% of the flows")));
}

#[test]
fn json_has_every_field_of_an_endpoint_and_the_blocks_of_the_summary() {
    let path = recorded("samba");
    let told = json(&rpc(&path, &["--format", "json"]));
    let endpoints = told["learned"].as_array().unwrap();
    let netlogon = endpoints.iter().find(|endpoint| endpoint["name"] == "netlogon").unwrap();
    let expected = serde_json::json!({
        "server": "10.77.0.1", "transport": "tcp", "port": 49152, "protocol": "RPC", "interface": "12345678-1234-abcd-ef00-01234567cffb",
        "version": "1.0", "name": "netlogon", "annotation": "netlogon", "systems": ["svc.netlogon"], "lasting": "listener", "how": "ept_lookup",
        "packet": 12, "told": ["10.77.0.20"], "clients": ["10.77.0.20"], "bound_by": ["10.77.0.20"]
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&netlogon[field], value, "{field}");
    }
    assert!(netlogon["first"].as_str().unwrap() < netlogon["last"].as_str().unwrap());
    let summary = read(&path, &[]).summary();
    for block in ["learned", "announcements", "high_ports", "high_ports_total"] {
        assert_eq!(told[block], summary[block], "{block}");
    }
}

/// Case, server, transport, port, interface and version, how and from which packet, as tshark's `epm` and `dcom` dissectors read the same packets.
const CRAFTED: &[(&str, &str, &str, u64, &str, &str, u64)] = &[
    ("smb-pipes", "10.1.0.5", "tcp", 49158, "samr 1.0", "ept_map", 16),
    ("smb-pipes", "10.1.0.40", "tcp", 49160, "netlogon 1.0", "ept_map", 40),
    ("mapper", "10.1.0.5", "tcp", 6004, "nspi 56.0", "ept_map", 8),
    ("mapper", "10.1.0.5", "tcp", 49170, "nspi 56.0", "ept_map", 8),
    ("mapper", "10.1.0.7", "udp", 1035, "samr 1.0", "ept_map", 13),
    ("mapper", "10.1.0.7", "udp", 1036, "netlogon 1.0", "ept_map", 16),
    ("mapper", "10.1.0.6", "tcp", 49171, "drsuapi 4.0", "ept_map", 23),
    ("mapper", "10.1.0.5", "tcp", 49172, "lsarpc 0.0", "ept_map", 33),
    ("mapper", "10.1.0.5", "tcp", 49173, "spoolss 1.0", "ept_lookup", 44),
    ("mapper", "10.1.0.5", "tcp", 49174, "svcctl 2.0", "ept_lookup", 46),
    ("dcom", "10.1.0.50", "tcp", 49155, "DCOM object, IWbemLevel1Login", "RemoteCreateInstance", 7),
    ("dcom", "10.1.0.51", "tcp", 49160, "DCOM object", "ResolveOxid2", 17),
    ("dcom", "10.1.0.52", "tcp", 1027, "DCOM object, IWbemLevel1Login", "RemoteActivation", 59),
];

#[test]
fn mappers_and_activators_are_read_over_everything_that_carries_them() {
    for case in ["smb-pipes", "mapper", "dcom"] {
        let path = support::repository("fixtures/announced").join(case).join("capture.pcap");
        let told = json(&rpc(&path, &["--format", "json"]));
        let endpoints = told["learned"].as_array().unwrap();
        let row = |end: &Value| {
            let text = |field: &str| end[field].as_str().unwrap_or_default().to_owned();
            let offered = [text("name"), text("version")].join(" ");
            let what = if offered.trim().is_empty() { text("annotation") } else { offered };
            let (port, packet) = (end["port"].as_u64().unwrap(), end["packet"].as_u64().unwrap());
            (text("server"), text("transport"), port, what, text("how"), packet)
        };
        let told: std::collections::BTreeSet<_> = endpoints.iter().filter(|end| end["how"] != "bind").map(row).collect();
        let owned = |text: &str| text.to_owned();
        let expected = CRAFTED.iter().filter(|row| row.0 == case);
        let expected = expected.map(|(_, server, transport, port, what, how, packet)| {
            (owned(server), owned(transport), *port, owned(what), owned(how), *packet)
        });
        assert_eq!(told, expected.collect(), "{case}");
    }
}

/// A listener: its case, server, transport and port; how and from which packet it was learned; who was told, and who came.
type Listener =
    (&'static str, &'static str, &'static str, u64, &'static str, u64, &'static [&'static str], &'static [&'static str]);

const NEAR: &str = "10.77.0.20";
const FAR: &str = "10.77.0.21";
const HOME: &str = "10.77.0.1";

/// As tshark shows the packets and the connections of what real servers and clients said.
const RECORDED: &[Listener] = &[
    ("samba-clients", HOME, "tcp", 49154, "ept_map", 9, &[NEAR], &[NEAR, FAR]),
    ("samba-clients", HOME, "tcp", 49153, "ept_map", 33, &[NEAR], &[NEAR]),
    ("samba-pipe", HOME, "tcp", 49154, "ept_map", 23, &[NEAR, FAR], &[NEAR, FAR]),
    ("samba-pipe", HOME, "tcp", 49153, "ept_map", 67, &[NEAR, FAR], &[NEAR, FAR]),
    ("portmap-status", HOME, "udp", 32765, "GETADDR", 2, &[NEAR], &[NEAR]),
    ("portmap-status", HOME, "tcp", 32765, "GETADDR", 12, &[NEAR], &[NEAR, FAR]),
    ("portmap-status", HOME, "tcp", 32765, "GETADDR", 34, &[FAR], &[NEAR, FAR]),
    ("ssrp", HOME, "tcp", 1433, "SQL Browser", 2, &[NEAR, FAR], &[FAR]),
    ("ssrp", HOME, "tcp", 49501, "SQL Browser", 2, &[NEAR, FAR], &[NEAR]),
    ("ssrp", HOME, "tcp", 49502, "SQL Browser DAC", 14, &[NEAR], &[NEAR, FAR]),
    ("ssrp", HOME, "tcp", 49502, "SQL Browser DAC", 38, &[FAR], &[NEAR, FAR]),
    ("upnp", HOME, "tcp", 8200, "SSDP LOCATION", 13, &[NEAR, "239.255.255.250"], &[NEAR, FAR]),
    ("upnp", NEAR, "tcp", 5431, "GENA CALLBACK", 40, &[HOME], &[HOME]),
];

#[test]
fn what_real_servers_announce_is_listed_with_who_was_told_and_who_came() {
    let cases: std::collections::BTreeSet<_> = RECORDED.iter().map(|row| row.0).collect();
    for case in cases {
        let told = json(&rpc(&recorded(case), &["--format", "json"]));
        let mut rows: Vec<Value> =
            told["learned"].as_array().unwrap().iter().filter(|end| end["how"] != "bind").cloned().collect();
        for (_, server, transport, port, how, packet, heard, came) in RECORDED.iter().filter(|row| row.0 == case) {
            let is_it = |end: &Value| {
                (&end["server"], &end["transport"], &end["how"])
                    == (&Value::from(*server), &Value::from(*transport), &Value::from(*how))
                    && (end["port"].as_u64(), end["packet"].as_u64()) == (Some(*port), Some(*packet))
            };
            let at = rows.iter().position(is_it).unwrap_or_else(|| panic!("{case} {transport}/{port} {how}: {rows:#?}"));
            let found = rows.swap_remove(at);
            assert_eq!((&found["told"], &found["clients"]), (&Value::from(*heard), &Value::from(*came)), "{case} {port}");
        }
        assert!(rows.is_empty(), "{case}: nobody else listens: {rows:#?}");
    }
}

#[test]
fn what_is_for_one_conversation_is_listed_with_its_host_and_counted_where_there_is_much_of_it() {
    for (name, wanted) in [
        ("ftp", "FTP default data passive, control on port 21 svc.msftpsvc PASV in packet"),
        ("tftp", "TFTP read boot.bin, blocks of 1024 svc.tftpd sccm.link.08 RRQ in packet"),
        ("rtsp", "RTP svc.wmserver RTSP SETUP in packet"),
        ("ssrp", "instance PAYROLL 10.50.1600.1 svc.mssqlserver and 12 more SQL Browser in packet"),
    ] {
        let said = rpc(&recorded(name), &[]);
        assert!(lines(&said).iter().any(|line| line.contains(wanted)), "{name}: {}", said.out);
    }
    let mut capture = Capture::new();
    for n in 0..30_u16 {
        capture.udp((CLIENT, 2000 + n), (SERVER, 69), b"\0\x01boot\0octet\0");
    }
    let path = capture.write("rpc-many");
    let said = rpc(&path, &[]);
    std::fs::remove_file(&path).unwrap();
    assert!(lines(&said).contains(&"and 18 more for one conversation or session each: TFTP (RRQ)".to_owned()), "{}", said.out);
}

#[test]
fn what_a_packet_says_cannot_steer_a_terminal() {
    let mut capture = Capture::new();
    let hostile: &[u8] = b"\x1b[31mred\r\n\x9b2J\x07<b>";
    capture.asked((CLIENT, 40_000), SERVER, &looked_up(&[(49_158, hostile), (49_159, b"plain")]));
    let path = capture.write("rpc-hostile");
    let (table, text) = (rpc(&path, &["--color", "always"]), rpc(&path, &["--format", "json"]));
    std::fs::remove_file(&path).unwrap();
    assert!(table.out.contains("red") && table.out.contains("plain"), "{}", table.out);
    for said in [&table, &text] {
        assert!(said.out.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", said.out);
    }
    let told = json(&text);
    let endpoint = told["learned"].as_array().unwrap().iter().find(|endpoint| endpoint["port"] == 49_158).unwrap();
    let annotation = endpoint["annotation"].as_str().unwrap();
    assert!(annotation.contains("[31mred") && !annotation.contains('\u{1b}'), "{annotation}");
}

#[test]
fn a_row_that_is_too_wide_is_folded_and_loses_nothing() {
    let path = recorded("samba");
    let said = |columns: &str| said_by(flowlabel().arg("rpc").arg(&path).env("COLUMNS", columns)).out;
    let (wide, narrow) = (said("200"), said("80"));
    assert_eq!(wide, rpc(&path, &[]).out, "a row is a line where it has room, and in a pipe");
    let is_endpoint = |line: &&str| line.starts_with("  ") && !line.starts_with("  high ports");
    let longest = narrow.lines().filter(is_endpoint).map(str::len).max().unwrap();
    assert!(longest <= 80, "{longest}: {narrow}");
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        let headings = ["learned", "from", "seen", "clients"];
        let words = text.split_whitespace().map(|word| word.trim_end_matches(',').to_owned());
        words.filter(|word| !headings.contains(&word.as_str())).collect()
    };
    assert_eq!(words(&narrow), words(&wide));
    let below = |row: &str| narrow.lines().skip_while(|line| !line.contains(row)).nth(1).unwrap().trim().to_owned();
    assert_eq!(below("epmapper 3.0"), "bind in packet 1, 2026-11-25 16:30:55-16:30:56, 10.77.0.20 10.77.0.21");
    assert_eq!(below("drsuapi 4.0"), "10.77.0.20", "learned as the row above, but somebody came: {narrow}");
}

#[test]
fn what_a_server_announced_explains_its_port_though_no_document_lists_it() {
    let path = recorded("portmap-status");
    let records = read(&path, &[]).records().0;
    let high = records.iter().filter(|record| record["server"]["port"] == 32765);
    assert!(high.clone().all(|record| (&record["verdict"], &record["evidence"]) == (&"unmatched".into(), &Value::Null)));
    let told = json(&rpc(&path, &["--format", "json"]));
    let total = &told["high_ports_total"];
    assert_eq!((&total["flows"], &total["explained"]["learned"]["flows"]), (&3.into(), &high.count().into()));
    assert_eq!(total["unexplained"], serde_json::json!([]));
}

#[test]
fn nothing_learned_is_said_and_is_no_failure() {
    let empty = Capture::new().write("rpc-empty");
    let said = rpc(&empty, &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "Nobody announced where it listens, and no DCE/RPC was bound.\n"));
    assert_eq!(json(&rpc(&empty, &["--format", "json"]))["learned"], serde_json::json!([]));
    std::fs::remove_file(&empty).unwrap();
}

#[test]
fn exit_codes_are_those_of_read() {
    let path = recorded("samba");
    assert_eq!(rpc(&path, &["--format", "csv"]).code, Some(2));
    assert_eq!(rpc(Path::new("/nonexistent/capture.pcap"), &[]).code, Some(2));
    let none = said_by(flowlabel().arg("rpc"));
    assert!(none.code == Some(2) && none.err.contains("name capture files"), "{}", none.err);
    let bytes = std::fs::read(&path).unwrap();
    let cut = std::env::temp_dir().join(format!("flowlabel-rpc-cut-{}.pcap", std::process::id()));
    std::fs::write(&cut, &bytes[..bytes.len() - 7]).unwrap();
    let said = rpc(&cut, &[]);
    std::fs::remove_file(&cut).unwrap();
    assert_eq!(said.code, Some(3));
    assert!(said.out.contains("netlogon 1.0") && !said.err.is_empty(), "what could be read is told: {}", said.err);
}

#[test]
fn directories_several_files_and_standard_input() {
    let all = rpc(&support::repository("fixtures/servers"), &["--format", "json"]);
    let servers: std::collections::BTreeSet<String> =
        json(&all)["learned"].as_array().unwrap().iter().map(|end| end["server"].as_str().unwrap().to_owned()).collect();
    assert!(servers.contains("10.77.0.1") && servers.contains("fd77::1"), "{servers:?}");
    let file = std::fs::File::open(recorded("samba")).unwrap();
    let piped = said_by(flowlabel().args(["rpc", "-"]).stdin(file));
    assert_eq!(piped.out, rpc(&recorded("samba"), &[]).out);
}

/// The sample ends with an ellipsis.
#[test]
fn the_sample_in_the_readme_is_what_is_printed() {
    const COMMAND: &str = "$ flowlabel rpc fixtures/demo/segment/capture.pcap\n";
    let readme = std::fs::read_to_string(support::repository("README.md")).unwrap();
    let (_, sample) = readme.split_once(COMMAND).unwrap();
    let (sample, _) = sample.split_once("...\n").unwrap();
    let said = rpc(&support::repository("fixtures/demo/segment/capture.pcap"), &[]);
    assert!(!sample.is_empty() && said.out.starts_with(sample), "{sample}{}", said.out);
}
