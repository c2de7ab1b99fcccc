//! `flowlabel learn`: what it drafts audits its own traffic without a finding, says why, and can be read.

#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use flowlabel::audit::{HostNames, Policy};
use flowlabel::classify::FLAGS;
use support::binary::{flowlabel, said_by};
use support::learned::{all_findings, catalog, draft};
use support::traffic::{End, Talk, capture, judged};
use support::{fixtures, repository};

#[test]
fn what_is_learned_of_a_fixture_audits_it_without_a_finding() {
    let captures: Vec<PathBuf> = fixtures()
        .iter()
        .flat_map(|case| fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.file_stem().is_some_and(|stem| stem == "capture"))
        .collect();
    assert!(captures.len() > 20);
    let found = all_findings(&captures);
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

/// `flowlabel COMMAND OPTIONS... CAPTURE`: exit code and output.
fn run(command: &str, options: &[&str], capture: &Path) -> (Option<i32>, String) {
    let said = said_by(flowlabel().arg(command).args(options).arg(capture));
    (said.code, format!("{}{}", said.out, said.err))
}

#[test]
fn the_commands_agree() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let name = policy.to_str().unwrap();
    let capture = repository("fixtures/demo/segment/capture.pcap");
    assert_eq!(run("learn", &["-o", name], &capture), (Some(0), String::new()));
    let text = fs::read_to_string(&policy).unwrap();
    assert_eq!(run("learn", &[], &capture), (Some(0), text), "stdout has the same policy");
    let (code, said) = run("audit", &["--policy", name], &capture);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no findings"), "{said}");
    let (code, said) = run("audit", &["--check"], &policy);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(run("learn", &["--format", "csv"], &capture).0, Some(2));
    let (code, said) = run("learn", &["--only", "label=DNS"], &capture);
    assert!(code == Some(2) && said.contains("--filter"), "{said}");
    assert_eq!(run("learn", &[], Path::new("nowhere.pcap")).0, Some(2));
}

#[test]
fn the_draft_says_who_and_why() {
    let capture = repository("fixtures/demo/segment/capture.pcap");
    let (text, _) = draft(&capture, &catalog());
    let policy = Policy::read("draft", &text, &catalog(), &HostNames::default(), FLAGS).unwrap();
    // From the scenario: clients 10.1.8.20 and .21, the management point 10.1.0.11, the site server 10.1.0.9, its database 10.1.0.20.
    for (role, hosts) in [
        ("Client", &["10.1.8.20", "10.1.8.21"][..]),
        ("Management Point", &["10.1.0.11"]),
        ("Site Server", &["10.1.0.9"]),
        ("Microsoft SQL Server", &["10.1.0.20"]),
    ] {
        let known = policy.roles.iter().find(|known| known.name == role).unwrap_or_else(|| panic!("no {role}:\n{text}"));
        for host in ["10.1.8.20", "10.1.8.21", "10.1.0.11", "10.1.0.9", "10.1.0.20"] {
            assert_eq!(known.hosts.contains(host.parse().unwrap()), hosts.contains(&host), "{role} {host}");
        }
    }
    // Each role, service and expectation stands beside its reason and how sure it is.
    let mut before = "";
    for line in text.lines() {
        let is_entry = line.starts_with("[[expect]]") || (line.starts_with('"') && line.ends_with(']'));
        let says_why = ["sure", "likely", "weak"].iter().any(|word| before.contains(word));
        assert!(!is_entry || (before.starts_with("# ") && says_why), "{line} without a reason:\n{text}");
        before = line;
    }
    // What went wrong is a known finding and no expectation: SSH at 443, what was refused, what was never answered.
    for (flag, port) in [("payload-contradicts-port", 443), ("unexpected", 80), ("unexpected", 3389), ("unexpected", 162)] {
        let ports = [port.to_string()];
        let entry = text.split("[[accept]]").skip(1).find(|entry| entry.contains(flag) && entry.contains(&ports[0]));
        assert!(entry.is_some(), "{flag} {port}:\n{text}");
    }
}

/// What is learned of conversations.
fn learned(talks: &[Talk]) -> (String, Policy) {
    learned_of(&capture(talks))
}

fn learned_of(capture: &[u8]) -> (String, Policy) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    fs::write(&path, capture).unwrap();
    let (text, _) = draft(&path, &catalog());
    assert!(all_findings(&[path]).is_empty());
    let policy = Policy::read("draft", &text, &catalog(), &HostNames::default(), FLAGS).unwrap();
    (text, policy)
}

#[test]
fn numbers_that_only_links_have_show_roles() {
    // AMT (link tables a to d) and the console of VMM: nobody else documents these ports.
    let (text, policy) = learned(&[
        Talk::new("10.1.8.20", "10.1.0.18", "tcp", 9971),
        Talk::new("10.1.0.18", "10.1.8.20", "tcp", 16_992),
        Talk::new("10.1.0.50", "10.1.8.20", "tcp", 16_995),
        Talk::new("10.1.0.51", "10.1.0.60", "tcp", 8100),
        Talk::new("10.1.0.7", "10.1.0.8", "tcp", 22),
    ]);
    for (role, host) in [
        ("AMT Management Controller", "10.1.8.20"),
        ("Out of Band Service Point", "10.1.0.18"),
        ("Out of Band Management Console", "10.1.0.50"),
        ("VMM management server", "10.1.0.60"),
        ("VMM admin console", "10.1.0.51"),
    ] {
        let known = policy.roles.iter().find(|known| known.name == role).unwrap_or_else(|| panic!("no {role}:\n{text}"));
        assert!(known.hosts.contains(host.parse().unwrap()), "{role} {host}");
    }
    // SSH is everybody's, whatever the one document that prints it says it is for.
    assert!(policy.roles.iter().all(|role| !role.name.contains("ESX")), "{text}");
}

#[test]
fn a_port_that_a_client_announces_makes_no_server_of_it() {
    // Active FTP of a server that does not open from port 20, and passive FTP of another one.
    let (client, active, passive) = ("10.1.8.20", "10.1.0.40", "10.1.0.41");
    let control = |at: f32, server: &str, asks: &str, answers: &str| {
        format!(
            "[[flow]]\nat = {at}\nfrom = \"{client}:40000\"\nto = \"{server}:21\"\nprotocol = \"tcp\"\nsteps = ['open', \
             '< \"220 FTP server ready\\r\\n\"', '> \"{asks}\\r\\n\"', '< \"{answers}\\r\\n\"', 'close']\n"
        )
    };
    let data = |at: f32, from: &str, to: &str| {
        format!(
            "[[flow]]\nat = {at}\nfrom = \"{from}:50999\"\nto = \"{to}:50000\"\nprotocol = \"tcp\"\nsteps = ['open', '> noise 99', 'close']\n"
        )
    };
    let flows = [
        control(0.0, active, "PORT 10,1,8,20,195,80", "200 PORT command successful"),
        data(1.0, active, client),
        control(2.0, passive, "PASV", "227 Entering Passive Mode (10,1,0,41,195,80)"),
        data(3.0, client, passive),
    ];
    let scenario = format!("title = \"FTP\"\nstart = 2026-03-02T08:00:00Z\n{}", flows.concat());
    let (text, _) = learned_of(&support::capture(&scenario).unwrap());
    let (services, others) = text.split_once("[[expect]]").unwrap_or_else(|| panic!("{text}"));
    assert!(services.contains(active) && services.contains(passive) && !services.contains(client), "{text}");
    assert!(others.contains("from = [\"10.1.0.40\"]") && others.contains("to = [\"10.1.8.20\"]"), "{text}");
}

#[test]
fn many_hosts_are_groups_and_a_scan_is_one_entry() {
    let mut talks = Vec::new();
    for n in 1..=60 {
        talks.push(Talk::new(&format!("10.1.8.{n}"), "10.1.0.50", "tcp", 8443));
        talks.push(Talk::new(&format!("10.1.8.{n}"), "10.1.0.51", "udp", 9443));
        talks.push(Talk::new("10.1.9.9", &format!("10.1.0.{n}"), "tcp", 5900).ending(End::Refused));
        talks.push(Talk::new("10.1.9.9", "10.1.0.99", "tcp", 2000 + n).ending(End::Unanswered));
    }
    let (text, _) = learned(&talks);
    assert_eq!((text.matches("[[expect]]").count(), text.matches("[[accept]]").count()), (2, 2), "{text}");
    assert!(text.contains("10.1.8.1-60") && text.contains("2001-2060") && text.lines().count() < 80, "{text}");
}

#[test]
fn what_goes_to_the_internet_is_one_entry_for_each_service() {
    let mut talks: Vec<Talk> = (1..=80_u8).map(|n| Talk::new("10.1.8.20", &format!("198.51.100.{n}"), "tcp", 443)).collect();
    talks.push(Talk::new("10.1.8.20", "10.1.0.5", "udp", 53));
    let (text, policy) = learned(&talks);
    assert!(text.matches("[[expect]]").count() == 1 && text.contains("to = [\"Internet\"]"), "{text}");
    let found = judged(&capture(&[Talk::new("203.0.113.9", "10.1.8.20", "tcp", 443)]), &policy, &catalog());
    assert!(found[0].kind.is_some(), "the other way it is not expected: {found:?}");
}
