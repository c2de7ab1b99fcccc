//! `flowlabel catalog protocols`: what is recognised by its bytes, what the catalog calls it, and at whose ports it is at home.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalog::{Catalog, commands::Table};
use crate::recognize::{RECOGNIZERS, kinds};

/// A protocol.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is called where it is recognised; for a kind of another one, both.
    pub protocol: String,
    /// `tcp`, `udp`.
    pub transports: Vec<String>,
    /// What labels say where nothing but the payload tells; null: no document names it, so it is a hint.
    pub label: Option<String>,
    /// Names of documented services at whose ports it is no contradiction.
    pub services: Vec<String>,
    /// `payload`; `port` where no format was ever published, so that nothing can be recognised.
    pub evidence: &'static str,
}

/// Every protocol that is recognised, and those of the catalog that cannot be, by name.
pub fn rows(catalog: &Catalog) -> Vec<Row> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for recognizer in RECOGNIZERS {
        let transports: Vec<String> = recognizer.over.iter().map(ToString::to_string).collect();
        for protocol in recognizer.protocols {
            add(&mut rows, protocol.name, &transports, (protocol.label, protocol.behind));
        }
    }
    for (kind, protocol) in kinds() {
        let name = format!("{} over {}", kind.name, protocol.name);
        add(&mut rows, &name, &["tcp".to_owned()], (protocol.label, protocol.behind));
    }
    for rule in catalog.protocol_rules.iter().filter(|rule| rule.unpublished) {
        let label = Some(rule.name.clone());
        let row = Row { protocol: rule.name.clone(), transports: Vec::new(), label, services: Vec::new(), evidence: "port" };
        rows.entry(rule.name.to_lowercase()).or_insert(row);
    }
    rows.into_values().collect()
}

/// Several findings may have one name: they differ in the label, of which the first is the general one.
fn add(
    rows: &mut BTreeMap<String, Row>,
    name: &str,
    transports: &[String],
    (label, services): (Option<&'static str>, &[&'static str]),
) {
    let label = label.map(str::to_owned);
    let new = || Row { protocol: name.to_owned(), transports: Vec::new(), label, services: Vec::new(), evidence: "payload" };
    let row = rows.entry(name.to_lowercase()).or_insert_with(new);
    for (known, more) in
        [(&mut row.transports, transports), (&mut row.services, &services.iter().map(ToString::to_string).collect::<Vec<_>>())]
    {
        known.extend(more.iter().filter(|word| !known.contains(word)).cloned().collect::<Vec<_>>());
    }
}

/// The same for people.
pub fn table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["PROTOCOL", "OVER", "EVIDENCE", "LABEL", "AT THE PORTS OF"]);
    for row in rows(catalog) {
        let label = row.label.unwrap_or_else(|| "(hint)".to_owned());
        table.row([row.protocol, row.transports.join(" "), row.evidence.to_owned(), label, row.services.join(", ")]);
    }
    table.render(width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Options;

    #[test]
    fn what_is_recognised_what_is_a_hint_and_what_cannot_be() {
        let rows = rows(&Catalog::load(&Options::default()).unwrap());
        let row = |name: &str| rows.iter().find(|row| row.protocol == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((row("DNS").transports.join(" ").as_str(), row("DNS").label.as_deref()), ("tcp udp", Some("DNS")));
        assert_eq!((row("MySQL").label.as_deref(), row("MySQL").services.len()), (None, 0));
        assert_eq!(row("WS-Management over HTTP").label.as_deref(), Some("WS-Management"));
        assert_eq!((row("SMS Remote Chat").evidence, row("HTTP").evidence), ("port", "payload"));
        assert!(row("TLS").services.iter().any(|name| name == "LDAP SSL"));
    }
}
