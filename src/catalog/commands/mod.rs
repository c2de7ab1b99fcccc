//! What `flowlabel catalog ...` and `flowlabel explain` answer: rows to serialise, and the same as text for people.
//!
//! Every function takes the catalog and returns values or text; nothing here prints, parses options or knows a terminal.
//! One more command is one more file with its rows and a function that renders them.

mod check;
mod explain;
mod neighbours;
mod query;
mod rows;
mod table;

pub use check::check_table;
pub use explain::{Explanation, explain, explain_text};
pub use query::NotFound;
pub use rows::{LinkRow, ListRow, SourceRow, SystemRow, links, list, sources, systems};
pub use table::Table;

use super::Catalog;

/// The predicate of a protocol whose port is all that anybody can go by.
pub const UNPUBLISHED: &str = "has no published format: the port is the only evidence there can be.";

/// `catalog list` for people; `width` is the terminal's, none for a pipe.
pub fn list_table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["SYSTEM", "PROTOCOL", "TRANSPORT", "PORT", "STATUS", "SOURCES"]);
    for row in list(catalog) {
        let port = row.port.map(|port| port.to_string()).unwrap_or_default();
        table.row([
            row.system,
            row.protocol,
            row.transport.unwrap_or_default(),
            port,
            row.status.word().into(),
            row.sources.join(" "),
        ]);
    }
    table.render(width)
}

/// `catalog links` for people.
pub fn links_table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["LINK", "FROM", "", "TO", "PROTOCOL", "PORTS", "STATUS", "SOURCES"]);
    for row in links(catalog) {
        let ports = match (&row.transport, row.ports.is_empty()) {
            (Some(transport), false) => format!("{}/{transport}", row.ports.join(",")),
            (Some(transport), true) => transport.clone(),
            (None, _) => row.ports.join(","),
        };
        let direction = row.direction.arrow().to_owned();
        let sources = row.sources.join(" ");
        table.row([row.link, row.from, direction, row.to, row.protocol, ports, row.status.word().into(), sources]);
    }
    table.render(width)
}

/// `catalog systems` for people.
pub fn systems_table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["ID", "NAME", "DOCUMENTS", "FACTS", "LINKS"]);
    for row in systems(catalog) {
        table.row([row.id, row.name, row.documents.join(" "), row.facts.to_string(), row.links.to_string()]);
    }
    table.render(width)
}

/// `catalog sources` for people.
pub fn sources_table(catalog: &Catalog, width: Option<usize>) -> String {
    let mut table = Table::new(&["DOCUMENT", "TITLE", "LINES", "SYSTEMS", "FACTS", "LINKS", "READINGS"]);
    for row in sources(catalog) {
        let length = row.lines.map(|lines| lines.to_string()).unwrap_or_default();
        let [systems, facts, links, readings] = [row.systems, row.facts, row.links, row.readings].map(|n| n.to_string());
        table.row([row.document, row.title, length, systems, facts, links, readings]);
    }
    format!("{}\ncatalog {}\n", table.render(width), catalog.digest())
}
