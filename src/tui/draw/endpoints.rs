//! Endpoints that other conversations announced, or where DCE/RPC was bound, by server.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table};

use super::{Scene, block, bold, chosen, dim, first_shown};
use crate::report::units;
use crate::tui::listener::Listener;
use crate::tui::ui::{Pane, Ui};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    let rows = usize::from(area.height.saturating_sub(2));
    if ui.pane == Pane::Endpoints {
        ui.rows = rows;
    }
    let listeners = ui.listeners(ui.board(scene.board));
    let title = vec![Span::raw(format!(" 4 Endpoints {} ", listeners.len())), Span::styled("by server ", dim())];
    let at = ui.position(Pane::Endpoints, listeners.iter().map(|listener| &*listener.key));
    let shown = listeners.iter().enumerate().skip(first_shown(at, rows)).take(rows);
    let lines: Vec<Row<'_>> = shown.map(|(row, listener)| line(listener, row == at && ui.pane == Pane::Endpoints)).collect();
    let places = listeners.iter().map(|listener| listener.place.chars().count()).max().unwrap_or(0);
    let places = u16::try_from(places).unwrap_or(u16::MAX).min(area.width / 2).max(15);
    let widths = [
        Constraint::Length(places),
        Constraint::Length(5),
        Constraint::Length(7),
        Constraint::Min(10),
        Constraint::Length(28.min(area.width / 3)),
    ];
    let heading = Row::new(["SERVER", "PROTO", "CLIENTS", "WHAT", "LEARNED FROM"]).style(bold());
    frame.render_widget(Table::new(lines, widths).header(heading).block(block(scene, ui, Pane::Endpoints, title)), area);
}

fn line(listener: &Listener, has_cursor: bool) -> Row<'_> {
    let row = Row::new([
        Cell::from(&*listener.place),
        Cell::from(&*listener.transport),
        Cell::from(Line::from(units::count(listener.clients as u64)).right_aligned()),
        Cell::from(&*listener.what),
        Cell::from(Span::styled(&*listener.how, dim())),
    ]);
    if has_cursor { row.style(chosen()) } else { row }
}
