//! Reads a policy file: every wrong key, role, service or host is a mistake with file and line, and what was probably meant; what is doubtful
//! is a warning with its line.
//!
//! `who.rs` reads hosts, roles and groups, `documents.rs` what the policy takes from the catalog, `site.rs` the site's own words.

mod documents;
mod site;
mod who;

use std::collections::HashMap;
use std::ops::Range as Span;

use toml::de::DeValue;

use super::hosts::{HostNames, Hosts};
use super::index::Index;
use super::policy::{INTERNET_NAME, Policy, Role};
use crate::catalog::{Catalog, Fields, Mistakes, Reader, Value};

const KEYS: &[&str] = &[
    "name", "use", "segment", "hosts", "products", "options", "roles", "groups", "services", "port", "proxy", "expect", "forbid",
    "accept",
];

/// Keys of which an empty list says something else than a missing one.
const MEANT_EMPTY: &[&str] = &["nap", "without"];

/// A flag that only a record has, for `[[accept]]`.
pub type FlagWords<'a> = &'a [(&'a str, &'a str)];

impl Policy {
    /// Reads a policy. `names` holds the hosts file that its `hosts` key names, where it names one: see [`hosts_file`].
    pub fn read(file: &str, text: &str, catalog: &Catalog, names: &HostNames, flags: FlagWords<'_>) -> Result<Self, Mistakes> {
        let mut reading = Reading::new(file, text, catalog, names, flags);
        let policy = reading.policy(file);
        if reading.reader.mistakes.is_empty() { Ok(policy) } else { Err(Mistakes(reading.reader.mistakes)) }
    }
}

/// The path of the hosts file that a policy names, as it stands there, and in which line.
pub fn hosts_file(file: &str, text: &str) -> Option<(String, u32)> {
    let mut reader = Reader::new(file, text);
    let table = reader.parse()?;
    let fields = reader.table(table.get_ref(), table.span(), KEYS);
    let line = reader.line(fields.get("hosts")?.span().start);
    Some((fields.string(&mut reader, "hosts")?, line))
}

/// A policy being read.
struct Reading<'r> {
    reader: Reader<'r>,
    file: &'r str,
    catalog: &'r Catalog,
    names: &'r HostNames,
    flags: FlagWords<'r>,
    roles: Vec<Role>,
    /// Where each of them but the first stands.
    role_spans: Vec<Span<usize>>,
    groups: HashMap<String, Hosts>,
    /// Entries of the site, by what they are about.
    said: HashMap<String, String>,
    /// By line.
    warnings: Vec<(u32, String)>,
}

impl<'r> Reading<'r> {
    fn new(file: &'r str, text: &'r str, catalog: &'r Catalog, names: &'r HostNames, flags: FlagWords<'r>) -> Self {
        let internet = Role { name: INTERNET_NAME.to_owned(), hosts: Hosts::default() };
        let reader = Reader::new(file, text);
        Self {
            reader,
            file,
            catalog,
            names,
            flags,
            roles: vec![internet],
            role_spans: Vec::new(),
            groups: HashMap::new(),
            said: HashMap::new(),
            warnings: Vec::new(),
        }
    }

    fn policy(&mut self, file: &str) -> Policy {
        let Some(table) = self.reader.parse() else { return Policy::default() };
        let fields = self.reader.table(table.get_ref(), table.span(), KEYS);
        self.warn_of_empty(&fields, KEYS);
        let name = self.named(&fields, "name").unwrap_or_else(|| file.to_owned());
        let segment = self.hosts(&fields, "segment");
        self.roles(&fields);
        self.groups(&fields);
        let choice = self.choice(&fields);
        let forbid = self.site_rules(&fields, "forbid");
        let mut allow = self.site_rules(&fields, "expect");
        allow.extend(self.link_rules(&fields, &choice));
        allow.extend(self.service_rules(&fields, &choice));
        allow.extend(choice.everywhere());
        // Most links are between roles that nobody has here.
        allow.retain(|rule| !rule.from.is_nobody() && !rule.to.is_nobody());
        let accept = self.accepts(&fields);
        self.warn_of_idle(forbid.iter().chain(&allow), &accept);
        let (roles, warnings) = (std::mem::take(&mut self.roles), self.warnings());
        Policy { name, segment, roles, forbid, index: Index::new(&allow), allow, accept, warnings }
    }

    /// Notes a doubt: the policy holds, but may not say what was meant.
    fn warn(&mut self, span: &Span<usize>, text: &str) {
        self.warnings.push((self.reader.line(span.start), text.to_owned()));
    }

    /// The doubts in the order of the file.
    fn warnings(&mut self) -> Vec<String> {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.sort_by_key(|(line, _)| *line);
        warnings.into_iter().map(|(line, text)| format!("{}:{line}: {text}", self.file)).collect()
    }

    /// A table of the policy with these keys.
    fn table<'t, 'i>(&mut self, value: &'t Value<'i>, keys: &[&str]) -> Option<Fields<'t, 'i>> {
        let fields = self.reader.fields(value, keys)?;
        self.warn_of_empty(&fields, keys);
        Some(fields)
    }

    fn warn_of_empty(&mut self, fields: &Fields<'_, '_>, keys: &[&str]) {
        for key in keys.iter().filter(|key| !MEANT_EMPTY.contains(key)) {
            let Some(value) = fields.get(key) else { continue };
            if matches!(value.get_ref(), DeValue::Array(values) if values.is_empty()) {
                self.warn(&value.span(), &format!("`{key}` is empty, which means the same as leaving it out"));
            }
        }
    }

    /// The text of a value, without blanks at its ends.
    fn word(&mut self, value: &Value<'_>) -> Option<String> {
        let text = self.reader.string(value)?;
        Some(self.trimmed(&text, &value.span()).to_owned())
    }

    /// The text of a key, where it is given.
    fn named(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<String> {
        self.word(fields.get(key)?)
    }

    fn trimmed<'t>(&mut self, text: &'t str, span: &Span<usize>) -> &'t str {
        let word = text.trim();
        if word.len() < text.len() {
            self.warn(span, &format!("`{text}` has blanks at an end: it is read as `{word}`"));
        }
        word
    }
}
