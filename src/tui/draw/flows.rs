//! Flows: the newest, and the newest flagged ones with the reason.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Wrap};

use super::{Scene, block, bold, chosen, dim, first_shown};
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
    let rows = usize::from(area.height.saturating_sub(2));
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
    let lines: Vec<Row<'_>> = shown.map(|(row, flow)| line(scene, flow, wide, row == at && ui.pane == pane)).collect();
    let ends = if wide { 44 } else { ends_width(&flows, at, rows).min(area.width / 2).max(20) };
    let mut widths = vec![Constraint::Length(ends), Constraint::Length(5), Constraint::Length(7)];
    let mut heading = vec!["CLIENT → SERVER", "PROTO", "  BYTES"];
    if wide {
        widths.splice(0..0, [Constraint::Length(8)]);
        heading.splice(0..0, ["TIME"]);
        widths.extend([Constraint::Length(11)]);
        heading.extend(["LASTED"]);
    }
    widths.push(Constraint::Min(10));
    heading.push(if pane == Pane::Flagged { "LABEL, WHY" } else { "LABEL" });
    let table = Table::new(lines, widths).header(Row::new(heading).style(bold()));
    frame.render_widget(table.block(block(scene, ui, pane, title)), area);
    if let Some(chosen) = flows.get(at) {
        frame.render_widget(Paragraph::new(Span::styled(&*chosen.reason, scene.warn())).wrap(Wrap { trim: true }), below);
    }
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

fn line<'a>(scene: &Scene<'_>, flow: &'a Flow, wide: bool, has_cursor: bool) -> Row<'a> {
    let bytes = Line::from(units::bytes(flow.bytes.iter().sum())).right_aligned();
    let mut cells = vec![Cell::from(ends(flow)), Cell::from(&*flow.transport), Cell::from(bytes)];
    if wide {
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
