//! What a policy takes from the documents: which of them, which products and options, ports that are others here, proxies, services.

use std::ops::Range as Span;

use super::Reading;
use crate::audit::modes::{Modes, NAP_WAYS, is_wsus, wsus_partner};
use crate::audit::policy::{INTERNET, Origin, Party, Rule};
use crate::audit::rules::{Choice, Override, with_bases};
use crate::catalog::{Fact, Fields, Port, System, suggestion};
use crate::net::IpProto;

const OPTION_KEYS: &[&str] = &["site-server-initiates-only", "wsus-port", "netbios-remote-control", "nap", "without"];
const PORT_KEYS: &[&str] = &["link", "protocol", "transport", "ports"];
const PROXY_KEYS: &[&str] = &["hosts", "ports"];

impl<'r> Reading<'r> {
    pub(super) fn choice(&mut self, fields: &Fields<'_, '_>) -> Choice<'r> {
        let documents: Vec<&str> = self.catalog.documents.iter().map(|document| document.id.as_str()).collect();
        let documents = self.words(fields, "use", &documents, "document");
        let products: Vec<&str> = self.catalog.products.iter().map(|product| product.id.as_str()).collect();
        let products = with_bases(self.catalog, self.words(fields, "products", &products, "product"));
        let modes = self.modes(fields);
        let overrides = self.overrides(fields, &modes);
        Choice { catalog: self.catalog, documents, products, modes, overrides }
    }

    /// Words of a list, each of which has to be known.
    pub(super) fn words(&mut self, fields: &Fields<'_, '_>, key: &str, known: &[&str], what: &str) -> Vec<String> {
        let mut words = Vec::new();
        for value in fields.each(key) {
            let Some(word) = self.word(value) else { continue };
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
        let Some(options) = self.table(value, OPTION_KEYS) else { return default };
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
            let Some(entry) = self.table(value, PORT_KEYS) else { continue };
            if let Some(given) = self.one_override(&entry) {
                self.check_wsus(&entry.span, &given, modes);
                self.check_again(&entry.span, &given, &overrides);
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
            let problem = match self.service(&link) {
                Some(_) => "this is a service, and no link: give its other port with [[expect]]".to_owned(),
                None => format!("no such link{}", suggestion(&link, links().map(|system| system.id.as_str()))),
            };
            self.reader.mistake(entry.get("link")?.span(), problem);
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
        Some(Override { link, protocol, transport, ports, line: self.reader.line(entry.span.start) })
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

    /// The first of two overrides of one port is the one that holds.
    fn check_again(&mut self, span: &Span<usize>, given: &Override, before: &[Override]) {
        if let Some(first) = before.iter().find(|first| first.is_about(given)) {
            let text = format!(
                "{} of {} is set in line {} already: that holds, and this does not",
                given.protocol, given.link, first.line
            );
            self.warn(span, &text);
        }
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

    pub(super) fn link_rules(&mut self, fields: &Fields<'_, '_>, choice: &Choice<'_>) -> Vec<Rule> {
        let party = |name: &str| self.party_of_role(name);
        let rules: Vec<Rule> = self.catalog.systems.iter().flat_map(|system| choice.link_rules(system, &party)).collect();
        let proxied = self.proxied(fields, &rules, choice);
        rules.into_iter().chain(proxied).collect()
    }

    /// Links to the Internet may go to a proxy instead (note 1 of sccm-2007), and then its port is seen.
    fn proxied(&mut self, fields: &Fields<'_, '_>, rules: &[Rule], choice: &Choice<'_>) -> Vec<Rule> {
        let mut proxied = Vec::new();
        for value in fields.tables(&mut self.reader, "proxy") {
            let Some(entry) = self.table(value, PROXY_KEYS) else { continue };
            let had = self.reader.mistakes.len();
            let (hosts, ports) = (self.hosts(&entry, "hosts"), self.ports(&entry, "ports"));
            if (hosts.is_empty() || ports.is_empty()) && self.reader.mistakes.len() == had {
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

    pub(super) fn service_rules(&mut self, fields: &Fields<'_, '_>, choice: &Choice<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (span, entry) in self.named_hosts(fields, "services") {
            let Some(system) = self.service(&entry.name) else {
                let problem = self.no_service(&entry.name);
                self.reader.mistake(span, problem);
                continue;
            };
            let found = choice.service_rules(system, &Party::Hosts(entry.hosts()), &system.name);
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

    /// Why a name is no service: it may be a link, whose ends are roles.
    fn no_service(&self, name: &str) -> String {
        let is_it = |system: &&System| {
            let names = [&system.id, &system.name].into_iter().chain(&system.aliases);
            names.into_iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let links = self.catalog.systems.iter().filter(|system| system.ends.is_some());
        if let Some(ends) = links.into_iter().find(is_it).and_then(|link| link.ends.as_ref()) {
            let roles: Vec<String> =
                ends.from.iter().chain(&ends.to).map(|role| format!("{:?}", self.catalog.role_name(role))).collect();
            return format!(
                "this is a link between roles, and no service: give hosts its roles in [roles] ({})",
                roles.join(", ")
            );
        }
        let services = self.catalog.systems.iter().filter(|system| system.ends.is_none());
        let names = services.flat_map(|system| [&system.id, &system.name].into_iter().chain(&system.aliases));
        format!("no such service{}; `flowlabel catalog systems` lists them", suggestion(name, names.map(String::as_str)))
    }

    pub(super) fn service(&self, name: &str) -> Option<&'r System> {
        let is = |known: &String| known.eq_ignore_ascii_case(name);
        let services = || self.catalog.systems.iter().filter(|system| system.ends.is_none());
        let by_name = || services().find(|system| is(&system.name) || system.aliases.iter().any(is));
        let by_service = || services().find(|system| system.service.as_ref().is_some_and(is));
        services().find(|system| is(&system.id)).or_else(by_name).or_else(by_service)
    }
}
