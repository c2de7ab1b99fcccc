//! The page of `--report` as text: what it may load, what it escapes, what it is made of. `tests/browser.rs` looks at it in a browser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flowlabel::record::*;
use flowlabel::report::{HTML, View};
use sha2::{Digest, Sha256};

use super::records::*;

fn page(records: &[FlowRecord<'_>]) -> String {
    written(&HTML, &View::default(), records, &summary(records))
}

/// What stands between two marks, the first time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    &text[start..][..text[start..].find(to).unwrap()]
}

#[test]
fn the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() {
    let page = page(&shapes());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    let digest = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let style = digest(between(&page, "<style>", "</style>"));
    let script = digest(between(&page, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!("default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'")
    );
    for outside in ["http:", "https:", "//fonts", "@import", "url(", " src=", " style=", " onclick="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn data_is_json_and_names_are_visible_text() {
    let hostile = "</script><img src=x onerror=alert(1)>\"'\u{202e}\0";
    let mut record = matched("DNS", Evidence::Payload, udp(1, "10.1.8.20", 1050, "10.1.0.9", 53));
    record.server.name = Some(hostile);
    record.detail = Some(hostile);
    record.verdict = Some(Verdict::Mismatched);
    record.reason = Some(hostile.to_owned());
    let page = page(&[record]);
    assert!(!page.contains("<img") && !page.contains('\u{202e}') && !page.contains('\0'));
    assert_eq!(page.matches("<script").count(), 2);
    let data: serde_json::Value = serde_json::from_str(between(&page, "id=\"data\">", "</script>")).unwrap();
    assert_eq!(data["hosts"][1][1], "</script><img src=x onerror=alert(1)>\"'\\u{202e}\\x00");
}

#[test]
fn a_flow_that_changed_is_listed_as_it_is_now() {
    let before = FlowRecord { verdict: Some(Verdict::Unmatched), reason: Some("Nobody knows.".into()), ..flow(7) };
    let after = matched("RPC", Evidence::Learned, flow(7));
    let mut report = (HTML.new)(&View::default());
    let mut out = Vec::new();
    report.flow(&before, &mut out).unwrap();
    report.update(&before, &after, &mut out).unwrap();
    report.finish(&summary(std::slice::from_ref(&after)), &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    assert!(page.contains("Nothing is flagged.") && !page.contains("Nobody knows."));
    let data: serde_json::Value = serde_json::from_str(between(&page, "id=\"data\">", "</script>")).unwrap();
    assert_eq!((data["rows"].as_array().unwrap().len(), &data["judgements"][0]["label"]), (1, &"RPC".into()));
}

/// Of very many flows all flagged ones stay, then the heaviest; the page says so.
#[test]
fn a_page_of_very_many_flows_keeps_what_is_flagged_and_what_is_heavy() {
    let quiet = matched("DNS", Evidence::Payload, udp(1, "10.1.8.20", 1050, "10.1.0.9", 53));
    let flow_of = |number: u64| FlowRecord { id: FlowId { packet: number, layer: 0 }, ..quiet.clone() };
    let mut records: Vec<_> = (1..=101_000).map(flow_of).collect();
    records[70_000].bytes.client = 1_000_000;
    records[100_999].verdict = Some(Verdict::Unmatched);
    let page = page(&records);
    assert!(page.contains("The page lists 50,000 of 101 k flows"));
    assert!(page.contains(r#""70001.0""#) && page.contains(r#""101000.0""#) && page.contains(r#""1.0""#));
}
