//! Texts that many rows share, each kept once.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// Texts by number, in the order they came.
#[derive(Debug, Default)]
pub(super) struct Strings {
    numbers: HashMap<Box<str>, u32, RandomState>,
    texts: Vec<Box<str>>,
}

impl Strings {
    /// The number of a text, which is new where it was not there.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The texts in the order of their numbers.
    pub(super) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// Forgets all texts but those with these numbers, which are given their new numbers.
    pub(super) fn keep<'a>(&mut self, numbers: impl Iterator<Item = &'a mut u32>) {
        let old = std::mem::take(self);
        for number in numbers {
            *number = self.number(old.texts.get(*number as usize).map_or("", |text| text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_until_it_is_forgotten() {
        let mut strings = Strings::default();
        let mut kept = [strings.number("a"), strings.number("b"), strings.number("c"), strings.number("b")];
        assert_eq!(kept, [0, 1, 2, 1]);
        strings.keep(kept[2..].iter_mut());
        assert_eq!((kept[2], kept[3]), (0, 1));
        assert_eq!(strings.texts(), &["c".into(), "b".into()]);
    }
}
