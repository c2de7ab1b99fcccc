//! Reads TOML with its places: every wrong key or value becomes a [`Mistake`], and reading goes on to find the next.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::nearest::suggestion;

/// A value with its place.
pub type Value<'i> = Spanned<DeValue<'i>>;

/// One rules file: its name, its text and where its lines start.
pub struct Reader<'i> {
    name: &'i str,
    text: &'i str,
    starts: Vec<usize>,
    /// What was found wrong so far.
    pub mistakes: Vec<Mistake>,
}

/// The table being read.
pub struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    /// Where the table stands.
    pub span: Range<usize>,
}

impl<'i> Reader<'i> {
    pub fn new(name: &'i str, text: &'i str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { name, text, starts, mistakes: Vec::new() }
    }

    /// The parsed text; its syntax errors are mistakes.
    pub fn parse(&mut self) -> Option<Spanned<DeTable<'i>>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            self.mistake(span, error.message().to_owned());
        }
        errors.is_empty().then_some(table)
    }

    /// The line of a byte, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    pub fn mistake(&mut self, span: Range<usize>, problem: impl Into<String>) {
        let line = self.line(span.start);
        let start = self.starts.get((line as usize).saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..span.start).map_or(0, |before| before.chars().count()) as u32 + 1;
        let text = self.text.get(span).unwrap_or_default();
        let text: String = text.lines().next().unwrap_or_default().chars().take(80).collect();
        let text = text.trim().trim_matches('"').to_owned();
        self.mistakes.push(Mistake { file: self.name.to_owned(), line, column, text, problem: problem.into() });
    }

    /// The fields of a table; a key that is not in `known` is a mistake.
    pub fn fields<'t, 'v>(&mut self, value: &'t Value<'v>, known: &[&str]) -> Option<Fields<'t, 'v>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(self.table(table, value.span(), known));
        }
        self.mistake(value.span(), "a table is needed here");
        None
    }

    pub fn table<'t, 'v>(&mut self, table: &'t DeTable<'v>, span: Range<usize>, known: &[&str]) -> Fields<'t, 'v> {
        for key in table.keys() {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let meant = suggestion(word, known.iter().copied());
                self.mistake(key.span(), format!("no such key here{meant} (possible: {})", known.join(", ")));
            }
        }
        Fields { table, span }
    }

    /// The text of a value.
    pub fn string(&mut self, value: &Value<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.mistake(value.span(), "text in quotes is needed here");
        None
    }

    /// A whole number within bounds.
    pub fn number(&mut self, value: &Value<'_>, bounds: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let within = read.filter(|number| bounds.contains(number));
        if within.is_none() {
            self.mistake(value.span(), format!("a number from {} to {} is needed here", bounds.start(), bounds.end()));
        }
        within
    }
}

impl<'t, 'i> Fields<'t, 'i> {
    pub fn get(&self, key: &str) -> Option<&'t Value<'i>> {
        self.table.get(key)
    }

    /// The values of a list; one value is a list of one.
    pub fn each(&self, key: &str) -> Vec<&'t Value<'i>> {
        match self.get(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(values) => values.iter().collect(),
                _ => vec![value],
            },
        }
    }

    pub fn string(&self, reader: &mut Reader<'_>, key: &str) -> Option<String> {
        reader.string(self.get(key)?)
    }

    /// A text that must be there.
    pub fn required(&self, reader: &mut Reader<'_>, key: &str) -> Option<String> {
        if self.get(key).is_none() {
            reader.mistake(self.span.clone(), format!("`{key}` is missing"));
        }
        self.string(reader, key)
    }

    pub fn strings(&self, reader: &mut Reader<'_>, key: &str) -> Vec<String> {
        let values = self.each(key);
        values.into_iter().filter_map(|value| reader.string(value)).collect()
    }

    pub fn numbers(&self, reader: &mut Reader<'_>, key: &str) -> Vec<u32> {
        let values = self.each(key);
        values.into_iter().filter_map(|value| reader.number(value, 1..=u32::MAX)).collect()
    }

    pub fn flag(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        reader.mistake(value.span(), "true or false is needed here");
        None
    }

    /// The elements of an array of tables.
    pub fn tables(&self, reader: &mut Reader<'_>, key: &str) -> Vec<&'t Value<'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        if let DeValue::Array(values) = value.get_ref() {
            return values.iter().collect();
        }
        reader.mistake(value.span(), format!("write [[{key}]]: there may be several"));
        Vec::new()
    }
}
