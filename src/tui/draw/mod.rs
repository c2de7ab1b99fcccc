//! The screen: what there is to see becomes cells. One part of it is one file: a header, the labels, the flows, what lies over them.
//!
//! It fits any size: a part that has no room is left out. Where colours are not wanted, bold, dim and reversed letters say the same.

mod endpoints;
mod flows;
mod header;
mod labels;
mod over;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Row, Table};

use super::board::Board;
use super::ui::{Pane, Ui};
use crate::catalog::Catalog;
use crate::record::Drops;

/// From these on all lists stand side by side.
const WIDE: (u16, u16) = (150, 30);

/// Below this height the head is one line, and below this width lists have only the columns that matter most.
const LOW: u16 = 8;
const NARROW: u16 = 56;
/// From this height on a list has a heading.
const HEADED: u16 = 5;

/// What is said of the capture as a whole.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// The interfaces.
    pub interfaces: String,
    /// Seconds since the start.
    pub elapsed: u64,
    /// Packets and bytes so far.
    pub packets: u64,
    /// Bytes on the wire so far.
    pub bytes: u64,
    /// Packets of each of the last seconds, the newest last.
    pub packet_history: Vec<u64>,
    /// Bytes of each of the last seconds.
    pub byte_history: Vec<u64>,
    /// Packets lost.
    pub drops: Drops,
    /// Whether it is ending.
    pub ending: bool,
}

/// All that is drawn.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The board as it is now.
    pub board: &'a Board,
    /// The capture as a whole.
    pub stats: &'a Stats,
    /// Where explanations come from.
    pub catalog: &'a Catalog,
    /// Whether to colour.
    pub color: bool,
}

impl Scene<'_> {
    fn bad(&self) -> Style {
        if self.color { Style::new().fg(Color::Red).add_modifier(Modifier::BOLD) } else { bold() }
    }

    fn warn(&self) -> Style {
        if self.color { Style::new().fg(Color::Yellow) } else { bold() }
    }

    fn good(&self) -> Style {
        if self.color { Style::new().fg(Color::Green) } else { Style::new() }
    }

    fn accent(&self) -> Style {
        if self.color { Style::new().fg(Color::Cyan) } else { Style::new() }
    }
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// The row that has the cursor.
fn chosen() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene<'_>, ui: &mut Ui) {
    let area = frame.area();
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(header::rows(scene, area.height)), Constraint::Min(0), Constraint::Length(1)])
            .areas(area);
    header::draw(frame, head, scene, ui);
    lists(frame, body, scene, ui);
    header::keys(frame, foot, scene, ui);
    over::draw(frame, body, scene, ui);
}

fn lists(frame: &mut Frame<'_>, body: Rect, scene: &Scene<'_>, ui: &mut Ui) {
    if body.width >= WIDE.0 && body.height >= WIDE.1 {
        let [upper, newest] = Layout::vertical([Constraint::Percentage(55), Constraint::Min(0)]).areas(body);
        let [labels, flagged] = Layout::horizontal([Constraint::Percentage(45), Constraint::Min(0)]).spacing(2).areas(upper);
        labels::draw(frame, labels, scene, ui);
        flows::draw(frame, flagged, scene, ui, Pane::Flagged);
        lower_list(frame, newest, scene, ui, if ui.pane == Pane::Endpoints { Pane::Endpoints } else { Pane::Newest });
        return;
    }
    let lower = if ui.pane == Pane::Labels { Pane::Newest } else { ui.pane };
    // Where there is no room for two lists, the one that has the cursor is there.
    if body.height < 10 {
        match ui.pane {
            Pane::Labels => labels::draw(frame, body, scene, ui),
            _ => lower_list(frame, body, scene, ui, lower),
        }
        return;
    }
    let [upper, below] = Layout::vertical([Constraint::Percentage(45), Constraint::Min(0)]).areas(body);
    labels::draw(frame, upper, scene, ui);
    lower_list(frame, below, scene, ui, lower);
}

fn lower_list(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &mut Ui, pane: Pane) {
    match pane {
        Pane::Endpoints => endpoints::draw(frame, area, scene, ui),
        pane => flows::draw(frame, area, scene, ui, pane),
    }
}

/// The frame of a list: a rule with its title.
fn block<'a>(scene: &Scene<'_>, ui: &Ui, pane: Pane, title: Vec<Span<'a>>) -> Block<'a> {
    let style = if ui.pane == pane { scene.accent().add_modifier(Modifier::BOLD) } else { dim() };
    Block::new().borders(Borders::TOP).border_style(style).title(Line::from(title))
}

/// A column: its heading, its width.
type Column = (&'static str, Constraint);

/// A list with only these of its columns, in its frame.
fn table<'a>(lines: Vec<Row<'a>>, columns: &[Column], frame: Block<'a>, area: Rect) -> Table<'a> {
    let headings = columns.iter().map(|(heading, _)| *heading);
    let table = Table::new(lines, columns.iter().map(|(_, width)| *width)).block(frame);
    if area.height >= HEADED { table.header(Row::new(headings).style(bold())) } else { table }
}

/// Rows that such a list has room for.
fn rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(if area.height >= HEADED { 2 } else { 1 }))
}

/// The first row to show so that the chosen one is seen.
fn first_shown(chosen: usize, rows: usize) -> usize {
    (chosen + 1).saturating_sub(rows.max(1))
}

/// A history as bars of an eighth of a row, the newest last.
fn sparkline(history: &[u64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let shown = history.iter().skip(history.len().saturating_sub(width));
    let most = shown.clone().copied().max().unwrap_or(0).max(1);
    let bar = |value: &u64| match value {
        0 => ' ',
        value => BARS.get((value.saturating_mul(7) / most) as usize).copied().unwrap_or(' '),
    };
    let bars: String = shown.map(bar).collect();
    format!("{bars:>width$}")
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::tui::ui::Over;

    #[test]
    fn any_size_can_be_drawn() {
        let catalog = Catalog::load(&crate::catalog::Options { builtin: true, ..Default::default() }).unwrap();
        let (board, stats) = (Board::default(), Stats::default());
        let scene = Scene { board: &board, stats: &stats, catalog: &catalog, color: true };
        for (width, height) in [(1, 1), (2, 3), (7, 40), (80, 2), (20, 5), (80, 24), (200, 50), (500, 4)] {
            for over in [None, Some(Over::Help)] {
                let mut ui = Ui::default();
                ui.over = over;
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| draw(frame, &scene, &mut ui)).unwrap();
            }
        }
    }

    #[test]
    fn a_history_is_drawn_in_eighths_and_ends_at_the_right() {
        assert_eq!(sparkline(&[0, 1, 4, 7], 6), "   ▂▅█");
        assert_eq!(sparkline(&[9, 9, 0, 7], 2), " █");
        assert_eq!(sparkline(&[], 3), "   ");
    }
}
