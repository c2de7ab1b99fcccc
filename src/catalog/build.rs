//! Puts the files together: documents that agree share a fact, a later layer replaces what an earlier one says.

use std::collections::HashMap;
use std::ops::Range;

use super::mistake::Mistake;
use super::model::{DocRef, Document, Ends, Fact, Place, Product, ProtocolRule, Role, Source, System, SystemRef};
use super::nearest::suggestion;
use super::raw::{RawFact, RawFile, RawSystem, Word};
use super::reader::Reader;
use crate::net::IpProto;

/// What a build makes; the index comes after.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub documents: Vec<Document>,
    pub products: Vec<Product>,
    pub roles: Vec<Role>,
    pub protocols: Vec<ProtocolRule>,
    pub systems: Vec<System>,
    pub facts: Vec<Fact>,
    /// Rows that stand twice in one file.
    pub repeated: Vec<(Place, String)>,
}

/// One file, read, with the layer it belongs to (0: built in).
pub(super) struct Input<'i> {
    pub reader: Reader<'i>,
    pub raw: RawFile,
    pub layer: u16,
    /// The id of a file without `[document]`.
    pub stem: String,
}

/// A system while files are still being added to it.
struct Draft {
    system: System,
    facts: Vec<Fact>,
    via: Vec<(usize, Word)>,
    layer: u16,
    repeated: Vec<(Place, String)>,
}

struct Builder {
    parts: Parts,
    drafts: Vec<Draft>,
    by_id: HashMap<String, usize>,
}

/// Builds the catalog of all files, in order. Mistakes go to the reader of the file they stand in.
pub(super) fn build(inputs: &mut [Input<'_>]) -> (Parts, Vec<Mistake>) {
    let mut builder = Builder { parts: Parts::default(), drafts: Vec::new(), by_id: HashMap::new() };
    for input in inputs.iter_mut() {
        builder.collect_names(input);
    }
    let mut layer = 0;
    for at in 0..inputs.len() {
        let next = inputs.get(at).map_or(0, |input| input.layer);
        if next != layer {
            layer = next;
            builder.apply_without(inputs, layer);
        }
        if let Some(input) = inputs.get_mut(at) {
            builder.add_file(at, input);
        }
    }
    builder.finish(inputs);
    let mistakes = inputs.iter_mut().flat_map(|input| std::mem::take(&mut input.reader.mistakes)).collect();
    (builder.parts, mistakes)
}

impl Builder {
    /// Products, roles and documents first: any file may use them.
    fn collect_names(&mut self, input: &mut Input<'_>) {
        for raw in &input.raw.products {
            let product = Product { id: raw.id.text.clone(), name: raw.name.clone(), dynamic: raw.dynamic.clone() };
            self.parts.products.retain(|known| known.id != product.id);
            self.parts.products.push(product);
        }
        for raw in &input.raw.roles {
            let products = raw.products.iter().map(|word| word.text.clone()).collect();
            let role = Role { name: raw.name.clone(), aliases: raw.aliases.clone(), products };
            self.parts.roles.retain(|known| known.name != role.name);
            self.parts.roles.push(role);
        }
        for raw in &input.raw.protocols {
            let rule = ProtocolRule {
                name: raw.name.text.clone(),
                protected_by: raw.protected_by.as_ref().map(|word| word.text.clone()),
                unpublished: raw.unpublished,
            };
            self.parts.protocols.retain(|known| !known.name.eq_ignore_ascii_case(&rule.name));
            self.parts.protocols.push(rule);
        }
        let at = self.parts.documents.len() as i32;
        let order = if input.layer == 0 { at } else { at - 10_000 * i32::from(input.layer) };
        let builtin = input.layer == 0;
        let raw = input.raw.document.as_ref();
        let (id, title) = raw.map_or((&input.stem, &input.stem), |raw| (&raw.id, &raw.title));
        let length = raw.and_then(|raw| raw.length);
        let products = raw.map(|raw| raw.products.iter().map(|word| word.text.clone()).collect()).unwrap_or_default();
        self.parts.documents.push(Document { id: id.clone(), title: title.clone(), order, length, products, builtin });
    }

    /// `without` drops documents and systems of the layers below, whatever the order of the files in the directory.
    fn apply_without(&mut self, inputs: &mut [Input<'_>], layer: u16) {
        for input in inputs.iter_mut().filter(|input| input.layer == layer) {
            for word in &input.raw.without {
                if !self.drop_named(&word.text) {
                    let known = self.drafts.iter().map(|draft| draft.system.id.as_str());
                    let known = known.chain(self.parts.documents.iter().map(|document| document.id.as_str()));
                    let meant = suggestion(&word.text, known);
                    input.reader.mistake(word.span.clone(), format!("no such document or system to leave out{meant}"));
                }
            }
        }
    }

    fn drop_named(&mut self, name: &str) -> bool {
        let before = self.drafts.len();
        self.drafts.retain(|draft| draft.system.id != name);
        let mut found = self.drafts.len() < before;
        if let Some(at) = self.parts.documents.iter().position(|document| document.id == name) {
            found = true;
            self.drop_document(DocRef(at as u16));
        }
        self.by_id = self.drafts.iter().enumerate().map(|(at, draft)| (draft.system.id.clone(), at)).collect();
        found
    }

    fn drop_document(&mut self, doc: DocRef) {
        for draft in &mut self.drafts {
            for fact in &mut draft.facts {
                fact.sources.retain(|source| source.doc != doc);
                fact.also.retain(|source| source.doc != doc);
                fact.configurable_at.retain(|source| source.doc != doc);
            }
            draft.facts.retain(|fact| !fact.sources.is_empty());
            draft.system.documents.retain(|named| *named != doc);
            draft.system.sources.retain(|source| source.doc != doc);
        }
        self.drafts.retain(|draft| !draft.system.documents.is_empty());
    }

    fn add_file(&mut self, at: usize, input: &mut Input<'_>) {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let systems = std::mem::take(&mut input.raw.systems);
        for raw in systems {
            if let Some(line) = seen.insert(raw.id.text.clone(), raw.line) {
                let problem = format!("this id stands in this file already, on line {line}; write its facts in one place");
                input.reader.mistake(raw.id.span.clone(), problem);
            }
            self.add_system(at, input, raw);
        }
    }

    fn add_system(&mut self, at: usize, input: &mut Input<'_>, mut raw: RawSystem) {
        let doc = DocRef(at as u16);
        let facts = std::mem::take(&mut raw.facts);
        let facts: Vec<Fact> = facts.into_iter().flat_map(|fact| self.facts_of(doc, input, &raw, &fact)).collect();
        let via: Vec<(usize, Word)> = std::mem::take(&mut raw.via).into_iter().map(|word| (at, word)).collect();
        self.check_products(input, &raw.products);
        let system = Self::system_of(doc, input, raw);
        match self.by_id.get(&system.id).and_then(|at| self.drafts.get_mut(*at)) {
            Some(draft) if draft.layer == input.layer => draft.agree(system, facts, via),
            Some(draft) => draft.replace(system, facts, via, input.layer),
            None => {
                self.by_id.insert(system.id.clone(), self.drafts.len());
                let mut draft = Draft { system, facts: Vec::new(), via, layer: input.layer, repeated: Vec::new() };
                for fact in facts {
                    draft.add_fact(fact);
                }
                self.drafts.push(draft);
            }
        }
    }

    fn system_of(doc: DocRef, input: &mut Input<'_>, raw: RawSystem) -> System {
        let lines = if raw.lines.is_empty() { vec![raw.line] } else { raw.lines.clone() };
        let notes = notes_of(input, &raw.notes);
        System {
            name: raw.name.unwrap_or_else(|| raw.id.text.clone()),
            id: raw.id.text,
            aliases: raw.aliases,
            service: raw.service,
            about: raw.about,
            note: raw.note,
            reading: raw.reading,
            without_port: raw.without_port,
            via: Vec::new(),
            documents: vec![doc],
            sources: lines.into_iter().map(|line| Source { doc, line }).collect(),
            products: raw.products.into_iter().map(|word| word.text).collect(),
            networks: raw.networks,
            ends: raw.ends.map(|ends| Ends { from: ends.from, to: ends.to, direction: ends.direction }),
            notes,
            facts: 0..0,
            place: Place { file: doc.0, line: raw.line },
        }
    }

    /// One fact for each transport of a row.
    fn facts_of(&self, doc: DocRef, input: &mut Input<'_>, system: &RawSystem, raw: &RawFact) -> Vec<Fact> {
        self.check_products(input, &raw.products);
        let own = if raw.products.is_empty() { &system.products } else { &raw.products };
        let mut products: Vec<String> = own.iter().map(|word| word.text.clone()).collect();
        if products.is_empty() {
            products = self.parts.documents.get(doc.0 as usize).map(|document| document.products.clone()).unwrap_or_default();
        }
        let notes = notes_of(input, &raw.notes);
        let at = |lines: &[u32]| lines.iter().map(|line| Source { doc, line: *line }).collect::<Vec<_>>();
        let sources = if raw.lines.is_empty() { at(&[raw.line]) } else { at(&raw.lines) };
        let fact = |transport: Option<IpProto>| Fact {
            system: SystemRef(0),
            protocol: raw.protocol.clone(),
            printed: raw.printed.clone(),
            transport,
            ports: raw.ports.clone(),
            icmp_type: raw.icmp_type,
            status: raw.status,
            opens_from: raw.opens_from,
            pair: raw.pair,
            listener: raw.listener,
            reverse: raw.reverse,
            direction: raw.direction,
            range: raw.range,
            sources: sources.clone(),
            also: at(&raw.also),
            products: products.clone(),
            configurable: raw.configurable,
            configurable_at: at(&raw.configurable_at),
            setting: raw.setting.clone(),
            reading: raw.reading.clone(),
            notes: notes.clone(),
            note: raw.note.clone(),
            place: Place { file: doc.0, line: raw.line },
            layer: input.layer,
        };
        if raw.transports.is_empty() { vec![fact(None)] } else { raw.transports.iter().map(|t| fact(Some(*t))).collect() }
    }

    fn check_products(&self, input: &mut Input<'_>, words: &[Word]) {
        for word in words {
            if !self.parts.products.iter().any(|product| product.id == word.text) {
                let meant = suggestion(&word.text, self.parts.products.iter().map(|product| product.id.as_str()));
                input.reader.mistake(word.span.clone(), format!("no such product{meant} (define it with [[product]])"));
            }
        }
    }

    /// Gives every system and fact its place, and resolves names that point to other systems.
    fn finish(&mut self, inputs: &mut [Input<'_>]) {
        let documents = &self.parts.documents;
        let order = |doc: &DocRef| documents.get(doc.0 as usize).map_or(0, |document| document.order);
        // The sort is stable: systems of one document stay in its order.
        self.drafts.sort_by_key(|draft| draft.system.documents.iter().map(order).min());
        let place: HashMap<String, SystemRef> =
            self.drafts.iter().enumerate().map(|(at, draft)| (draft.system.id.clone(), SystemRef(at as u16))).collect();
        for (at, mut draft) in std::mem::take(&mut self.drafts).into_iter().enumerate() {
            draft.system.via = draft.via.iter().filter_map(|(file, word)| resolve(inputs, *file, word, &place)).collect();
            let first = self.parts.facts.len() as u32;
            self.parts.facts.extend(draft.facts.into_iter().map(|fact| Fact { system: SystemRef(at as u16), ..fact }));
            draft.system.facts = first..self.parts.facts.len() as u32;
            self.parts.systems.push(draft.system);
            self.parts.repeated.extend(draft.repeated);
        }
        for input in inputs.iter_mut().filter(|input| input.layer > 0) {
            self.check_protocols(input);
        }
    }

    /// A rule for a protocol that no fact names would silently never hold. What `--no-builtin-rules` left out is no mistake.
    fn check_protocols(&self, input: &mut Input<'_>) {
        let known = || self.parts.facts.iter().flat_map(|fact| std::iter::once(&fact.protocol).chain(&fact.printed));
        let raw = &input.raw.protocols;
        for word in raw.iter().flat_map(|raw| std::iter::once(&raw.name).chain(&raw.protected_by)) {
            if !known().any(|name| name.eq_ignore_ascii_case(&word.text)) {
                let meant = suggestion(&word.text, known().map(String::as_str));
                input.reader.mistake(word.span.clone(), format!("no fact names this protocol{meant}"));
            }
        }
    }
}

fn resolve(inputs: &mut [Input<'_>], file: usize, word: &Word, place: &HashMap<String, SystemRef>) -> Option<SystemRef> {
    let found = place.get(&word.text).copied();
    // A system that `without` or `--no-builtin-rules` left out is no mistake of the file that names it; a user's own slip is.
    if let Some(input) = inputs.get_mut(file).filter(|input| found.is_none() && input.layer > 0) {
        let meant = suggestion(&word.text, place.keys().map(String::as_str));
        input.reader.mistake(word.span.clone(), format!("no such system{meant}"));
    }
    found
}

/// A number is a note of the document, any other text is the note itself.
fn notes_of(input: &mut Input<'_>, words: &[Word]) -> Vec<String> {
    let id = input.raw.document.as_ref().map_or(&input.stem, |document| &document.id);
    let mut notes = Vec::new();
    let mut unknown: Vec<Range<usize>> = Vec::new();
    for word in words {
        let Ok(number) = word.text.parse::<u32>() else {
            notes.push(word.text.clone());
            continue;
        };
        match input.raw.notes.iter().find(|note| note.id == number) {
            Some(note) => notes.push(format!("note {number}: {} ({id}:{})", note.text, note.line)),
            None => unknown.push(word.span.clone()),
        }
    }
    for span in unknown {
        input.reader.mistake(span, "no [[note]] of this file has this id");
    }
    notes
}

impl Draft {
    /// Another document of the same layer names the system too: it adds.
    fn agree(&mut self, other: System, facts: Vec<Fact>, via: Vec<(usize, Word)>) {
        let system = &mut self.system;
        let mut names = other.aliases;
        names.push(other.name);
        names.extend(other.service.clone().filter(|_| system.service.is_some()));
        for name in names {
            add_alias(system, name);
        }
        system.service = system.service.take().or(other.service);
        system.about = system.about.take().or(other.about);
        system.note = system.note.take().or(other.note);
        system.reading = system.reading.take().or(other.reading);
        system.without_port = system.without_port.take().or(other.without_port);
        system.ends = system.ends.take().or(other.ends);
        system.documents.extend(other.documents);
        system.sources.extend(other.sources);
        add_missing(&mut system.products, other.products);
        self.via.extend(via);
        for fact in facts {
            self.add_fact(fact);
        }
    }

    /// A later layer speaks of the system: what it says replaces, what it leaves out stays. A link is replaced as a whole.
    fn replace(&mut self, other: System, facts: Vec<Fact>, via: Vec<(usize, Word)>, layer: u16) {
        self.layer = layer;
        if other.ends.is_some() {
            self.facts.clear();
            self.system.ends = other.ends;
            self.system.notes = other.notes;
        }
        let system = &mut self.system;
        if other.name != other.id {
            let old = std::mem::replace(&mut system.name, other.name);
            add_alias(system, old);
        }
        other.aliases.into_iter().for_each(|alias| add_alias(system, alias));
        for (new, old) in [
            (other.service, &mut system.service),
            (other.about, &mut system.about),
            (other.note, &mut system.note),
            (other.reading, &mut system.reading),
            (other.without_port, &mut system.without_port),
        ] {
            *old = new.or(old.take());
        }
        if !other.products.is_empty() {
            system.products = other.products;
        }
        if !other.networks.is_empty() {
            system.networks = other.networks;
        }
        system.documents.extend(other.documents);
        system.sources.extend(other.sources);
        self.via.extend(via);
        for fact in facts {
            self.facts.retain(|old| old.layer == layer || !old.same_key(&fact));
            self.add_fact(fact);
        }
    }

    /// A row that another document of this layer prints too is one fact with two sources.
    fn add_fact(&mut self, fact: Fact) {
        match self.facts.iter_mut().find(|old| old.layer == fact.layer && old.same_key(&fact)) {
            Some(old) => {
                if old.place.file == fact.place.file {
                    self.repeated.push((fact.place, format!("{} stands on line {} already", fact.protocol, old.place.line)));
                }
                merge(old, fact);
            }
            None => self.facts.push(fact),
        }
    }
}

fn merge(old: &mut Fact, new: Fact) {
    if new.protocol != old.protocol && !old.printed.contains(&new.protocol) {
        old.printed.push(new.protocol);
    }
    add_missing(&mut old.printed, new.printed);
    add_missing(&mut old.products, new.products);
    add_missing(&mut old.notes, new.notes);
    old.sources.extend(new.sources);
    old.also.extend(new.also);
    old.configurable_at.extend(new.configurable_at);
    old.configurable = old.configurable.or(new.configurable);
    old.listener |= new.listener;
    old.range = old.range.or(new.range);
    old.reading = old.reading.take().or(new.reading);
    old.note = old.note.take().or(new.note);
}

fn add_missing(old: &mut Vec<String>, new: Vec<String>) {
    for text in new {
        if !old.contains(&text) {
            old.push(text);
        }
    }
}

fn add_alias(system: &mut System, alias: String) {
    // Windows compares service names without case (reading C16), and so do all lookups here.
    let is = |known: &String| known.eq_ignore_ascii_case(&alias);
    if !is(&system.name) && !system.service.as_ref().is_some_and(is) && !system.aliases.iter().any(is) {
        system.aliases.push(alias);
    }
}
