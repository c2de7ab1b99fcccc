//! What DCE/RPC interfaces are called: `rules/rpc-interfaces.toml`, read when the first one is met.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::uuid::Uuid;

/// What a bind, a datagram or a tower names: an interface and its version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct InterfaceId {
    /// Its identifier.
    pub uuid: Uuid,
    /// Major and minor version.
    pub version: (u16, u16),
}

impl InterfaceId {
    /// With the version as PDUs have it: the major one in the low half (C706 section 12.6.3.1).
    pub fn new(uuid: Uuid, version: u32) -> Self {
        Self { uuid, version: (version as u16, (version >> 16) as u16) }
    }
}

/// As people write it: `drsuapi 4.0`.
impl fmt::Display for InterfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match interface(self.uuid) {
            Some(known) => f.write_str(&known.name)?,
            None => self.uuid.fmt(f)?,
        }
        write!(f, " {}.{}", self.version.0, self.version.1)
    }
}

/// A DCE/RPC interface.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Its short name, as its specification or the tools that list it have it.
    pub name: String,
    /// What offers it.
    pub about: String,
    /// The newest version that its specification defines, `1.0`; 0.0 for all of DCOM's.
    pub version: Option<String>,
    /// The open specification that defines it, `MS-DRSR`.
    pub document: Option<String>,
    /// The only list it stands in, where no second one confirms it.
    pub source: Option<String>,
    /// Ids of the catalog's systems that it belongs to.
    #[serde(default)]
    pub systems: Vec<String>,
}

static TABLE: LazyLock<hashbrown::HashMap<Uuid, Interface, RandomState>> = LazyLock::new(|| {
    let rows: HashMap<String, Interface> = toml::from_str(include_str!("../../rules/rpc-interfaces.toml")).unwrap_or_default();
    rows.into_iter().filter_map(|(uuid, interface)| Some((Uuid::parse(&uuid)?, interface))).collect()
});

/// The interface of a UUID, where it is known.
pub fn interface(uuid: Uuid) -> Option<&'static Interface> {
    TABLE.get(&uuid)
}

/// The interfaces of this name, whatever its case; several of DCOM's share theirs.
pub fn interfaces_named(name: &str) -> Vec<(Uuid, &'static Interface)> {
    let is = |interface: &Interface| interface.name.eq_ignore_ascii_case(name);
    let mut found: Vec<_> = TABLE.iter().filter(|(_, known)| is(known)).map(|(uuid, known)| (*uuid, known)).collect();
    found.sort_by_key(|(uuid, _)| *uuid);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_the_table_is_sorted() {
        let text = include_str!("../../rules/rpc-interfaces.toml");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('"')).collect();
        assert_eq!(TABLE.len(), rows.len(), "a UUID stands twice or cannot be read");
        assert!(TABLE.len() >= 250, "{}", TABLE.len());
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "sort the rows by UUID");
        for row in &rows {
            let uuid = row.split('"').nth(1).unwrap();
            assert_eq!(Uuid::parse(uuid).unwrap().to_string(), uuid, "written as UUIDs are printed");
        }
        let mapper = interface(Uuid::parse("e1af8308-5d1f-11c9-91a4-08002b14a0fa").unwrap()).unwrap();
        assert_eq!(mapper.name, "epmapper");
    }

    #[test]
    fn versions_and_documents_are_written_alike() {
        for (uuid, known) in TABLE.iter() {
            let is_number = |text: &str| text.parse::<u16>().is_ok();
            let is_version = |text: &String| text.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b));
            assert!(known.version.as_ref().is_none_or(is_version), "{uuid}: a version is two numbers");
            let is_document = |text: &String| text.starts_with("MS-") || text.starts_with("MC-");
            assert!(known.document.as_ref().is_none_or(is_document), "{uuid}");
            assert!(!known.name.is_empty() && !known.about.is_empty(), "{uuid}");
        }
    }

    #[test]
    fn names_find_their_rows() {
        let found = interfaces_named("DRSUAPI");
        assert_eq!(found.iter().map(|(uuid, _)| uuid.to_string()).collect::<Vec<_>>(), ["e3514235-4b06-11d1-ab04-00c04fc2dcd2"]);
        assert_eq!(found[0].1.document.as_deref(), Some("MS-DRSR"));
        assert!(interfaces_named("no such interface").is_empty());
    }
}
