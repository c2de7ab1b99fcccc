//! `catalog list` and `catalog links` of the real binary against a reading of the same documents made apart from `rules/`, fact by
//! fact and line by line: nothing is missing, nothing is invented. `tests/data/README.md` says what the tables hold.

#![cfg(test)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on is to fail")]

mod support;

use std::collections::BTreeSet;

use flowlabel::catalog::{Catalog, Options, commands};
use serde_json::Value;
use support::program;
use support::table::{Row, rows};

/// The five documents; rows of other rules files are not theirs.
const DOCUMENTS: [&str; 5] = ["q256884", "kb832017-early", "kb832017", "sccm-2007", "vmm-2016"];

/// Printed numbers that are no fact to match or to warn of: the loopback range of the gateway, which no wire carries (C97).
fn is_no_fact(row: &Row) -> bool {
    row.get("system") == "svc.alg" && row.list("port") == ["3000-5000"]
}

fn asked(view: &str) -> Vec<Value> {
    let said = program::run(&["catalog", view, "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    said.json().as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

fn texts<'a>(row: &'a Value, field: &str) -> Vec<&'a str> {
    row[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The ports of a row of either command, as text.
fn ports(row: &Value) -> BTreeSet<String> {
    let port = match &row["port"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        number => Some(number.to_string()),
    };
    port.into_iter().chain(texts(row, "ports").into_iter().map(str::to_owned)).collect()
}

/// Names are compared without case, without the IP protocol's number in brackets and with plain blanks.
fn name(text: &str) -> String {
    text.split(" (IP protocol").next().unwrap_or_default().replace('\u{a0}', " ").to_lowercase()
}

/// Whether a row of the program speaks of a protocol, by its name or as the documents print it.
fn is_called(row: &Value, expected: &Row) -> bool {
    let printed = texts(row, "printed");
    let names = printed.into_iter().chain([text(row, "protocol")]).map(name).collect::<Vec<_>>();
    // The rows of dynamic ports are printed under that name, whatever is spoken there.
    let dynamic = names.iter().any(|name| name.starts_with("randomly allocated"));
    dynamic || [expected.get("protocol"), expected.get("protocol_printed")].iter().any(|wanted| names.contains(&name(wanted)))
}

/// Whether a row of the program has this port; `""` is none.
fn has_port(row: &Value, wanted: &str) -> bool {
    let found = ports(row);
    // A range for dynamic ports stands beside the word.
    if wanted.is_empty() { found.is_empty() } else { found.contains(wanted) || row["range"].as_str() == Some(wanted) }
}

/// The ports of a row of the tables, one by one; one that is empty where there is none.
fn each_port<'a>(row: &'a Row, column: &str) -> Vec<&'a str> {
    let ports = row.list(column);
    if ports.is_empty() { vec![""] } else { ports }
}

/// An empty transport is one that the place does not print.
fn has_transport(row: &Value, wanted: &str) -> bool {
    wanted.is_empty() || text(row, "transport") == wanted
}

fn has_status(row: &Value, expected: &Row) -> bool {
    let status = text(row, "status");
    status == expected.get("status") || (!expected.get("also_ok").is_empty() && status == expected.get("also_ok"))
}

fn is_documented(row: &Value) -> bool {
    text(row, "status") != "derived"
}

#[test]
fn every_printed_fact_is_in_the_catalog() {
    let list = asked("list");
    let mut complaints = Vec::new();
    for expected in rows("facts").iter().filter(|row| !is_no_fact(row)) {
        let source = expected.source();
        let of_line =
            |row: &&Value| text(row, "system") == expected.get("system") && texts(row, "sources").contains(&source.as_str());
        let same = |row: &&Value| has_transport(row, expected.get("transport")) && has_port(row, expected.get("port"));
        let found: Vec<_> = list.iter().filter(of_line).filter(same).collect();
        let case = format!("{source} {} {} {}", expected.get("system"), expected.get("transport"), expected.get("port"));
        if found.is_empty() {
            complaints.push(format!("{case}: missing"));
        } else if !found.iter().any(|row| is_called(row, expected)) {
            complaints.push(format!("{case}: {} is called {}", expected.get("protocol"), text(found[0], "protocol")));
        } else if !found.iter().any(|row| has_status(row, expected)) {
            complaints.push(format!("{case}: {}, not {}", text(found[0], "status"), expected.get("status")));
        }
    }
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
}

/// Whether some table has this line with a port of the row, for its system or, where a line is cited for more than its own row, for
/// another.
fn is_printed(tables: &[Row], source: &str, row: &Value) -> bool {
    let fits = |expected: &&Row| {
        let column = if expected.has("port") { "port" } else { "ports" };
        let transport = has_transport(row, expected.get("transport")) || text(row, "transport").is_empty();
        transport && each_port(expected, column).into_iter().any(|port| has_port(row, port))
    };
    tables.iter().filter(|expected| expected.source() == source).any(|expected| fits(&expected))
}

#[test]
fn no_printed_fact_or_cell_is_invented() {
    let tables: Vec<Row> = rows("facts").into_iter().chain(rows("links")).collect();
    let id_of = |row: &Row| row.get(if row.has("system") { "system" } else { "link" }).to_owned();
    let printed: BTreeSet<(String, String)> = tables.iter().map(|row| (id_of(row), row.source())).collect();
    let (list, links) = (asked("list"), asked("links"));
    let mut complaints = Vec::new();
    for row in list.iter().chain(&links).filter(|row| is_documented(row)) {
        let id = if row["system"].is_string() { text(row, "system") } else { text(row, "link") };
        let sources = texts(row, "sources");
        let of_documents: Vec<_> =
            sources.into_iter().filter(|source| DOCUMENTS.contains(&source.split(':').next().unwrap_or_default())).collect();
        let case = format!("{id} {} {} {:?}", text(row, "protocol"), text(row, "transport"), ports(row));
        for source in &of_documents {
            if !is_printed(&tables, source, row) {
                complaints.push(format!("{case}: {source} does not print it"));
            }
        }
        let own = of_documents.iter().any(|source| printed.contains(&(id.to_owned(), (*source).to_owned())));
        if !of_documents.is_empty() && !own {
            complaints.push(format!("{case}: none of {of_documents:?} is a line of its own"));
        }
    }
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn what_is_derived_follows_from_a_reading() {
    let derived = rows("derived");
    let (list, links) = (asked("list"), asked("links"));
    let of_documents =
        |row: &&Value| texts(row, "sources").iter().any(|source| DOCUMENTS.contains(&source.split(':').next().unwrap()));
    let found: Vec<&Value> = list.iter().chain(&links).filter(|row| !is_documented(row)).filter(of_documents).collect();
    let same = |row: &Value, expected: &Row| {
        let id = if row["system"].is_string() { text(row, "system") } else { text(row, "link") };
        let transport = has_transport(row, expected.get("transport"));
        id == expected.get("id") && transport && has_port(row, expected.get("ports"))
    };
    let mut complaints = Vec::new();
    for row in &found {
        let case = format!("{row}");
        let Some(expected) = derived.iter().find(|expected| same(row, expected)) else {
            // The random ports of the management console are printed, in prose (C28).
            let is_prose = |fact: &Row| fact.get("status") == "derived" && fact.get("system") == text(row, "system");
            if !rows("facts").iter().any(is_prose) {
                complaints.push(format!("{case}: no reading says so"));
            }
            continue;
        };
        if !expected.get("reading").contains(text(row, "reading")) || text(row, "reading").is_empty() {
            complaints.push(format!("{case}: reading {} expected", expected.get("reading")));
        }
    }
    for expected in &derived {
        if !found.iter().any(|row| same(row, expected)) {
            complaints.push(format!("{} {} {}: missing", expected.get("id"), expected.get("transport"), expected.get("ports")));
        }
    }
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
}

/// A role as the table names it: without a product or purpose in brackets, with plain blanks, whatever its case.
fn role(printed: &str) -> String {
    let plain = printed.replace('\u{a0}', " ");
    let plain = plain.split('(').next().unwrap_or_default().trim().to_lowercase();
    plain.strip_prefix("internet-based ").map(str::to_owned).unwrap_or(plain)
}

fn is_role(found: &str, expected: &Row, column: &str) -> bool {
    let printed = format!("{column}_printed");
    let roles = expected.list(column).into_iter().chain(expected.list(&printed)).map(role).collect::<Vec<_>>();
    roles.is_empty() || roles.contains(&role(found))
}

#[test]
fn every_cell_of_every_link_is_in_the_catalog() {
    let (links, list) = (asked("links"), asked("list"));
    let mut complaints = Vec::new();
    for expected in &rows("links") {
        // Where the document names no two ends it is no link but a system with facts.
        let is_link = links.iter().any(|row| text(row, "link") == expected.get("link"));
        let (rows, id) = if is_link { (&links, "link") } else { (&list, "system") };
        let source = expected.source();
        let of_line = |row: &&Value| text(row, id) == expected.get("link") && texts(row, "sources").contains(&source.as_str());
        for port in each_port(expected, "ports") {
            let same = |row: &&Value| is_documented(row) && has_transport(row, expected.get("transport")) && has_port(row, port);
            let found: Vec<_> = rows.iter().filter(of_line).filter(same).collect();
            let case = format!("{source} {} {} {port}", expected.get("link"), expected.get("transport"));
            if found.is_empty() {
                complaints.push(format!("{case}: missing"));
            }
            for row in found {
                complaints
                    .extend(differences(row, expected, is_link).into_iter().map(|difference| format!("{case}: {difference}")));
            }
        }
    }
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
}

fn differences(row: &Value, expected: &Row, is_link: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let mut expect = |what: &str, right: bool, wanted: &str| {
        if !right {
            differences.push(format!("{what} is {}, not {wanted}", row[what]));
        }
    };
    expect("protocol", is_called(row, expected) || expected.get("protocol").is_empty(), expected.get("protocol"));
    expect("status", has_status(row, expected), expected.get("status"));
    expect(
        "configurable",
        (row["configurable"] == true) == (expected.get("configurable") == "yes"),
        expected.get("configurable"),
    );
    // The answer of a TFTP server is printed against the direction of its link.
    if is_link && !expected.get("from").is_empty() && expected.get("direction") != "<-" {
        expect("direction", text(row, "direction") == expected.get("direction"), expected.get("direction"));
        expect("from", is_role(text(row, "from"), expected, "from"), expected.get("from"));
        expect("to", is_role(text(row, "to"), expected, "to"), expected.get("to"));
    }
    differences
}

#[test]
fn a_heading_with_two_pairs_of_roles_has_rows_for_both() {
    let links = asked("links");
    for expected in rows("links").iter().filter(|row| row.get("where") == "cell") {
        for (column, wanted) in
            ["from", "to"].into_iter().flat_map(|column| expected.list(column).into_iter().map(move |role| (column, role)))
        {
            let same = |row: &&Value| {
                text(row, "link") == expected.get("link") && texts(row, "sources").contains(&expected.source().as_str())
            };
            let mut rows = links.iter().filter(same).peekable();
            assert!(
                rows.peek().is_none() || rows.any(|row| role(text(row, column)) == role(wanted)),
                "{}: {column} {wanted}",
                expected.source()
            );
        }
    }
}

#[test]
fn cells_that_give_alternatives_keep_them_together() {
    let links = asked("links");
    // Where the document names no two ends it is no link but a system with facts, one a port.
    let of_roles = |row: &&Row| row.get("where") == "cell" && row.list("ports").len() > 1 && !row.get("from").is_empty();
    for expected in rows("links").iter().filter(of_roles) {
        let source = expected.source();
        let whole: BTreeSet<String> = expected.list("ports").into_iter().map(str::to_owned).collect();
        let found = links.iter().filter(|row| texts(row, "sources").contains(&source.as_str())).any(|row| ports(row) == whole);
        assert!(found, "{source}: {whole:?}");
    }
}

#[test]
fn titles_and_service_names_of_both_copies_lead_to_the_system() {
    let catalog = Catalog::load(&Options::default()).unwrap();
    let list = asked("list");
    let mut complaints = Vec::new();
    for expected in &rows("services") {
        let id = expected.get("system");
        let system = catalog.system_by_id(id).and_then(|at| catalog.system(at)).unwrap_or_else(|| panic!("no {id}"));
        let names: Vec<String> =
            system.aliases.iter().chain([&system.name]).chain(&system.service).map(|known| known.to_lowercase()).collect();
        for printed in [expected.get("title"), expected.get("service_printed"), expected.get("service")] {
            if !printed.is_empty() && !names.contains(&printed.to_lowercase()) {
                complaints.push(format!("{id} does not answer to {printed:?}"));
            }
        }
        let adopted = expected.get("service");
        let row = list.iter().find(|row| text(row, "system") == id).unwrap_or_else(|| panic!("no fact of {id}"));
        if !adopted.is_empty() && !text(row, "service").eq_ignore_ascii_case(adopted) {
            complaints.push(format!("{id} is the service {}, not {adopted}", row["service"]));
        }
        if commands::explain(&catalog, expected.get("title")).is_err() {
            complaints.push(format!("{:?} cannot be explained", expected.get("title")));
        }
    }
    assert!(complaints.is_empty(), "{}\n{}", complaints.len(), complaints.join("\n"));
}
