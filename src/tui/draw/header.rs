//! The first lines: what is captured, how fast, what was lost; and the last: the keys, or what is being typed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{LOW, NARROW, Scene, bold, chosen, dim, sparkline};
use crate::report::units;
use crate::tui::ui::{Over, Ui};

/// How many lines it takes on a screen so high: more when something was lost.
pub(super) fn rows(scene: &Scene<'_>, height: u16) -> u16 {
    if height < LOW {
        return 1;
    }
    2 + 2 * u16::from(scene.stats.drops.total() > 0)
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &Ui) {
    if area.height < 2 {
        frame.render_widget(Paragraph::new(in_short(scene, ui)), area);
        return;
    }
    let mut lines = vec![title(scene, ui, area.width), rates(scene, area.width)];
    if scene.stats.drops.total() > 0 {
        lines.extend(loss(scene));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// All that one line has room for: what stands first is seen on the smallest screen.
fn in_short<'a>(scene: &Scene<'_>, ui: &Ui) -> Line<'a> {
    let stats = scene.stats;
    let mut spans = Vec::new();
    if ui.paused.is_some() {
        spans.extend([Span::styled("PAUSED", chosen()), Span::raw(" ")]);
    }
    if stats.drops.total() > 0 {
        spans.push(Span::styled(format!("LOST {} ", units::count(stats.drops.total())), scene.bad()));
    }
    let packets = stats.packet_history.last().copied().unwrap_or(0);
    spans.push(Span::styled(stats.interfaces.clone(), scene.accent()));
    spans.push(Span::raw(format!(" {}/s  {} packets", units::count(packets), units::count(stats.packets))));
    if !ui.filter.is_empty() {
        spans.push(Span::styled(format!("  filter {}", ui.filter), scene.warn()));
    }
    Line::from(spans)
}

fn title<'a>(scene: &Scene<'_>, ui: &Ui, width: u16) -> Line<'a> {
    let stats = scene.stats;
    let seconds = stats.elapsed;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut spans = vec![
        Span::styled(if width < NARROW { "" } else { "flowlabel " }, bold()),
        Span::styled(stats.interfaces.clone(), scene.accent()),
        Span::raw(format!("  {clock}")),
    ];
    if stats.ending {
        spans.push(Span::styled("  ending", scene.warn()));
    }
    if ui.paused.is_some() {
        spans.extend([Span::raw("  "), Span::styled(" PAUSED, still capturing ", chosen())]);
    }
    if !ui.filter.is_empty() {
        spans.extend([Span::styled("  filter ", dim()), Span::styled(ui.filter.clone(), scene.warn())]);
    }
    Line::from(spans)
}

fn rates<'a>(scene: &Scene<'_>, width: u16) -> Line<'a> {
    let stats = scene.stats;
    let (ended, under_way) = scene.board.flows();
    let of_late = |history: &[u64]| history.last().copied().unwrap_or(0);
    let (packets, bits) = (of_late(&stats.packet_history), of_late(&stats.byte_history).saturating_mul(8));
    let parts = [
        format!("{} packets {}/s", units::count(stats.packets), units::count(packets)),
        format!("{} {}bit/s", units::bytes(stats.bytes), units::count(bits)),
        format!("flows {} + {} under way", units::count(ended), units::count(under_way as u64)),
    ];
    let text = parts.join("  ");
    let used = text.chars().count() + 14;
    let mut spans = vec![Span::raw(text), Span::raw("  ")];
    spans.push(if scene.stats.drops.total() == 0 {
        Span::styled("nothing lost", scene.good())
    } else {
        Span::styled(format!("LOST {}", units::count(scene.stats.drops.total())), scene.bad())
    });
    let room = usize::from(width).saturating_sub(used + 2);
    if room >= 8 {
        spans.push(Span::styled(format!("  {}", sparkline(&stats.packet_history, room.min(60))), scene.accent()));
    }
    Line::from(spans)
}

/// Who lost what, and what helps against most of it.
fn loss<'a>(scene: &Scene<'_>) -> Vec<Line<'a>> {
    let drops = scene.stats.drops;
    let most = drops.losses().max_by_key(|loss| loss.packets);
    let help = most.map(|loss| format!("{}; {}", loss.why, loss.help)).unwrap_or_default();
    let text = format!("lost: kernel {}  interface {}  flowlabel {}", drops.kernel, drops.interface, drops.flowlabel);
    vec![Line::from(Span::styled(text, scene.bad())), Line::from(Span::styled(help, dim()))]
}

/// The last line.
pub(super) fn keys(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, ui: &Ui) {
    let line = if ui.typing {
        Line::from(vec![
            Span::styled("/", bold()),
            Span::raw(ui.filter.clone()),
            Span::styled(" ", chosen()),
            Span::styled("  words that all stand in a flow; Enter keeps, Esc forgets", dim()),
        ])
    } else {
        let keys: &[(&str, &str)] = match ui.over {
            Some(Over::Help | Over::Flow(_)) => &[("↑↓", "scroll"), ("Esc", "close")],
            None => &[
                ("q", "end"),
                ("Tab", "pane"),
                ("↑↓", "move"),
                ("Enter", "explain"),
                ("/", "filter"),
                ("s", "sort"),
                ("p", "pause"),
                ("?", "help"),
            ],
        };
        Line::from(
            keys.iter()
                .flat_map(|(key, what)| [Span::styled(*key, scene.accent()), Span::raw(format!(" {what}  "))])
                .collect::<Vec<_>>(),
        )
    };
    frame.render_widget(Paragraph::new(line), area);
}
