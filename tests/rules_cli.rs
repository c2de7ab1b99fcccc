//! Rules through the real binary: an administrator's own, mistakes in them, `catalog check` and `explain`.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::fs;

use serde_json::Value;
use support::program::{self, Said, run};
use tempfile::TempDir;

/// A directory with one rules file.
fn rules(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corp.toml"), text).unwrap();
    folder
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

/// One conversation for each port, all from one client to servers of their own: 10.1.0.1, 10.1.0.2 ...
fn capture(ports: &[(&str, u16)]) -> Vec<u8> {
    let head = "title = \"own rules\"\nstart = 2026-03-02T08:00:00Z\n".to_owned();
    let flows = ports.iter().enumerate().map(|(at, (transport, port))| {
        let steps = if *transport == "tcp" { "'open', 'close'" } else { "'> 0xfe', '< 0xfe'" };
        let ends = format!("from = \"10.9.0.1:40001\"\nto = \"10.1.0.{}:{port}\"", at + 1);
        format!("[[flow]]\n{ends}\nprotocol = \"{transport}\"\nsteps = [{steps}]\n")
    });
    let scenario: String = std::iter::once(head).chain(flows).collect();
    support::capture(&scenario).unwrap()
}

/// The record of each conversation, read with these options.
fn read(ports: &[(&str, u16)], options: &[&str]) -> Vec<Value> {
    let mut flows = program::flows(&capture(ports), options);
    flows.sort_by_key(|flow| flow["server"]["ip"].as_str().unwrap().rsplit('.').next().unwrap().parse::<u8>().unwrap());
    assert_eq!(flows.len(), ports.len());
    flows
}

fn labels(flows: &[Value]) -> Vec<&str> {
    flows.iter().map(|flow| flow["label"].as_str().unwrap_or("-")).collect()
}

const PORTS: &[(&str, u16)] = &[("tcp", 9102), ("udp", 9115), ("tcp", 80), ("tcp", 445), ("udp", 5353), ("udp", 5355)];

#[test]
fn without_rules_of_ones_own_the_documents_speak() {
    assert_eq!(labels(&read(PORTS, &[])), ["-", "-", "HTTP", "SMB", "-", "-"]);
}

#[test]
fn an_administrators_service_is_added() {
    let folder = rules(
        r#"
[[system]]
id = "corp.ledger"
name = "Ledger"
facts = [
    { protocol = "Ledger", transport = "tcp", port = 9102 },
    { protocol = "Ledger sync", transport = "udp", port = "9110-9119" },
]
"#,
    );
    let flows = read(PORTS, &["--rules", path(&folder)]);
    assert_eq!(labels(&flows), ["Ledger", "Ledger sync", "HTTP", "SMB", "-", "-"]);
    assert_eq!((&flows[0]["verdict"], &flows[0]["systems"]), (&"matched".into(), &serde_json::json!(["corp.ledger"])));
    assert_eq!(flows[0]["sources"], serde_json::json!(["corp:6"]));
    let explained = run(&["explain", "9102/tcp", "--rules", path(&folder)]);
    assert!(explained.code == Some(0) && explained.out.contains("corp.ledger"), "{}{}", explained.out, explained.err);
}

#[test]
fn a_label_is_overridden_and_a_fact_switched_off() {
    let folder = rules(
        r#"
without = ["housekeeping"]
[[system]]
id = "corp.web"
name = "Intranet"
facts = [{ protocol = "Intranet", transport = "tcp", port = 80 }]
[[system]]
id = "svc.spooler"
facts = [{ protocol = "SMB", transport = "tcp", port = 445, status = "defect" }]
"#,
    );
    let flows = read(PORTS, &["--rules", path(&folder)]);
    assert_eq!(labels(&flows), ["-", "-", "Intranet", "SMB", "-", "-"]);
    let systems =
        |flow: &Value| flow["systems"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(systems(&flows[2])[0], "corp.web");
    assert!(systems(&flows[2]).iter().any(|id| id == "svc.w3svc"), "the documents stay candidates");
    assert!(!systems(&flows[3]).iter().any(|id| id == "svc.spooler"), "switched off: {}", flows[3]);
}

#[test]
fn networks_limit_a_service_to_its_servers() {
    let folder = rules(
        r#"
[[system]]
id = "corp.ledger"
name = "Ledger"
networks = ["10.1.0.1"]
facts = [{ protocol = "Ledger", transport = "tcp", port = [9102, 80] }]
"#,
    );
    let flows = read(&[("tcp", 9102), ("tcp", 9102), ("tcp", 80)], &["--rules", path(&folder)]);
    assert_eq!(labels(&flows), ["Ledger", "-", "HTTP"]);
    assert_eq!(flows[1]["flags"], serde_json::json!(["port-undocumented"]));
    assert!(!flows[2]["systems"].to_string().contains("corp.ledger"), "{}", flows[2]);
}

#[test]
fn the_last_directory_wins() {
    let service = |label: &str| {
        rules(&format!(
            "[[system]]\nid = \"corp.{label}\"\nname = \"{label}\"\nfacts = [{{ protocol = \"{label}\", transport = \"tcp\", port = 9102 }}]\n"
        ))
    };
    let (one, two) = (service("one"), service("two"));
    let flows = read(&[("tcp", 9102)], &["--rules", path(&one), "--rules", path(&two)]);
    assert_eq!(labels(&flows), ["two"]);
    let flows = read(&[("tcp", 9102)], &["--rules", path(&two), "--rules", path(&one)]);
    assert_eq!(labels(&flows), ["one"]);
}

#[test]
fn without_the_built_in_rules_nothing_is_known() {
    let flows = read(PORTS, &["--no-builtin-rules"]);
    assert!(flows.iter().all(|flow| flow["verdict"] == "unmatched" && flow["label"].is_null()), "{flows:?}");
    let folder = rules("[[system]]\nid = \"a\"\nname = \"A\"\nfacts = [{ protocol = \"A\", transport = \"tcp\", port = 445 }]\n");
    let flows = read(PORTS, &["--no-builtin-rules", "--rules", path(&folder)]);
    assert_eq!(labels(&flows), ["-", "-", "-", "A", "-", "-"]);
}

#[test]
fn the_chatter_of_present_networks_is_asked_for() {
    let flows = read(PORTS, &["--with", "common-lan"]);
    assert_eq!(labels(&flows), ["-", "-", "HTTP", "SMB", "mDNS", "LLMNR"]);
    let unknown = run(&["catalog", "list", "--with", "comon-lan"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("common-lan"), "{}", unknown.err);
}

/// A file with one mistake in it, and what the message must hold: the line, the text at fault, what would be right.
#[test]
fn a_mistake_is_told_with_its_place_and_its_cure() {
    let fact = |fact: &str| format!("[[system]]\nid = \"a\"\nname = \"A\"\nfacts = [\n    {{ {fact} }},\n]\n");
    let cases = [
        (fact(r#"protocol = "A", transport = "tpc", port = 1"#), ["corp.toml:5:", "`tpc`", "tcp"]),
        (fact(r#"protocol = "A", transport = "tcp", port = 70000"#), ["corp.toml:5:", "70000", "65535"]),
        (fact(r#"protocol = "A", transport = "tcp", port = "9-5""#), ["corp.toml:5:", "9-5", "lower number first"]),
        (fact(r#"protocol = "A", transport = "tcp", prot = 9"#), ["corp.toml:5:", "`prot`", "`port`"]),
        (fact(r#"protocol = "A", transport = "tcp""#), ["corp.toml:5:", "port", "range"]),
        (fact(r#"protocol = "A", transport = "tcp", port = 9, status = "doubtfull""#), ["corp.toml:5:", "doubtfull", "doubtful"]),
        (
            "[[system]]\nid = \"a\"\nname = \"A\"\nnetworks = [\"10.1.0.0/40\"]\n".to_owned(),
            ["corp.toml:4:", "10.1.0.0/40", "10.1.0.0/16"],
        ),
        ("[[sytem]]\nid = \"a\"\n".to_owned(), ["corp.toml:1:", "sytem", "system"]),
        ("without = [\"huosekeeping\"]\n".to_owned(), ["corp.toml:1:", "huosekeeping", "housekeeping"]),
        ("[[system]]\nid = \"a\nname = 3\n".to_owned(), ["corp.toml:2:", "", ""]),
    ];
    for (text, parts) in cases {
        let folder = rules(&text);
        for arguments in [&["catalog", "check"][..], &["explain", "80/tcp"], &["read", "x.pcap"]] {
            let said = run(&[arguments, &["--rules", path(&folder)]].concat());
            assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{text}");
            for part in parts {
                assert!(said.err.contains(part), "{part:?} for\n{text}\nin\n{}", said.err);
            }
        }
    }
}

#[test]
fn a_directory_that_holds_no_rules_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    for directory in [path(&empty), "no/such/folder"] {
        let said = run(&["catalog", "list", "--rules", directory]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(said.err.contains(directory), "{}", said.err);
    }
}

#[test]
fn check_says_by_its_code_whether_there_is_something() {
    let clean = run(&["catalog", "check"]);
    assert_eq!(clean.code, Some(0), "{}{}", clean.out, clean.err);
    let twice = rules(
        "[[system]]\nid = \"a\"\nname = \"A\"\nfacts = [\n    { protocol = \"A\", transport = \"tcp\", port = 9 },\n    { protocol = \"A\", transport = \"tcp\", port = 9 },\n]\n",
    );
    let findings = run(&["catalog", "check", "--rules", path(&twice)]);
    assert_eq!(findings.code, Some(1), "{}{}", findings.out, findings.err);
    assert!(findings.out.contains("corp.toml:6"), "{}", findings.out);
    let json = run(&["catalog", "check", "--format", "json", "--rules", path(&twice)]);
    assert_eq!((json.code, json.json().as_array().map(Vec::is_empty)), (Some(1), Some(false)));
}

fn explain(what: &str) -> Said {
    run(&["explain", what])
}

#[test]
fn every_kind_of_question_is_explained() {
    // (question, what the answer must hold)
    let cases: &[(&str, &[&str])] = &[
        ("2703/udp", &["SMS Remote Chat", "svc.sms-remote-control", "sms20sp2.chat", "kb832017:553", "q256884:47", "C05"]),
        ("2103/tcp", &["MSMQ-RPC", "svc.msmq", "kb832017:383", "kb832017-early:426"]),
        ("135/tcp", &["svc.rpcss", "C34", "listens"]),
        ("123/tcp", &["kb832017:690", "C07", "NTP"]),
        ("20/tcp", &["opened", "C25", "kb832017:315"]),
        ("68/udp", &["67", "sccm-2007:193"]),
        ("8540/tcp", &["vmm-2016:34", "C81", "8530"]),
        ("63500/udp", &["63000-64000", "sccm-2007:341"]),
        ("gre", &["47", "svc.rras", "kb832017:500", "C54"]),
        ("icmp/8", &["sccm.link.42", "vmm16.src.16", "sccm-2007:775"]),
        ("Message Queuing", &["svc.msmq", "1801/tcp", "kb832017:377"]),
        ("msmq", &["svc.msmq"]),
        ("Kerberos", &["88/tcp", "88/udp", "kb832017:345"]),
        ("svc.w32time", &["W32Time", "kb832017:742"]),
        ("SSDPSRV", &["svc.ssdp"]),
        ("sccm.link.17", &["Client", "Management Point", "80/tcp", "443/tcp", "sccm-2007:363", "configured"]),
        ("sccm.link.31", &["Server Locator Point", "sccm-2007:587", "C72"]),
        ("vmm16.src.12", &["WMI", "vmm-2016:37"]),
        ("sms12-20.remote-tools", &["Q167128", "C57"]),
        ("C34", &["svc.rpcss", "135/tcp"]),
        ("3343/tcp", &["derived", "C94"]),
        ("25/udp", &["doubtful", "C49"]),
        ("99/tcp", &["no document"]),
    ];
    let mut complaints = Vec::new();
    for (question, parts) in cases {
        let said = explain(question);
        if said.code != Some(0) || !said.err.is_empty() {
            complaints.push(format!("{question}: {:?} {}", said.code, said.err));
        }
        // Long lines are folded.
        let flat = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        complaints.extend(
            parts.iter().filter(|part| !flat.contains(*part)).map(|part| format!("{question}: no {part:?} in\n{}", said.out)),
        );
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn json_explains_the_same() {
    let said = run(&["explain", "2703/udp", "--format", "json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.json().to_string().contains("svc.sms-remote-control"));
}

#[test]
fn what_is_not_known_is_code_2_with_a_suggestion() {
    for (question, suggestion) in [
        ("Mesage Queuing", "Message Queuing"),
        ("sccm.link.99", "sccm.link."),
        ("svc.msqm", "svc.msmq"),
        ("70000/tcp", "2703/udp"),
        ("zzz", "2703/udp"),
    ] {
        let said = explain(question);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{question}");
        assert!(said.err.contains(question) && said.err.contains(suggestion), "{question}: {}", said.err);
    }
}

#[test]
fn an_interface_is_explained_by_its_uuid_and_by_its_name() {
    let known = "e3514235-4b06-11d1-ab04-00c04fc2dcd2 is the DCE/RPC interface drsuapi 4.0: Active Directory replication, [MS-DRSR].\n  \
        It belongs to Local Security Authority [svc.lsass].\n";
    for question in ["e3514235-4b06-11d1-ab04-00c04fc2dcd2", "E3514235-4B06-11D1-AB04-00C04FC2DCD2", "drsuapi"] {
        let Said { code, out, .. } = run(&["explain", question]);
        assert_eq!((code, out.as_str()), (Some(0), known));
    }
    let json: Value = serde_json::from_str(&run(&["explain", "drsuapi", "--format", "json"]).out).unwrap();
    assert_eq!((&json[0]["document"], &json[0]["systems"][0]), (&"MS-DRSR".into(), &"svc.lsass".into()));
    assert_eq!(run(&["explain", "00000000-1111-2222-3333-444444444444"]).code, Some(2));
}
