//! The page around the sections: head, policy, navigation, data.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::markup::Markup;
use super::parts;
use super::rows::Rows;
use super::{Sums, script};
use crate::classify::{FLAGS, NOTES};
use crate::recognize::Note;
use crate::record::Summary;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Fills a section; one that stays empty is left out.
type Part = fn(&Sums, &Summary, &mut Markup);

/// The sections in order: the id that links use, the title, and who fills it.
const SECTIONS: &[(&str, &str, Part)] = &[
    ("findings", "Findings", parts::findings::fill),
    ("flagged", "Flagged", parts::flagged::fill),
    ("roles", "Role by role", parts::roles::fill),
    ("coverage", "Coverage", parts::coverage::fill),
    ("services", "Services", parts::services::fill),
    ("map", "Who talks to whom", parts::map::fill),
    ("time", "Traffic over time", parts::time::fill),
    ("matrix", "Servers by service", parts::matrix::fill),
    ("flows", "Flows", parts::flows::fill),
    ("input", "Input and run", parts::input::fill),
];

/// Writes the page.
pub(super) fn write(sums: &Sums, rows: &Rows, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(head(summary).as_str().as_bytes())?;
    out.write_all(body(sums, summary).as_str().as_bytes())?;
    out.write_all(b"<script type=\"application/json\" id=\"data\">{\n")?;
    rows.write(out)?;
    let words: Vec<_> =
        FLAGS.iter().chain(NOTES).copied().chain(Note::ALL.iter().map(|(_, word, meaning)| (*word, *meaning))).collect();
    write!(out, ",\n\"words\":{},\n\"total\":{}}}</script>\n", script::json(&words), sums.tally.total.flows)?;
    write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// What a style sheet or script is known by in the policy.
fn digest(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn head(summary: &Summary) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    let mut head = Markup::default();
    head.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    head.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"").text(&policy).raw("\">\n");
    head.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    head.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    head.raw("<meta name=\"generator\" content=\"flowlabel ").text(&summary.run.version).raw("\">\n");
    head.raw("<link rel=\"icon\" href=\"data:,\">\n");
    head.element("title", &format!("flowlabel: {}", parts::verdict::title(summary))).raw("\n");
    head.raw("<style>").raw(STYLE).raw("</style>\n</head>\n");
    head
}

fn body(sums: &Sums, summary: &Summary) -> Markup {
    let mut sections = Markup::default();
    let mut links = Markup::default();
    for (id, title, fill) in SECTIONS {
        let mut part = Markup::default();
        fill(sums, summary, &mut part);
        if part.as_str().is_empty() {
            continue;
        }
        links.raw("<li><a href=\"#").raw(id).raw("\">").raw(title).raw("</a></li>");
        sections.raw("<section id=\"").raw(id).raw("\" aria-labelledby=\"").raw(id).raw("-title\">\n<h2 id=\"").raw(id);
        sections.raw("-title\">").raw(title).raw("</h2>\n").append(&part).raw("\n</section>\n");
    }
    let mut body = Markup::default();
    body.raw("<body>\n<a class=\"skip\" href=\"#flows\">Skip to the flows</a>\n<header>\n<div class=\"top\">");
    body.raw("<p class=\"brand\">flowlabel</p><button type=\"button\" id=\"theme\" hidden>Dark</button></div>\n");
    parts::verdict::fill(sums, summary, &mut body);
    body.raw("</header>\n<nav class=\"parts\" aria-label=\"Sections\"><ul>").append(&links).raw("</ul></nav>\n<main>\n");
    body.append(&sections).raw("</main>\n");
    body
}
