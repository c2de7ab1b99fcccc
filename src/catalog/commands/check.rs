//! `catalog check`: the findings of the lint as text.

use crate::catalog::{Catalog, Finding};

/// The findings, a line each, and what was looked at.
pub fn check_table(catalog: &Catalog, findings: &[Finding]) -> String {
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let (files, systems, facts) = (catalog.files.len(), catalog.systems.len(), catalog.facts.len());
    let found = if findings.is_empty() { "nothing to complain about".to_owned() } else { format!("{} findings", findings.len()) };
    lines.push(format!("{files} files, {systems} systems, {facts} facts: {found}\n"));
    lines.join("\n")
}
