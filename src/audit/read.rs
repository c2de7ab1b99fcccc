//! Reads a policy file: every wrong key, role, service or host is a mistake with file and line, and what was probably meant.

use std::collections::HashMap;
use std::ops::Range as Span;

use toml::de::DeValue;

use super::hosts::{HostNames, Hosts, Range};
use super::index::Index;
use super::modes::{Modes, NAP_WAYS, is_wsus, wsus_partner};
use super::policy::{Accept, INTERNET, MOST_ROLES, Origin, Party, Policy, Role, RoleBits, Rule};
use super::rules::{Choice, Override, with_bases};
use crate::catalog::{Catalog, Fact, Fields, Mistakes, Port, Reader, System, Value, suggestion};
use crate::net::{IpProto, Timestamp, protocol_named};
use crate::record::FindingKind;

/// The built-in role.
const INTERNET_NAME: &str = "Internet";

const KEYS: &[&str] = &[
    "name", "use", "segment", "hosts", "products", "options", "roles", "groups", "services", "port", "proxy", "expect", "forbid",
    "accept",
];
const OPTION_KEYS: &[&str] = &["site-server-initiates-only", "wsus-port", "netbios-remote-control", "nap", "without"];
const PORT_KEYS: &[&str] = &["link", "protocol", "transport", "ports"];
const PROXY_KEYS: &[&str] = &["hosts", "ports"];
const RULE_KEYS: &[&str] = &["from", "to", "both-ways", "transport", "ports", "types", "label", "reason"];
const ACCEPT_KEYS: &[&str] = &["host", "peer", "from", "to", "flag", "transport", "ports", "until", "reason"];

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

/// The path of the hosts file that a policy names, as it stands there.
pub fn hosts_file(file: &str, text: &str) -> Option<String> {
    let mut reader = Reader::new(file, text);
    let table = reader.parse()?;
    let fields = reader.table(table.get_ref(), table.span(), KEYS);
    fields.string(&mut reader, "hosts")
}

/// A policy being read.
struct Reading<'r> {
    reader: Reader<'r>,
    file: &'r str,
    catalog: &'r Catalog,
    names: &'r HostNames,
    flags: FlagWords<'r>,
    roles: Vec<Role>,
    groups: HashMap<String, Hosts>,
    warnings: Vec<String>,
}

impl<'r> Reading<'r> {
    fn new(file: &'r str, text: &'r str, catalog: &'r Catalog, names: &'r HostNames, flags: FlagWords<'r>) -> Self {
        let internet = Role { name: INTERNET_NAME.to_owned(), hosts: Hosts::default() };
        let reader = Reader::new(file, text);
        Self { reader, file, catalog, names, flags, roles: vec![internet], groups: HashMap::new(), warnings: Vec::new() }
    }

    fn policy(&mut self, file: &str) -> Policy {
        let Some(table) = self.reader.parse() else { return Policy::default() };
        let fields = self.reader.table(table.get_ref(), table.span(), KEYS);
        let name = fields.string(&mut self.reader, "name").unwrap_or_else(|| file.to_owned());
        let segment = self.hosts(&fields, "segment");
        self.roles(&fields);
        self.groups(&fields);
        let choice = self.choice(&fields);
        let mut allow = self.site_rules(&fields, "expect");
        allow.extend(self.link_rules(&fields, &choice));
        allow.extend(self.service_rules(&fields, &choice));
        allow.extend(choice.everywhere());
        // Most links are between roles that nobody has here.
        allow.retain(|rule| !rule.from.is_nobody() && !rule.to.is_nobody());
        let forbid = self.site_rules(&fields, "forbid");
        let accept = self.accepts(&fields);
        let (roles, warnings) = (std::mem::take(&mut self.roles), std::mem::take(&mut self.warnings));
        Policy { name, segment, roles, forbid, index: Index::new(&allow), allow, accept, warnings }
    }

    /// Notes a doubt: the policy holds, but may not say what was meant.
    fn warn(&mut self, span: &Span<usize>, text: &str) {
        self.warnings.push(format!("{}:{}: {text}", self.file, self.reader.line(span.start)));
    }

    // ---- hosts ------------------------------------------------------------------------------------------------------

    fn hosts(&mut self, fields: &Fields<'_, '_>, key: &str) -> Hosts {
        let ranges = fields.each(key).into_iter().flat_map(|value| self.ranges(value)).collect();
        Hosts::new(ranges)
    }

    /// The hosts of one value: an address, a network, a range or a name.
    fn ranges(&mut self, value: &Value<'_>) -> Vec<Range> {
        let Some(text) = self.reader.string(value) else { return Vec::new() };
        let known = Range::parse(&text).map(|range| vec![range]).or_else(|| self.names.get(&text));
        known.unwrap_or_else(|| {
            let meant = suggestion(&text, self.names.names());
            let how =
                "write an address, a network (10.1.0.0/24), a range (10.1.0.10-20), or a name of the file that `hosts` names";
            self.reader.mistake(value.span(), format!("no such host{meant}: {how}"));
            Vec::new()
        })
    }

    /// The entries of a table whose keys are names and whose values are hosts.
    fn named_hosts(&mut self, fields: &Fields<'_, '_>, key: &str) -> Vec<(String, Span<usize>, Hosts)> {
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
            let hosts = Hosts::new(values.into_iter().flat_map(|value| self.ranges(value)).collect());
            if hosts.is_empty() && self.reader.mistakes.len() == had {
                self.warn(&name.span(), &format!("`{}` has no hosts", name.get_ref()));
            }
            entries.push((name.get_ref().to_string(), name.span(), hosts));
        }
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    // ---- roles and groups -------------------------------------------------------------------------------------------

    fn roles(&mut self, fields: &Fields<'_, '_>) {
        let mut spans: Vec<Span<usize>> = vec![Span::default()];
        for (name, span, hosts) in self.named_hosts(fields, "roles") {
            let Some(canonical) = self.known_role(&name, &span) else { continue };
            if self.roles.iter().any(|role| role.name == canonical) {
                self.reader.mistake(span, format!("`{canonical}` is there already: one role, whatever its spelling"));
            } else if self.roles.len() == MOST_ROLES {
                self.reader.mistake(span, format!("more than {} roles", MOST_ROLES - 1));
            } else {
                self.roles.push(Role { name: canonical, hosts });
                spans.push(span);
            }
        }
        self.warn_of_overlaps(&spans);
    }

    /// The one name of a role that links use.
    fn known_role(&mut self, name: &str, span: &Span<usize>) -> Option<String> {
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
        let meant = suggestion(name, spellings.iter().copied());
        self.reader.mistake(
            span.clone(),
            format!("no link knows this role{meant} `flowlabel catalog links` lists them; hosts of your own go to [groups]"),
        );
        None
    }

    /// Hosts may have several roles, but a network that swallows another role's hosts is often a slip.
    fn warn_of_overlaps(&mut self, spans: &[Span<usize>]) {
        let mut found = Vec::new();
        for (at, role) in self.roles.iter().enumerate() {
            for (before, other) in self.roles.iter().enumerate().take(at) {
                if let Some((first, last)) = role.hosts.overlap(&other.hosts) {
                    let both = if first == last { first.to_string() } else { format!("{first} to {last}") };
                    found.push((
                        at.max(before),
                        format!("`{}` and `{}` share {both}: these hosts have both roles", other.name, role.name),
                    ));
                }
            }
        }
        for (at, text) in found {
            if let Some(span) = spans.get(at) {
                self.warn(span, &text);
            }
        }
    }

    fn groups(&mut self, fields: &Fields<'_, '_>) {
        for (name, span, hosts) in self.named_hosts(fields, "groups") {
            if self.role_bit(&name).is_some() {
                self.reader.mistake(span, "a role has this name already");
            } else {
                self.groups.insert(name.to_lowercase(), hosts);
            }
        }
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
    fn party_of_role(&self, name: &str) -> Party {
        Party::Roles(self.role_bit(name).unwrap_or_default())
    }

    /// The party of a key: roles, groups and hosts, one or several; anyone where it is missing.
    fn party(&mut self, fields: &Fields<'_, '_>, key: &str) -> (Party, String) {
        let values = fields.each(key);
        if values.is_empty() {
            return (Party::Anyone, "anyone".to_owned());
        }
        let (mut roles, mut ranges, mut names) = (0, Vec::new(), Vec::new());
        for value in values {
            let Some(name) = self.reader.string(value) else { continue };
            if let Some(bit) = self.role_bit(&name) {
                roles |= bit;
            } else if let Some(hosts) = self.groups.get(&name.to_lowercase()) {
                ranges.extend(hosts.ranges());
            } else if let Some(range) = Range::parse(&name) {
                ranges.push(range);
            } else if let Some(known) = self.names.get(&name) {
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

    // ---- what the documents allow -----------------------------------------------------------------------------------

    fn choice(&mut self, fields: &Fields<'_, '_>) -> Choice<'r> {
        let documents: Vec<&str> = self.catalog.documents.iter().map(|document| document.id.as_str()).collect();
        let documents = self.words(fields, "use", &documents, "document");
        let products: Vec<&str> = self.catalog.products.iter().map(|product| product.id.as_str()).collect();
        let products = with_bases(self.catalog, self.words(fields, "products", &products, "product"));
        let modes = self.modes(fields);
        let overrides = self.overrides(fields, &modes);
        Choice { catalog: self.catalog, documents, products, modes, overrides }
    }

    /// Words of a list, each of which has to be known.
    fn words(&mut self, fields: &Fields<'_, '_>, key: &str, known: &[&str], what: &str) -> Vec<String> {
        let mut words = Vec::new();
        for value in fields.each(key) {
            let Some(word) = self.reader.string(value) else { continue };
            if known.contains(&word.as_str()) {
                words.push(word);
            } else {
                let meant = suggestion(&word, known.iter().copied());
                let possible = if known.len() <= 12 { format!(" (possible: {})", known.join(", ")) } else { String::new() };
                self.reader.mistake(value.span(), format!("no such {what}{meant}{possible}"));
            }
        }
        words
    }

    fn modes(&mut self, fields: &Fields<'_, '_>) -> Modes {
        let default = Modes::default();
        let Some(value) = fields.get("options") else { return default };
        let Some(options) = self.reader.fields(value, OPTION_KEYS) else { return default };
        let links: Vec<&str> =
            self.catalog.systems.iter().filter(|system| system.ends.is_some()).map(|system| system.id.as_str()).collect();
        let nap = options.get("nap").is_some().then(|| self.words(&options, "nap", NAP_WAYS, "way to enforce NAP"));
        let port = options.get("wsus-port").and_then(|port| self.reader.number(port, 1..=65_534));
        Modes {
            site_server_initiates_only: options.flag(&mut self.reader, "site-server-initiates-only").unwrap_or(false),
            wsus_port: port.and_then(|port| u16::try_from(port).ok()),
            netbios_remote_control: options.flag(&mut self.reader, "netbios-remote-control").unwrap_or(true),
            nap,
            without: self.words(&options, "without", &links, "link"),
        }
    }

    fn overrides(&mut self, fields: &Fields<'_, '_>, modes: &Modes) -> Vec<Override> {
        let mut overrides = Vec::new();
        for value in fields.tables(&mut self.reader, "port") {
            let Some(entry) = self.reader.fields(value, PORT_KEYS) else { continue };
            if let Some(given) = self.one_override(&entry) {
                self.check_wsus(&entry.span, &given, modes);
                overrides.push(given);
            }
        }
        self.check_pairs(fields, &overrides);
        overrides
    }

    fn one_override(&mut self, entry: &Fields<'_, '_>) -> Option<Override> {
        let link = entry.required(&mut self.reader, "link");
        let protocol = entry.required(&mut self.reader, "protocol");
        let transport = self.transport(entry);
        let ports = self.ports(entry, "ports");
        let (link, protocol) = (link?, protocol?);
        let links = || self.catalog.systems.iter().filter(|system| system.ends.is_some());
        let Some(system) = links().find(|system| system.id == link) else {
            let meant = suggestion(&link, links().map(|system| system.id.as_str()));
            self.reader.mistake(entry.get("link")?.span(), format!("no such link{meant}"));
            return None;
        };
        let facts = self.catalog.facts_of(system);
        let meant: Vec<&Fact> = facts
            .iter()
            .filter(|fact| fact.matches() && fact.protocol.eq_ignore_ascii_case(&protocol))
            .filter(|fact| !fact.ports.is_empty() && transport.is_none_or(|transport| Some(transport) == fact.transport))
            .collect();
        if meant.is_empty() {
            let names: Vec<&str> = facts.iter().map(|fact| fact.protocol.as_str()).collect();
            let problem = format!(
                "{link} has no such protocol{} (it has: {})",
                suggestion(&protocol, names.iter().copied()),
                names.join(", ")
            );
            self.reader.mistake(entry.get("protocol")?.span(), problem);
            return None;
        }
        if ports.is_empty() {
            self.reader.mistake(entry.span.clone(), "`ports` is missing");
        }
        self.warn_of_fixed(entry, system, &meant);
        Some(Override { link, protocol, transport, ports })
    }

    /// The document may say that this number cannot be set.
    fn warn_of_fixed(&mut self, entry: &Fields<'_, '_>, system: &System, facts: &[&Fact]) {
        let Some(fact) = facts.iter().find(|fact| fact.configurable != Some(true)) else { return };
        let says = if fact.configurable == Some(false) {
            "says that this port is not configurable"
        } else {
            "does not say that this port can be set"
        };
        let at = if fact.configurable_at.is_empty() { &fact.sources } else { &fact.configurable_at };
        let line = self.catalog.print_sources(at).join(", ");
        let text = format!("{} of {}: the document {says} ({line}); the override holds all the same", fact.protocol, system.id);
        self.warn(&entry.span, &text);
    }

    fn check_wsus(&mut self, span: &Span<usize>, given: &Override, modes: &Modes) {
        let Some(port) = modes.wsus_port else { return };
        let Some(system) = self.catalog.system_by_id(&given.link).and_then(|at| self.catalog.system(at)) else { return };
        let facts = self.catalog.facts_of(system);
        let is_pair = facts.iter().any(|fact| fact.protocol.eq_ignore_ascii_case(&given.protocol) && is_wsus(system, fact));
        let pair = [Port::One(port), wsus_partner(Port::One(port))];
        if is_pair && !given.ports.iter().all(|port| pair.contains(port)) {
            self.warn(span, &format!("`wsus-port` is {port}, and this is another port; the override wins (sccm-2007:867)"));
        }
    }

    /// HTTP and HTTPS of one WSUS site are a pair.
    fn check_pairs(&mut self, fields: &Fields<'_, '_>, overrides: &[Override]) {
        for http in overrides.iter().filter(|given| given.protocol.eq_ignore_ascii_case("HTTP")) {
            let https = overrides.iter().find(|given| given.link == http.link && given.protocol.eq_ignore_ascii_case("HTTPS"));
            let Some(https) = https else { continue };
            let Some(system) = self.catalog.system_by_id(&http.link).and_then(|at| self.catalog.system(at)) else { continue };
            let is_wsus = self.catalog.facts_of(system).iter().any(|fact| is_wsus(system, fact));
            let expected: Vec<Port> = http.ports.iter().copied().map(wsus_partner).collect();
            if is_wsus && https.ports != expected {
                let ports: Vec<String> = expected.iter().map(ToString::to_string).collect();
                let span = fields.get("port").map_or(Span::default(), toml::Spanned::span);
                let text =
                    format!("WSUS at {}: HTTPS goes with HTTP as {} (sccm-2007:871, sccm-2007:873)", http.link, ports.join(", "));
                self.warn(&span, &text);
            }
        }
    }

    fn link_rules(&mut self, fields: &Fields<'_, '_>, choice: &Choice<'_>) -> Vec<Rule> {
        let party = |name: &str| self.party_of_role(name);
        let rules: Vec<Rule> = self.catalog.systems.iter().flat_map(|system| choice.link_rules(system, &party)).collect();
        let proxied = self.proxied(fields, &rules, choice);
        rules.into_iter().chain(proxied).collect()
    }

    /// Links to the Internet may go to a proxy instead (note 1 of sccm-2007), and then its port is seen.
    fn proxied(&mut self, fields: &Fields<'_, '_>, rules: &[Rule], choice: &Choice<'_>) -> Vec<Rule> {
        let mut proxied = Vec::new();
        for value in fields.tables(&mut self.reader, "proxy") {
            let Some(entry) = self.reader.fields(value, PROXY_KEYS) else { continue };
            let (hosts, ports) = (self.hosts(&entry, "hosts"), self.ports(&entry, "ports"));
            if hosts.is_empty() || ports.is_empty() {
                self.reader.mistake(entry.span.clone(), "a proxy has `hosts` and `ports`");
            }
            let through = |rule: &Rule| Rule {
                to: Party::Hosts(hosts.clone()),
                to_name: "proxy".to_owned(),
                ports: ports.clone(),
                transport: Some(IpProto::TCP),
                title: format!("{} (through a proxy)", rule.title),
                moved: true,
                derived: true,
                sources: if rule.by.starts_with("sccm.") { vec!["sccm-2007:861".to_owned()] } else { rule.sources.clone() },
                ..rule.clone()
            };
            proxied.extend(rules.iter().filter(|rule| rule.to == Party::Roles(INTERNET)).map(through));
            proxied.extend(self.client_proxy(choice).iter().map(through));
        }
        proxied
    }

    /// The link to the Internet that prints a proxy and no port (line 12).
    fn client_proxy(&self, choice: &Choice<'_>) -> Option<Rule> {
        let system = self.catalog.system_by_id("sccm.client-to-internet").and_then(|at| self.catalog.system(at))?;
        let ends = system.ends.as_ref().filter(|_| choice.uses("sccm-2007") && choice.modes.allow_system(&system.id))?;
        let from = ends.from.first()?;
        Some(Rule {
            from: self.party_of_role(from),
            from_name: from.clone(),
            ..Rule::new(&system.id, &system.name, Origin::Link, Some("HTTP".to_owned()))
        })
    }

    fn service_rules(&mut self, fields: &Fields<'_, '_>, choice: &Choice<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (name, span, hosts) in self.named_hosts(fields, "services") {
            let Some(system) = self.service(&name) else {
                let known = self.catalog.systems.iter().filter(|system| system.ends.is_none());
                let names = known.flat_map(|system| {
                    [system.id.as_str(), system.name.as_str()].into_iter().chain(system.aliases.iter().map(String::as_str))
                });
                let meant = suggestion(&name, names);
                self.reader.mistake(span, format!("no such service{meant}; `flowlabel catalog systems` lists them"));
                continue;
            };
            let found = choice.service_rules(system, &Party::Hosts(hosts), &system.name);
            if found.is_empty() {
                self.warn(
                    &span,
                    &format!("{} has no port in the documents and products that apply: it allows nothing", system.id),
                );
            }
            rules.extend(found);
        }
        rules
    }

    fn service(&self, name: &str) -> Option<&'r System> {
        let is = |known: &String| known.eq_ignore_ascii_case(name);
        let services = || self.catalog.systems.iter().filter(|system| system.ends.is_none());
        let by_name = || services().find(|system| is(&system.name) || system.aliases.iter().any(is));
        let by_service = || services().find(|system| system.service.as_ref().is_some_and(is));
        services().find(|system| is(&system.id)).or_else(by_name).or_else(by_service)
    }

    // ---- the site's own words ---------------------------------------------------------------------------------------

    /// `[[expect]]` or `[[forbid]]`.
    fn site_rules(&mut self, fields: &Fields<'_, '_>, key: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (at, value) in fields.tables(&mut self.reader, key).into_iter().enumerate() {
            let Some(entry) = self.reader.fields(value, RULE_KEYS) else { continue };
            let by = format!("{key}:{}", at + 1);
            let (from, from_name) = self.party(&entry, "from");
            let (to, to_name) = self.party(&entry, "to");
            let transport = self.transport(&entry);
            let ports = self.ports(&entry, "ports");
            let types = entry.each("types").into_iter().filter_map(|value| self.reader.number(value, 0..=255));
            let icmp_types = types.filter_map(|kind| u8::try_from(kind).ok()).collect();
            let label = entry.string(&mut self.reader, "label");
            let reason = entry.string(&mut self.reader, "reason");
            if from == Party::Anyone && to == Party::Anyone && transport.is_none() && ports.is_empty() {
                self.reader.mistake(entry.span.clone(), "this is about every flow: give `from`, `to`, `transport` or `ports`");
            }
            rules.push(Rule {
                from,
                from_name,
                to,
                to_name,
                both_ways: entry.flag(&mut self.reader, "both-ways").unwrap_or(false),
                transport,
                ports,
                icmp_types,
                title: label.clone().or_else(|| reason.clone()).unwrap_or_else(|| by.clone()),
                label,
                reason,
                sources: vec![format!("{}:{}", self.file, self.reader.line(entry.span.start))],
                ..Rule::new(&by, &by, Origin::Site, None)
            });
        }
        rules
    }

    fn accepts(&mut self, fields: &Fields<'_, '_>) -> Vec<Accept> {
        let mut accepts = Vec::new();
        for (at, value) in fields.tables(&mut self.reader, "accept").into_iter().enumerate() {
            let Some(entry) = self.reader.fields(value, ACCEPT_KEYS) else { continue };
            let (host, _) = self.party(&entry, "host");
            let (peer, _) = self.party(&entry, "peer");
            let ((from, _), (to, _)) = (self.party(&entry, "from"), self.party(&entry, "to"));
            if [&host, &from, &to].into_iter().all(|party| *party == Party::Anyone) {
                self.reader.mistake(entry.span.clone(), "`host` is missing: who is it about? (or `from` and `to`)");
            }
            let flag = self.finding_word(&entry);
            let _ = entry.string(&mut self.reader, "reason");
            let until = self.until(&entry);
            let (transport, ports) = (self.transport(&entry), self.ports(&entry, "ports"));
            accepts.push(Accept { by: format!("accept:{}", at + 1), host, peer, from, to, flag, transport, ports, until });
        }
        accepts
    }

    fn finding_word(&mut self, entry: &Fields<'_, '_>) -> Option<String> {
        let kinds = FindingKind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| *kind != "forbidden");
        let flags = self.flags.iter().map(|(flag, _)| *flag);
        let mut known: Vec<&str> = kinds.chain(flags).collect();
        known.sort_unstable();
        known.dedup();
        self.words(entry, "flag", &known, "kind of finding, nor flag").pop()
    }

    /// A date, in quotes or not.
    fn until(&mut self, entry: &Fields<'_, '_>) -> Option<Timestamp> {
        let value = entry.get("until")?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let time = Timestamp::parse(&text);
        if time.is_none() {
            self.reader.mistake(value.span(), "a date is needed here, such as \"2027-03-01\"");
        }
        time
    }

    fn transport(&mut self, entry: &Fields<'_, '_>) -> Option<IpProto> {
        let value = entry.get("transport")?;
        let word = self.reader.string(value)?;
        let found = protocol_named(&word.to_lowercase()).map(IpProto);
        if found.is_none() {
            let meant = suggestion(&word, ["tcp", "udp", "icmp", "icmp6", "gre", "esp", "ah", "sctp", "igmp"]);
            self.reader
                .mistake(value.span(), format!("no such transport{meant}: write tcp, udp, icmp, icmp6, gre, esp, ah or ip-N"));
        }
        found
    }

    /// Numbers and ranges, in quotes or not.
    fn ports(&mut self, entry: &Fields<'_, '_>, key: &str) -> Vec<Port> {
        let mut ports = Vec::new();
        for value in entry.each(key) {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                _ => String::new(),
            };
            match port(&text) {
                Some(port) => ports.push(port),
                None => self
                    .reader
                    .mistake(value.span(), "a port from 0 to 65535, a range \"5000-5010\", or \"dynamic\" is needed here"),
            }
        }
        ports
    }
}

fn port(text: &str) -> Option<Port> {
    // No server listens at 0, but packets to it are seen.
    let number = |text: &str| text.trim().parse::<u16>().ok();
    match text.split_once('-') {
        _ if text == "dynamic" => Some(Port::Dynamic),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            (first < last).then_some(Port::Range(first, last))
        }
        None => number(text).map(Port::One),
    }
}
