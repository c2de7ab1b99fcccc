//! What DCE/RPC interfaces are called: `rules/rpc-interfaces.toml`, read when the first one is met.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::uuid::Uuid;

/// A DCE/RPC interface.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Interface {
    /// Its short name, as its specification or the tools that list it have it.
    pub name: String,
    /// What offers it.
    pub about: String,
    /// Ids of the catalog's systems that it belongs to.
    #[serde(default)]
    pub systems: Vec<String>,
}

static TABLE: LazyLock<HashMap<Uuid, Interface>> = LazyLock::new(|| {
    let rows: HashMap<String, Interface> = toml::from_str(include_str!("../../rules/rpc-interfaces.toml")).unwrap_or_default();
    rows.into_iter().filter_map(|(uuid, interface)| Some((Uuid::parse(&uuid)?, interface))).collect()
});

/// The interface of a UUID, where it is known.
pub fn interface(uuid: Uuid) -> Option<&'static Interface> {
    TABLE.get(&uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_the_table_is_sorted() {
        let text = include_str!("../../rules/rpc-interfaces.toml");
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('"')).collect();
        assert_eq!(TABLE.len(), rows.len(), "a UUID stands twice or cannot be read");
        assert!(TABLE.len() > 70, "{}", TABLE.len());
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "sort the rows by UUID");
        let mapper = interface(Uuid::parse("e1af8308-5d1f-11c9-91a4-08002b14a0fa").unwrap()).unwrap();
        assert_eq!(mapper.name, "epmapper");
    }
}
