//! Floor 6: the live view of a capture on a terminal.
//!
//! It runs on a thread of its own and shares a [`Board`] with whoever has records: those of ended flows as they are written, and a few times a
//! second copies of flows under way. It knows no packet and no interface; what it shows of the capture as a whole it is told as [`Stats`].
//! `ui.rs` turns keys into what is to be shown and `draw/` turns that into cells, both without a terminal, so that tests can hold whole
//! screens; `keys.rs` makes keys of bytes, `terminal.rs` has the terminal and `view.rs` the loop. Everything a packet said is escaped where a [`row`] is made of a record,
//! or a [`listener`] of a learned endpoint.
//!
//! One more column or pane is a file or a line in `draw/`; one more key a line in `ui.rs` and one in the help of `draw/over.rs`.

pub mod board;
pub mod draw;
pub mod keys;
pub mod listener;
pub mod row;
mod terminal;
pub mod ui;
mod view;

pub use board::Board;
pub use draw::{Scene, Stats};
pub use terminal::give_back;
pub use ui::Ui;
pub use view::{Capture, View};
