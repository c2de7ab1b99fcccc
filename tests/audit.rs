//! `flowlabel audit` as a pipeline and an administrator meet it: exit codes, quiet runs, baselines, `JUnit`, SARIF, csv, display filters, live traffic.

#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::binary::{Said, flowlabel, said_by};
use support::traffic::{End, Talk, capture};

const POLICY: &str = r#"
name = "a & b <segment>"
[roles]
"Client" = ["10.1.8.0/24"]
"Management Point" = ["10.1.0.11"]
"Microsoft SQL Server" = ["10.1.0.20"]
[services]
"DNS Server" = ["10.1.0.5"]
[[forbid]]
to = "Client"
transport = "tcp"
ports = ["23"]
reason = "telnet is retired"
"#;

/// A folder with a policy and captures.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(bench.path("policy.toml"), POLICY).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn capture(&self, name: &str, talks: &[Talk]) -> PathBuf {
        fs::write(self.path(name), capture(talks)).unwrap();
        self.path(name)
    }

    /// `flowlabel audit --policy policy.toml OPTIONS... FILE`, inside of the folder.
    fn audit(&self, file: &str, options: &[&str]) -> Said {
        let mut command = flowlabel();
        command.current_dir(self.folder.path()).args(["audit", "--policy", "policy.toml"]).args(options).arg(file);
        said_by(&mut command)
    }

    fn json(&self, file: &str, options: &[&str]) -> Value {
        let said = self.audit(file, &[&["--format", "json"], options].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.err))
    }
}

const ASKS: &str = r#""GET /sms_mp/.sms_aut?mplist HTTP/1.1\r\nHost: mp1\r\n\r\n""#;
const ANSWERS: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;
/// A question for a name, and its answer.
const QUESTION: &str = r#"0x2a01 0x0100 0x0001 zeros 6 name "sms1.corp.example" 0x00010001"#;
const ANSWER: &str =
    r#"0x2a01 0x8180 0x0001 0x0001 zeros 4 name "sms1.corp.example" 0x00010001 0xc00c 0x00010001 0x00000e10 0x0004 0x0a010009"#;

fn http(client: &str, server: &str, port: u16) -> Talk {
    Talk::new(client, server, "tcp", port).saying(ASKS, ANSWERS)
}

fn dns(client: &str, server: &str) -> Talk {
    Talk::new(client, server, "udp", 53).saying(QUESTION, ANSWER)
}

/// All as the policy has it.
fn clean() -> Vec<Talk> {
    vec![http("10.1.8.20", "10.1.0.11", 80), dns("10.1.8.21", "10.1.0.5")]
}

/// Telnet to a client, SQL on a host without the role, an unanswered attempt, and something unknown from two clients.
fn findings() -> Vec<Talk> {
    let mut talks = clean();
    talks.extend([
        Talk::new("10.1.0.5", "10.1.8.20", "tcp", 23),
        Talk::new("10.1.0.11", "10.1.0.99", "tcp", 1433),
        http("10.1.8.22", "10.1.0.11", 80).ending(End::Unanswered),
        Talk::new("10.1.8.20", "10.1.0.77", "tcp", 6789),
        Talk::new("10.1.8.21", "10.1.0.77", "tcp", 6789).at_port(41_000),
        Talk::new("10.1.8.21", "10.1.0.77", "tcp", 6789).at_port(41_001),
    ]);
    talks
}

#[test]
fn exit_codes_in_their_order() {
    let bench = Bench::new();
    bench.capture("clean.pcap", &clean());
    bench.capture("found.pcap", &findings());
    let whole = fs::read(bench.path("found.pcap")).unwrap();
    fs::write(bench.path("cut.pcap"), &whole[..whole.len() - 3]).unwrap();
    let whole = fs::read(bench.path("clean.pcap")).unwrap();
    fs::write(bench.path("clean-cut.pcap"), &whole[..whole.len() - 3]).unwrap();
    fs::write(bench.path("no.pcap"), "this is no capture").unwrap();
    let code = |file: &str, options: &[&str]| bench.audit(file, options).code;
    assert_eq!(code("clean.pcap", &[]), Some(0));
    assert_eq!(code("found.pcap", &[]), Some(1));
    assert_eq!(code("clean.pcap", &["--fail-on", "missing"]), Some(1), "SQL was never seen");
    assert_eq!(code("clean.pcap", &["--fail-on", "flagged"]), Some(0));
    assert_eq!(code("cut.pcap", &[]), Some(3), "damage before findings");
    assert_eq!(code("clean-cut.pcap", &[]), Some(3));
    assert_eq!(code("no.pcap", &[]), Some(3));
    assert_eq!(code("nowhere.pcap", &[]), Some(2));
    assert_eq!(code("found.pcap", &["-o", "nowhere/out"]), Some(2));
    assert_eq!(code("cut.pcap", &["--baseline", "nowhere.json"]), Some(2), "a wrong call before damage");
    fs::write(bench.path("policy.toml"), "[roles]\n\"Managment Point\" = [\"10.1.0.11\"]\n").unwrap();
    let said = bench.audit("clean.pcap", &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("policy.toml:2:1") && said.err.contains("Management Point"), "{}", said.err);
    assert_eq!(said_by(flowlabel().arg("audit").arg(bench.path("clean.pcap"))).code, Some(2), "no policy");
    let read = said_by(flowlabel().args(["read", "--format", "sarif"]).arg(bench.path("clean.pcap")));
    assert_eq!((read.code, read.err.contains("sarif")), (Some(2), true), "{}", read.err);
}

/// What `--check` prints of a policy, with its exit code.
fn checked(bench: &Bench, text: &str) -> (Option<i32>, Vec<String>) {
    let path = bench.path("checked.toml");
    fs::write(&path, text).unwrap();
    let said = said_by(flowlabel().args(["audit", "--check"]).arg(&path));
    let folder = format!("{}/", path.parent().unwrap().display());
    (said.code, format!("{}{}", said.out, said.err).lines().map(|line| line.replace(&folder, "")).collect())
}

#[test]
fn a_policy_is_checked_without_traffic() {
    let bench = Bench::new();
    fs::write(bench.path("hosts"), "10.1.0.10 sms1\n10.1.0.11 # mp1\n").unwrap();
    let (code, lines) = checked(&bench, "hosts = \"hosts\"\n[groups]\n\"guests \" = \"sms1\"\n[[accept]]\nhost = \"sms1\"\n");
    assert_eq!(code, Some(0), "doubts are no failure");
    assert_eq!(
        lines,
        [
            "checked.toml:3: `guests ` has blanks at an end: it is read as `guests`",
            "hosts:2: 10.1.0.11 has no name: this line says nothing",
            "checked.toml: 0 roles, 0 expectations, 0 prohibitions, 1 accepted finding; 2 to look at",
        ]
    );
    let (_, lines) = checked(&bench, "name = \"HQ\"\n[[forbid]]\nports = [\"23\"]\n");
    assert_eq!(lines, ["checked.toml: HQ: 0 roles, 0 expectations, 1 prohibition, 0 accepted findings; 0 to look at"]);
    let (code, lines) = checked(&bench, "[roles]\n\"Sight Server\" = [\"sms1\"]\n");
    assert_eq!(code, Some(2));
    assert!(lines.iter().any(|line| line.contains("checked.toml:2:1") && line.contains("Site Server")), "{lines:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line() {
    let bench = Bench::new();
    let mistakes = |text: &str| {
        let (code, lines) = checked(&bench, text);
        assert_eq!(code, Some(2), "{lines:?}");
        lines.join("\n")
    };
    let said = mistakes("name = \"HQ\"\nhosts = \"nowhere\"\n");
    assert!(said.starts_with("flowlabel: checked.toml:2: cannot read nowhere: "), "{said}");
    // Latin-1, as an editor of an old Windows writes it; UTF-16, as its shell does.
    fs::write(bench.path("latin"), b"10.1.0.10 sms1\n10.1.0.11 b\xfcro\n").unwrap();
    let said = mistakes("hosts = \"latin\"\n");
    assert_eq!(said, "flowlabel: latin:2: this is no text in UTF-8: save the file as UTF-8");
    let wide: Vec<u8> = "\u{feff}name = \"HQ\"\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(bench.path("wide.toml"), wide).unwrap();
    let said = said_by(flowlabel().args(["audit", "--check"]).arg(bench.path("wide.toml")));
    assert!(said.code == Some(2) && said.err.contains("wide.toml:1: this is no text in UTF-8"), "{}", said.err);
}

#[test]
fn one_mistake_is_said_once() {
    let bench = Bench::new();
    for text in [
        "[[forbid]]\nports = [\"80-70\"]\n",
        "[[expect]]\ntransport = \"tpc\"\n",
        "[[proxy]]\nhosts = \"10.1.0.9\"\nports = \"x\"\n",
    ] {
        let (code, lines) = checked(&bench, text);
        assert_eq!((code, lines.len()), (Some(2), 1), "{lines:?}");
    }
}

/// Whatever was read is never written over.
#[test]
fn a_policy_is_never_written_over() {
    let bench = Bench::new();
    bench.capture("a.pcap", &clean());
    fs::write(bench.path("hosts"), "10.1.0.10 sms1\n").unwrap();
    fs::write(bench.path("policy.toml"), format!("hosts = \"hosts\"\n{POLICY}")).unwrap();
    assert_eq!(bench.audit("a.pcap", &["--format", "json", "-o", "old.json"]).code, Some(0));
    let before = ["policy.toml", "hosts", "old.json"].map(|name| fs::read(bench.path(name)).unwrap());
    for options in [
        &["--report", "policy.toml"][..],
        &["-o", "./policy.toml"],
        &["--write-flagged", "hosts"],
        &["--baseline", "old.json", "-o", "old.json"],
    ] {
        let said = bench.audit("a.pcap", options);
        assert_eq!(said.code, Some(2), "{options:?}: {}", said.err);
        assert!(said.err.contains("overwrite"), "{options:?}: {}", said.err);
    }
    assert_eq!(before, ["policy.toml", "hosts", "old.json"].map(|name| fs::read(bench.path(name)).unwrap()));
}

#[test]
fn twenty_thousand_ranges_are_a_policy_too() {
    let bench = Bench::new();
    let entry = |n: u32| {
        format!(
            "[[expect]]\nto = \"10.{}.{}.0/24\"\ntransport = \"tcp\"\nports = [\"{}-{}\"]\n",
            n >> 8,
            n & 255,
            n + 1,
            n + 40_000
        )
    };
    let (code, lines) = checked(&bench, &(0..20_000).map(entry).collect::<String>());
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    assert!(lines[0].contains("20000 expectations"), "{lines:?}");
}

#[test]
fn a_quiet_run_is_silent_until_there_is_something_to_tell() {
    let bench = Bench::new();
    bench.capture("clean.pcap", &clean());
    bench.capture("found.pcap", &findings());
    let said = bench.audit("clean.pcap", &["-q"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "", ""));
    let said = bench.audit("found.pcap", &["-q"]);
    assert!(said.code == Some(1) && said.out.contains("forbidden") && said.err.is_empty(), "{}{}", said.out, said.err);
    // What is asked for is written, whatever is in it.
    for options in [&["-q", "--format", "json"][..], &["-q", "--flows"]] {
        assert!(!bench.audit("clean.pcap", options).out.is_empty(), "{options:?}");
    }
    bench.audit("clean.pcap", &["-q", "-o", "out.txt"]);
    assert!(fs::read_to_string(bench.path("out.txt")).unwrap().contains("no findings"));
    assert!(bench.audit("clean.pcap", &["-q", "--fail-on", "missing"]).out.contains("never"));
}

#[test]
fn only_selects_what_is_written_and_not_what_is_judged() {
    let bench = Bench::new();
    bench.capture("found.pcap", &findings());
    let all = bench.json("found.pcap", &[]);
    let flagged = bench.json("found.pcap", &["--only", "flagged"]);
    assert_eq!((all["flows"].as_array().unwrap().len(), flagged["flows"].as_array().unwrap().len()), (8, 6));
    assert!(flagged["flows"].as_array().unwrap().iter().all(|flow| !flow["policy"]["findings"].as_array().unwrap().is_empty()));
    assert_eq!(all["summary"]["audit"], flagged["summary"]["audit"]);
    let one = bench.json("found.pcap", &["--only", "flagged", "--only", "host=10.1.0.99"]);
    assert_eq!(one["flows"].as_array().unwrap().len(), 1);
    assert_eq!(bench.audit("found.pcap", &["--only", "host=10.1.0.5"]).code, Some(1), "findings count, shown or not");
}

// ---- baseline -------------------------------------------------------------------------------------------------------

fn kinds(audit: &Value) -> Vec<(String, Value, Value)> {
    let groups = audit["findings"].as_array().unwrap();
    groups
        .iter()
        .map(|group| (group["kind"].as_str().unwrap().to_owned(), group["change"].clone(), group["was"].clone()))
        .collect()
}

#[test]
fn a_baseline_of_itself_leaves_nothing() {
    let bench = Bench::new();
    bench.capture("found.pcap", &findings());
    for format in ["json", "ndjson"] {
        assert_eq!(bench.audit("found.pcap", &["--format", format, "-o", "old.json"]).code, Some(1));
        let report = bench.json("found.pcap", &["--baseline", "old.json"]);
        let audit = &report["summary"]["audit"];
        assert_eq!(
            (kinds(audit).len(), &audit["known"], &audit["gone"]),
            (0, &Value::from(6), &Value::Array(Vec::new())),
            "{audit}"
        );
        assert_eq!(bench.audit("found.pcap", &["--baseline", "old.json"]).code, Some(0));
        // A known finding flags no flow, and the flow is no more expected than before.
        let flows = report["flows"].as_array().unwrap();
        assert!(flows.iter().all(|flow| flow["policy"]["findings"].as_array().unwrap().is_empty()));
        assert_eq!(flows.iter().filter(|flow| flow["policy"]["status"] == "unexpected").count(), 4);
        assert_eq!(report["summary"]["run"]["options"]["baseline"], "old.json");
    }
}

#[test]
fn what_is_new_gone_or_moved_against_a_baseline() {
    let bench = Bench::new();
    bench.capture("old.pcap", &findings());
    bench.audit("old.pcap", &["--format", "json", "-o", "old.json"]);
    // Telnet is gone; SQL has moved to another host; the unknown service to another port; DNS is not asked any more; SSH is new.
    let mut talks = vec![http("10.1.8.20", "10.1.0.11", 80), http("10.1.8.22", "10.1.0.11", 80).ending(End::Unanswered)];
    talks.extend([
        Talk::new("10.1.0.11", "10.1.0.98", "tcp", 1433),
        Talk::new("10.1.8.20", "10.1.0.77", "tcp", 6790),
        Talk::new("10.1.8.23", "10.1.0.11", "tcp", 80).saying("\"SSH-2.0-PuTTY\\r\\n\"", "\"SSH-2.0-OpenSSH_3.6\\r\\n\""),
    ]);
    bench.capture("new.pcap", &talks);
    let audit = bench.json("new.pcap", &["--baseline", "old.json"])["summary"]["audit"].clone();
    let mut found = kinds(&audit);
    found.sort_by_key(|(kind, ..)| kind.clone());
    let text = Value::from;
    assert_eq!(
        found,
        [
            ("payload-contradicts-port".to_owned(), text("new"), Value::Null),
            ("role-missing".to_owned(), text("moved"), text("10.1.0.99 tcp/1433")),
            ("unexpected".to_owned(), text("moved"), text("10.1.0.77 tcp/6789")),
        ]
    );
    assert_eq!(audit["known"], 1, "the unanswered attempt");
    let gone: Vec<(&str, &Value)> =
        audit["gone"].as_array().unwrap().iter().map(|gone| (gone["what"].as_str().unwrap(), &gone["link"])).collect();
    assert_eq!(gone, [("finding", &text("forbid:1")), ("expectation", &text("svc.dns-server"))], "{}", audit["gone"]);
    let table = bench.audit("new.pcap", &["--baseline", "old.json"]);
    assert_eq!(table.code, Some(1));
    for part in ["moved, was 10.1.0.99 tcp/1433", "GONE  2", "forbidden", "DNS udp 53"] {
        assert!(table.out.contains(part), "{part}:\n{}", table.out);
    }
    // What is gone fails nothing.
    bench.capture("clean.pcap", &clean());
    assert_eq!(bench.audit("clean.pcap", &["--baseline", "old.json"]).code, Some(0));
}

#[test]
fn a_wrong_baseline_is_named() {
    let bench = Bench::new();
    bench.capture("clean.pcap", &clean());
    fs::write(bench.path("odd.json"), "{\"flows\":[]}").unwrap();
    let said = bench.audit("clean.pcap", &["--baseline", "odd.json"]);
    assert!(said.code == Some(2) && said.err.contains("odd.json") && said.err.contains("--format json"), "{}", said.err);
    // As PowerShell's `>` writes it.
    let wide: Vec<u8> = "\u{feff}{\"flows\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(bench.path("wide.json"), wide).unwrap();
    let said = bench.audit("clean.pcap", &["--baseline", "wide.json"]);
    assert!(said.code == Some(2) && said.err.contains("wide.json:1: this is no text in UTF-8"), "{}", said.err);
}

// ---- formats --------------------------------------------------------------------------------------------------------

#[test]
fn junit_is_xml_that_counts_right() {
    let bench = Bench::new();
    bench.capture("found.pcap", &findings());
    let said = bench.audit("found.pcap", &["--format", "junit"]);
    assert_eq!(said.code, Some(1));
    let document = roxmltree::Document::parse(&said.out).unwrap_or_else(|error| panic!("{error}:\n{}", said.out));
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("name")), ("testsuites", Some("flowlabel audit: a & b <segment>")));
    // All that the schema of the Jenkins plug-in xUnit (junit-10.xsd) lets the outermost element have.
    let known = ["name", "time", "tests", "failures", "errors"];
    assert!(root.attributes().all(|attribute| known.contains(&attribute.name())), "{root:?}");
    let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
    assert_eq!(suites.iter().map(|suite| suite.attribute("name").unwrap()).collect::<Vec<_>>(), ["findings", "expectations"]);
    for suite in &suites {
        let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        let with = |tag| cases.iter().filter(|case| case.children().any(|node| node.has_tag_name(tag))).count();
        let count = |name| suite.attribute(name).unwrap().parse::<usize>().unwrap();
        assert_eq!((count("tests"), count("failures"), count("skipped")), (cases.len(), with("failure"), with("skipped")));
        assert!(cases.iter().all(|case| case.attribute("classname").is_some() && case.attribute("name").is_some()));
    }
    // Four groups of findings, and kinds of which there is none pass.
    assert_eq!((suites[0].attribute("failures"), suites[0].attribute("tests")), (Some("4"), Some("10")));
    let failure = suites[0].descendants().find(|node| node.attribute("type") == Some("forbidden")).unwrap();
    assert!(failure.attribute("message").unwrap().contains("telnet is retired"));
    assert!(failure.text().unwrap().contains("filter: ip.addr == 10.1.0.5 && ip.addr == 10.1.8.20 && tcp.port == 23"));
    assert_eq!(suites[1].attribute("failures"), Some("0"));
    let strict = bench.audit("found.pcap", &["--format", "junit", "--fail-on", "missing"]).out;
    let strict = roxmltree::Document::parse(&strict).unwrap();
    assert!(strict.descendants().any(|node| node.attribute("type") == Some("missing")));
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let bench = Bench::new();
    bench.capture("a b.pcap", &findings());
    let report = |options: &[&str]| -> Value {
        let said = bench.audit("a b.pcap", &[&["--format", "sarif"], options].concat());
        assert_eq!(said.code, Some(i32::from(!options.contains(&"--baseline"))), "{}", said.err);
        serde_json::from_str(&said.out).unwrap()
    };
    let log = report(&[]);
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&Value::from("2.1.0"), 1));
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 11);
    // SARIF 3.8.6: a URI reference; 3.27.6: the index is that of the rule; 3.27.10: no other levels.
    assert_eq!(run["artifacts"][0]["location"]["uri"], "a%20b.pcap");
    let results = run["results"].as_array().unwrap();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["error", "warning", "note", "none"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a%20b.pcap");
        assert_eq!(result.get("baselineState"), None);
    }
    let of = |rule: &str| results.iter().filter(|result| result["ruleId"] == rule).count();
    assert_eq!((of("forbidden"), of("role-missing"), of("unexpected"), of("unanswered")), (1, 1, 1, 1));
    // HTTPS of link 17, SQL of link 22, DNS over TCP.
    assert_eq!(of("missing"), 3);
    let prints: std::collections::BTreeSet<String> =
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
    assert_eq!(prints.len(), results.len(), "no two results have one fingerprint");
    // Against a baseline every result says how it stands (3.27.24).
    bench.audit("a b.pcap", &["--format", "json", "-o", "old.json"]);
    let compared = report(&["--baseline", "old.json"]);
    let states = compared["runs"][0]["results"].as_array().unwrap().iter().map(|result| &result["baselineState"]);
    assert!(states.into_iter().all(|state| state == "unchanged"));
}

#[test]
fn csv_has_what_was_found() {
    let bench = Bench::new();
    bench.capture("found.pcap", &findings());
    let said = bench.audit("found.pcap", &["--format", "csv", "--only", "host=10.1.0.99"]);
    let lines: Vec<&str> = said.out.lines().collect();
    let head: Vec<&str> = lines[0].split(',').collect();
    let tail =
        ["policy_status", "policy_by", "policy_findings", "policy_links", "policy_texts", "policy_sources", "policy_filters"];
    assert_eq!(&head[head.len() - 7..], tail);
    for part in ["unexpected,,role-missing,sccm.link.22,", "10.1.0.99", "sccm-2007:437", "tcp.port == 1433"] {
        assert!(lines[1].contains(part), "{part}: {}", lines[1]);
    }
}

// ---- display filters ------------------------------------------------------------------------------------------------

/// The frames that tshark shows: source, destination and ports of each.
fn shown(capture: &Path, filter: &str) -> Option<Vec<Vec<String>>> {
    let fields = ["ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"];
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let output = Command::new("tshark").arg("-r").arg(capture).args(["-Y", filter, "-T", "fields"]).args(fields).output().ok()?;
    assert!(output.status.success(), "{filter}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// A flow's two ends, in order.
fn ends(a: (String, String), b: (String, String)) -> [(String, String); 2] {
    if a < b { [a, b] } else { [b, a] }
}

#[test]
fn each_display_filter_shows_the_witnesses_and_nothing_else() {
    let bench = Bench::new();
    let mut talks = findings();
    // The same pairs and ports as witnesses have, but these are expected; pings; one UDP port at both ends; very many flows.
    talks.extend([
        http("10.1.8.22", "10.1.0.11", 80).at_port(42_000),
        Talk::new("10.1.8.20", "10.1.0.11", "udp", 9999).at_port(9999),
        Talk::new("10.1.8.20", "10.1.0.11", "udp", 9999).at_port(9998),
        Talk::new("10.1.0.20", "10.1.8.20", "tcp", 1433),
        http("10.1.8.24", "10.1.0.11", 8080),
        Talk::new("10.1.8.20", "10.1.0.5", "icmp", 0),
    ]);
    talks.extend((0..30).map(|n| Talk::new("10.1.8.30", "10.1.0.66", "tcp", 7001).at_port(45_000 + n)));
    let path = bench.capture("many.pcap", &talks);
    if shown(&path, "ip").is_none() {
        support::captures::say("\nNOT TESTED: tshark is missing");
        return;
    }
    let report = bench.json("many.pcap", &[]);
    let flows = report["flows"].as_array().unwrap();
    let end = |host: &Value| {
        let port = host["port"].as_u64().map(|port| port.to_string()).unwrap_or_default();
        (host["ip"].as_str().unwrap().to_owned(), port)
    };
    let of_frame = |frame: &Vec<String>| {
        let port =
            |tcp: usize| [&frame[tcp], &frame[tcp + 2]].into_iter().find(|port| !port.is_empty()).cloned().unwrap_or_default();
        ends((frame[0].clone(), port(2)), (frame[1].clone(), port(3)))
    };
    let mut checked = 0;
    let mut check = |filter: &str, witnesses: Vec<&Value>| {
        let mut expected: Vec<_> = witnesses
            .iter()
            .flat_map(|flow| {
                let packets = flow["packets"]["client"].as_u64().unwrap() + flow["packets"]["server"].as_u64().unwrap();
                vec![ends(end(&flow["client"]), end(&flow["server"])); usize::try_from(packets).unwrap()]
            })
            .collect();
        let mut found: Vec<_> = shown(&path, filter).unwrap().iter().map(of_frame).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{filter}");
        checked += 1;
    };
    for flow in flows {
        for finding in flow["policy"]["findings"].as_array().unwrap().iter().take(1) {
            // The thirty alike are checked as a group.
            if flow["server"]["ip"] != "10.1.0.66" {
                check(finding["filter"].as_str().unwrap(), vec![flow]);
            }
        }
    }
    for group in report["summary"]["audit"]["findings"].as_array().unwrap() {
        let is_in = |flow: &&Value| {
            let finding = &flow["policy"]["findings"][0];
            finding["kind"] == group["kind"]
                && flow["server"]["ip"] == group["server"]
                && flow["transport"] == group["transport"]
                && (group["port"].is_null() || flow["server"]["port"] == group["port"])
        };
        check(group["filter"].as_str().unwrap(), flows.iter().filter(is_in).collect());
    }
    assert!(checked > 15, "{checked}");
}

#[test]
fn the_filters_of_a_real_segment_are_ones_that_tshark_takes() {
    let bench = Bench::new();
    let path = support::repository("fixtures/demo/segment/capture.pcap");
    fs::write(bench.path("policy.toml"), "[roles]\n\"Management Point\" = [\"10.1.0.11\"]\n").unwrap();
    let report = bench.json(path.to_str().unwrap(), &[]);
    for group in report["summary"]["audit"]["findings"].as_array().unwrap() {
        let filter = group["filter"].as_str().unwrap();
        let Some(frames) = shown(&path, filter) else { return };
        assert!(frames.len() as u64 >= group["packets"].as_u64().unwrap(), "{filter} shows {} of {group}", frames.len());
    }
}

// ---- live -----------------------------------------------------------------------------------------------------------

#[cfg(feature = "live")]
#[test]
fn live_traffic_is_audited_and_learned_as_files_are() {
    use support::wire::{BOUND, Capture, Wire, sendable};
    let Some(wire) = Wire::new() else { return };
    let bench = Bench::new();
    let path = bench.capture("found.pcap", &findings());
    let frames = sendable(&path).unwrap();
    let count = frames.len().to_string();
    let run = |arguments: &[&str]| {
        let mut command = wire.command(env!("CARGO_BIN_EXE_flowlabel"));
        command
            .args(arguments)
            .args(["--interface", "left", "--duration", BOUND, "--packets", &count])
            .current_dir(bench.folder.path());
        let capture = Capture::start(&mut command);
        wire.send(&frames);
        capture.end_as_text()
    };
    let (code, out, said) = run(&["audit", "--policy", "policy.toml", "--format", "json"]);
    assert_eq!(code, Some(1), "{said}");
    let live: Value = serde_json::from_str(&out).unwrap();
    let read = bench.json("found.pcap", &["--no-split"]);
    let told = |report: &Value| -> Vec<String> {
        let groups = report["summary"]["audit"]["findings"].as_array().unwrap();
        groups.iter().map(|group| format!("{} {} {} {}", group["kind"], group["server"], group["port"], group["flows"])).collect()
    };
    assert_eq!(told(&live), told(&read));
    // The table begins with the findings, as that of files does, and a quiet run without any says nothing at all.
    let (code, out, said) = run(&["audit", "--policy", "policy.toml"]);
    assert!(code == Some(1) && out.starts_with("AUDIT  a & b <segment>  4 findings"), "{out}{said}");
    fs::write(bench.path("all.toml"), "[[accept]]\nhost = [\"0.0.0.0/0\", \"::/0\"]\n").unwrap();
    let mut quiet = wire.command(env!("CARGO_BIN_EXE_flowlabel"));
    quiet
        .args(["audit", "-q", "--policy", "all.toml", "--interface", "left", "--duration", "1s"])
        .current_dir(bench.folder.path());
    let said = said_by(&mut quiet);
    assert_eq!((said.code, said.out, said.err), (Some(0), String::new(), String::new()));
    let (code, policy, said) = run(&["learn"]);
    assert_eq!(code, Some(0), "{said}");
    fs::write(bench.path("policy.toml"), policy).unwrap();
    assert_eq!(bench.audit("found.pcap", &[]).code, Some(0));
}
