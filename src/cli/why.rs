//! `flowlabel explain RECORDS.ndjson#17.0`: why a record says what it says.

use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::exit::Failure;
use crate::catalog::{Catalog, commands};
use crate::classify::meaning;
use crate::record::escape;

/// The file and the id of a question about a record, where it is one.
pub fn question(what: &str) -> Option<(&str, &str)> {
    let (path, id) = what.rsplit_once('#')?;
    let (packet, layer) = id.split_once('.')?;
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (!path.is_empty() && numeric(packet) && numeric(layer)).then_some((path, id))
}

/// The record with this id, as its file has it; a later update line for it counts.
pub fn find(path: &str, id: &str) -> Result<Value, Failure> {
    let file = File::open(path).map_err(|error| Failure::Usage(format!("cannot read {path}: {error}")))?;
    let mut found: Option<Value> = None;
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if !line.contains(id) {
            continue;
        }
        let bad = |error| Failure::Usage(format!("{path}:{}: not a line of --format ndjson: {error}", number + 1));
        let value: Value = serde_json::from_str(&line).map_err(bad)?;
        if at(&value, "id") == id {
            found = Some(merge(found, value));
        }
    }
    found.ok_or_else(|| Failure::Usage(format!("{path} has no record {id}")))
}

fn merge(record: Option<Value>, line: Value) -> Value {
    match (record, line) {
        (Some(Value::Object(mut record)), Value::Object(update)) if update.get("type") == Some(&Value::from("update")) => {
            record.extend(update.into_iter().filter(|(name, _)| name != "type"));
            Value::Object(record)
        }
        (_, line) => line,
    }
}

/// A record in sentences, then what the documents say of its port or protocol.
pub fn text(catalog: &Catalog, record: &Value, width: Option<usize>) -> String {
    let mut lines = vec![headline(record), String::new()];
    lines.extend(at(record, "reason").as_str().map(|reason| format!("  {}", escape::visible(reason))));
    lines.extend(at(record, "evidence").as_str().map(|evidence| format!("  The label rests on: {evidence}.")));
    lines.push(format!("  Who is client and who is server was told by: {}.", plain(at(record, "direction"))));
    for field in ["flags", "notes"] {
        for word in at(record, field).as_array().into_iter().flatten().filter_map(Value::as_str) {
            lines.push(format!("  {}: {}", escape::visible(word), meaning(word).unwrap_or_default()));
        }
    }
    lines.push(String::new());
    let mut text = lines.join("\n");
    if let Ok(answer) = commands::explain(catalog, &subject(record)) {
        text.push('\n');
        text.push_str(&commands::explain_text(&answer, width));
    }
    text
}

/// `17.0  10.1.8.20:1045 to 10.1.0.9:2703, tcp: SMS Remote Chat, matched`
fn headline(record: &Value) -> String {
    let end = |side: &str| {
        let port = at(at(record, side), "port").as_u64().map(|port| format!(" port {port}")).unwrap_or_default();
        format!("{}{port}", plain(at(at(record, side), "ip")))
    };
    let label = at(record, "label").as_str().map_or("no label".into(), escape::visible);
    let verdict = at(record, "verdict").as_str().map(|verdict| format!(", {}", escape::visible(verdict))).unwrap_or_default();
    format!(
        "{}  {} from {} to {}: {label}{verdict}",
        plain(at(record, "id")),
        plain(at(record, "transport")),
        end("client"),
        end("server")
    )
}

/// What to ask the catalog.
fn subject(record: &Value) -> String {
    match at(at(record, "server"), "port").as_u64() {
        Some(port) => format!("{port}/{}", plain(at(record, "transport"))),
        None => plain(at(record, "transport")),
    }
}

/// A field; null where there is none.
fn at<'a>(value: &'a Value, field: &str) -> &'a Value {
    value.get(field).unwrap_or(&Value::Null)
}

fn plain(value: &Value) -> String {
    value.as_str().map(|text| escape::visible(text).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_and_an_id_are_a_question_about_a_record() {
        assert_eq!(question("out.ndjson#17.0"), Some(("out.ndjson", "17.0")));
        assert_eq!(question("a#b.ndjson#17.0"), Some(("a#b.ndjson", "17.0")));
        for other in ["2703/tcp", "C#", "#1.0", "x#1", "x#1.", "x#a.0"] {
            assert_eq!(question(other), None, "{other}");
        }
    }

    #[test]
    fn an_update_changes_the_record_before_it() {
        let record = serde_json::json!({"type": "flow", "id": "1.0", "label": null, "flags": ["x"]});
        let update = serde_json::json!({"type": "update", "id": "1.0", "label": "RPC"});
        assert_eq!(merge(Some(record), update), serde_json::json!({"type": "flow", "id": "1.0", "label": "RPC", "flags": ["x"]}));
    }
}
