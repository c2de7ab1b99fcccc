//! `flowlabel explain UUID`: what a DCE/RPC interface is, by its UUID or, where the catalog knows no such word, its name.

use std::fmt::Write as _;

use serde::Serialize;

use crate::catalog::{Catalog, commands};
use crate::recognize::{Interface, Uuid, interface, interfaces_named};

/// An interface, as it is printed.
#[derive(Debug, Serialize)]
pub struct Row {
    uuid: String,
    #[serde(flatten)]
    known: &'static Interface,
}

/// The interfaces a question is about.
pub fn asked(catalog: &Catalog, what: &str) -> Option<Vec<Row>> {
    let what = what.trim();
    let found = match Uuid::parse(what) {
        Some(uuid) => interface(uuid).map(|known| vec![(uuid, known)])?,
        None if commands::explain(catalog, what).is_ok() => return None,
        None => interfaces_named(what),
    };
    let rows: Vec<Row> = found.into_iter().map(|(uuid, known)| Row { uuid: uuid.to_string(), known }).collect();
    (!rows.is_empty()).then_some(rows)
}

/// For people.
pub fn text(catalog: &Catalog, rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { uuid, known } in rows {
        // Writing to a String cannot fail.
        let _ = write!(text, "{uuid} is the DCE/RPC interface {}", known.name);
        if let Some(version) = &known.version {
            let _ = write!(text, " {version}");
        }
        let _ = write!(text, ": {}", known.about);
        if let Some(document) = &known.document {
            let _ = write!(text, ", [{document}]");
        }
        text += ".\n";
        for id in &known.systems {
            let system = catalog.system_by_id(id).and_then(|at| catalog.system(at));
            let named = system.map_or(id.as_str(), |system| &system.name);
            let _ = writeln!(text, "  It belongs to {named} [{id}].");
        }
        if let Some(source) = &known.source {
            let _ = writeln!(text, "  Only the list of {source} has it.");
        }
    }
    text
}
