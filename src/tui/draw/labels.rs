//! Labels, by what flowed under them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row};

use super::{Column, NARROW, Scene, block, chosen, dim, first_shown, rows, sparkline, table};
use crate::report::units;
use crate::tui::board::Sum;
use crate::tui::ui::{Pane, Ui};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    let rows = rows(area);
    if ui.pane == Pane::Labels {
        ui.rows = rows;
    }
    let sums = ui.sums(ui.board(scene.board));
    let title =
        vec![Span::raw(format!(" 1 Labels {} ", sums.len())), Span::styled(format!("by {} ", ui.sum_order.word()), dim())];
    let at = ui.position(Pane::Labels, sums.iter().map(|sum| &*sum.name));
    let spark = usize::from(area.width).saturating_sub(66).clamp(8, 60);
    let shown = sums.iter().enumerate().skip(first_shown(at, rows)).take(rows);
    let mut columns: Vec<Column> = vec![("LABEL", Constraint::Min(12)), ("  BYTES", Constraint::Length(7))];
    let more = [
        ("      RATE", Constraint::Length(10)),
        ("LAST MINUTE", Constraint::Length(spark as u16)),
        (" FLOWS", Constraint::Length(6)),
        ("FLAGGED", Constraint::Length(7)),
    ];
    columns.extend(more.into_iter().filter(|_| area.width >= NARROW));
    let lines = shown.map(|(row, sum)| {
        let mut cells = cells(scene, sum, spark);
        cells.truncate(columns.len());
        let line = Row::new(cells);
        if row == at && ui.pane == Pane::Labels { line.style(chosen()) } else { line }
    });
    let lines: Vec<Row<'_>> = lines.collect();
    frame.render_widget(table(lines, &columns, block(scene, ui, Pane::Labels, title), area), area);
}

fn cells<'a>(scene: &Scene<'_>, sum: &'a Sum, spark: usize) -> Vec<Cell<'a>> {
    let flagged = if sum.flagged == 0 { String::new() } else { units::count(sum.flagged) };
    let name = if sum.flagged == sum.flows { Span::styled(&*sum.name, scene.warn()) } else { Span::raw(&*sum.name) };
    let rate = format!("{}bit/s", units::count(sum.rate().saturating_mul(8)));
    vec![
        Cell::from(name),
        Cell::from(Line::from(units::bytes(sum.bytes)).right_aligned()),
        Cell::from(Line::from(if sum.rate() == 0 { String::new() } else { rate }).right_aligned()),
        Cell::from(Span::styled(sparkline(&sum.history, spark), scene.accent())),
        Cell::from(Line::from(units::count(sum.flows)).right_aligned()),
        Cell::from(Line::from(Span::styled(flagged, scene.bad())).right_aligned()),
    ]
}
