//! Flows: the newest, and the newest flagged ones with the reason.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Wrap};

use super::{Column, NARROW, Scene, block, chosen, dim, first_shown, rows, table};
use crate::record::Verdict;
use crate::report::units;
use crate::tui::row::Row as Flow;
use crate::tui::ui::{Pane, Ui};

/// From this width on times and packets are there.
const WIDE: u16 = 120;

/// Lines for the reason of the chosen flow, where there is no room for it beside the flow.
const REASON: u16 = 2;
/// Rows of a list that has room for that.
const ROOM: u16 = 8;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui, pane: Pane) {
    let wide = area.width >= WIDE;
    let reason = if pane == Pane::Flagged && !wide && area.height >= ROOM { REASON } else { 0 };
    let [area, below] = Layout::vertical([Constraint::Min(0), Constraint::Length(reason)]).areas(area);
    let rows = rows(area);
    if ui.pane == pane {
        ui.rows = rows;
    }
    let flows = ui.flows(ui.board(scene.board), pane);
    let name = if pane == Pane::Flagged { "3 Flagged" } else { "2 Newest" };
    let mut title =
        vec![Span::raw(format!(" {name} {} ", flows.len())), Span::styled(format!("by {} ", ui.flow_order.word()), dim())];
    if pane == Pane::Newest && area.width < super::WIDE.0 {
        let flagged = ui.board(scene.board).flagged().count();
        title.push(Span::styled(format!(" 3 Flagged {flagged} "), if flagged > 0 { scene.bad() } else { dim() }));
    }
    if pane == Pane::Newest {
        title.push(Span::styled(format!(" 4 Endpoints {} ", ui.board(scene.board).listeners().len()), dim()));
    }
    let keys: Vec<_> = flows.iter().map(|flow| flow.id.text()).collect();
    let at = ui.position(pane, keys.iter().map(|key| &**key));
    let shown = flows.iter().enumerate().skip(first_shown(at, rows)).take(rows);
    let lines: Vec<Row<'_>> = shown.map(|(row, flow)| line(scene, flow, area.width, row == at && ui.pane == pane)).collect();
    let least = if area.width < NARROW { 1 } else { 20 };
    let ends = if wide { 44 } else { ends_width(&flows, at, rows).min(area.width / 2).max(least) };
    let heading = if pane == Pane::Flagged { "LABEL, WHY" } else { "LABEL" };
    let columns = columns(area.width, ends, heading);
    frame.render_widget(table(lines, &columns, block(scene, ui, pane, title), area), area);
    if let Some(chosen) = flows.get(at) {
        frame.render_widget(Paragraph::new(Span::styled(&*chosen.reason, scene.warn())).wrap(Wrap { trim: true }), below);
    }
}

/// The columns that a list so wide has.
fn columns(width: u16, ends: u16, heading: &'static str) -> Vec<Column> {
    let mut columns = vec![("CLIENT → SERVER", Constraint::Length(ends))];
    if width >= NARROW {
        columns.extend([("PROTO", Constraint::Length(5)), ("  BYTES", Constraint::Length(7))]);
    }
    if width >= WIDE {
        columns.insert(0, ("TIME", Constraint::Length(8)));
        columns.push(("LASTED", Constraint::Length(11)));
    }
    columns.push((heading, Constraint::Min(10)));
    columns
}

/// Columns that the ends of the flows shown take.
fn ends_width(flows: &[&Flow], chosen: usize, rows: usize) -> u16 {
    let shown = flows.iter().skip(first_shown(chosen, rows)).take(rows);
    let width = shown.map(|flow| ends(flow).chars().count()).max().unwrap_or(0);
    u16::try_from(width).unwrap_or(u16::MAX)
}

fn ends(flow: &Flow) -> String {
    format!("{} → {}", flow.client, flow.server)
}

fn line<'a>(scene: &Scene<'_>, flow: &'a Flow, width: u16, has_cursor: bool) -> Row<'a> {
    let mut cells = vec![Cell::from(ends(flow))];
    if width >= NARROW {
        let bytes = Line::from(units::bytes(flow.bytes.iter().sum())).right_aligned();
        cells.extend([Cell::from(&*flow.transport), Cell::from(bytes)]);
    }
    if width >= WIDE {
        let time = units::time_of_day(flow.first).chars().take(8).collect::<String>();
        cells.insert(0, Cell::from(Span::styled(time, dim())));
        cells.push(Cell::from(if flow.ended { units::duration(flow.duration) } else { "under way".to_owned() }));
    }
    cells.push(Cell::from(judgement(scene, flow)));
    let row = Row::new(cells);
    if has_cursor { row.style(chosen()) } else { row }
}

/// The label, and why it is flagged or what it rests on.
fn judgement<'a>(scene: &Scene<'_>, flow: &'a Flow) -> Line<'a> {
    let mut spans = vec![Span::raw(&*flow.label)];
    if flow.is_flagged() {
        let style = if flow.verdict == Some(Verdict::Unmatched) { scene.warn() } else { scene.bad() };
        let why = if flow.reason.is_empty() { flow.flags.join(" ") } else { flow.reason.clone() };
        spans.extend([Span::styled(" ! ", style), Span::styled(why, style)]);
    } else {
        let evidence = flow.evidence.map(|evidence| format!("  {evidence}")).unwrap_or_default();
        spans.push(Span::styled(evidence, dim()));
        spans.extend((!flow.detail.is_empty()).then(|| Span::styled(format!("  {}", flow.detail), dim())));
    }
    Line::from(spans)
}
