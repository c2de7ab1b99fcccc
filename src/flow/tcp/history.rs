//! History letters after Zeek, by side: who is the originator is decided at the end.

use super::Side;
use crate::record::History;

/// How many letters are kept.
const MOST: u8 = 48;
/// Five bits a letter: four for the letter, one for the side.
const BITS: u32 = 5;
/// Letters in a word.
const IN_WORD: u8 = 6;

/// One thing that happened, as Zeek names it. Zeek's `c` (bad checksum) is left out: checksums are not verified, since what
/// is captured at a sender with checksum offload, or cut by a snap length, cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Letter {
    /// A SYN without ACK.
    Syn,
    /// A SYN with ACK.
    SynAck,
    /// An ACK without payload.
    Ack,
    /// Payload.
    Data,
    /// A FIN.
    Fin,
    /// A RST.
    Rst,
    /// The other side acknowledged bytes that were never captured.
    Gap,
    /// Payload that repeats bytes already seen.
    Retransmission,
    /// A window of zero.
    ZeroWindow,
    /// FIN with RST.
    Inconsistent,
    /// SYN with FIN or RST.
    MultiFlag,
}

/// The letters as printed, in the order of [`Letter`].
const PRINTED: &[u8; 11] = b"shadfrgtwiq";

/// Letters in order of appearance.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Letters {
    words: [u32; (MOST / IN_WORD) as usize],
    /// One more than [`MOST`] when letters were left out.
    len: u8,
}

impl Letters {
    /// One more letter at the end.
    pub(super) fn push(&mut self, letter: Letter, side: Side) {
        if let Some(word) = self.words.get_mut(usize::from(self.len / IN_WORD)) {
            let code = (letter as u32) << 1 | side as u32;
            *word |= code << (u32::from(self.len % IN_WORD) * BITS);
        }
        self.len = (self.len + 1).min(MOST + 1);
    }

    /// The letters kept, with who caused them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, Side)> {
        (0..self.len.min(MOST)).filter_map(|at| {
            let word = self.words.get(usize::from(at / IN_WORD))?;
            let code = word >> (u32::from(at % IN_WORD) * BITS);
            let letter = PRINTED.get((code >> 1 & 0xf) as usize)?;
            Some((*letter, if code & 1 == 0 { Side::A } else { Side::B }))
        })
    }

    /// As Zeek prints them: capitals for the originator, `^` ahead when the direction was flipped. Where there are more letters
    /// than a record holds the last one is `x`, Zeek's word for an incomplete analysis.
    pub(super) fn print(&self, originator: Side, flipped: bool) -> History {
        let flip = flipped.then_some('^');
        let letters = self.iter().map(|(letter, side)| {
            let letter = if side == originator { letter.to_ascii_uppercase() } else { letter };
            char::from(letter)
        });
        let mut history = History::new();
        let fits = flip.into_iter().chain(letters).all(|letter| history.try_push(letter).is_ok());
        if !fits || self.len > MOST {
            history.pop();
            history.push('x');
        }
        history
    }
}
