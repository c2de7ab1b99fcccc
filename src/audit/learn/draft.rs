//! The draft and its text: a policy with the reason of each entry beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::gather::Traffic;
use super::services::many;
use super::{About, Sure, many as lists};
use crate::record::escape::visible;

/// Hosts that get a line of their own.
const MOST_LINES: usize = 8;
/// Entries of a list on one line.
const ON_A_LINE: usize = 6;
/// Hosts that are worth a name when several entries list them.
const GROUP: usize = 4;

/// Why a host has a role or a service.
#[derive(Clone, Debug)]
pub struct Given {
    name: Option<String>,
    sure: Sure,
    why: String,
}

impl Given {
    /// No reason yet.
    pub fn new(name: Option<String>) -> Self {
        Self { name, sure: Sure::Weak, why: String::new() }
    }

    /// A reason; the best one is kept.
    pub fn because(&mut self, sure: Sure, why: &str) {
        if self.why.is_empty() || sure < self.sure {
            self.sure = sure;
            why.clone_into(&mut self.why);
        }
    }
}

/// A role or a service, and who has it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id, where the name is another.
    pub about: String,
    /// The key.
    pub name: String,
    /// Who has it.
    pub hosts: BTreeMap<IpAddr, Given>,
}

/// An `[[expect]]`.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub sure: Sure,
    pub why: String,
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub transport: String,
    pub ports: Vec<String>,
    pub types: Vec<u8>,
}

/// An `[[accept]]`.
#[derive(Clone, Debug)]
pub struct Acceptance {
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub flag: String,
    pub transport: Option<String>,
    pub ports: Vec<String>,
    pub why: String,
}

/// All that is drafted.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    head: String,
    name: String,
    /// What the segment may be.
    segment: String,
    pub roles: Vec<Entry>,
    pub services: Vec<Entry>,
    pub expects: Vec<Expectation>,
    pub accepts: Vec<Acceptance>,
}

impl Draft {
    /// A draft with its head only.
    pub fn new(about: &About, traffic: &Traffic<'_>) -> Self {
        let inputs = about.inputs.join(" ");
        let time = traffic.time.filter(|(first, _)| first.is_some());
        let time = time.map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default();
        let seen = format!("{} between {}{time}", many(traffic.flows, "flow"), many(traffic.hosts as u64, "host"));
        let mut head = String::new();
        for line in [
            format!("A draft by flowlabel learn from {inputs}"),
            format!("({seen})."),
            String::new(),
            "It expects what was seen there, whether that was right or not: read it before you rely on it. Each entry says why it is there and how".to_owned(),
            "sure that is. sure: it was announced, or the payload says so; likely: it follows from other entries, or one side's payload says so; weak: a".to_owned(),
            "number and nothing else. Then hold traffic against it:".to_owned(),
            String::new(),
            format!("    flowlabel audit --policy THIS-FILE{} {inputs}", about.options),
        ] {
            comment(&mut head, &line);
        }
        Self { head, name: format!("learned from {inputs}"), segment: segment(traffic), ..Self::default() }
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = self.head.clone();
        let _ = writeln!(text, "\nname = {}\n", quoted(&self.name));
        comment(&mut text, "Judge only flows with an end in these networks (all, as it stands):");
        comment(&mut text, &format!("segment = [{}]", self.segment));
        let groups = self.named_groups();
        write_groups(&mut text, &groups);
        entries(&mut text, "roles", "Roles of the link tables: what a link allows between them is expected.", &self.roles);
        entries(&mut text, "services", "Documented services that these hosts run, for any client.", &self.services);
        if !self.expects.is_empty() {
            section(&mut text, "What no role or service explains: is it meant to be?");
        }
        for expectation in &self.expects {
            expectation.write(&mut text, &groups);
        }
        if !self.accepts.is_empty() {
            section(
                &mut text,
                "Known findings: look at these first. Put right what you can, and give the rest a date: until = \"2027-03-01\"",
            );
        }
        for acceptance in &self.accepts {
            acceptance.write(&mut text, &groups);
        }
        text
    }

    /// Lists of several hosts that stand in more than one place get a name.
    fn named_groups(&self) -> BTreeMap<Vec<String>, String> {
        let of_expects = self.expects.iter().flat_map(|expect| [&expect.from, &expect.to]);
        let lists = of_expects.chain(self.accepts.iter().flat_map(|accept| [&accept.from, &accept.to]));
        let mut counts: BTreeMap<&Vec<String>, usize> = BTreeMap::new();
        for list in lists.filter(|list| list.len() >= GROUP && !list.iter().any(|name| name == "Internet")) {
            *counts.entry(list).or_default() += 1;
        }
        let shared = counts.into_iter().filter(|(_, count)| *count > 1).map(|(list, _)| list.clone());
        shared.enumerate().map(|(at, list)| (list, format!("group {}", at + 1))).collect()
    }
}

impl Expectation {
    fn write(&self, text: &mut String, groups: &BTreeMap<Vec<String>, String>) {
        comment(text, &format!("{}: {}", self.sure.as_str(), self.why));
        text.push_str("[[expect]]\n");
        parties(text, "from", &self.from, groups);
        parties(text, "to", &self.to, groups);
        let _ = writeln!(text, "transport = {}", quoted(&self.transport));
        list(text, "ports", &self.ports);
        if !self.types.is_empty() {
            let types: Vec<String> = self.types.iter().map(ToString::to_string).collect();
            let _ = writeln!(text, "types = [{}]", types.join(", "));
        }
        text.push('\n');
    }
}

impl Acceptance {
    fn write(&self, text: &mut String, groups: &BTreeMap<Vec<String>, String>) {
        text.push_str("[[accept]]\n");
        parties(text, "from", &self.from, groups);
        parties(text, "to", &self.to, groups);
        let _ = writeln!(text, "flag = {}", quoted(&self.flag));
        if let Some(transport) = &self.transport {
            let _ = writeln!(text, "transport = {}", quoted(transport));
        }
        list(text, "ports", &self.ports);
        let _ = writeln!(text, "reason = {}\n", quoted(&format!("seen when this was learned, {}", self.why)));
    }
}

/// The networks of the hosts that are here, where they are few.
fn segment(traffic: &Traffic<'_>) -> String {
    let ends = traffic.seen.iter().flat_map(|(sighting, _)| [sighting.client, sighting.server]);
    let sites = lists::sites(&ends.filter(|ip| traffic.is_here(*ip)).collect());
    let example = || vec!["10.1.0.0/16".to_owned()];
    let sites = if sites.is_empty() || sites.len() > ON_A_LINE { example() } else { sites };
    sites.iter().map(|site| quoted(site)).collect::<Vec<_>>().join(", ")
}

/// `[roles]` or `[services]`.
fn entries(text: &mut String, key: &str, about: &str, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    section(text, about);
    let _ = writeln!(text, "[{key}]");
    for entry in entries {
        entry.write(text);
    }
}

impl Entry {
    fn write(&self, text: &mut String) {
        let id = if self.about.is_empty() { String::new() } else { format!("{}: ", self.about) };
        if let (1, Some((ip, given))) = (self.hosts.len(), self.hosts.first_key_value()) {
            comment(text, &format!("{id}{}", given.text()));
            let _ = writeln!(text, "{} = [\"{ip}\"]", quoted(&self.name));
            return;
        }
        if !id.is_empty() || self.hosts.len() > MOST_LINES {
            comment(text, &format!("{id}{}", self.counts()));
        }
        if self.hosts.len() <= MOST_LINES {
            let _ = writeln!(text, "{} = [", quoted(&self.name));
            for (ip, given) in &self.hosts {
                let _ = writeln!(text, "    {:<18} # {}", format!("\"{ip}\","), visible(&given.text()));
            }
            text.push_str("]\n");
        } else {
            let hosts = lists::hosts(&self.hosts.keys().copied().collect());
            list(text, &quoted(&self.name), &hosts);
        }
    }

    /// How many there are, how sure, and the reason of the first.
    fn counts(&self) -> String {
        let mut counts: BTreeMap<Sure, usize> = BTreeMap::new();
        for given in self.hosts.values() {
            *counts.entry(given.sure).or_default() += 1;
        }
        let counts: Vec<String> = counts.iter().map(|(sure, count)| format!("{} {count}", sure.as_str())).collect();
        let first = if self.hosts.len() <= MOST_LINES { None } else { self.hosts.values().min_by_key(|given| given.sure) };
        let first = first.map(|given| format!("; such as {}", given.why)).unwrap_or_default();
        format!("{} ({}){first}", many(self.hosts.len() as u64, "host"), counts.join(", "))
    }
}

impl Given {
    fn text(&self) -> String {
        let name = self.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
        format!("{name}{}: {}", self.sure.as_str(), self.why)
    }
}

fn write_groups(text: &mut String, groups: &BTreeMap<Vec<String>, String>) {
    if groups.is_empty() {
        return;
    }
    section(text, "Hosts that several entries below have in common: give them names that say what they are.");
    text.push_str("[groups]\n");
    for (hosts, name) in groups {
        list(text, &quoted(name), hosts);
    }
}

/// Hosts, by the name of their group where they have one.
fn parties(text: &mut String, key: &str, names: &[String], groups: &BTreeMap<Vec<String>, String>) {
    match groups.get(names) {
        Some(group) => list(text, key, std::slice::from_ref(group)),
        None => list(text, key, names),
    }
}

/// `key = ["a", "b"]`, over several lines where it is long; nothing where it is empty.
fn list(text: &mut String, key: &str, values: &[String]) {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    if values.is_empty() {
        return;
    }
    if values.len() <= ON_A_LINE {
        let _ = writeln!(text, "{key} = [{}]", values.join(", "));
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for line in values.chunks(ON_A_LINE) {
        let _ = writeln!(text, "    {},", line.join(", "));
    }
    text.push_str("]\n");
}

fn section(text: &mut String, about: &str) {
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    comment(text, about);
    text.push('\n');
}

/// A line that is no policy; nothing in it can end it.
fn comment(text: &mut String, line: &str) {
    text.push_str(if line.is_empty() { "#" } else { "# " });
    text.push_str(&visible(line));
    text.push('\n');
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
