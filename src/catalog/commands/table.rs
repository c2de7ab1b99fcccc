//! Columns of text that fit a width: cells wrap, nothing is cut.

use unicode_width::UnicodeWidthStr as _;

/// A table to be rendered.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

const GAP: usize = 2;
/// No column is squeezed below this.
const NARROWEST: usize = 8;

impl Table {
    /// With a heading for each column.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// One more row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// As text. Without a width every row is one line.
    pub fn render(&self, width: Option<usize>) -> String {
        let mut widths = self.natural_widths();
        if let Some(width) = width {
            squeeze(&mut widths, width);
        }
        let mut text = String::new();
        for row in &self.rows {
            render_row(&mut text, row, &widths);
        }
        text
    }

    fn natural_widths(&self) -> Vec<usize> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        (0..columns).map(|column| widest(column).unwrap_or(0)).collect()
    }
}

/// Takes from the widest column, one step at a time, until all fit.
fn squeeze(widths: &mut [usize], width: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { return };
        *widest -= 1;
    }
}

fn render_row(text: &mut String, row: &[String], widths: &[usize]) {
    let cells: Vec<Vec<&str>> = row.iter().zip(widths).map(|(cell, width)| wrap(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let start = text.len();
        for (cell, width) in cells.iter().zip(widths) {
            let piece = cell.get(line).copied().unwrap_or_default();
            text.push_str(piece);
            text.extend(std::iter::repeat_n(' ', width.saturating_sub(piece.width()) + GAP));
        }
        text.truncate(text.trim_end().len().max(start));
        text.push('\n');
    }
}

/// Breaks at spaces; a word that is too long stands alone.
pub(super) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while rest.width() > width {
        let fits = |(at, _): &(usize, &str)| rest.get(..*at).is_some_and(|head| head.width() <= width);
        let space = rest.match_indices(' ').take_while(fits).last().or_else(|| rest.match_indices(' ').next());
        let Some((at, _)) = space else { break };
        lines.push(rest.get(..at).unwrap_or_default().trim_end());
        rest = rest.get(at..).unwrap_or_default().trim_start();
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_wrap_at_spaces_and_keep_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("kb832017-early:1029 x", 8), ["kb832017-early:1029", "x"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn a_table_fits_its_width() {
        let mut table = Table::new(&["A", "B"]);
        table.row(["one two three four".into(), "five six seven eight nine".into()]);
        let text = table.render(Some(30));
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert_eq!(table.render(None).lines().count(), 2);
    }
}
