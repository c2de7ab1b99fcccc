//! The site's own words: what it expects, forbids and accepts.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::ops::Range as Span;

use toml::de::DeValue;

use super::Reading;
use crate::audit::policy::{Accept, Origin, Party, Rule};
use crate::catalog::{Fields, Port, suggestion};
use crate::net::{IpProto, Timestamp, protocol_named};
use crate::record::FindingKind;

const RULE_KEYS: &[&str] = &["from", "to", "both-ways", "transport", "ports", "types", "label", "reason"];
const ACCEPT_KEYS: &[&str] = &["host", "peer", "from", "to", "flag", "transport", "ports", "until", "reason"];

impl Reading<'_> {
    /// `[[expect]]` or `[[forbid]]`.
    pub(super) fn site_rules(&mut self, fields: &Fields<'_, '_>, key: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (at, value) in fields.tables(&mut self.reader, key).into_iter().enumerate() {
            let Some(entry) = self.table(value, RULE_KEYS) else { continue };
            let (by, had) = (format!("{key}:{}", at + 1), self.reader.mistakes.len());
            let (from, from_name) = self.party(&entry, "from");
            let (to, to_name) = self.party(&entry, "to");
            let transport = self.transport(&entry);
            let ports = self.ports(&entry, "ports");
            let types = entry.each("types").into_iter().filter_map(|value| self.reader.number(value, 0..=255));
            let icmp_types = types.filter_map(|kind| u8::try_from(kind).ok()).collect();
            self.warn_of_impossible(&entry, transport);
            let label = self.named(&entry, "label");
            let reason = entry.string(&mut self.reader, "reason");
            let is_of_all = from == Party::Anyone && to == Party::Anyone && transport.is_none() && ports.is_empty();
            if is_of_all && self.reader.mistakes.len() == had {
                self.reader.mistake(entry.span.clone(), "this is about every flow: give `from`, `to`, `transport` or `ports`");
            }
            let rule = Rule {
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
            };
            self.warn_of_same(&rule, &entry.span);
            rules.push(rule);
        }
        rules
    }

    pub(super) fn accepts(&mut self, fields: &Fields<'_, '_>) -> Vec<Accept> {
        let mut accepts = Vec::new();
        for (at, value) in fields.tables(&mut self.reader, "accept").into_iter().enumerate() {
            let Some(entry) = self.table(value, ACCEPT_KEYS) else { continue };
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
            self.warn_of_impossible(&entry, transport);
            accepts.push(Accept { by: format!("accept:{}", at + 1), host, peer, from, to, flag, transport, ports, until });
        }
        accepts
    }

    /// Numbers that no flow of the transport has.
    fn warn_of_impossible(&mut self, entry: &Fields<'_, '_>, transport: Option<IpProto>) {
        let filled = |key| entry.get(key).filter(|_| !entry.each(key).is_empty());
        let (ports, types) = (filled("ports"), filled("types"));
        let is_icmp = |transport: IpProto| matches!(transport, IpProto::ICMP | IpProto::ICMP6);
        let name = transport.map(|transport| transport.to_string().to_uppercase()).unwrap_or_default();
        if let Some(value) = ports.filter(|_| transport.is_some_and(|transport| !transport.has_ports())) {
            self.warn(&value.span(), &format!("{name} has no ports: this concerns no flow; leave `ports` out"));
        } else if let Some(value) = types.filter(|_| transport.is_some_and(|transport| !is_icmp(transport))) {
            self.warn(
                &value.span(),
                &format!("`types` are those of ICMP, and {name} has none: this concerns no flow; leave `types` out"),
            );
        } else if let (Some(value), Some(_)) = (types, ports) {
            self.warn(&value.span(), "no flow has a type and a port: `types` is not looked at beside `ports`");
        }
    }

    /// What comes earlier about the very same flows leaves nothing to a later entry; prohibitions come first.
    fn warn_of_same(&mut self, rule: &Rule, span: &Span<usize>) {
        let about = (&rule.from_name, &rule.to_name, rule.both_ways, rule.transport, &rule.ports, &rule.icmp_types);
        match self.said.entry(format!("{about:?}")) {
            Entry::Vacant(entry) => drop(entry.insert(rule.by.clone())),
            Entry::Occupied(entry) => {
                let text = format!("{} is about the same flows and comes first: {} concerns none", entry.get(), rule.by);
                self.warn(span, &text);
            }
        }
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

    pub(super) fn transport(&mut self, entry: &Fields<'_, '_>) -> Option<IpProto> {
        let value = entry.get("transport")?;
        let word = self.word(value)?;
        let found = protocol_named(&word.to_lowercase()).map(IpProto);
        if found.is_none() {
            let meant = suggestion(&word, ["tcp", "udp", "icmp", "icmp6", "gre", "esp", "ah", "sctp", "igmp"]);
            self.reader
                .mistake(value.span(), format!("no such transport{meant}: write tcp, udp, icmp, icmp6, gre, esp, ah or ip-N"));
        }
        found
    }

    /// Numbers and ranges, in quotes or not.
    pub(super) fn ports(&mut self, entry: &Fields<'_, '_>, key: &str) -> Vec<Port> {
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
        self.warn_of_repeated(entry, key, &ports);
        ports
    }

    fn warn_of_repeated(&mut self, entry: &Fields<'_, '_>, key: &str, ports: &[Port]) {
        let mut sorted: Vec<(Port, Option<(u16, u16)>)> = ports.iter().map(|port| (*port, port.bounds())).collect();
        sorted.sort_by_key(|(_, bounds)| bounds.map(|(first, last)| (first, Reverse(last))));
        let same = |one: Option<(u16, u16)>, two: Option<(u16, u16)>| match (one, two) {
            (Some((_, last)), Some((first, _))) => first <= last,
            (one, two) => one == two,
        };
        let twice = sorted.iter().zip(sorted.iter().skip(1)).find(|((_, one), (_, two))| same(*one, *two));
        if let Some(((one, _), (two, _))) = twice {
            let text = if one == two {
                format!("port {one} is in this list twice")
            } else {
                format!("port {two} is within {one} of this list")
            };
            let span = entry.get(key).map_or(Span::default(), toml::Spanned::span);
            self.warn(&span, &text);
        }
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
