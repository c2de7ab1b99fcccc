//! What the person at the keyboard has asked for: which pane, in which order, filtered by what, paused, explained.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::board::{Board, Sum};
use super::listener::Listener;
use super::row::Row;

/// A list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pane {
    /// Labels by what flowed under them.
    #[default]
    Labels,
    /// The newest flows.
    Newest,
    /// The newest flagged flows.
    Flagged,
    /// Learned endpoints.
    Endpoints,
}

impl Pane {
    const ALL: [Self; 4] = [Self::Labels, Self::Newest, Self::Flagged, Self::Endpoints];

    fn step(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL.get((at + by) % Self::ALL.len()).copied().unwrap_or_default()
    }
}

/// What labels are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SumOrder {
    /// Most bytes first.
    #[default]
    Bytes,
    /// Most bytes of late first.
    Rate,
    /// Most flows first.
    Flows,
    /// By name.
    Name,
}

impl SumOrder {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Rate => "rate",
            Self::Flows => "flows",
            Self::Name => "name",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Bytes => Self::Rate,
            Self::Rate => Self::Flows,
            Self::Flows => Self::Name,
            Self::Name => Self::Bytes,
        }
    }
}

/// What flows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FlowOrder {
    /// The newest first.
    #[default]
    Newest,
    /// Most bytes first.
    Bytes,
    /// The longest first.
    Duration,
    /// By server.
    Server,
}

impl FlowOrder {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
            Self::Server => "server",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Newest => Self::Bytes,
            Self::Bytes => Self::Duration,
            Self::Duration => Self::Server,
            Self::Server => Self::Newest,
        }
    }
}

/// What lies over the lists.
#[derive(Clone, PartialEq, Debug)]
pub enum Over {
    /// The keys.
    Help,
    /// One flow explained.
    Flow(Box<Row>),
}

/// What a key asks of whoever runs the view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Nothing but to be drawn again.
    Draw,
    /// To end the capture.
    End,
    /// To hand the terminal back to the shell.
    Suspend,
}

/// The state of the view.
#[derive(Debug, Default)]
pub struct Ui {
    /// The list that keys move in.
    pub pane: Pane,
    /// How labels are sorted.
    pub sum_order: SumOrder,
    /// How flows are sorted.
    pub flow_order: FlowOrder,
    /// What was typed to filter by.
    pub filter: String,
    /// Whether it is being typed.
    pub typing: bool,
    /// What lies over the lists.
    pub over: Option<Over>,
    /// How far that is scrolled.
    pub scrolled: u16,
    /// What stood there when it was paused.
    pub paused: Option<Board>,
    /// Rows of the list that has the cursor, told by who drew it.
    pub rows: usize,
    /// The chosen label, the chosen flow of both lists, the chosen endpoint; the first where it is none of those shown.
    chosen: [Option<String>; 4],
}

impl Ui {
    /// The board to show: it stands still while it is paused.
    pub fn board<'a>(&'a self, live: &'a Board) -> &'a Board {
        self.paused.as_ref().unwrap_or(live)
    }

    /// The labels to show, in order.
    pub fn sums<'a>(&self, board: &'a Board) -> Vec<&'a Sum> {
        let words = self.words();
        let matches = |sum: &&Sum| {
            let name = sum.name.to_lowercase();
            words.iter().all(|word| name.contains(word.as_str()))
        };
        let mut sums: Vec<&Sum> = board.sums().filter(matches).collect();
        // A filter for something else than labels leaves them alone.
        if sums.is_empty() {
            sums = board.sums().collect();
        }
        sums.sort_by(|a, b| {
            let by = match self.sum_order {
                SumOrder::Bytes => b.bytes.cmp(&a.bytes),
                SumOrder::Rate => b.rate().cmp(&a.rate()).then(b.bytes.cmp(&a.bytes)),
                SumOrder::Flows => b.flows.cmp(&a.flows),
                SumOrder::Name => std::cmp::Ordering::Equal,
            };
            by.then_with(|| a.name.cmp(&b.name))
        });
        sums
    }

    /// The flows to show, in order.
    pub fn flows<'a>(&self, board: &'a Board, pane: Pane) -> Vec<&'a Row> {
        let words = self.words();
        let all: Box<dyn Iterator<Item = &Row>> =
            if pane == Pane::Flagged { Box::new(board.flagged()) } else { Box::new(board.newest()) };
        let mut rows: Vec<&Row> = all.filter(|row| words.is_empty() || row.has(&words)).collect();
        let bytes = |row: &Row| row.bytes.iter().sum::<u64>();
        match self.flow_order {
            FlowOrder::Newest => {}
            FlowOrder::Bytes => rows.sort_by_key(|row| std::cmp::Reverse(bytes(row))),
            FlowOrder::Duration => rows.sort_by(|a, b| b.duration.total_cmp(&a.duration)),
            FlowOrder::Server => rows.sort_by(|a, b| a.server.cmp(&b.server)),
        }
        rows
    }

    /// The endpoints to show, in order.
    pub fn listeners<'a>(&self, board: &'a Board) -> Vec<&'a Listener> {
        let words = self.words();
        board.listeners().iter().filter(|listener| words.is_empty() || listener.has(&words)).collect()
    }

    /// Which of the keys is chosen in a pane.
    pub fn position<'a>(&self, pane: Pane, mut keys: impl Iterator<Item = &'a str>) -> usize {
        let chosen = self.chosen.get(pane as usize).and_then(Option::as_deref);
        chosen.and_then(|chosen| keys.position(|key| key == chosen)).unwrap_or(0)
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, live: &Board) -> Act {
        if key.kind == KeyEventKind::Release {
            return Act::Draw;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Act::End,
                KeyCode::Char('z') => Act::Suspend,
                KeyCode::Char('u') if self.typing => {
                    self.filter.clear();
                    Act::Draw
                }
                _ => Act::Draw,
            };
        }
        if self.typing {
            self.typed(key.code);
            return Act::Draw;
        }
        if self.over.is_some() {
            self.scroll(key.code);
            return Act::Draw;
        }
        self.command(key.code, live)
    }

    /// One more word may be typed behind those that are there.
    fn type_filter(&mut self) {
        self.typing = true;
        if !self.filter.is_empty() {
            self.filter.push(' ');
        }
    }

    fn typed(&mut self, code: KeyCode) {
        /// Longer ones are of no use.
        const LONGEST: usize = 100;
        match code {
            KeyCode::Enter => {
                self.typing = false;
                self.filter.truncate(self.filter.trim_end().len());
            }
            KeyCode::Esc => (self.typing, self.filter) = (false, String::new()),
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(c) if self.filter.len() < LONGEST && !crate::record::escape::is_unsafe(c) => self.filter.push(c),
            _ => {}
        }
    }

    fn scroll(&mut self, code: KeyCode) {
        let page = u16::try_from(self.rows).unwrap_or(u16::MAX).max(1);
        match code {
            KeyCode::Up | KeyCode::Char('k') => self.scrolled = self.scrolled.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.scrolled = self.scrolled.saturating_add(1),
            KeyCode::PageUp => self.scrolled = self.scrolled.saturating_sub(page),
            KeyCode::PageDown => self.scrolled = self.scrolled.saturating_add(page),
            KeyCode::Home => self.scrolled = 0,
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?' | 'h') => self.over = None,
            _ => {}
        }
    }

    fn command(&mut self, code: KeyCode, live: &Board) -> Act {
        let page = self.rows.max(1) as isize;
        match code {
            KeyCode::Char('q') => return Act::End,
            KeyCode::Char('?' | 'h') => self.open(Over::Help),
            KeyCode::Char('/') => self.type_filter(),
            KeyCode::Char('p' | ' ') => self.paused = if self.paused.is_some() { None } else { Some(live.clone()) },
            KeyCode::Char('s') if self.pane == Pane::Labels => self.sum_order = self.sum_order.next(),
            KeyCode::Char('s') if self.pane == Pane::Endpoints => {}
            KeyCode::Char('s') => self.flow_order = self.flow_order.next(),
            KeyCode::Tab | KeyCode::Right => self.pane = self.pane.step(1),
            KeyCode::BackTab | KeyCode::Left => self.pane = self.pane.step(Pane::ALL.len() - 1),
            KeyCode::Char('1') => self.pane = Pane::Labels,
            KeyCode::Char('2') => self.pane = Pane::Newest,
            KeyCode::Char('3') => self.pane = Pane::Flagged,
            KeyCode::Char('4') => self.pane = Pane::Endpoints,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1, live),
            KeyCode::Down | KeyCode::Char('j') => self.step(1, live),
            KeyCode::PageUp => self.step(-page, live),
            KeyCode::PageDown => self.step(page, live),
            KeyCode::Home | KeyCode::Char('g') => self.step(isize::MIN, live),
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX, live),
            KeyCode::Enter => self.enter(live),
            _ => {}
        }
        Act::Draw
    }

    fn open(&mut self, over: Over) {
        (self.over, self.scrolled) = (Some(over), 0);
    }

    /// Moves the cursor of the pane.
    fn step(&mut self, by: isize, live: &Board) {
        let keys = self.keys(self.board(live));
        let at = self.position(self.pane, keys.iter().map(String::as_str));
        let to = at.saturating_add_signed(by).min(keys.len().saturating_sub(1));
        if let Some(chosen) = self.chosen.get_mut(self.pane as usize) {
            // The first stays the first when another one takes its place.
            *chosen = keys.into_iter().nth(to).filter(|_| to > 0);
        }
    }

    /// A label: its flows. An endpoint: its flows. A flow: why.
    fn enter(&mut self, live: &Board) {
        let board = self.board(live);
        let keys = self.keys(board);
        let Some(key) = keys.get(self.position(self.pane, keys.iter().map(String::as_str))) else { return };
        if self.pane == Pane::Labels {
            (self.filter, self.pane) = (key.clone(), Pane::Newest);
            return;
        }
        if self.pane == Pane::Endpoints {
            let place =
                self.listeners(board).into_iter().find(|listener| listener.key == *key).map(|listener| listener.place.clone());
            (self.filter, self.pane) = (place.unwrap_or_default(), Pane::Newest);
            return;
        }
        let row = self.flows(board, self.pane).into_iter().find(|row| *row.id.text() == **key).cloned();
        if let Some(row) = row {
            self.open(Over::Flow(Box::new(row)));
        }
    }

    /// What the rows of the pane are told apart by.
    fn keys(&self, board: &Board) -> Vec<String> {
        match self.pane {
            Pane::Labels => self.sums(board).iter().map(|sum| sum.name.clone()).collect(),
            Pane::Endpoints => self.listeners(board).iter().map(|listener| listener.key.clone()).collect(),
            pane => self.flows(board, pane).iter().map(|row| row.id.to_string()).collect(),
        }
    }

    fn words(&self) -> Vec<String> {
        self.filter.split_whitespace().map(str::to_lowercase).collect()
    }
}
