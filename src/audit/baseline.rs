//! What an earlier audit found and saw, so that a later one need only tell what has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use crate::net::{IpProto, protocol_named};
use crate::record::{Change, Coverage, Finding, FindingGroup, FindingKind, FlowRecord, Gone, Seen};

/// What makes findings alike: the same thing about the same service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Alike {
    /// What is wrong.
    pub kind: FindingKind,
    /// The link or fact it rests on.
    pub link: Option<String>,
    /// The server.
    pub server: IpAddr,
    /// The transport.
    pub transport: IpProto,
    /// Its port, unless it is another each time.
    pub port: Option<u16>,
    /// The label of the flows.
    pub label: Option<String>,
}

impl Alike {
    /// What a finding about a record is alike to.
    pub fn of(record: &FlowRecord<'_>, finding: &Finding) -> Self {
        let roams = finding.kind == FindingKind::DynamicUnexplained;
        Self {
            kind: finding.kind,
            link: finding.link.clone(),
            server: record.server.ip,
            transport: record.transport,
            port: record.server.port.filter(|_| !roams),
            label: record.label.map(str::to_owned),
        }
    }

    /// The same thing about another port or another host: it has moved.
    fn has_moved_to(&self, new: &Self) -> bool {
        let same = (self.kind, &self.link, self.transport, &self.label) == (new.kind, &new.link, new.transport, &new.label);
        same && ((self.server == new.server) != (self.port == new.port))
    }

    /// `10.1.0.9 tcp/80`
    fn place(&self) -> String {
        let port = self.port.map(|port| format!("/{port}")).unwrap_or_default();
        format!("{} {}{port}", self.server, self.transport)
    }
}

/// An expectation, whatever came of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Expected {
    by: String,
    ends: (String, String),
    protocol: Option<String>,
    transport: Option<String>,
    ports: Vec<String>,
}

/// What an earlier audit found and saw.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline {
    /// Each with its sentence.
    findings: BTreeMap<Alike, String>,
    /// Expectations that were seen.
    seen: BTreeSet<Expected>,
}

impl Baseline {
    /// Reads what `audit` wrote as json or as ndjson; the error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let whole = serde_json::from_str::<Value>(text);
        // Of ndjson the last line is the summary.
        let last = || serde_json::from_str::<Value>(text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default());
        let value = whole.or_else(|_| last()).map_err(|error| format!("is no JSON: {error}"))?;
        let summary = value.get("summary").unwrap_or(&value);
        let audit = summary.get("audit").filter(|audit| audit.is_object());
        let audit = audit.ok_or("has no audit in it: write one with `flowlabel audit --format json -o FILE`")?;
        let rows = |key: &str| audit.get(key).and_then(Value::as_array).ok_or(format!("has no audit.{key}"));
        let finding = |group| finding(group).ok_or_else(|| format!("has a finding that cannot be read: {group}"));
        let findings = rows("findings")?.iter().map(finding).collect::<Result<_, _>>()?;
        let is_seen = |row: &&Value| text_of(row, "status").as_deref() == Some(Seen::Seen.as_str());
        let seen = rows("coverage")?.iter().filter(is_seen).map(expected_of).collect();
        Ok(Self { findings, seen })
    }

    /// Whether it has this finding already.
    pub fn knows(&self, alike: &Alike) -> bool {
        self.findings.contains_key(alike)
    }

    /// Says of each finding whether it is new or has moved, and what is gone. `known` are those that were seen again.
    pub fn compare(&self, known: &BTreeSet<Alike>, found: &mut [(Alike, FindingGroup)], coverage: &[Coverage]) -> Vec<Gone> {
        let mut missing: BTreeMap<&Alike, &String> = self.findings.iter().filter(|(alike, _)| !known.contains(alike)).collect();
        for (alike, group) in found {
            let old = missing.keys().find(|old| old.has_moved_to(alike)).copied();
            group.change = Some(if old.is_some() { Change::Moved } else { Change::New });
            if let Some(old) = old {
                group.was = Some(old.place());
                missing.remove(old);
            }
        }
        let findings = missing.into_iter().map(|(alike, text)| Gone {
            what: "finding",
            kind: Some(alike.kind.to_string()),
            link: alike.link.clone(),
            text: text.clone(),
        });
        findings.chain(self.unseen(coverage)).collect()
    }

    /// Expectations that were seen then and are not now.
    fn unseen(&self, coverage: &[Coverage]) -> Vec<Gone> {
        let now: BTreeMap<Expected, &Coverage> = coverage.iter().map(|row| (Expected::of(row), row)).collect();
        let gone = |expected: &Expected| {
            let row = now.get(expected);
            let what = match row.map(|row| (row.status, row.why.as_deref())) {
                Some((Seen::Seen, _)) => return None,
                Some((Seen::Failed, _)) => "failed each time now".to_owned(),
                Some((Seen::Unseen, Some(why))) => format!("is not seen now: {why}"),
                Some((Seen::Unseen, None)) => "is not seen now".to_owned(),
                None => "is not expected any more".to_owned(),
            };
            let text = format!("{} was seen, and {what}.", expected.text());
            Some(Gone { what: "expectation", kind: None, link: Some(expected.by.clone()), text })
        };
        self.seen.iter().filter_map(gone).collect()
    }
}

impl Expected {
    fn of(row: &Coverage) -> Self {
        Self {
            by: row.by.clone(),
            ends: (row.from.clone(), row.to.clone()),
            protocol: row.protocol.clone(),
            transport: row.transport.clone(),
            ports: row.ports.clone(),
        }
    }

    /// `HTTP tcp 80|8530, Client to Management Point`
    fn text(&self) -> String {
        let protocol = self.protocol.as_deref().unwrap_or("any protocol");
        let transport = self.transport.as_deref().unwrap_or("any transport");
        let ports = self.ports.join("|");
        let gap = if ports.is_empty() { "" } else { " " };
        format!("{protocol} {transport}{gap}{ports}, {} to {},", self.ends.0, self.ends.1)
    }
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn finding(group: &Value) -> Option<(Alike, String)> {
    let kind = text_of(group, "kind")?;
    let port = group.get("port").and_then(Value::as_u64).map(u16::try_from).transpose().ok()?;
    let alike = Alike {
        kind: *FindingKind::ALL.iter().find(|known| known.as_str() == kind)?,
        link: text_of(group, "link"),
        server: text_of(group, "server")?.parse().ok()?,
        transport: protocol_named(&text_of(group, "transport")?).map(IpProto)?,
        port,
        label: text_of(group, "label"),
    };
    Some((alike, text_of(group, "text").unwrap_or_default()))
}

fn expected_of(row: &Value) -> Expected {
    let ports = row.get("ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Expected {
        by: text_of(row, "by").unwrap_or_default(),
        ends: (text_of(row, "from").unwrap_or_default(), text_of(row, "to").unwrap_or_default()),
        protocol: text_of(row, "protocol"),
        transport: text_of(row, "transport"),
        ports: ports.iter().filter_map(|port| port.as_str().map(str::to_owned)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_of_an_audit_is_refused_with_advice() {
        for (text, part) in [
            ("no json", "is no JSON"),
            ("", "is no JSON"),
            ("[]", "has no audit in it"),
            (r#"{"flows":[],"summary":{"audit":null}}"#, "audit --format json"),
            (r#"{"summary":{"audit":{}}}"#, "has no audit.findings"),
            (r#"{"summary":{"audit":{"findings":[{"kind":"odd"}],"coverage":[]}}}"#, "cannot be read"),
        ] {
            let error = Baseline::read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert_eq!(
            Baseline::read("{\"type\":\"flow\"}\n{\"audit\":{\"findings\":[],\"coverage\":[]}}\n"),
            Ok(Baseline::default())
        );
    }

    fn at(server: &str, port: u16) -> Alike {
        Alike {
            kind: FindingKind::RoleMissing,
            link: Some("svc.telnet".to_owned()),
            server: server.parse().unwrap(),
            transport: IpProto::TCP,
            port: Some(port),
            label: Some("Telnet".to_owned()),
        }
    }

    #[test]
    fn moved_is_another_host_or_another_port_and_not_both() {
        let old = at("10.1.0.9", 23);
        assert!(old.has_moved_to(&at("10.1.0.10", 23)) && old.has_moved_to(&at("10.1.0.9", 2323)));
        assert!(!old.has_moved_to(&at("10.1.0.10", 2323)) && !old.has_moved_to(&old));
        assert!(!old.has_moved_to(&Alike { kind: FindingKind::Reversed, ..at("10.1.0.10", 23) }));
    }
}
