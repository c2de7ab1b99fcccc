//! From the catalog to rules: each cell of each link between the roles of a policy, each fact of its services, and housekeeping.

use super::modes::{Modes, is_wsus, wsus_partner};
use super::policy::{Origin, Party, Rule};
use crate::catalog::{Catalog, Direction, Fact, Port, Status, System};
use crate::net::IpProto;

/// Documents of what every segment carries: the second is on only when asked for.
const EVERYWHERE: &[&str] = &["housekeeping", "common-lan"];

/// A port of a link, replaced by the policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// The link's id.
    pub link: String,
    /// The catalog's name.
    pub protocol: String,
    /// Where it matters.
    pub transport: Option<IpProto>,
    /// What it is here.
    pub ports: Vec<Port>,
    /// Where it stands in the policy.
    pub line: u32,
}

impl Override {
    /// Whether both replace the same port.
    pub fn is_about(&self, other: &Self) -> bool {
        let transports = self.transport.zip(other.transport);
        self.link == other.link
            && self.protocol.eq_ignore_ascii_case(&other.protocol)
            && transports.is_none_or(|(mine, theirs)| mine == theirs)
    }

    fn replaces(&self, system: &System, fact: &Fact) -> bool {
        self.link == system.id
            && self.protocol.eq_ignore_ascii_case(&fact.protocol)
            && self.transport.is_none_or(|transport| Some(transport) == fact.transport)
    }
}

/// What a policy narrows the documents to.
pub struct Choice<'a> {
    /// What there is to choose from.
    pub catalog: &'a Catalog,
    /// Ids of documents; empty: all.
    pub documents: Vec<String>,
    /// Ids of products, with those they build on; empty: all.
    pub products: Vec<String>,
    /// Options.
    pub modes: Modes,
    /// Ports replaced.
    pub overrides: Vec<Override>,
}

impl Choice<'_> {
    /// The rules of a link between the roles that `party` knows.
    pub fn link_rules(&self, system: &System, party: &dyn Fn(&str) -> Party) -> Vec<Rule> {
        let Some(ends) = system.ends.as_ref().filter(|_| self.modes.allow_system(&system.id)) else { return Vec::new() };
        let pairs = ends.from.iter().flat_map(|from| ends.to.iter().map(move |to| (from.as_str(), to.as_str())));
        let mut rules = Vec::new();
        for (from, to) in pairs.filter(|(from, to)| self.has_roles(from, to)) {
            for fact in self.facts(system) {
                let Some(mut rule) = self.rule(system, fact) else { continue };
                let (from, to) = if fact.reverse { (to, from) } else { (from, to) };
                (rule.from, rule.from_name) = (party(from), self.catalog.role_name(from).to_owned());
                (rule.to, rule.to_name) = (party(to), self.catalog.role_name(to).to_owned());
                rule.both_ways = !fact.reverse && self.catalog.may_open(fact) == Direction::TwoWay;
                if self.modes.narrow(&mut rule, system, fact) {
                    rules.push(rule);
                }
            }
        }
        rules
    }

    /// The rules of a service that `hosts` run.
    pub fn service_rules(&self, system: &System, hosts: &Party, hosts_name: &str) -> Vec<Rule> {
        let facts = self.facts(system).filter_map(|fact| self.rule(system, fact));
        facts.map(|rule| Rule { origin: Origin::Service, to: hosts.clone(), to_name: hosts_name.to_owned(), ..rule }).collect()
    }

    /// What every segment carries, between whomever.
    pub fn everywhere(&self) -> Vec<Rule> {
        let is_everywhere = |system: &&System| {
            system
                .documents
                .iter()
                .filter_map(|doc| self.catalog.document(*doc))
                .any(|document| EVERYWHERE.contains(&document.id.as_str()))
        };
        let systems = self.catalog.systems.iter().filter(is_everywhere);
        let facts = systems.flat_map(|system| self.catalog.facts_of(system).iter().map(move |fact| (system, fact)));
        let rules = facts.filter_map(|(system, fact)| self.rule(system, fact));
        rules.map(|rule| Rule { origin: Origin::Housekeeping, both_ways: true, ..rule }).collect()
    }

    /// Whether a document is in use.
    pub fn uses(&self, document: &str) -> bool {
        self.documents.is_empty() || self.documents.iter().any(|used| used == document)
    }

    /// The facts of a system that apply. One without a port shows in the flows of another, which are then expected as derived.
    fn facts<'s>(&'s self, system: &'s System) -> impl Iterator<Item = &'s Fact> {
        let own = self.catalog.facts_of(system).iter();
        let carriers = system.via.iter().filter_map(|at| self.catalog.system(*at)).filter(|carrier| carrier.ends.is_none());
        let carried = carriers.flat_map(|carrier| self.catalog.facts_of(carrier));
        own.chain(carried).filter(move |fact| fact.matches() && self.applies(system, fact))
    }

    fn applies(&self, system: &System, fact: &Fact) -> bool {
        let own = self.catalog.system(fact.system).is_some_and(|owner| owner.id == system.id);
        let documents = fact.sources.iter().filter_map(|source| self.catalog.document(source.doc));
        let used = !own || fact.sources.is_empty() || documents.into_iter().any(|document| self.uses(&document.id));
        let products = if fact.products.is_empty() { &system.products } else { &fact.products };
        used && self.has_products(products)
    }

    /// A policy that speaks of no product of a document leaves the document whole.
    fn has_products(&self, products: &[String]) -> bool {
        let chosen = |product: &String| self.products.contains(product);
        let related = |product: &String| self.products.iter().any(|chosen| family(chosen) == family(product));
        products.is_empty() || products.iter().any(|product| chosen(product) || !related(product))
    }

    /// Some roles exist only in some products.
    fn has_roles(&self, from: &str, to: &str) -> bool {
        let named = self.catalog.roles.iter().filter(|role| role.name == from || role.name == to);
        named.into_iter().all(|role| self.has_products(&role.products))
    }

    /// The rule of a fact between whomever.
    fn rule(&self, system: &System, fact: &Fact) -> Option<Rule> {
        fact.transport?;
        let carried = self.catalog.system(fact.system).is_some_and(|owner| owner.id != system.id);
        let moved = self.moved(system, fact);
        Some(Rule {
            transport: fact.transport,
            moved: moved.is_some(),
            ports: moved.unwrap_or_else(|| fact.ports.clone()),
            icmp_types: fact.icmp_type.into_iter().collect(),
            opens_from: fact.opens_from,
            pair: fact.pair,
            derived: fact.status == Status::Derived || carried,
            doubtful: fact.status == Status::Doubtful,
            sources: self.sources(system, fact, carried),
            ..Rule::new(&system.id, &system.name, Origin::Link, Some(fact.protocol.clone()))
        })
    }

    /// Where it stands: for a carried fact also where its system is named.
    fn sources(&self, system: &System, fact: &Fact, carried: bool) -> Vec<String> {
        let of_system = if carried { system.sources.as_slice() } else { &[] };
        let mut sources = self.catalog.print_sources(of_system);
        sources.extend(self.catalog.print_sources(&fact.sources));
        if let Some(place) = sources.is_empty().then(|| self.catalog.files.get(usize::from(fact.place.file))).flatten() {
            sources.push(format!("{}:{}", place.name, fact.place.line));
        }
        sources
    }

    /// The ports that the policy gives instead. Of a WSUS pair, HTTPS follows HTTP (note 4).
    fn moved(&self, system: &System, fact: &Fact) -> Option<Vec<Port>> {
        let given = self.overrides.iter().find(|given| given.replaces(system, fact));
        if let Some(given) = given {
            return Some(given.ports.clone());
        }
        if fact.protocol != "HTTPS" || !is_wsus(system, fact) {
            return None;
        }
        let http = self.overrides.iter().find(|given| given.link == system.id && given.protocol.eq_ignore_ascii_case("HTTP"))?;
        Some(http.ports.iter().copied().map(wsus_partner).collect())
    }
}

/// `sccm-2007` of `sccm-2007-sp1`, `windows-xp` of `windows-xp-sp2`: products of one family differ in their version only.
fn family(product: &str) -> &str {
    let is_version = |part: &str| part == "rtm" || part.strip_prefix("sp").or(part.strip_prefix('r')).is_some_and(is_number);
    match product.rsplit_once('-') {
        Some((name, version)) if is_version(version) => name,
        _ => product,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The products with those that they build on: a service pack needs what it is for.
pub fn with_bases(catalog: &Catalog, products: Vec<String>) -> Vec<String> {
    let bases: Vec<String> = products.iter().map(|product| family(product).to_owned()).collect();
    let known = |base: &String| catalog.products.iter().any(|product| product.id == *base);
    products.into_iter().chain(bases.into_iter().filter(known)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_of_one_family() {
        for product in ["sccm-2007", "sccm-2007-sp1", "sccm-2007-r2"] {
            assert_eq!(family(product), "sccm-2007");
        }
        assert_eq!(family("mom-2000-rtm"), "mom-2000");
        assert_eq!(family("exchange-5.5"), "exchange-5.5");
        assert_eq!(family("windows-server-2003"), "windows-server-2003");
    }
}
