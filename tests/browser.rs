//! The page of `--report` in a real browser: Chromium without a window, driven through the page's address. Skipped where there is none.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on is to fail")]

#[path = "report/records.rs"]
#[allow(dead_code, reason = "this test uses some of the records")]
mod records;

use std::path::Path;
use std::process::Command;

use flowlabel::record::*;
use flowlabel::report::{HTML, View};

use records::*;

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

fn browser() -> Option<&'static str> {
    let found = BROWSERS.iter().find(|name| Command::new(name).arg("--version").output().is_ok_and(|said| said.status.success()));
    if found.is_none() {
        eprintln!("skipped: no Chromium (scripts/setup chromium installs it)");
    }
    found.copied()
}

/// What the page has become once its script ran, with what it wrote to the console.
fn opened(browser: &str, page: &Path, fragment: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("timeout")
        .args([
            "30",
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
        ])
        .args(["--disable-background-networking", "--virtual-time-budget=4000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{fragment}", page.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let console: Vec<_> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console.join("\n"))
}

/// The ids of the flows listed, in order.
fn listed(dom: &str) -> Vec<&str> {
    dom.split("id=\"flow-").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn heavier(record: FlowRecord<'static>, bytes: u64) -> FlowRecord<'static> {
    FlowRecord { bytes: PerSide { client: bytes, server: 0 }, ..record }
}

/// Three kind flows, and one that wants to be more than text.
fn few() -> Vec<FlowRecord<'static>> {
    let hostile = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u{202e}\0'\"";
    let mut bad = FlowRecord { policy: None, ..full() };
    bad.server.name = Some(hostile);
    bad.detail = Some(hostile);
    bad.reason = Some(hostile.to_owned());
    vec![
        heavier(matched("SMB", Evidence::Payload, tcp(1, "10.1.8.20", 1045, "10.1.0.9", 445)), 500),
        heavier(matched("DNS", Evidence::Payload, udp(2, "10.1.8.21", 1050, "10.1.0.5", 53)), 90_000),
        bad,
        heavier(matched("SMB", Evidence::Port, tcp(30, "2001:db8::22", 1046, "2001:db8::9", 445)), 7000),
    ]
}

fn saved(records: &[FlowRecord<'_>]) -> tempfile::TempPath {
    let path = tempfile::Builder::new().suffix(".html").tempfile().unwrap().into_temp_path();
    std::fs::write(&path, written(&HTML, &View::default(), records, &summary(records))).unwrap();
    path
}

#[test]
fn the_page_searches_sorts_and_explains() {
    let Some(browser) = browser() else { return };
    let page = saved(&few());
    for (fragment, ids) in [
        ("", vec!["17.1", "1.0", "2.0", "30.0"]),
        ("#filter=label%3ASMB", vec!["1.0", "30.0"]),
        ("#filter=label%3ASMB%20-server%3A10.1.0.0%2F16", vec!["30.0"]),
        ("#filter=server%3A2001%3Adb8%3A%3A%2F32", vec!["30.0"]),
        ("#filter=is%3Aflagged", vec!["17.1"]),
        ("#sort=-bytes", vec!["2.0", "30.0", "17.1", "1.0"]),
        ("#filter=nothing-like-it", vec![]),
        ("#map", vec!["17.1", "1.0", "2.0", "30.0"]),
    ] {
        let (dom, console) = opened(browser, &page, fragment);
        assert_eq!(listed(&dom), ids, "{fragment}");
        assert_eq!(console, "", "{fragment}");
    }
    let (dom, console) = opened(browser, &page, "#flow=30.0&theme=dark");
    assert_eq!(console, "");
    assert!(dom.contains("data-theme=\"dark\"") && dom.contains("id=\"why-30.0\""));
    assert!(
        dom.contains(
            "ipv6.addr == 2001:db8::22 &amp;&amp; ipv6.addr == 2001:db8::9 &amp;&amp; tcp.port == 1046 &amp;&amp; tcp.port == 445"
        ),
        "{dom}"
    );
}

#[test]
fn what_a_packet_said_stays_text() {
    let Some(browser) = browser() else { return };
    let (dom, console) = opened(browser, &saved(&few()), "#flow=17.1");
    assert!(dom.contains("<title>flowlabel: x.pcap</title>") && dom.contains("id=\"why-17.1\""));
    assert!(!dom.contains("<img") && !dom.contains('\u{202e}'));
    assert_eq!((dom.matches("<script").count(), console.as_str()), (2, ""));
}

#[test]
fn ten_thousand_flows_are_listed_by_the_hundred() {
    let Some(browser) = browser() else { return };
    let quiet = matched("DNS", Evidence::Payload, udp(1, "10.1.8.20", 1050, "10.1.0.9", 53));
    let flow_of = |number: u64| FlowRecord { id: FlowId { packet: number, layer: 0 }, ..quiet.clone() };
    let records: Vec<_> = (1..=10_000).map(flow_of).collect();
    let (dom, console) = opened(browser, &saved(&records), "#page=100");
    assert_eq!((listed(&dom).len(), listed(&dom).last(), console.as_str()), (100, Some(&"10000.0"), ""));
}
