//! Rules of others: what adds, what overrides, and how a mistake is told.

use std::borrow::Cow;
use std::fs;

use flowlabel::catalog::{Catalog, LoadError, Mistakes, Options, RuleFile, Status, commands};

use crate::{TCP, UDP};

/// The built-in rules and files of one directory above them.
fn with_rules(files: &[(&str, &str)]) -> Result<Catalog, LoadError> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    Catalog::load(&Options { rules: vec![directory.path().to_owned()], ..Options::default() })
}

/// Layers of files without the built-in rules.
fn layers(texts: &[&str]) -> Result<Catalog, Mistakes> {
    let file = |(at, text): (usize, &&str)| RuleFile {
        name: format!("layer{at}.toml"),
        text: Cow::Owned((*text).to_owned()),
        layer: at as u16 + 1,
    };
    Catalog::from_files(texts.iter().enumerate().map(file).collect())
}

const LEDGER: &str = r#"
[[system]]
id = "corp.ledger"
name = "Ledger"
networks = ["10.1.0.0/16"]
facts = [
    { protocol = "Ledger", transport = "tcp", port = 9102 },
    { protocol = "Ledger", transport = ["tcp", "udp"], port = "9110-9119" },
]
"#;

#[test]
fn a_service_of_ones_own_is_one_file() {
    let catalog = with_rules(&[("corp.toml", LEDGER)]).unwrap();
    let entry = catalog.port(TCP, 9102).unwrap();
    assert_eq!((entry.label.as_str(), entry.limited), ("Ledger", true));
    assert_eq!(catalog.port(UDP, 9115).unwrap().label, "Ledger");
    assert_eq!(catalog.candidates(entry, "10.1.2.3".parse().unwrap()).count(), 1);
    assert_eq!(catalog.candidates(entry, "10.2.2.3".parse().unwrap()).count(), 0);
    let rows = commands::list(&catalog);
    // Without lines of a document the rule itself is the source.
    assert!(rows.iter().any(|row| row.system == "corp.ledger" && row.sources == ["corp:7"]));
}

#[test]
fn the_example_of_the_readme_works() {
    let readme = include_str!("../../rules/README.md");
    let example = readme.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let catalog = with_rules(&[("corp.toml", example)]).unwrap();
    assert_eq!(catalog.port(TCP, 9102).unwrap().label, "Ledger");
    assert!(catalog.system_by_id("corp.link.ledger").is_some());
    assert!(catalog.check().is_empty(), "{:?}", catalog.check());
}

#[test]
fn a_later_layer_names_a_shared_port() {
    let mine = "[[system]]\nid = \"corp.web\"\nfacts = [{ protocol = \"Intranet\", transport = \"tcp\", port = 80 }]";
    let catalog = with_rules(&[("corp.toml", mine)]).unwrap();
    let entry = catalog.port(TCP, 80).unwrap();
    assert_eq!(entry.label, "Intranet");
    let names: Vec<&str> = entry.systems.iter().filter_map(|at| catalog.system(*at)).map(|system| system.id.as_str()).collect();
    assert_eq!(names.get(..2).unwrap(), ["corp.web", "svc.w3svc"]);
}

#[test]
fn a_later_layer_replaces_a_fact_of_the_same_key_and_keeps_the_rest() {
    let mine = r#"
[[system]]
id = "svc.telnet"
facts = [{ protocol = "telnet", transport = "tcp", port = 23, status = "defect" }]
"#;
    let catalog = with_rules(&[("corp.toml", mine)]).unwrap();
    assert!(catalog.port(TCP, 23).is_none());
    let system = catalog.system(catalog.system_by_id("svc.telnet").unwrap()).unwrap();
    assert_eq!((system.name.as_str(), system.service.as_deref()), ("Telnet", Some("TlntSvr")));
    assert_eq!(catalog.facts_of(system).len(), 1);
}

#[test]
fn the_last_directory_wins() {
    let rule = |name: &str| {
        format!(
            "[[system]]\nid = \"a.b\"\nname = \"{name}\"\nfacts = [{{ protocol = \"{name}\", transport = \"tcp\", port = 7777 }}]"
        )
    };
    let (first, second) = (rule("First"), rule("Second"));
    let catalog = layers(&[&first, &second]).unwrap();
    assert_eq!(catalog.port(TCP, 7777).unwrap().label, "Second");
    let system = catalog.system(catalog.system_by_id("a.b").unwrap()).unwrap();
    assert_eq!((system.name.as_str(), system.aliases.as_slice()), ("Second", ["First".to_owned()].as_slice()));
}

#[test]
fn a_link_is_replaced_as_a_whole() {
    let mine = r#"
[[link]]
id = "sccm.link.17"
from = "Client"
to = "Management Point"
cells = [{ protocol = "HTTP", transport = "tcp", port = 8080 }]
"#;
    let catalog = with_rules(&[("corp.toml", mine)]).unwrap();
    let rows: Vec<_> = commands::links(&catalog).into_iter().filter(|row| row.link == "sccm.link.17").collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].title.as_str(), rows[0].ports.as_slice()),
        ("Client -> Management Point", ["8080".to_owned()].as_slice())
    );
}

#[test]
fn a_fixed_port_beats_a_range_of_the_same_layer() {
    let rules = r#"
[[system]]
id = "a.wide"
facts = [{ protocol = "Wide", transport = "tcp", port = "7000-7010" }]

[[system]]
id = "a.fixed"
facts = [{ protocol = "Fixed", transport = "tcp", port = 7005 }]
"#;
    let catalog = layers(&[rules]).unwrap();
    let entry = catalog.port(TCP, 7005).unwrap();
    assert_eq!((entry.label.as_str(), entry.fixed, entry.systems.len()), ("Fixed", true, 2));
    assert_eq!(catalog.port(TCP, 7004).unwrap().label, "Wide");
    assert_eq!(catalog.port(TCP, 7010).unwrap().label, "Wide");
    assert!(catalog.port(TCP, 7011).is_none() && catalog.port(TCP, 6999).is_none());
    assert!(catalog.check().iter().any(|finding| finding.kind == "overlap"));
}

#[test]
fn housekeeping_and_systems_can_be_left_out() {
    let mine = "without = [\"housekeeping\", \"svc.telnet\", \"kb832017-early\"]";
    let catalog = with_rules(&[("corp.toml", mine)]).unwrap();
    assert!(catalog.protocol(flowlabel::net::IpProto::IGMP).is_none());
    assert!(catalog.system_by_id("svc.telnet").is_none());
    let rows = commands::list(&catalog);
    assert!(rows.iter().all(|row| row.sources.iter().all(|source| !source.starts_with("kb832017-early"))));
    assert_eq!(catalog.port(TCP, 135).unwrap().label, "RPC");
}

#[test]
fn the_chatter_of_present_networks_is_off_until_asked_for() {
    assert!(crate::catalog().port(UDP, 5353).is_none());
    let options = Options { with: vec!["common-lan".into()], ..Options::default() };
    let catalog = Catalog::load(&options).unwrap();
    assert_eq!(catalog.port(UDP, 5353).unwrap().label, "mDNS");
    assert_eq!(catalog.port(UDP, 1900).unwrap().label, "SSDP");
    assert!(catalog.check().is_empty(), "{:?}", catalog.check());
    let slip = Catalog::load(&Options { with: vec!["comon-lan".into()], ..Options::default() });
    assert!(slip.unwrap_err().to_string().contains("did you mean `common-lan`"));
}

#[test]
fn one_can_start_from_nothing() {
    let catalog = Catalog::load(&Options { builtin: false, ..Options::default() }).unwrap();
    assert!(catalog.systems.is_empty() && catalog.port(TCP, 80).is_none());
    assert_eq!(commands::list(&catalog), []);
}

/// Every mistake names file, line and column, the text at fault, and what would be right.
#[test]
fn mistakes_say_where_and_what_would_be_right() {
    let cases = [
        ("[[sistem]]\nid = \"a\"", "layer0.toml:1:3: `sistem`: no such key here; did you mean `system`?"),
        (
            "[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"tpc\", port = 1 }]",
            "layer0.toml:3:40: `tpc`: no such transport; did you mean `tcp`?",
        ),
        (
            "[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"tcp\", port = 70000 }]",
            "layer0.toml:3:54: `70000`: a number from 1 to 65535",
        ),
        ("[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"tcp\" }]", "layer0.toml:3:10: "),
        (
            "[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"gre\", port = 5 }]",
            "a port needs `transport` to be one that has ports",
        ),
        (
            "[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"tcp\", port = \"9-5\" }]",
            "`9-5`: a range is written",
        ),
        (
            "[[system]]\nid = \"a\"\nfacts = [{ protocol = \"X\", transport = \"tcp\", port = 5, status = \"documentd\" }]",
            "did you mean `documented`?",
        ),
        ("[[system]]\nname = \"A\"", "layer0.toml:1:1: `[[system]]`: `id` is missing"),
        ("[[system]]\nid = \"a b\"", "an id is made of"),
        (
            "[[system]]\nid = \"a\"\nproducts = [\"sms-2.O\"]\n[[product]]\nid = \"sms-2.0\"",
            "layer0.toml:3:13: `sms-2.O`: no such product; did you mean `sms-2.0`?",
        ),
        ("[[system]]\nid = \"a\"\nvia = [\"b\"]", "`b`: no such system"),
        (
            "[[system]]\nid = \"a\"\n[[system]]\nid = \"a\"",
            "layer0.toml:4:6: `a`: this id stands in this file already, on line 2",
        ),
        ("[[link]]\nid = \"l\"\nfrom = \"A\"", "a link needs `from` and `to`"),
        ("[[link]]\nid = \"l\"\nfrom = \"A\"\nto = \"B\"\ndirection = \"=>\"", "layer0.toml:5:13: `=>`: a direction is"),
        ("[[system]]\nid = \"a\"\nnetworks = [\"10.1\"]", "`10.1`: a network is written like"),
        ("without = [\"nobody\"]", "`nobody`: no such document or system to leave out"),
        ("[[system]\nid = 3", "layer0.toml:1:"),
        ("[[system]]\nid = 3", "layer0.toml:2:6: `3`: text in quotes is needed here"),
    ];
    for (text, expected) in cases {
        let mistakes = layers(&[text]).expect_err(text).to_string();
        assert!(mistakes.contains(expected), "{text}\ngives\n{mistakes}\nand not\n{expected}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text =
        "[[system]]\nid = \"a\"\nnam = \"A\"\nfacts = [{ protocol = 5 }, { protocol = \"X\", transport = \"upd\", port = 0 }]";
    let Mistakes(mistakes) = layers(&[text]).unwrap_err();
    let lines: Vec<u32> = mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!(lines, [3, 4, 4, 4]);
}

#[test]
fn directories_that_cannot_be_read_or_are_empty_are_errors() {
    let missing = Catalog::load(&Options { rules: vec!["/no/such/directory".into()], ..Options::default() }).unwrap_err();
    assert!(matches!(missing, LoadError::Unreadable { .. }), "{missing}");
    let empty = tempfile::tempdir().unwrap();
    let error = Catalog::load(&Options { rules: vec![empty.path().to_owned()], ..Options::default() }).unwrap_err();
    assert!(matches!(error, LoadError::Empty(_)), "{error}");
}

#[test]
fn the_lint_finds_what_loads_and_is_wrong() {
    let rules = r#"
[document]
id = "paper"
length = 10

[[system]]
id = "a"
facts = [
    { protocol = "X", transport = "tcp", port = 9, lines = [11] },
    { protocol = "X", transport = "tcp", port = 9, lines = [3] },
    { protocol = "Y", transport = "tcp", port = 5, lines = [4], reading = "C99" },
]

[[system]]
id = "b"
"#;
    let kinds: Vec<&str> = layers(&[rules]).unwrap().check().iter().map(|finding| finding.kind).collect();
    for kind in ["line-beyond-document", "duplicate-fact", "unsorted-lines", "unsorted-facts", "unknown-reading", "empty-system"]
    {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
}

#[test]
fn doubtful_and_derived_facts_match_and_say_so() {
    let entry = crate::catalog().port(UDP, 636).unwrap();
    assert_eq!((entry.label.as_str(), entry.status), ("LDAP SSL", Status::Doubtful));
    let entry = crate::catalog().port(TCP, 464).unwrap();
    assert_eq!((entry.label.as_str(), entry.status), ("Kerberos password change", Status::Derived));
    assert_eq!(crate::catalog().port(TCP, 389).unwrap().status, Status::Documented);
}
