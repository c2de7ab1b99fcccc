//! The catalog as it stands in memory: documents, systems, facts, readings.

use std::fmt;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

use crate::net::IpProto;

/// A document, by its place in [`super::Catalog::documents`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct DocRef(pub u16);

/// A system, by its place in [`super::Catalog::systems`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SystemRef(pub u16);

/// A fact, by its place in [`super::Catalog::facts`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FactRef(pub u32);

/// How a fact stands after the readings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Printed and right.
    #[default]
    Documented,
    /// Printed, kept, and hardly true.
    Doubtful,
    /// Not printed: follows from a reading.
    Derived,
    /// Printed and wrong: recorded, never matched.
    Defect,
}

impl Status {
    /// Every word, in the order of the enum.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("documented", Self::Documented), ("doubtful", Self::Doubtful), ("derived", Self::Derived), ("defect", Self::Defect)];

    /// The word a rules file uses.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, status)| *status == self).map_or("", |(word, _)| word)
    }
}

/// Who may open a connection of a link.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// `from` opens, `to` answers.
    OneWay,
    /// Either opens.
    TwoWay,
}

impl Direction {
    /// As the commands print it.
    pub fn arrow(self) -> &'static str {
        match self {
            Self::OneWay => "->",
            Self::TwoWay => "<->",
        }
    }
}

impl Serialize for Direction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.arrow())
    }
}

/// What a document gives as a port.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Port {
    /// One number.
    One(u16),
    /// A closed range.
    Range(u16, u16),
    /// Assigned at run time: never matched by number.
    Dynamic,
}

impl Port {
    /// First and last number, unless dynamic.
    pub fn bounds(self) -> Option<(u16, u16)> {
        match self {
            Self::One(port) => Some((port, port)),
            Self::Range(first, last) => Some((first, last)),
            Self::Dynamic => None,
        }
    }

    /// Whether the number is among these.
    pub fn contains(self, port: u16) -> bool {
        self.bounds().is_some_and(|(first, last)| (first..=last).contains(&port))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(port) => f.pad(&port.to_string()),
            Self::Range(first, last) => f.pad(&format!("{first}-{last}")),
            Self::Dynamic => f.pad("dynamic"),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(port) => serializer.serialize_u16(*port),
            other => serializer.collect_str(other),
        }
    }
}

/// A line of a document.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Source {
    /// The document.
    pub doc: DocRef,
    /// The line, from 1.
    pub line: u32,
}

/// Where a rule stands: for messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Which of [`super::Catalog::files`].
    pub file: u16,
    /// The line, from 1.
    pub line: u32,
}

/// A document, or a rules file that is its own source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// As sources print it.
    pub id: String,
    /// What it is called here.
    pub title: String,
    /// Rank among the documents: the lower names a shared port. Files of `--rules` rank before all that is built in.
    pub order: i32,
    /// How many lines it has; none for a rules file.
    pub length: Option<u32>,
    /// What its facts apply to unless they say otherwise.
    pub products: Vec<String>,
    /// Whether it stands in the binary.
    pub builtin: bool,
}

/// A product or version that facts speak of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Product {
    /// Its word in rules files.
    pub id: String,
    /// Its name.
    pub name: String,
    /// From where it takes dynamic ports (reading C43).
    pub dynamic: Vec<(u16, u16)>,
}

/// A role of the link tables and its other spellings (reading C79).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// The name to use.
    pub name: String,
    /// Other spellings.
    pub aliases: Vec<String>,
    /// What a link with this role needs, where less than the whole document.
    pub products: Vec<String>,
}

/// The two ends of a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ends {
    /// Roles as printed; more than one where a document names several under one heading.
    pub from: Vec<String>,
    /// Roles as printed.
    pub to: Vec<String>,
    /// Who may open.
    pub direction: Direction,
}

/// A system of the documents: a service, a link between roles, or a product that is only named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct System {
    /// Its stable id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Other names the documents use.
    pub aliases: Vec<String>,
    /// Its logical service name.
    pub service: Option<String>,
    /// One line on what it does.
    pub about: Option<String>,
    /// A remark on the whole of it.
    pub note: Option<String>,
    /// The reading that concerns it.
    pub reading: Option<String>,
    /// Why it has no port, where none is given.
    pub without_port: Option<String>,
    /// Through which systems it shows on the wire when it has no port of its own.
    pub via: Vec<SystemRef>,
    /// Documents that name it, in order.
    pub documents: Vec<DocRef>,
    /// Where it is named.
    pub sources: Vec<Source>,
    /// What it belongs to; empty: the products of its documents.
    pub products: Vec<String>,
    /// Only for servers in these networks; empty: anywhere.
    pub networks: Vec<IpNet>,
    /// Set for a link.
    pub ends: Option<Ends>,
    /// Remarks that hold for every row of a link.
    pub notes: Vec<String>,
    /// Its facts: a run of [`super::Catalog::facts`].
    pub facts: std::ops::Range<u32>,
    /// Where it is defined (first).
    pub place: Place,
}

/// One printed row or cell: a protocol of a system, on a transport, at a port.
// Each flag is a key of the format, and any of them may stand beside any other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// Whose it is.
    pub system: SystemRef,
    /// The protocol's name after the readings.
    pub protocol: String,
    /// Names that documents print instead.
    pub printed: Vec<String>,
    /// None where no transport is given.
    pub transport: Option<IpProto>,
    /// Alternatives of one cell; empty where the protocol has no ports.
    pub ports: Vec<Port>,
    /// ICMP type.
    pub icmp_type: Option<u8>,
    /// How it stands.
    pub status: Status,
    /// The server opens connections *from* this port instead of listening (FTP data).
    pub opens_from: bool,
    /// The ports are a pair that talk to each other, the first listens (DHCP).
    pub pair: bool,
    /// Of several systems on this port, this one holds it (readings C34 to C41).
    pub listener: bool,
    /// The link's ends swapped.
    pub reverse: bool,
    /// Where this cell differs from its link.
    pub direction: Option<Direction>,
    /// The range a document gives for its dynamic ports.
    pub range: Option<(u16, u16)>,
    /// The rows that print it.
    pub sources: Vec<Source>,
    /// Prose that says the same.
    pub also: Vec<Source>,
    /// What it applies to; empty: as its system.
    pub products: Vec<String>,
    /// Whether the number can be set; none where nothing is said.
    pub configurable: Option<bool>,
    /// Where that is said.
    pub configurable_at: Vec<Source>,
    /// Where it is set.
    pub setting: Option<String>,
    /// The reading that concerns it.
    pub reading: Option<String>,
    /// Notes of the document.
    pub notes: Vec<String>,
    /// A remark of ours.
    pub note: Option<String>,
    /// Where the rule stands.
    pub place: Place,
    /// 0: built in; else which `--rules` directory, from 1.
    pub layer: u16,
}

impl Fact {
    /// Whether two rules speak of the same thing, so that the later one replaces or adds to the earlier.
    pub(super) fn same_key(&self, other: &Self) -> bool {
        self.transport == other.transport
            && self.ports == other.ports
            && self.icmp_type == other.icmp_type
            && self.reverse == other.reverse
            && self.protocol.eq_ignore_ascii_case(&other.protocol)
    }

    /// Whether it may label a flow.
    pub fn matches(&self) -> bool {
        self.status != Status::Defect
    }
}

/// What holds for a protocol wherever it is spoken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProtocolRule {
    /// The protocol, as facts name it.
    pub name: String,
    /// The protocol that says the same under protection.
    pub protected_by: Option<String>,
    /// No format of it was ever published: the port is the only evidence there can be.
    pub unpublished: bool,
}

/// A place where documents contradict each other or the facts, and what is held to be true.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reading {
    /// `C01` to `C97`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// The lines in question.
    pub cites: Vec<String>,
    /// What is adopted.
    pub adopt: String,
    /// Why.
    pub why: String,
    /// The systems it touches.
    pub touches: Vec<String>,
}
