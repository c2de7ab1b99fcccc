//! Signals: the first one asks the capture to end, a second one ends the program at once. With `--rotate` SIGHUP is about the files.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use crate::capture::Rotation;
use crate::tui;

/// The exit code of a second Ctrl-C: the input was not read to its end.
const CUT_OFF: i32 = 3;

/// Whether the capture is to end.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Asks for it. Whoever asks twice does not want to wait: the terminal is given back and the program ends.
    pub fn ask(&self) {
        if self.0.swap(true, Ordering::SeqCst) {
            tui::give_back();
            std::process::exit(CUT_OFF);
        }
    }

    /// Lets it end, as often as you like.
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Heeds signals from now on, on a thread of its own: it must not wait for whatever the others do. `rotation` is what SIGHUP is about, `suspend` what to do before the program
/// is stopped, where there is a view.
pub fn heed(ending: Ending, rotation: Option<Rotation>, suspend: Option<impl Fn() + Send + 'static>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    if suspend.is_some() {
        signals.add_signal(SIGTSTP)?;
    }
    let listen = move || {
        for signal in &mut signals {
            match (signal, &suspend, &rotation) {
                (SIGTSTP, Some(suspend), _) => suspend(),
                (SIGHUP, _, Some(rotation)) => rotation.ask(),
                _ => ending.ask(),
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listen).map(drop)
}
