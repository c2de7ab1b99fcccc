//! HTML in the making. Markup of ours goes in by [`Markup::raw`], which takes nothing that is not in the source; everything else by
//! [`Markup::text`], which no packet gets out of: neither as an element, nor out of an attribute in double quotes.

use std::fmt::{Display, Write as _};

use crate::record::escape::visible;

/// A piece of the page.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup as it stands in the source.
    pub(super) fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Text, in an element or in an attribute's value.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in visible(text).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// A value as text.
    pub(super) fn show(&mut self, value: impl Display) -> &mut Self {
        self.text(&value.to_string())
    }

    /// An element with nothing in it but text; `tag` may carry attributes.
    pub(super) fn element(&mut self, tag: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(">").text(text).close(tag)
    }

    /// Ends an element that was begun with this tag.
    fn close(&mut self, tag: &'static str) -> &mut Self {
        self.raw("</").raw(tag.split_once(' ').map_or(tag, |(name, _)| name)).raw(">")
    }

    /// A link to the flows that a search selects.
    pub(super) fn link(&mut self, search: &Search, text: &str) -> &mut Self {
        self.raw("<a href=\"").text(&search.href()).raw("\">").text(text).raw("</a>")
    }

    /// Appends another piece.
    pub(super) fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// What was made.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A search among the flows, in the words that the page's own search field takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Search(String);

impl Search {
    /// Flows for which this holds.
    pub(super) fn new(key: &str, value: impl Display) -> Self {
        Self::default().and(key, value)
    }

    /// And for which this holds, too.
    pub(super) fn and(mut self, key: &str, value: impl Display) -> Self {
        let value = visible(&value.to_string()).into_owned();
        let space = if self.0.is_empty() { "" } else { " " };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-' | '_');
        // Writing to a string cannot fail.
        let _ = if !value.is_empty() && value.chars().all(plain) {
            write!(self.0, "{space}{key}:{value}")
        } else {
            write!(self.0, "{space}{key}:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        };
        self
    }

    /// Flows that another search selects, too.
    pub(super) fn join(mut self, other: &Self) -> Self {
        self.0.push(' ');
        self.0.push_str(&other.0);
        self
    }

    /// The fragment that makes the page show these flows.
    pub(super) fn href(&self) -> String {
        self.href_to("filter")
    }

    /// The fragment that makes the page show these rows of another table.
    pub(super) fn href_to(&self, table: &str) -> String {
        let mut href = format!("#{table}=");
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'/' | b'-' | b'_') {
                href.push(char::from(byte));
            } else {
                let _ = write!(href, "%{byte:02X}");
            }
        }
        href
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_text() {
        let mut page = Markup::default();
        page.raw("<p title=\"").text("\" onclick='x()'").raw("\">").text("</p><script>&\0\u{202e}").raw("</p>");
        assert_eq!(page.as_str(), "<p title=\"&quot; onclick=&#39;x()&#39;\">&lt;/p&gt;&lt;script&gt;&amp;\\x00\\u{202e}</p>");
    }

    #[test]
    fn a_search_quotes_what_is_no_plain_word() {
        let search = Search::new("label", "SMS \"Remote\" Chat").and("server", "2001:db8::1");
        assert_eq!(search.0, r#"label:"SMS \"Remote\" Chat" server:2001:db8::1"#);
        assert_eq!(Search::new("label", "a b").href(), "#filter=label:%22a%20b%22");
        assert_eq!(Search::new("label", "").0, "label:\"\"");
    }

    #[test]
    fn an_element_closes_without_its_attributes() {
        let mut page = Markup::default();
        page.element("td class=n", "1 < 2");
        assert_eq!(page.as_str(), "<td class=n>1 &lt; 2</td>");
    }
}
