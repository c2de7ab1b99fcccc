//! `sarif`: the audit as SARIF 2.1.0 (OASIS), which code hosts and security dashboards take. A kind of finding is a rule, a group of findings a result; what a
//! baseline had and this run has not is a result with the state `absent`. Expectations that were not seen are results of the rule `missing`.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Report, json_text};
use crate::record::{Audit, Change, Coverage, FindingGroup, FindingKind, FlowRecord, Gone, Seen, Summary};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The rule of expectations that were not seen.
const MISSING: &str = "missing";

/// Writes the outcome of an audit; records have no place in it.
pub(super) struct Sarif;

impl Report for Sarif {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        json_text::append(&mut text, &log(summary))?;
        text.push(b'\n');
        out.write_all(&text)
    }
}

fn log(summary: &Summary) -> Value {
    let nothing = Audit::default();
    let audit = summary.audit.as_ref().unwrap_or(&nothing);
    let is_compared = summary.run.options.contains_key("baseline");
    let place = Place::of(summary);
    let found = audit.findings.iter().map(|group| finding(group, is_compared, &place));
    let gone = audit.gone.iter().map(|gone| absent(gone, &place));
    let missing = audit.missing().map(|row| missing(row, audit.missing_fails, is_compared, &place));
    let results: Vec<Value> = found.chain(gone).chain(missing).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "flowlabel",
                "version": summary.run.version,
                "semanticVersion": summary.run.version,
                "rules": rules(),
            }},
            "invocations": [{"executionSuccessful": summary.damage.is_empty(), "toolExecutionNotifications": notifications(summary, audit)}],
            "artifacts": artifacts(summary),
            "results": results,
            "columnKind": "unicodeCodePoints",
            "properties": {"policy": audit.policy, "flows": audit.flows, "accepted": audit.accepted, "known": audit.known},
        }],
    })
}

/// Every kind of finding, in order, then what is missing.
fn rules() -> Vec<Value> {
    let rule = |id: &str, text: &str, level: &str| {
        json!({
            "id": id,
            "name": pascal(id),
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        })
    };
    let mut rules: Vec<Value> = FindingKind::ALL.iter().map(|kind| rule(kind.as_str(), meaning(*kind), level(*kind))).collect();
    rules.push(rule(MISSING, "An expectation was not seen.", "note"));
    rules
}

fn meaning(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Unexpected => "Traffic that nothing in the policy allows.",
        FindingKind::Forbidden => "Traffic that the policy forbids.",
        FindingKind::Reversed => "A connection over a one-way link that the other side opened.",
        FindingKind::WrongTransport => "A documented port over the other transport.",
        FindingKind::WrongPort => "A documented protocol on a port that its link does not give.",
        FindingKind::RoleMissing => "A service answers on a host that has no role for it.",
        FindingKind::Refused => "An expected connection was refused.",
        FindingKind::Unanswered => "An expected connection was never answered.",
        FindingKind::PayloadContradictsPort => "The payload is another protocol than the port's.",
        FindingKind::DynamicUnexplained => "A dynamic port that no announcement explains.",
    }
}

fn level(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Forbidden | FindingKind::PayloadContradictsPort | FindingKind::Reversed | FindingKind::RoleMissing => {
            "error"
        }
        FindingKind::Unexpected | FindingKind::WrongTransport | FindingKind::WrongPort | FindingKind::DynamicUnexplained => {
            "warning"
        }
        FindingKind::Refused | FindingKind::Unanswered => "note",
    }
}

/// `WrongPort` of `wrong-port`.
fn pascal(id: &str) -> String {
    let word = |word: &str| word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect::<String>();
    id.split('-').map(word).collect()
}

/// Where results are shown: the first input, or the policy of live traffic.
struct Place {
    uri: String,
    is_input: bool,
}

impl Place {
    fn of(summary: &Summary) -> Self {
        let input = summary.run.inputs.first().map(|input| input.path.as_str());
        let policy = summary.run.policy.as_deref().unwrap_or("policy");
        Self { uri: uri(input.unwrap_or(policy)), is_input: input.is_some() }
    }

    fn location(&self, name: &str) -> Value {
        let mut artifact = json!({"uri": self.uri});
        if let Some(fields) = artifact.as_object_mut().filter(|_| self.is_input) {
            fields.insert("index".to_owned(), json!(0));
        }
        json!({
            "physicalLocation": {"artifactLocation": artifact},
            "logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "resource"}],
        })
    }
}

fn finding(group: &FindingGroup, is_compared: bool, place: &Place) -> Value {
    let port = group.port.map(|port| format!("/{port}")).unwrap_or_default();
    let name = format!("{} {}{port}", group.server, group.transport);
    let rest = [group.link.as_deref().unwrap_or_default(), group.label.as_deref().unwrap_or_default()].join("|");
    let state = if group.change == Some(Change::Moved) { "updated" } else { "new" };
    let result = json!({
        "ruleId": group.kind,
        "ruleIndex": FindingKind::ALL.iter().position(|kind| *kind == group.kind),
        "level": level(group.kind),
        "message": {"text": group.text},
        "locations": [place.location(&name)],
        "partialFingerprints": {"finding/v1": format!("{}|{name}|{rest}", group.kind)},
        "occurrenceCount": group.flows,
        "properties": {
            "link": group.link,
            "label": group.label,
            "clients": group.clients,
            "packets": group.packets,
            "bytes": group.bytes,
            "first": group.first,
            "last": group.last,
            "witnesses": group.witnesses,
            "sources": group.sources,
            "filter": group.filter,
            "was": group.was,
        },
    });
    with_state(result, is_compared.then_some(state))
}

/// What the baseline had.
fn absent(gone: &Gone, place: &Place) -> Value {
    let rule = gone.kind.as_deref().unwrap_or(MISSING);
    let name = gone.link.as_deref().unwrap_or(gone.what);
    let result = json!({
        "ruleId": rule,
        "level": "note",
        "message": {"text": gone.text},
        "locations": [place.location(name)],
        "partialFingerprints": {"gone/v1": format!("{rule}|{name}|{}", gone.text)},
        "properties": {"what": gone.what, "link": gone.link},
    });
    with_state(result, Some("absent"))
}

fn missing(row: &Coverage, fails: bool, is_compared: bool, place: &Place) -> Value {
    let protocol = row.protocol.as_deref().unwrap_or("any protocol");
    let what = if row.status == Seen::Failed { "was tried and failed each time" } else { "was never seen" };
    let why = row.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let ports = [row.transport.as_deref().unwrap_or("any transport"), &row.ports.join("|")].join(" ");
    let name = format!("{} {} to {}, {protocol} {}", row.by, row.from, row.to, ports.trim_end());
    let result = json!({
        "ruleId": MISSING,
        "ruleIndex": FindingKind::ALL.len(),
        "level": if fails { "error" } else { "note" },
        "message": {"text": format!("{name} {what}{why}.")},
        "locations": [place.location(&row.by)],
        "partialFingerprints": {"missing/v1": name},
        "properties": {"link": row.by, "observable": row.observable, "sources": row.sources},
    });
    with_state(result, is_compared.then_some("unchanged"))
}

/// All results have a state, or none has.
fn with_state(mut result: Value, state: Option<&str>) -> Value {
    if let (Some(fields), Some(state)) = (result.as_object_mut(), state) {
        fields.insert("baselineState".to_owned(), json!(state));
    }
    result
}

/// What was wrong with the input or is doubtful in the policy.
fn notifications(summary: &Summary, audit: &Audit) -> Vec<Value> {
    let note = |level: &str, text: String| json!({"level": level, "message": {"text": text}});
    let damage = summary.damage.iter().map(|damage| note("error", damage.to_string()));
    damage.chain(audit.warnings.iter().map(|warning| note("warning", warning.clone()))).collect()
}

fn artifacts(summary: &Summary) -> Vec<Value> {
    let artifact = |input: &crate::record::Input| {
        let mut fields = Map::new();
        fields.insert("location".to_owned(), json!({"uri": uri(&input.path)}));
        fields.insert("length".to_owned(), json!(input.bytes));
        Value::Object(fields)
    };
    summary.run.inputs.iter().map(artifact).collect()
}

/// A path as a URI reference (RFC 3986): a drive or `-` is no scheme here.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
