//! Who is who: hosts, and the roles, groups and services that have them.

use std::ops::Range as Span;

use toml::de::DeValue;

use super::Reading;
use crate::audit::doubts::{Listed, Named, hosts_of, overlaps, repeats};
use crate::audit::hosts::{Hosts, Range};
use crate::audit::policy::{Accept, INTERNET, INTERNET_NAME, MOST_ROLES, Party, Role, RoleBits, Rule};
use crate::catalog::{Fields, Value, suggestion};

impl Reading<'_> {
    pub(super) fn hosts(&mut self, fields: &Fields<'_, '_>, key: &str) -> Hosts {
        hosts_of(&self.listed(fields.each(key)))
    }

    /// Hosts as they are listed; what a list names twice is a doubt.
    fn listed(&mut self, values: Vec<&Value<'_>>) -> Vec<Listed> {
        let mut listed = Vec::new();
        for value in values {
            let Some(text) = self.word(value) else { continue };
            let Some(ranges) = self.ranges(&text, value) else {
                self.unknown_host(value, &text);
                continue;
            };
            let line = self.reader.line(value.span().start);
            listed.extend(ranges.into_iter().map(|range| Listed { range, text: text.clone(), line }));
        }
        self.warnings.extend(repeats(&listed));
        listed
    }

    /// The hosts of a text: an address, a network, a range or a name.
    fn ranges(&mut self, text: &str, value: &Value<'_>) -> Option<Vec<Range>> {
        if let Some(net) = Range::network_meant(text) {
            self.warn(
                &value.span(),
                &format!("`{text}` is read as the network {net}: a single host is written without a length"),
            );
        }
        if let Some(plain) = Range::ipv4_meant(text) {
            self.warn(&value.span(), &format!("`{text}` is an address of IPv6: traffic of IPv4 has {plain}"));
        }
        Range::parse(text).map(|range| vec![range]).or_else(|| self.names.get(text))
    }

    fn unknown_host(&mut self, value: &Value<'_>, text: &str) {
        let meant = suggestion(text, self.names.names());
        let how = "write an address, a network (10.1.0.0/24), a range (10.1.0.10-20), or a name of the file that `hosts` names";
        self.reader.mistake(value.span(), format!("no such host{meant}: {how}"));
    }

    /// The entries of a table whose keys are names and whose values are hosts.
    pub(super) fn named_hosts(&mut self, fields: &Fields<'_, '_>, key: &str) -> Vec<(Span<usize>, Named)> {
        let Some(value) = fields.get(key) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            self.reader.mistake(value.span(), format!("write [{key}] and under it NAME = [\"10.1.0.10\"]"));
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (name, value) in table {
            let values: Vec<&Value<'_>> = match value.get_ref() {
                DeValue::Array(values) => values.iter().collect(),
                _ => vec![value],
            };
            let had = self.reader.mistakes.len();
            let listed = self.listed(values);
            let word = self.trimmed(name.get_ref(), &name.span()).to_owned();
            if listed.is_empty() && self.reader.mistakes.len() == had {
                self.warn(&name.span(), &format!("`{word}` has no hosts"));
            }
            entries.push((name.span(), Named { name: word, listed }));
        }
        entries.sort_by_key(|(span, _)| span.start);
        entries
    }

    pub(super) fn roles(&mut self, fields: &Fields<'_, '_>) {
        let mut roles = Vec::new();
        for (span, entry) in self.named_hosts(fields, "roles") {
            let Some(name) = self.known_role(&entry.name, &span) else { continue };
            if self.roles.iter().any(|role| role.name == name) {
                self.reader.mistake(span, format!("`{name}` is there already: one role, whatever its spelling"));
            } else if self.roles.len() == MOST_ROLES {
                self.reader.mistake(span, format!("more than {} roles", MOST_ROLES - 1));
            } else {
                self.roles.push(Role { name: name.clone(), hosts: entry.hosts() });
                self.role_spans.push(span);
                roles.push(Named { name, ..entry });
            }
        }
        self.warnings.extend(overlaps(&roles, "these hosts have both roles"));
    }

    /// A role that nothing speaks of says nothing: its links are those of other documents, or lead to roles that nobody has.
    pub(super) fn warn_of_idle<'p>(&mut self, rules: impl Iterator<Item = &'p Rule>, accept: &[Accept]) {
        let ends = rules.flat_map(|rule| [&rule.from, &rule.to]);
        let accepted = accept.iter().flat_map(|accept| [&accept.host, &accept.peer, &accept.from, &accept.to]);
        let spoken_of = ends.chain(accepted).fold(0, |all, party| all | party.roles());
        let idle = |(at, role): &(usize, &Role)| spoken_of & (1 << at) == 0 && !role.hosts.is_empty();
        let idle: Vec<(usize, String)> =
            self.roles.iter().enumerate().skip(1).filter(idle).map(|(at, role)| (at, role.name.clone())).collect();
        for (at, name) in idle {
            let Some(span) = self.role_spans.get(at - 1).cloned() else { continue };
            self.warn(
                &span,
                &format!("nothing is expected of `{name}`: no link in use leads from or to it here, and no entry names it"),
            );
        }
    }

    /// The one name of a role that links use.
    pub(super) fn known_role(&mut self, name: &str, span: &Span<usize>) -> Option<String> {
        if name.eq_ignore_ascii_case(INTERNET_NAME) {
            self.reader
                .mistake(span.clone(), "`Internet` is built in: global addresses outside of the segment and of every role");
            return None;
        }
        let canonical = self.catalog.role_name(name);
        let spellings = self.catalog.role_spellings();
        let known = spellings.iter().find(|spelling| self.catalog.role_name(spelling).eq_ignore_ascii_case(canonical));
        if let Some(known) = known {
            return Some(self.catalog.role_name(known).to_owned());
        }
        let problem = match self.service(name) {
            Some(_) => "this is a service, and no role: list it in [services]".to_owned(),
            None => format!(
                "no link knows this role{}; `flowlabel catalog links` lists them, hosts of your own go to [groups]",
                suggestion(name, spellings.iter().copied())
            ),
        };
        self.reader.mistake(span.clone(), problem);
        None
    }

    pub(super) fn groups(&mut self, fields: &Fields<'_, '_>) {
        let mut groups = Vec::new();
        for (span, entry) in self.named_hosts(fields, "groups") {
            if self.role_bit(&entry.name).is_some() {
                self.reader.mistake(span, "a role has this name already");
            } else if self.groups.insert(entry.name.to_lowercase(), entry.hosts()).is_some() {
                self.reader.mistake(span, "a group has this name already, whatever its capitals");
            } else {
                groups.push(entry);
            }
        }
        self.warnings.extend(overlaps(&groups, "these hosts are in both groups"));
    }

    /// The bit of a role that has hosts.
    fn role_bit(&self, name: &str) -> Option<RoleBits> {
        if name.eq_ignore_ascii_case(INTERNET_NAME) {
            return Some(INTERNET);
        }
        let canonical = self.catalog.role_name(name);
        let at = self.roles.iter().position(|role| role.name.eq_ignore_ascii_case(canonical))?;
        Some(1 << at)
    }

    /// The party of a role of a link; nobody where the policy names none.
    pub(super) fn party_of_role(&self, name: &str) -> Party {
        Party::Roles(self.role_bit(name).unwrap_or_default())
    }

    /// The party of a key: roles, groups and hosts, one or several; anyone where it is missing.
    pub(super) fn party(&mut self, fields: &Fields<'_, '_>, key: &str) -> (Party, String) {
        let values = fields.each(key);
        if values.is_empty() {
            return (Party::Anyone, "anyone".to_owned());
        }
        let (mut roles, mut ranges, mut names) = (0, Vec::new(), Vec::new());
        for value in values {
            let Some(name) = self.word(value) else { continue };
            if let Some(bit) = self.role_bit(&name) {
                roles |= bit;
            } else if let Some(hosts) = self.groups.get(&name.to_lowercase()) {
                ranges.extend(hosts.ranges());
            } else if let Some(known) = self.ranges(&name, value) {
                ranges.extend(known);
            } else {
                self.unknown_party(value, &name);
            }
            names.push(name);
        }
        let hosts = Hosts::new(ranges);
        let party = match (roles, hosts.is_empty()) {
            (roles, true) => Party::Roles(roles),
            (0, false) => Party::Hosts(hosts),
            (roles, false) => Party::Either(roles, hosts),
        };
        (party, names.join(", "))
    }

    fn unknown_party(&mut self, value: &Value<'_>, name: &str) {
        let known = self.roles.iter().map(|role| role.name.as_str()).chain(self.groups.keys().map(String::as_str));
        let meant = suggestion(name, known.chain(self.names.names()));
        let is_role = self.catalog.role_spellings().iter().any(|spelling| self.catalog.same_role(spelling, name));
        let problem = if is_role { "no hosts have this role here: name them in [roles]" } else { "no role, group or host" };
        self.reader.mistake(value.span(), format!("{problem}{meant}"));
    }
}
