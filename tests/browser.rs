//! The page of `--report` in a real browser. Skipped where there is none.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on is to fail")]

#[path = "support/chromium.rs"]
mod chromium;
#[path = "report/records.rs"]
#[allow(dead_code, reason = "this test uses some of the records")]
mod records;

use flowlabel::record::*;
use flowlabel::report::{HTML, View};

use chromium::Chromium;
use records::*;

/// What wants to be more than text, and is very long.
const HOSTILE: &str = "</script><script>document.title='owned'</script><img src=http://192.0.2.1/x onerror=\"document.title='owned'\">\
    <style>*{display:none}</style>{{7*7}}\u{202e}\u{1b}[31m\0'\"`&amp; AVeryLongNameWithoutAnyBlanksInItThatNoBrowserCanBreakWhereAPersonWouldBreakIt\
    AndThenItGoesOnAndOnUntilNobodyWouldReadItAnyMore";

/// The ids of the flows listed, in order.
const LISTED: &str = "[...document.querySelectorAll('#list tr[id^=flow-]')].map((row) => row.id.slice(5))";

fn heavier(record: FlowRecord<'static>, bytes: u64) -> FlowRecord<'static> {
    FlowRecord { bytes: PerSide { client: bytes, server: 0 }, ..record }
}

/// Three kind flows, and one that wants to be more than text.
fn few() -> Vec<FlowRecord<'static>> {
    let mut bad = FlowRecord { policy: None, ..full() };
    bad.server.name = Some(HOSTILE);
    bad.client.name = Some(HOSTILE);
    bad.detail = Some(HOSTILE);
    bad.label = Some(HOSTILE);
    bad.reason = Some(HOSTILE.to_owned());
    vec![
        heavier(matched("SMB", Evidence::Payload, tcp(1, "10.1.8.20", 1045, "10.1.0.9", 445)), 500),
        heavier(matched("DNS", Evidence::Payload, udp(2, "10.1.8.21", 1050, "10.1.0.5", 53)), 90_000),
        bad,
        heavier(
            matched("SMB", Evidence::Port, tcp(30, "2001:db8::22", 1046, "2001:db8:1234:5678:9abc:def0:1234:5678", 445)),
            7000,
        ),
    ]
}

/// So many flows alike, from four thousand hosts.
fn many(flows: u64) -> Vec<FlowRecord<'static>> {
    let quiet = matched("DNS", Evidence::Payload, udp(1, "10.1.8.20", 1050, "10.1.0.9", 53));
    let flow_of = |number: u64| {
        let mut record = FlowRecord { id: FlowId { packet: number, layer: 0 }, ..quiet.clone() };
        record.client.ip = std::net::Ipv4Addr::from(0x0a01_0800 + (number % 4096) as u32).into();
        record
    };
    (1..=flows).map(flow_of).collect()
}

fn page_of(records: &[FlowRecord<'_>], summary: &Summary) -> tempfile::TempPath {
    let path = tempfile::Builder::new().suffix(".html").tempfile().unwrap().into_temp_path();
    std::fs::write(&path, written(&HTML, &View::default(), records, summary)).unwrap();
    path
}

fn saved(records: &[FlowRecord<'_>]) -> tempfile::TempPath {
    page_of(records, &summary(records))
}

/// The same flows judged, with findings of every kind about them.
fn saved_audit(audit: Audit) -> tempfile::TempPath {
    let judged = |mut record: FlowRecord<'static>| {
        let found = FindingKind::ALL[record.id.packet as usize % 10];
        let finding = Finding { kind: found, link: None, text: HOSTILE.to_owned(), sources: vec![], filter: HOSTILE.to_owned() };
        record.policy = Some(Policy { status: PolicyStatus::Unexpected, by: vec![HOSTILE.to_owned()], findings: vec![finding] });
        record
    };
    let records: Vec<_> = few().into_iter().map(judged).collect();
    let mut summary = summary(&records);
    summary.audit = Some(audit);
    page_of(&records, &summary)
}

/// An audit whose every text is hostile.
fn hostile_audit() -> Audit {
    let mut audit = audit_of_all_kinds();
    let hostile = || HOSTILE.to_owned();
    audit.policy = hostile();
    for group in &mut audit.findings {
        group.text = hostile();
        group.link = Some(hostile());
        group.label = Some(hostile());
        group.filter = hostile();
        group.sources = vec![hostile()];
        group.server_roles = vec![hostile()];
        group.client_roles = vec![hostile()];
        group.change = Some(Change::Moved);
        group.was = Some(hostile());
    }
    for expectation in &mut audit.coverage {
        expectation.by = hostile();
        expectation.title = hostile();
        expectation.from = hostile();
        expectation.protocol = Some(hostile());
        expectation.why = Some(hostile());
    }
    for cell in &mut audit.matrix {
        cell.from = Some(hostile());
        cell.links = vec![hostile()];
    }
    audit.gone = vec![Gone { what: "finding", kind: None, link: Some(hostile()), text: hostile() }];
    audit.warnings = vec![hostile()];
    audit
}

fn is_quiet(browser: &Chromium) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.loaded(), Vec::<String>::new());
}

#[test]
fn the_page_searches_sorts_and_explains() {
    let Some(mut browser) = Chromium::start() else { return };
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
        browser.open(&page, fragment);
        assert_eq!(browser.value(LISTED), serde_json::json!(ids), "{fragment}");
        is_quiet(&browser);
    }
    browser.open(&page, "#flow=30.0&theme=dark");
    assert_eq!(browser.value("document.documentElement.dataset.theme"), "dark");
    let filter =
        "ipv6.addr == 2001:db8::22 && ipv6.addr == 2001:db8:1234:5678:9abc:def0:1234:5678 && tcp.port == 1046 && tcp.port == 445";
    assert!(browser.texts("[id='why-30.0'] code").contains(&filter.to_owned()));
}

#[test]
fn a_person_clicks_and_types() {
    let Some(mut browser) = Chromium::start() else { return };
    browser.open(&saved(&few()), "");
    browser.click("th.c-bytes button");
    assert_eq!(browser.value(LISTED), serde_json::json!(["2.0", "30.0", "17.1", "1.0"]));
    assert_eq!(browser.value("document.querySelector('th.c-bytes').getAttribute('aria-sort')"), "descending");
    browser.click("th.c-bytes button");
    assert_eq!(browser.value(LISTED), serde_json::json!(["1.0", "17.1", "30.0", "2.0"]));
    browser.fill("#query", "label:smb");
    browser.until("document.querySelectorAll('#list tr[id^=flow-]').length === 2");
    browser.click("[id='flow-1.0'] button");
    assert_eq!(browser.value("document.querySelector(\"[id='flow-1.0'] button\").getAttribute('aria-expanded')"), "true");
    assert_eq!(browser.texts("#list .why-row .explanation").len(), 1);
    assert!(browser.value("location.hash").as_str().unwrap().ends_with("flow=1.0"));
    browser.click("[id='flow-1.0'] button");
    assert_eq!(browser.texts("#list .why-row .explanation").len(), 0);
    is_quiet(&browser);
}

#[test]
fn findings_are_sorted_narrowed_copied_and_lead_to_their_flows() {
    let Some(mut browser) = Chromium::start() else { return };
    browser
        .call("Browser.grantPermissions", &serde_json::json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}));
    let page = saved_audit(audit_of_all_kinds());
    browser.open(&page, "");
    let kinds = |browser: &mut Chromium| browser.texts(".findings tbody tr td:first-child .tag");
    assert_eq!(kinds(&mut browser).len(), 10);
    browser.click("#findings [data-filter='severity:low']");
    assert_eq!(kinds(&mut browser), ["refused", "unanswered"]);
    browser.click("#findings [data-filter='kind:reversed']");
    assert_eq!(kinds(&mut browser), ["reversed"]);
    assert_eq!(browser.value("location.hash"), "#findings=kind%3Areversed");
    browser.fill("#find-findings", "host:10.1.0.0/28");
    browser.until("document.querySelector('#findings .count').textContent === '5 of 10 rows'");
    browser.open(&page, "#findings=to%3A%22Management%20Point%22");
    assert_eq!(kinds(&mut browser).len(), 10);
    browser.click("#findings thead th:nth-child(5) button");
    let flows = |browser: &mut Chromium| browser.texts(".findings tbody td:nth-child(5)");
    assert_eq!(flows(&mut browser), ["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    browser.click("#findings .copied button");
    browser.until("document.querySelector('#findings .copied button').textContent === 'Copied'");
    assert_eq!(browser.value("navigator.clipboard.readText()"), "ip.addr == 10.1.0.20 && tcp.port == 89");
    browser.click("#findings a[href='#flow=30.0']");
    browser.until("document.getElementById('why-30.0')");
    assert_eq!(browser.value("document.activeElement.closest('tr').id"), "flow-30.0");
    browser.open(&page, "#flow=4711.0");
    assert!(browser.texts("#count").concat().contains("4711.0 is not among the flows"));
    is_quiet(&browser);
}

#[test]
fn roles_and_coverage_say_what_came_of_each_link() {
    let Some(mut browser) = Chromium::start() else { return };
    browser.open(&saved_audit(audit_of_all_kinds()), "");
    let cells = browser.texts("#roles td .link:not(.found)");
    for told in ["●17 seen", "◐18 attempted only", "○19↔ never seen", "◌expect:1 could not be seen"] {
        assert!(cells.contains(&told.to_owned()), "{told}: {cells:?}");
    }
    browser.click("#roles a.link.failed");
    browser.until("document.querySelector('#coverage .count').textContent === '1 of 5 rows'");
    assert_eq!(browser.texts(".coverage tbody tr td:first-child"), ["failed"]);
    browser.click("#roles a.link.found");
    browser.until("document.querySelector('#findings .count').textContent === '10 rows'");
    assert_eq!(browser.texts("#map h3"), ["By role", "By host"]);
    assert_eq!(browser.texts("#map .from b"), ["Client", "no role"]);
    is_quiet(&browser);
}

#[test]
fn what_a_packet_or_a_policy_said_stays_text() {
    let Some(mut browser) = Chromium::start() else { return };
    for (page, fragment) in [(saved(&few()), "#flow=17.1"), (saved_audit(hostile_audit()), "#flow=17.1&findings=kind%3Areversed")]
    {
        browser.open(&page, fragment);
        let title = browser.value("document.title");
        assert!(title.as_str().unwrap().starts_with("flowlabel: ") && title != "owned", "{title}");
        assert_eq!(
            browser.value("document.querySelectorAll('img, iframe, object, link[rel=stylesheet], [style], [onerror]').length"),
            0
        );
        assert_eq!(browser.value("[document.scripts.length, document.styleSheets.length]"), serde_json::json!([2, 1]));
        assert_eq!(browser.value(r"/[\u0000-\u0008\u001b\u202e]/.test(document.documentElement.outerHTML)"), false);
        assert!(browser.value("document.getElementById('why-17.1') !== null").as_bool().unwrap());
        is_quiet(&browser);
    }
}

/// What sticks out to the right, and is not in something that scrolls by itself.
const WIDE: &str = r"[...document.querySelectorAll('body *')].filter((e) => {
  const box = e.getBoundingClientRect();
  if (!box.width || box.right <= document.documentElement.clientWidth + 1) return false;
  for (let p = e.parentElement; p; p = p.parentElement) if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(p).overflowX)) return false;
  return true;
}).slice(0, 6).map((e) => `${e.tagName}.${e.className} ${e.textContent.slice(0, 20)}`)";

#[test]
fn no_page_is_wider_than_a_phone() {
    let Some(mut browser) = Chromium::start() else { return };
    for page in [saved(&few()), saved(&many(300)), saved_audit(audit_of_all_kinds()), saved_audit(hostile_audit())] {
        for width in [320, 390, 1400] {
            browser.look(width, "light", "");
            browser.open(&page, "#flow=17.1");
            assert_eq!(browser.value(WIDE), serde_json::json!([]), "{width}");
            assert_eq!(browser.value("document.documentElement.scrollWidth"), width);
        }
    }
}

#[test]
fn a_card_counts_in_words_and_names_a_few_sources() {
    let Some(mut browser) = Chromium::start() else { return };
    let mut audit = audit_of_all_kinds();
    audit.findings[0].sources = (1..=25).map(|line| format!("kb832017:{line}")).collect();
    let page = saved_audit(audit);
    browser.look(390, "light", "");
    browser.open(&page, "");
    let after = "getComputedStyle(document.querySelector('.findings td[data-v=\"COUNT\"]:nth-child(5)'), '::after').content";
    for (count, words) in [("1", "\" flow\""), ("2", "\" flows\"")] {
        assert_eq!(browser.value(&after.replace("COUNT", count)), words);
    }
    let rests_on = browser.value("document.querySelector('.findings tbody .why .words').textContent");
    assert!(rests_on.as_str().unwrap().ends_with("kb832017:6 and 19 more"), "{rests_on}");
}

/// So many roles, and each opens something to each other; long names, addresses and sources.
fn audit_of_roles(number: usize) -> Audit {
    let names: Vec<String> = (1..=number).map(|at| format!("Management Point of the branch number {at}")).collect();
    let mut audit = audit_of_all_kinds();
    let (model, cell) = (audit.coverage[0].clone(), audit.matrix[0].clone());
    let pairs = || names.iter().flat_map(|from| names.iter().map(move |to| (from, to)));
    let long = |last: usize| format!("2001:db8:1234:5678:9abc:def0:1234:{last:x}").parse().unwrap();
    audit.coverage = pairs()
        .enumerate()
        .map(|(at, (from, to))| Coverage {
            by: format!("sccm.link.{:02}", at % 47),
            from: from.clone(),
            to: to.clone(),
            both_ways: at % 3 == 0,
            clients: (0..8).map(long).collect(),
            servers: (8..16).map(long).collect(),
            sources: vec![format!("/etc/flowlabel/policies/of/the/head-quarters/policy-{at}.toml:17"), "kb832017:554".to_owned()],
            ..model.clone()
        })
        .collect();
    let services = (0..20).map(|at| Coverage {
        by: "sccm.client-to-reporting-point".to_owned(),
        from: "anyone".to_owned(),
        to: format!("Service {at}"),
        ..model.clone()
    });
    audit.coverage.extend(services);
    audit.matrix =
        pairs().map(|(from, to)| MatrixCell { from: Some(from.clone()), to: Some(to.clone()), ..cell.clone() }).collect();
    audit
}

/// What is wider than its place: frames that scroll, and texts that are cut and told nowhere.
const CUT: &str = r"[...document.querySelectorAll('body *')].filter((e) => {
  const style = getComputedStyle(e);
  if (!e.clientWidth || e.scrollWidth <= e.clientWidth + 1 || style.overflowX === 'visible' || e.tagName === 'INPUT') return false;
  return !(style.textOverflow === 'ellipsis' && (e.title || e.closest('[title]')));
}).map((e) => e.closest('nav, section').className + e.closest('nav, section').id + ' ' + (e.className || `${e.tagName} ${e.textContent.slice(0, 30)}`))";

/// On a desktop nothing has to be scrolled sideways to be read, but for a matrix of very many roles; on a phone tables may.
#[test]
fn at_no_size_is_anything_cut() {
    let Some(mut browser) = Chromium::start() else { return };
    let pages = [
        saved(&few()),
        saved(&many(10_000)),
        saved_audit(audit_of_all_kinds()),
        saved_audit(audit_of_roles(4)),
        saved_audit(audit_of_roles(16)),
    ];
    for (at, page) in pages.iter().enumerate() {
        for (width, theme) in [(1280, "light"), (1280, "dark"), (1920, "light"), (1920, "dark"), (390, "light"), (390, "dark")] {
            browser.look(width, theme, "");
            browser.open(page, "");
            let cut: Vec<String> = serde_json::from_value(browser.value(CUT)).unwrap();
            let cut: Vec<&String> =
                cut.iter().filter(|name| width > 700 || !name.ends_with(" scroll") && !name.starts_with("parts UL")).collect();
            assert!(cut.is_empty(), "page {at}, {width}, {theme}: {cut:?}");
            assert_eq!(browser.value("document.documentElement.scrollWidth"), width);
        }
    }
    browser.look(1280, "light", "");
    browser.open(&saved_audit(audit_of_roles(32)), "");
    assert_eq!(browser.value(CUT), serde_json::json!(["roles scroll"]), "thirty-two roles scroll");
    assert_eq!(browser.texts("#roles .anyone li").len(), 20, "services are no columns");
}

/// On paper nothing can be scrolled at all.
#[test]
fn nothing_is_cut_on_paper() {
    let Some(mut browser) = Chromium::start() else { return };
    for page in [saved(&few()), saved_audit(audit_of_all_kinds()), saved_audit(audit_of_roles(16))] {
        // A4 without its margins, in pixels.
        browser.look(703, "light", "print");
        browser.open(&page, "");
        assert_eq!(browser.value(CUT), serde_json::json!([]));
        assert_eq!(browser.value(WIDE), serde_json::json!([]));
    }
}

/// Every text against what is behind it, as WCAG 2 counts it: 4.5 to 1, or 3 to 1 where letters are large.
const FAINT: &str = r"(() => {
  const rgb = (text) => { const n = text.match(/[\d.e-]+/g).map(Number); const by = text.startsWith('color(') ? 255 : 1;
    return [n[0] * by, n[1] * by, n[2] * by, n.length > 3 ? n[3] : 1]; };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
  const behind = (e) => { const layers = []; for (; e; e = e.parentElement) layers.unshift(rgb(getComputedStyle(e).backgroundColor));
    return layers.reduce((under, top) => over(top, under), [255, 255, 255]); };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const faint = new Set();
  for (const e of document.querySelectorAll('body *:not(script, svg, svg *)')) {
    if (!e.offsetParent || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest(':disabled')) continue;
    const style = getComputedStyle(e), under = behind(e), ink = over(rgb(style.color), under);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) faint.add(`${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 20)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return [...faint];
})()";

/// What a reader of screens cannot make sense of: controls without a name, headings that skip a level, tables without heads.
const UNNAMED: &str = r"(() => {
  const wrong = [];
  for (const e of document.querySelectorAll('a[href], button, input')) {
    const named = e.textContent.trim() || e.getAttribute('aria-label') || (e.id && document.querySelector(`label[for='${e.id}']`));
    if (!named) wrong.push(e.outerHTML.slice(0, 80));
  }
  let level = 0;
  for (const h of document.querySelectorAll('h1, h2, h3, h4')) { const own = +h.tagName[1]; if (own > level + 1) wrong.push(h.textContent); level = own; }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('h1');
  for (const t of document.querySelectorAll('table')) if (!t.querySelector('thead th')) wrong.push(`table ${t.id}`);
  for (const s of document.querySelectorAll('section')) if (!document.getElementById(s.getAttribute('aria-labelledby'))) wrong.push(s.id);
  for (const s of document.querySelectorAll('.scroll')) if (s.scrollWidth > s.clientWidth && s.id !== 'list-frame' && s.tabIndex !== 0) wrong.push('scroll');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); if (new Set(ids).size !== ids.length) wrong.push('ids');
  return wrong;
})()";

#[test]
fn it_can_be_read_in_light_and_dark_with_keys_and_without_eyes() {
    let Some(mut browser) = Chromium::start() else { return };
    for page in [saved(&few()), saved_audit(audit_of_all_kinds())] {
        for theme in ["light", "dark"] {
            browser.look(1400, theme, "");
            browser.open(&page, "#flow=17.1");
            assert_eq!(browser.value(FAINT), serde_json::json!([]), "{theme}");
            assert_eq!(browser.value(UNNAMED), serde_json::json!([]));
        }
        browser.open(&page, "");
        for key in ["Tab", "Enter"] {
            let code = if key == "Tab" { 9 } else { 13 };
            let text = if key == "Tab" { "" } else { "\r" };
            let down =
                serde_json::json!({"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            browser.call("Input.dispatchKeyEvent", &down);
            browser.call("Input.dispatchKeyEvent", &serde_json::json!({"type": "keyUp", "key": key, "code": key}));
            browser.settle();
        }
        assert_eq!(browser.value("location.hash"), "#flows", "the first key leads past the sections");
    }
}

#[test]
fn dark_is_dark_and_paper_is_white() {
    let Some(mut browser) = Chromium::start() else { return };
    let page = saved_audit(audit_of_all_kinds());
    let paper = "getComputedStyle(document.body).backgroundColor";
    let shown = |selector: &str| format!("getComputedStyle(document.querySelector('{selector}')).display !== 'none'");
    browser.look(1400, "light", "");
    browser.open(&page, "");
    let white = browser.value(paper);
    assert_eq!(white, "rgb(255, 255, 255)");
    browser.look(1400, "dark", "");
    assert_ne!(browser.value(paper), white);
    browser.click("#theme");
    assert_eq!(browser.value(paper), white);
    browser.open(&page, "#theme=dark");
    assert_ne!(browser.value(paper), white);
    assert_eq!(browser.value(&shown("#search")), true);
    browser.look(1400, "dark", "print");
    assert_eq!(browser.value(paper), white);
    for selector in ["#search", "nav.parts", ".find", "#theme", "#findings .copy"] {
        assert_eq!(browser.value(&shown(selector)), false, "{selector}");
    }
    let pdf = browser.call("Page.printToPDF", &serde_json::json!({"printBackground": true}))["data"].take();
    assert!(pdf.as_str().unwrap().starts_with("JVBERi0") && pdf.as_str().unwrap().len() > 20_000, "a PDF begins with %PDF-");
}

#[test]
fn ten_thousand_flows_are_listed_by_the_hundred_and_searched_while_one_types() {
    let Some(mut browser) = Chromium::start() else { return };
    browser.open(&saved(&many(10_000)), "#page=100");
    let ids = browser.value(LISTED);
    assert_eq!((ids.as_array().unwrap().len(), &ids[99]), (100, &"10000.0".into()));
    // Many times what it takes, yet a bound: a list drawn whole, or a search of each word in each flow anew, would take longer.
    let took = "(() => { const begin = performance.now(); location.hash; document.querySelector('th.c-client button').click(); \
                document.querySelector('#chips button').click(); return performance.now() - begin; })()";
    assert!(browser.value(took).as_f64().unwrap() < 2000.0);
    browser.fill("#query", "client:10.1.8.0/28 dns");
    // Sixteen addresses: fifteen of them have three of the ten thousand flows, the first has two.
    browser.until("document.querySelector('#count').textContent.startsWith('47 flows')");
    let timing = "performance.getEntriesByType('navigation')[0].loadEventEnd";
    assert!(browser.value(timing).as_f64().unwrap() < 5000.0);
    is_quiet(&browser);
}
