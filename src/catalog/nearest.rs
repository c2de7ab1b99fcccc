//! The word somebody probably meant.

/// The candidate fewest edits away, if it is close enough to be a slip and not another word.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = word.to_lowercase();
    let limit = (typed.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(&typed, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean ...?`, or nothing.
pub fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

/// Edits from one word to the other: insert, delete, replace, or swap two neighbours (the usual slip of the fingers).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (at, from) in left.chars().enumerate() {
        let next = next_row(at, from, last, &right, &row, &before);
        before = std::mem::replace(&mut row, next);
        last = Some(from);
    }
    row.last().copied().unwrap_or_default()
}

fn next_row(at: usize, from: char, last: Option<char>, right: &[char], row: &[usize], before: &[usize]) -> Vec<usize> {
    let cell = |cells: &[usize], column: usize| cells.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut next = vec![at + 1];
    for (column, to) in right.iter().enumerate() {
        let replaced = cell(row, column) + usize::from(from != *to);
        let mut best = replaced.min(cell(row, column + 1) + 1).min(cell(&next, column) + 1);
        let swapped = column.checked_sub(1).filter(|c| right.get(*c) == Some(&from) && last == Some(*to));
        if let Some(earlier) = swapped {
            best = best.min(cell(before, earlier) + 1);
        }
        next.push(best);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_one_edit() {
        assert_eq!(distance("tpc", "tcp"), 1);
        assert_eq!(distance("prot", "port"), 1);
        assert_eq!(distance("protocl", "protocol"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn only_near_words_are_offered() {
        assert_eq!(nearest("sistem", ["system", "link", "role"]), Some("system"));
        assert_eq!(nearest("zebra", ["system", "link", "role"]), None);
    }
}
