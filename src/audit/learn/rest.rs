//! What neither roles nor services explain: conversations of the site's own become expectations, failed attempts and wrong bytes become known findings.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::draft::{Acceptance, Expectation};
use super::gather::{Crowd, Sighting, Traffic};
use super::services::{how_sure, many, number};
use super::{Sure, many as lists};
use crate::net::IpProto;
use crate::recognize::DCE_RPC;
use crate::record::{Finding, Verdict};

/// Entries of one kind that a person can still read; more are written wider.
const MOST_ENTRIES: usize = 120;
/// Different descriptions in a comment.
const MOST_SAID: usize = 3;

/// One end: a host, or any of the Internet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum End {
    Host(IpAddr),
    Far,
}

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// A port.
    Port(u16),
    /// A port that was announced, or speaks DCE/RPC.
    Dynamic,
    /// An ICMP type.
    Kind(u8),
    /// The protocol has none.
    Bare,
}

/// What a group of alike conversations has in common, and what is said of it.
#[derive(Clone, Debug, Default)]
struct Story {
    flows: u64,
    said: BTreeSet<String>,
    sure: Option<Sure>,
}

impl Story {
    fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        self.said.extend(other.said.iter().cloned());
        // The weakest tells how sure the whole is.
        self.sure = self.sure.max(other.sure);
    }

    fn text(&self) -> String {
        let said: Vec<&str> = self.said.iter().map(String::as_str).take(MOST_SAID).collect();
        let more = self.said.len().saturating_sub(MOST_SAID);
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        format!("{}{more}", said.join("; "))
    }
}

/// Who asks whom for what over what.
type Atoms = BTreeMap<(IpProto, BTreeSet<End>, BTreeSet<End>, BTreeSet<What>), Story>;

/// Expectations for what somebody means to do.
pub fn expects(left: &[(&Sighting, Finding)], traffic: &Traffic<'_>) -> Vec<Expectation> {
    let mut atoms = Atoms::new();
    for (sighting, _) in left.iter().filter(|(sighting, _)| sighting.teaches(traffic)) {
        let what = what(sighting);
        if what == What::Bare && matches!(sighting.transport, IpProto::TCP | IpProto::UDP) {
            continue;
        }
        let ends = (BTreeSet::from([end(sighting.client, traffic)]), BTreeSet::from([end(sighting.server, traffic)]));
        let key = (sighting.transport, ends.0, ends.1, BTreeSet::from([what]));
        atoms.entry(key).or_default().add(&story(sighting, traffic));
    }
    let atoms = fewer(atoms);
    let mut expects: Vec<Expectation> = atoms.into_iter().map(|(key, story)| expectation(key, &story)).collect();
    expects.sort_by(|a, b| (&a.to, &a.transport, &a.ports, &a.from).cmp(&(&b.to, &b.transport, &b.ports, &b.from)));
    expects
}

/// Joins what differs in one thing only; where that leaves too much to read, also what differs in more.
fn fewer(atoms: Atoms) -> Atoms {
    // The same number of the same server, then the same clients of several servers, then several numbers between the same.
    let atoms = join(atoms, |(transport, _, to, what)| (*transport, BTreeSet::new(), to.clone(), what.clone()));
    let atoms = join(atoms, |(transport, from, _, what)| (*transport, from.clone(), BTreeSet::new(), what.clone()));
    let atoms = join(atoms, |(transport, from, to, _)| (*transport, from.clone(), to.clone(), BTreeSet::new()));
    if atoms.len() <= MOST_ENTRIES {
        return atoms;
    }
    let atoms = join(atoms, |(transport, _, _, what)| (*transport, BTreeSet::new(), BTreeSet::new(), what.clone()));
    if atoms.len() <= MOST_ENTRIES {
        return atoms;
    }
    join(atoms, |(transport, ..)| (*transport, BTreeSet::new(), BTreeSet::new(), BTreeSet::new()))
}

type Key = (IpProto, BTreeSet<End>, BTreeSet<End>, BTreeSet<What>);

/// Joins the atoms for which `by` gives the same.
fn join(atoms: Atoms, by: impl Fn(&Key) -> Key) -> Atoms {
    let mut joined: BTreeMap<Key, (Key, Story)> = BTreeMap::new();
    for (key, story) in atoms {
        let same = by(&key);
        let ((_, from, to, what), told) =
            joined.entry(same).or_insert_with(|| ((key.0, BTreeSet::new(), BTreeSet::new(), BTreeSet::new()), Story::default()));
        from.extend(key.1);
        to.extend(key.2);
        what.extend(key.3);
        told.add(&story);
    }
    let mut atoms = Atoms::new();
    for (key, story) in joined.into_values() {
        atoms.entry(key).or_default().add(&story);
    }
    atoms
}

fn expectation((transport, from, to, what): Key, story: &Story) -> Expectation {
    let kinds = what.iter().filter_map(|what| if let What::Kind(kind) = what { Some(*kind) } else { None });
    Expectation {
        sure: story.sure.unwrap_or(Sure::Weak),
        why: format!("{}: {}", many(story.flows, "flow"), story.text()),
        from: names(&from),
        to: names(&to),
        transport: transport.to_string(),
        ports: ports(&what),
        types: kinds.collect(),
    }
}

fn ports(what: &BTreeSet<What>) -> Vec<String> {
    let numbers = what.iter().filter_map(|what| if let What::Port(port) = what { Some(*port) } else { None });
    let mut ports = lists::ports(&numbers.collect());
    if what.contains(&What::Dynamic) {
        ports.push("dynamic".to_owned());
    }
    ports
}

fn names(ends: &BTreeSet<End>) -> Vec<String> {
    let hosts = ends.iter().filter_map(|end| if let End::Host(ip) = end { Some(*ip) } else { None }).collect();
    let mut names = lists::hosts(&hosts);
    if ends.contains(&End::Far) {
        names.push("Internet".to_owned());
    }
    names
}

fn end(ip: IpAddr, traffic: &Traffic<'_>) -> End {
    if traffic.is_far(ip) { End::Far } else { End::Host(ip) }
}

/// What was asked for.
pub fn what(sighting: &Sighting) -> What {
    let spoken = sighting.payload.map(|(spoken, _)| spoken);
    let is_announced = sighting.is_announced() || spoken == Some(DCE_RPC.name);
    match (sighting.port, sighting.icmp) {
        (Some(port), _) if is_announced && crate::catalog::Catalog::may_be_dynamic(port) => What::Dynamic,
        (Some(port), _) => What::Port(port),
        (None, Some(kind)) => What::Kind(kind),
        (None, None) => What::Bare,
    }
}

fn story(sighting: &Sighting, traffic: &Traffic<'_>) -> Story {
    let weight = traffic.weight(sighting);
    let hint = weight.and_then(|weight| traffic.hint(weight));
    let spoken = sighting.payload.map(|(spoken, _)| spoken);
    let known = spoken.or(hint);
    let said = match (sighting.verdict, traffic.label(sighting), known) {
        (Some(Verdict::Matched), Some(label), _) => label.to_owned(),
        (Some(Verdict::Mismatched), label, Some(known)) => {
            format!("{} where no document has it", label.unwrap_or(known))
        }
        (_, _, Some(known)) if spoken.is_some() => format!("{known}, which no document lists at {}", number(sighting)),
        (_, _, Some(known)) => format!("no document lists {}; probably {known}", number(sighting)),
        _ => format!("no document lists {}, and nothing tells what it is", number(sighting)),
    };
    let sure = if hint.is_some() { how_sure(sighting).min(Sure::Likely) } else { how_sure(sighting) };
    Story { flows: weight.map_or(1, |weight| weight.flows), said: BTreeSet::from([said]), sure: Some(sure) }
}

/// What there was too much of to remember it one by one.
pub fn crowds(traffic: &Traffic<'_>) -> Vec<Expectation> {
    let wide = |(transport, crowd): (&IpProto, &Crowd)| Expectation {
        sure: Sure::Weak,
        why: format!("{} beyond those listed: too many different conversations to tell apart", many(crowd.flows, "flow")),
        from: Vec::new(),
        to: Vec::new(),
        transport: transport.to_string(),
        ports: crowd.ports.map(|(low, high)| lists::ports(&(low..=high).collect())).unwrap_or_default(),
        types: crowd.types.iter().copied().collect(),
    };
    traffic.crowds.iter().map(wide).collect()
}

// ---- known findings -------------------------------------------------------------------------------------------------

/// Findings that are known from now on.
pub fn accepts(left: &[(&Sighting, Finding)], traffic: &Traffic<'_>) -> Vec<Acceptance> {
    let mut faults: BTreeMap<String, Atoms> = BTreeMap::new();
    for (sighting, finding) in left {
        let flag = traffic.fault(sighting).unwrap_or(finding.kind.as_str()).to_owned();
        let ends = (BTreeSet::from([end(sighting.client, traffic)]), BTreeSet::from([end(sighting.server, traffic)]));
        let key = (sighting.transport, ends.0, ends.1, BTreeSet::from([plain(sighting)]));
        faults.entry(flag).or_default().entry(key).or_default().add(&fault_story(sighting, traffic));
    }
    let each = |(flag, atoms): (String, Atoms)| fewer(atoms).into_iter().map(move |(key, story)| acceptance(&flag, key, &story));
    let mut accepts: Vec<Acceptance> = faults.into_iter().flat_map(each).collect();
    accepts.extend(traffic.crowds.values().flat_map(crowd_faults));
    accepts
}

/// In a known finding a dynamic port is the number it was.
fn plain(sighting: &Sighting) -> What {
    sighting.port.map_or(What::Bare, What::Port)
}

fn fault_story(sighting: &Sighting, traffic: &Traffic<'_>) -> Story {
    let weight = traffic.weight(sighting).map_or(1, |weight| weight.flows);
    let what = traffic.label(sighting).map_or_else(|| number(sighting), |label| format!("{label} ({})", number(sighting)));
    let said = match (sighting.failed, traffic.fault(sighting), sighting.payload) {
        (_, Some("payload-contradicts-port"), Some((spoken, _))) => format!("{spoken} on {}", number(sighting)),
        (Some(failed), ..) => format!("{what} was {failed}"),
        _ => format!("{what} is not expected"),
    };
    Story { flows: weight, said: BTreeSet::from([said]), sure: None }
}

fn acceptance(flag: &str, (transport, from, to, what): Key, story: &Story) -> Acceptance {
    Acceptance {
        from: names(&from),
        to: names(&to),
        flag: flag.to_owned(),
        transport: Some(transport.to_string()),
        ports: if what.contains(&What::Bare) { Vec::new() } else { ports(&what) },
        why: format!("{}: {}", many(story.flows, "flow"), story.text()),
    }
}

/// Of what was too much there is no telling who.
fn crowd_faults(crowd: &Crowd) -> Vec<Acceptance> {
    let accept = |fault: &String| Acceptance {
        from: vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
        to: Vec::new(),
        flag: fault.clone(),
        transport: None,
        ports: Vec::new(),
        why: "too many different conversations to tell apart".to_owned(),
    };
    let is_found =
        |fault: &&String| matches!(fault.as_str(), "refused" | "unanswered" | "payload-contradicts-port" | "ports-unseen");
    crowd.faults.iter().filter(is_found).map(accept).collect()
}
