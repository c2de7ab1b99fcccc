//! What lies over the lists: one flow explained with its sources, or the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph, Wrap};

use super::{HEADED, NARROW, Scene, bold, dim};
use crate::catalog::commands;
use crate::classify::{FLAGS, NOTES};
use crate::report::units;
use crate::tui::row::Row;
use crate::tui::ui::{Over, Ui};

const HELP: &[(&str, &str)] = &[
    ("1 2 3 4, Tab, ← →", "labels, newest flows, flagged flows, learned endpoints"),
    ("↑ ↓ PgUp PgDn Home End", "move (also k j g G)"),
    ("Enter", "on a label or endpoint: its flows; on a flow: why it is called so, and where that is written"),
    ("/", "filter by typing: words that all stand in a flow's ends, label, reason or flags"),
    ("Esc", "close, or forget the filter"),
    ("s", "sort by the next thing"),
    ("p, Space", "pause the view; the capture goes on"),
    ("Ctrl-Z", "back to the shell; fg brings the view back (packets wait in the kernel's buffer meanwhile)"),
    ("q, Ctrl-C", "end the capture with every flow reported; a second time ends at once"),
    ("", ""),
    ("lost", "kernel: the buffer was full; interface: the card missed it; flowlabel: could not keep it"),
    ("name?", "no document knows it, it probably is that"),
    ("rate", "bits a second, over the last three seconds"),
];

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    let Some(over) = &ui.over else { return };
    let (title, lines) = match over {
        Over::Help => (" Keys and words ".to_owned(), help(scene, body.width)),
        Over::Flow(row) => {
            // The flow goes on while somebody reads about it.
            let row = ui.board(scene.board).flow(row.id).unwrap_or(row);
            (format!(" Flow {} ", row.id), flow(scene, row, usize::from(body.width)))
        }
    };
    let block =
        if body.height < HEADED { Block::new().borders(Borders::TOP) } else { Block::bordered().padding(Padding::horizontal(1)) };
    let block = block.border_style(scene.accent()).title(title);
    let inside = block.inner(body);
    ui.rows = usize::from(inside.height);
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    let length = u16::try_from(text.line_count(inside.width)).unwrap_or(u16::MAX);
    ui.scrolled = ui.scrolled.min(length.saturating_sub(inside.height));
    frame.render_widget(Clear, body);
    frame.render_widget(text.scroll((ui.scrolled, 0)).block(block), body);
}

fn help<'a>(scene: &Scene<'_>, width: u16) -> Vec<Line<'a>> {
    let keys = if width < NARROW { 0 } else { 23 };
    let line = |(key, what): &(&str, &'a str)| {
        Line::from(vec![Span::styled(format!("{key:<keys$} "), scene.accent()), Span::raw(*what)])
    };
    HELP.iter().map(line).collect()
}

/// A flow in sentences, then what the documents say of its port or protocol.
fn flow<'a>(scene: &Scene<'_>, row: &Row, width: usize) -> Vec<Line<'a>> {
    let mut lines = vec![
        Line::from(Span::styled(format!("{} → {}  {}", row.client, row.server, row.transport), bold())),
        judgement(scene, row),
    ];
    lines.extend((!row.reason.is_empty()).then(|| Line::from(row.reason.clone())));
    for (words, table) in [(&row.flags, FLAGS), (&row.notes, NOTES)] {
        for word in words {
            let meaning = table.iter().find(|(known, _)| known == word).map_or("", |(_, meaning)| *meaning);
            lines.push(Line::from(format!("{word}: {meaning}")));
        }
    }
    lines.push(Line::from(""));
    let facts = [
        ("began", format!("{}, {}", row.first.text(), if row.ended { "ended" } else { "under way" })),
        ("lasted", units::duration(row.duration)),
        ("client sent", sent(row.packets, row.bytes, 0)),
        ("server sent", sent(row.packets, row.bytes, 1)),
        ("direction by", row.direction.to_owned()),
        ("tcp", row.tcp.clone()),
        ("inside of", row.around.clone()),
        ("detail", row.detail.clone()),
        ("systems", row.systems.join(", ")),
        ("sources", row.sources.join(", ")),
    ];
    let facts = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
    lines.extend(facts.map(|(name, fact)| Line::from(vec![Span::styled(format!("{name:<13}"), dim()), Span::raw(fact)])));
    if let Ok(answer) = commands::explain(scene.catalog, &row.subject) {
        lines.push(Line::from(""));
        let text = commands::explain_text(&answer, Some(width.saturating_sub(4)));
        lines.extend(text.lines().map(|line| Line::from(line.to_owned())));
    }
    lines
}

fn judgement<'a>(scene: &Scene<'_>, row: &Row) -> Line<'a> {
    let style = if row.is_flagged() { scene.bad() } else { scene.good() };
    let verdict = row.verdict.map_or_else(String::new, |verdict| verdict.to_string());
    let evidence = row.evidence.map(|evidence| format!(" by {evidence}")).unwrap_or_default();
    Line::from(vec![Span::styled(row.label.clone(), bold()), Span::raw("  "), Span::styled(verdict, style), Span::raw(evidence)])
}

fn sent(packets: [u64; 2], bytes: [u64; 2], side: usize) -> String {
    let of = |counts: [u64; 2]| counts.get(side).copied().unwrap_or(0);
    format!("{} packets, {}", of(packets), units::bytes(of(bytes)))
}
