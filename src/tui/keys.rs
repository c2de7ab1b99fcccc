//! What a terminal sends becomes keys and pasted text.
//!
//! Read here and not by crossterm, whose event source never comes back from a terminal that has gone, and forgets keys that come together with a
//! change of size. A change of size needs no event: each drawing asks for it.

use std::io;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Before and after pasted text.
const PASTE: &[u8] = b"\x1b[200~";
const PASTED: &[u8] = b"\x1b[201~";

/// Longer ones are no sequences, and longer texts are of no use.
const LONGEST: usize = 64;
const LONGEST_TEXT: usize = 4096;

/// Something typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A key.
    Key(KeyEvent),
    /// A text, all at once.
    Paste(String),
}

/// What came of a sequence so far.
enum Step {
    /// So many bytes mean this, or nothing.
    Took(usize, Option<KeyEvent>),
    /// The rest is still to come.
    Wait,
}

/// Puts bytes together.
#[derive(Debug, Default)]
pub struct Keys {
    rest: Vec<u8>,
}

impl Keys {
    /// What these bytes mean, after those that came before.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<Heard> {
        self.rest.extend_from_slice(bytes);
        let mut heard = Vec::new();
        while let Some(taken) = self.step(&mut heard) {
            self.rest.drain(..taken);
        }
        heard
    }

    /// Takes one key or text; how many bytes that was, or nothing when more must come.
    fn step(&self, heard: &mut Vec<Heard>) -> Option<usize> {
        let rest = &*self.rest;
        if let Some(text) = rest.strip_prefix(PASTE) {
            let end = text.windows(PASTED.len()).position(|window| window == PASTED);
            let text = match end {
                Some(end) => text.get(..end)?,
                None if text.len() > LONGEST_TEXT => text,
                None => return None,
            };
            heard.push(Heard::Paste(String::from_utf8_lossy(text).into_owned()));
            return Some(PASTE.len() + text.len() + end.map_or(0, |_| PASTED.len()));
        }
        match key(rest)? {
            Step::Took(bytes, key) => {
                heard.extend(key.map(Heard::Key));
                Some(bytes)
            }
            Step::Wait => None,
        }
    }
}

/// The key that bytes begin with; `None` when there are none.
fn key(bytes: &[u8]) -> Option<Step> {
    let plain = |code| Some(KeyEvent::new(code, KeyModifiers::NONE));
    Some(match bytes {
        [] => return None,
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b'O', letter, ..] => Step::Took(3, by_letter(*letter).and_then(plain)),
        // Alone, or before what is no sequence.
        [0x1b, ..] => Step::Took(1, plain(KeyCode::Esc)),
        [b'\r' | b'\n', ..] => Step::Took(1, plain(KeyCode::Enter)),
        [b'\t', ..] => Step::Took(1, plain(KeyCode::Tab)),
        [0x7f | 0x08, ..] => Step::Took(1, plain(KeyCode::Backspace)),
        [control @ 1..=26, ..] => {
            Step::Took(1, Some(KeyEvent::new(KeyCode::Char(char::from(control + 0x60)), KeyModifiers::CONTROL)))
        }
        [0..=31, ..] => Step::Took(1, None),
        bytes => character(bytes),
    })
}

/// What follows `ESC [`: numbers, then a letter or `~`.
fn control_sequence(bytes: &[u8]) -> Step {
    let Some(end) = bytes.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        return if bytes.len() > LONGEST { Step::Took(2, None) } else { Step::Wait };
    };
    let (numbers, last) = (bytes.get(..end).unwrap_or_default(), bytes.get(end).copied().unwrap_or_default());
    let code = match (last, numbers.split(|byte| *byte == b';').next()) {
        (b'~', Some(b"1" | b"7")) => Some(KeyCode::Home),
        (b'~', Some(b"4" | b"8")) => Some(KeyCode::End),
        (b'~', Some(b"5")) => Some(KeyCode::PageUp),
        (b'~', Some(b"6")) => Some(KeyCode::PageDown),
        (letter, _) => by_letter(letter),
    };
    Step::Took(2 + end + 1, code.map(|code| KeyEvent::new(code, KeyModifiers::NONE)))
}

fn by_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'Z' => KeyCode::BackTab,
        b'M' => KeyCode::Enter,
        _ => return None,
    })
}

/// A character in UTF-8; what is none is passed over.
fn character(bytes: &[u8]) -> Step {
    let window = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            window.get(..error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
        }
        Err(error) if error.error_len().is_none() => return Step::Wait,
        Err(_) => "",
    };
    match valid.chars().next() {
        Some(c) => Step::Took(c.len_utf8(), Some(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))),
        None => Step::Took(1, None),
    }
}

/// Reads what is there; that there is nothing, though something was to be read, is the end of the terminal.
pub fn read(from: impl rustix::fd::AsFd) -> io::Result<Vec<u8>> {
    let mut bytes = [0; 1024];
    match rustix::io::read(from, &mut bytes) {
        Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
        Ok(length) => Ok(bytes.get(..length).unwrap_or_default().to_vec()),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(codes: &[KeyCode]) -> Vec<Heard> {
        codes.iter().map(|code| Heard::Key(KeyEvent::new(*code, KeyModifiers::NONE))).collect()
    }

    /// As a terminal sends them (xterm's control sequences), whole and byte by byte.
    #[test]
    fn keys() {
        use KeyCode::{BackTab, Backspace, Char, Down, End, Enter, Home, Left, PageDown, PageUp, Right, Tab, Up};
        let bytes = "q/\u{e4}\u{20ac}\r\t\x7f\x1b[A\x1b[B\x1bOC\x1b[D\x1b[H\x1b[4~\x1b[5~\x1b[6;5~\x1b[Z\x1b[99~?";
        let codes = [
            Char('q'),
            Char('/'),
            Char('\u{e4}'),
            Char('\u{20ac}'),
            Enter,
            Tab,
            Backspace,
            Up,
            Down,
            Right,
            Left,
            Home,
            End,
            PageUp,
            PageDown,
            BackTab,
            Char('?'),
        ];
        assert_eq!(Keys::default().hear(bytes.as_bytes()), plain(&codes));
    }

    #[test]
    fn an_escape_alone_and_before_other_keys() {
        let mut keys = Keys::default();
        assert_eq!(keys.hear(b"\x1b"), plain(&[KeyCode::Esc]));
        assert_eq!(keys.hear(b"\x1b/a"), plain(&[KeyCode::Esc, KeyCode::Char('/'), KeyCode::Char('a')]));
        assert_eq!(keys.hear(b"\x1b["), []);
        assert_eq!(keys.hear(b"A"), plain(&[KeyCode::Up]));
    }

    #[test]
    fn control_and_letters() {
        let control = |c| Heard::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
        assert_eq!(Keys::default().hear(b"\x03\x1a\x15\0"), [control('c'), control('z'), control('u')]);
    }

    #[test]
    fn a_text_that_is_pasted_is_no_keys_however_it_comes() {
        let mut keys = Keys::default();
        let bytes = b"\x1b[200~q\x1b[A\r\x1b[201~x";
        let heard: Vec<Heard> = bytes.chunks(3).flat_map(|bytes| keys.hear(bytes)).collect();
        let expected = [vec![Heard::Paste("q\x1b[A\r".to_owned())], plain(&[KeyCode::Char('x')])].concat();
        assert_eq!(heard, expected);
    }

    #[test]
    fn nothing_grows_without_end_and_nothing_is_stuck() {
        let mut keys = Keys::default();
        for _ in 0..1000 {
            keys.hear(&[0xff; 100]);
            keys.hear(b"\x1b[");
            keys.hear(&[b'1'; 100]);
            keys.hear(PASTE);
            keys.hear(&[b'x'; 1000]);
            assert!(keys.rest.len() < 2 * LONGEST_TEXT, "{}", keys.rest.len());
        }
        keys.hear(PASTED);
        keys.hear(b"\r");
        assert_eq!(keys.hear(b"q"), plain(&[KeyCode::Char('q')]));
    }
}
