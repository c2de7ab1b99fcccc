//! The terminal: taken for the view, and given back whatever happens.
//!
//! Giving it back takes no lock and may be done twice: a panic or a second Ctrl-C does it from any thread, in the middle of a drawing.

use std::io::{self, Stdout, stdin, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use ratatui::Terminal as Cells;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

use super::keys;

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether nobody may take it again.
static GIVEN_BACK: AtomicBool = AtomicBool::new(false);

/// Cells of a terminal, drawn by one thread at a time.
pub(super) struct Terminal(Mutex<Cells<CrosstermBackend<Stdout>>>);

impl Terminal {
    /// Takes the terminal. From now on a panic gives it back before it says what happened.
    pub fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                usual(panic);
            }));
        });
        enter()?;
        Ok(Self(Mutex::new(Cells::new(CrosstermBackend::new(stdout()))?)))
    }

    /// Draws, unless the terminal was given back meanwhile.
    pub fn draw(&self, scene: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_given_back() {
            return Ok(());
        }
        cells.draw(scene).map(|_| ())
    }

    /// What was typed, after some patience. A terminal that has gone is an error.
    #[expect(clippy::unused_self, reason = "somebody types for us only while there is a Terminal")]
    pub fn typed(&self, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        let stdin = stdin();
        let mut keyboard = [PollFd::new(&stdin, PollFlags::IN)];
        let patience = Timespec { tv_sec: patience.as_secs().cast_signed(), tv_nsec: patience.subsec_nanos().into() };
        match poll(&mut keyboard, Some(&patience)) {
            Ok(0) | Err(Errno::INTR) => Ok(None),
            Ok(_) => keys::read(&stdin).map(Some),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops the program as Ctrl-Z does, and comes back when it goes on.
    pub fn suspend(&self) -> io::Result<()> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leave();
        kill_process(getpid(), Signal::STOP)?;
        if is_given_back() {
            return Ok(());
        }
        enter()?;
        cells.clear()
    }
}

/// Gives the terminal back for good; nothing where it is not ours.
pub fn give_back() {
    GIVEN_BACK.store(true, Ordering::SeqCst);
    leave();
}

/// Whether it was given back for good.
pub(super) fn is_given_back() -> bool {
    GIVEN_BACK.load(Ordering::SeqCst)
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
