//! Labels, by what flowed under them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table};

use super::{Scene, block, bold, chosen, dim, first_shown, sparkline};
use crate::report::units;
use crate::tui::board::Sum;
use crate::tui::ui::{Pane, Ui};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    let rows = usize::from(area.height.saturating_sub(2));
    if ui.pane == Pane::Labels {
        ui.rows = rows;
    }
    let sums = ui.sums(ui.board(scene.board));
    let title =
        vec![Span::raw(format!(" 1 Labels {} ", sums.len())), Span::styled(format!("by {} ", ui.sum_order.word()), dim())];
    let at = ui.position(Pane::Labels, sums.iter().map(|sum| &*sum.name));
    let spark = usize::from(area.width).saturating_sub(66).clamp(8, 60);
    let shown = sums.iter().enumerate().skip(first_shown(at, rows)).take(rows);
    let lines: Vec<Row<'_>> = shown.map(|(row, sum)| line(scene, sum, spark, row == at && ui.pane == Pane::Labels)).collect();
    let widths = [
        Constraint::Min(12),
        Constraint::Length(7),
        Constraint::Length(10),
        Constraint::Length(spark as u16),
        Constraint::Length(6),
        Constraint::Length(7),
    ];
    let heading = Row::new(["LABEL", "  BYTES", "      RATE", "LAST MINUTE", " FLOWS", "FLAGGED"]).style(bold());
    frame.render_widget(Table::new(lines, widths).header(heading).block(block(scene, ui, Pane::Labels, title)), area);
}

fn line<'a>(scene: &Scene<'_>, sum: &'a Sum, spark: usize, has_cursor: bool) -> Row<'a> {
    let flagged = if sum.flagged == 0 { String::new() } else { units::count(sum.flagged) };
    let name = if sum.flagged == sum.flows { Span::styled(&*sum.name, scene.warn()) } else { Span::raw(&*sum.name) };
    let rate = format!("{}bit/s", units::count(sum.rate().saturating_mul(8)));
    let row = Row::new([
        Cell::from(name),
        Cell::from(Line::from(units::bytes(sum.bytes)).right_aligned()),
        Cell::from(Line::from(if sum.rate() == 0 { String::new() } else { rate }).right_aligned()),
        Cell::from(Span::styled(sparkline(&sum.history, spark), scene.accent())),
        Cell::from(Line::from(units::count(sum.flows)).right_aligned()),
        Cell::from(Line::from(Span::styled(flagged, scene.bad())).right_aligned()),
    ]);
    if has_cursor { row.style(chosen()) } else { row }
}
