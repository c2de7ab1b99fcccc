//! One line of the screen: it knows its width, and it is the only way for text to get there.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::record::escape::visible;

/// How a piece of text looks. Every meaning is also in the words, so nothing is lost without colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Good,
    Warn,
    Bad,
    Bar,
}

impl Style {
    /// The parameters of the terminal's SGR sequence: bold, dim and the sixteen colours only.
    fn sgr(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
            Self::Bar => Some("36"),
        }
    }
}

/// A line in the making.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    column: usize,
    color: bool,
    /// Spaces owed: written only when something follows.
    owed: usize,
}

impl Line {
    pub(super) fn new(color: bool) -> Self {
        Self { text: String::new(), column: 0, color, owed: 0 }
    }

    /// The column the next piece starts in.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    /// Appends text, made visible.
    pub(super) fn put(&mut self, style: Style, text: &str) -> &mut Self {
        let shown = visible(text);
        if shown.is_empty() {
            return self;
        }
        self.text.extend(std::iter::repeat_n(' ', std::mem::take(&mut self.owed)));
        match style.sgr().filter(|_| self.color) {
            Some(sgr) => self.text.extend(["\x1b[", sgr, "m", &shown, "\x1b[0m"]),
            None => self.text.push_str(&shown),
        }
        self.column += shown.width();
        self
    }

    /// Moves on to a column; never back.
    pub(super) fn skip_to(&mut self, column: usize) -> &mut Self {
        self.owed += column.saturating_sub(self.column);
        self.column = self.column.max(column);
        self
    }

    /// Leaves a gap.
    pub(super) fn gap(&mut self, columns: usize) -> &mut Self {
        self.skip_to(self.column + columns)
    }

    /// A left-aligned cell, cut to its width.
    pub(super) fn left(&mut self, style: Style, text: &str, width: usize) -> &mut Self {
        let end = self.column + width;
        self.put(style, &fit(text, width)).skip_to(end)
    }

    /// A right-aligned cell, cut to its width.
    pub(super) fn right(&mut self, style: Style, text: &str, width: usize) -> &mut Self {
        let text = fit(text, width);
        self.gap(width.saturating_sub(text.width())).put(style, &text)
    }

    /// Writes the line.
    pub(super) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.text)
    }
}

/// Text cut to a width, with an ellipsis where something is missing.
pub(super) fn fit(text: &str, width: usize) -> Cow<'_, str> {
    let text = visible(text);
    if text.width() <= width {
        return text;
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let needed = c.width().unwrap_or(0);
        let enough = needed <= room;
        room = room.saturating_sub(needed);
        enough
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.truncate(cut.trim_end().len());
    cut.push_str(if width > 0 { "…" } else { "" });
    Cow::Owned(cut)
}

/// The end of a text cut to a width: of a path it says more than the beginning.
pub(super) fn fit_end(text: &str, width: usize) -> Cow<'_, str> {
    let text = visible(text);
    if text.width() <= width {
        return text;
    }
    let reversed: String = text.chars().rev().collect();
    Cow::Owned(fit(&reversed, width).chars().rev().collect())
}

/// Text broken between words into at most `most` lines of a width; what does not fit the last is cut.
pub(super) fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    let text = visible(text);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if lines_fit(line, word, width) => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| fit(line, width).into_owned()).collect()
}

fn lines_fit(line: &str, word: &str, width: usize) -> bool {
    line.width() + 1 + word.width() <= width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &Line) -> String {
        let mut out = Vec::new();
        line.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_have_their_width_and_no_blanks_trail() {
        let mut line = Line::new(false);
        line.left(Style::Bold, "SMB", 6).right(Style::Plain, "7", 4).left(Style::Dim, "x", 9);
        assert_eq!(written(&line), "SMB      7x\n");
        assert_eq!(line.column(), 19);
    }

    #[test]
    fn colour_does_not_count() {
        let mut line = Line::new(true);
        line.left(Style::Bad, "no", 4).put(Style::Plain, "x");
        assert_eq!(written(&line), "\x1b[31mno\x1b[0m  x\n");
    }

    #[test]
    fn nothing_from_a_packet_gets_through() {
        let mut line = Line::new(false);
        line.left(Style::Plain, "\x1b[2J\u{202e}", 30);
        assert_eq!(written(&line), "\\x1b[2J\\u{202e}\n");
    }

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit_end("captures/monday.pcap", 12), "…monday.pcap");
    }

    #[test]
    fn wrapping_keeps_words_and_cuts_the_last_line() {
        assert_eq!(wrap("one two three four", 9, 2), ["one two", "three fo…"]);
        assert_eq!(wrap("one two three four", 9, 3), ["one two", "three", "four"]);
        assert_eq!(wrap("", 9, 2), Vec::<String>::new());
    }
}
