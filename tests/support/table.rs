//! The tables of `tests/data`: comma-separated, a head, quoted where a comma is inside.

use std::collections::BTreeMap;

use super::repository;

/// A row: its cells by the names of the head.
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// A cell; the head must have it.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// Whether the head has the column.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A cell that is a list joined by `|`.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).split('|').filter(|part| !part.is_empty()).collect()
    }

    /// `document:line`, as the program cites.
    pub fn source(&self) -> String {
        format!("{}:{}", self.get("document"), self.get("line"))
    }
}

/// All rows of `tests/data/NAME.csv`.
pub fn rows(name: &str) -> Vec<Row> {
    let path = repository(&format!("tests/data/{name}.csv"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().map(cells);
    let head = lines.next().unwrap_or_default();
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), head.len(), "{name}.csv: {cells:?}");
        Row(head.iter().cloned().zip(cells).collect())
    };
    lines.map(row).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().unwrap_or_else(|| unreachable!("there is always a cell")).push(letter),
        }
    }
    cells
}
