//! The loop: a few times a second the board is drawn, and at once after a key.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::board::{self, Board};
use super::draw::{Scene, Stats, draw};
use super::keys::{Heard, Keys};
use super::terminal::{Terminal, give_back, is_given_back};
use super::ui::{Act, Ui};
use crate::catalog::Catalog;
use crate::record::Drops;

/// Between two drawings that nobody asked for.
const FRAME: Duration = Duration::from_millis(500);
/// Between two drawings of somebody who types.
const KEY_FRAME: Duration = Duration::from_millis(60);
/// How long to wait for a key before looking whether it is over.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long to wait for the view to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// The capture, as the view sees it.
pub struct Capture {
    /// What it is called: its interfaces.
    pub name: String,
    /// Packets and bytes so far, and packets lost.
    pub counts: Box<dyn Fn() -> (u64, u64, Drops) + Send>,
    /// Asks it to end; a second time ends the program.
    pub end: Box<dyn Fn() + Send>,
    /// Lets it end because nobody is there any more.
    pub leave: Box<dyn Fn() + Send>,
    /// Whether it was asked to.
    pub is_ending: Box<dyn Fn() -> bool + Send>,
}

/// A view that is up.
pub struct View {
    terminal: Arc<Terminal>,
    over: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl View {
    /// Takes the terminal, and shows what comes to stand on the board.
    pub fn open(board: Arc<Mutex<Board>>, catalog: Arc<Catalog>, capture: Capture, color: bool) -> io::Result<Self> {
        let terminal = Arc::new(Terminal::take()?);
        let over = Arc::new(AtomicBool::new(false));
        let watch = Watch {
            terminal: Arc::clone(&terminal),
            over: Arc::clone(&over),
            board,
            catalog,
            color,
            ui: Ui::default(),
            keys: Keys::default(),
            stats: Stats { interfaces: capture.name.clone(), ..Stats::default() },
            capture,
            began: Instant::now(),
            ticks: 0,
        };
        let (end, ended) = channel();
        let run = move || {
            // A view that failed has let the capture end.
            let _ = watch.run();
            let _ = end.send(());
        };
        std::thread::Builder::new().name("view".into()).spawn(run)?;
        Ok(Self { terminal, over, ended })
    }

    /// Stops the program as Ctrl-Z does.
    pub fn suspender(&self) -> impl Fn() + Send + 'static {
        let terminal = Arc::clone(&self.terminal);
        move || drop(terminal.suspend())
    }

    /// Ends the view and gives the terminal back.
    pub fn close(self) {
        self.over.store(true, Ordering::SeqCst);
        // It ends soon; one that is stuck in a terminal that has gone must not keep the program.
        let _ = self.ended.recv_timeout(FAREWELL);
        give_back();
    }
}

/// What the thread of the view has.
struct Watch {
    terminal: Arc<Terminal>,
    over: Arc<AtomicBool>,
    board: Arc<Mutex<Board>>,
    catalog: Arc<Catalog>,
    color: bool,
    ui: Ui,
    keys: Keys,
    stats: Stats,
    capture: Capture,
    began: Instant,
    ticks: u64,
}

impl Watch {
    /// Shows it until it is over. A terminal that fails is gone, and nobody is there to watch.
    fn run(mut self) -> io::Result<()> {
        let result = self.watch();
        if result.is_err() {
            (self.capture.leave)();
        }
        result
    }

    fn watch(&mut self) -> io::Result<()> {
        while !self.over.load(Ordering::SeqCst) && !is_given_back() {
            self.tick();
            self.draw()?;
            let drawn = Instant::now();
            let mut typed = false;
            while drawn.elapsed() < if typed { KEY_FRAME } else { FRAME } && !self.over.load(Ordering::SeqCst) {
                typed |= self.listen(if typed { KEY_FRAME } else { PATIENCE })?;
            }
        }
        Ok(())
    }

    /// Waits for a key and does what it asks. Tells whether there was one.
    fn listen(&mut self, patience: Duration) -> io::Result<bool> {
        let Some(bytes) = self.terminal.typed(patience)? else { return Ok(false) };
        for heard in self.keys.hear(&bytes) {
            self.hear(heard)?;
        }
        Ok(true)
    }

    fn hear(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::Key(key) => {
                let act = self.ui.key(key, &lock(&self.board));
                match act {
                    Act::Draw => {}
                    Act::End => (self.capture.end)(),
                    Act::Suspend => self.terminal.suspend()?,
                }
            }
            Heard::Paste(text) if self.ui.typing => {
                self.ui.filter.extend(text.chars().filter(|c| !crate::record::escape::is_unsafe(*c)).take(100));
            }
            Heard::Paste(_) => {}
        }
        Ok(())
    }

    /// Once a second, what came in it.
    fn tick(&mut self) {
        let (packets, bytes, drops) = (self.capture.counts)();
        let seconds = self.began.elapsed().as_secs();
        // Where the machine was busy or the program stopped, more than one has passed.
        let passed = seconds.saturating_sub(self.ticks);
        let per_second = |now: u64, before: u64| now.saturating_sub(before).checked_div(passed);
        if let (Some(of_packets), Some(of_bytes)) = (per_second(packets, self.stats.packets), per_second(bytes, self.stats.bytes))
        {
            board::push(&mut self.stats.packet_history, of_packets);
            board::push(&mut self.stats.byte_history, of_bytes);
            (self.stats.packets, self.stats.bytes, self.ticks) = (packets, bytes, seconds);
            lock(&self.board).tick();
        }
        (self.stats.elapsed, self.stats.drops, self.stats.ending) = (seconds, drops, (self.capture.is_ending)());
    }

    fn draw(&mut self) -> io::Result<()> {
        let Self { terminal, board, catalog, color, ui, stats, .. } = self;
        // A terminal may be slow to take what was drawn: by then nobody must wait for the board.
        terminal.draw(|frame| draw(frame, &Scene { board: &lock(board), stats, catalog, color: *color }, ui))
    }
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}
