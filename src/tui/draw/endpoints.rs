//! Endpoints that other conversations announced, or where DCE/RPC was bound, by server.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row};

use super::{Column, NARROW, Scene, block, chosen, dim, first_shown, rows, table};
use crate::report::units;
use crate::tui::listener::Listener;
use crate::tui::ui::{Pane, Ui};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    let rows = rows(area);
    let is_narrow = area.width < NARROW;
    if ui.pane == Pane::Endpoints {
        ui.rows = rows;
    }
    let listeners = ui.listeners(ui.board(scene.board));
    let title = vec![Span::raw(format!(" 4 Endpoints {} ", listeners.len())), Span::styled("by server ", dim())];
    let at = ui.position(Pane::Endpoints, listeners.iter().map(|listener| &*listener.key));
    let shown = listeners.iter().enumerate().skip(first_shown(at, rows)).take(rows);
    let lines: Vec<Row<'_>> =
        shown.map(|(row, listener)| line(listener, is_narrow, row == at && ui.pane == Pane::Endpoints)).collect();
    let places = listeners.iter().map(|listener| listener.place.chars().count()).max().unwrap_or(0);
    let places = u16::try_from(places).unwrap_or(u16::MAX).min(area.width / 2).max(15);
    let mut columns: Vec<Column> = vec![
        ("SERVER", Constraint::Length(places)),
        ("PROTO", Constraint::Length(5)),
        ("CLIENTS", Constraint::Length(7)),
        ("WHAT", Constraint::Min(10)),
        ("LEARNED FROM", Constraint::Length(28.min(area.width / 3))),
    ];
    if is_narrow {
        columns.retain(|(heading, _)| matches!(*heading, "SERVER" | "WHAT"));
    }
    frame.render_widget(table(lines, &columns, block(scene, ui, Pane::Endpoints, title), area), area);
}

fn line(listener: &Listener, is_narrow: bool, has_cursor: bool) -> Row<'_> {
    let (place, what) = (Cell::from(&*listener.place), Cell::from(&*listener.what));
    let row = if is_narrow {
        Row::new([place, what])
    } else {
        Row::new([
            place,
            Cell::from(&*listener.transport),
            Cell::from(Line::from(units::count(listener.clients as u64)).right_aligned()),
            what,
            Cell::from(Span::styled(&*listener.how, dim())),
        ])
    };
    if has_cursor { row.style(chosen()) } else { row }
}
