//! Numbers for people: at most three digits and a unit.

use crate::net::Timestamp;

const COUNTS: &[&str] = &["", "k", "M", "G", "T", "P", "E"];
const BYTES: &[&str] = &["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/// A number in the largest unit that leaves at least one: `999`, `1.2`, `34`, and which unit that is.
fn scaled(value: u64, units: &[&'static str]) -> (String, &'static str) {
    let mut rest = value as f64;
    let mut unit = 0;
    // 999.5 would print as 1000.
    while rest >= 999.5 && unit + 1 < units.len() {
        rest /= 1000.0;
        unit += 1;
    }
    let number = if unit > 0 && rest < 9.95 { format!("{rest:.1}") } else { format!("{rest:.0}") };
    (number, units.get(unit).copied().unwrap_or_default())
}

/// `999`, `1.2 k`, `34 M`.
pub fn count(value: u64) -> String {
    let (number, unit) = scaled(value, COUNTS);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// `1 flow`, `3.4 k flows`.
pub fn many(value: u64, what: &str) -> String {
    format!("{} {what}{}", count(value), if value == 1 { "" } else { "s" })
}

/// The first few, and how many more: `a, b and 3 more`.
pub fn few(all: &[String], most: usize) -> String {
    let (shown, more) = all.split_at(most.min(all.len()));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    shown.join(", ") + &more
}

/// `12 B`, `1.2 MB`.
pub fn bytes(value: u64) -> String {
    let (number, unit) = scaled(value, BYTES);
    format!("{number} {unit}")
}

/// A count for a column: digits stand under digits, five wide.
pub fn count_cell(value: u64) -> String {
    let (number, unit) = scaled(value, COUNTS);
    format!("{number:>3} {unit:<1}")
}

/// Bytes for a column: digits stand under digits, six wide.
pub fn bytes_cell(value: u64) -> String {
    let (number, unit) = scaled(value, BYTES);
    format!("{number:>3} {unit:<2}")
}

/// A share in percent: `0%` and `100%` are kept for nothing and all.
pub fn percent(part: u64, whole: u64) -> String {
    match part {
        0 => "0%".into(),
        _ if part >= whole => "100%".into(),
        _ => match (part as f64 / whole as f64 * 100.0).round() as u64 {
            0 => "<1%".into(),
            100 => ">99%".into(),
            n => format!("{n}%"),
        },
    }
}

/// `350 ms`, `12.5 s`, `46 min 21 s`, `3 h 12 min`, `2 d 4 h`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds <= 0.0 => "0 s".into(),
        _ if seconds < 0.0095 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        0..3600 => format!("{} min {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} d {} h", whole / 86_400, whole / 3600 % 24),
    }
}

/// `2003-05-14 09:12:01` without a fraction.
fn moment(time: Timestamp) -> String {
    let text = time.text();
    text.split(['.', 'Z']).next().unwrap_or_default().replacen('T', " ", 1)
}

/// From when to when in UTC; a day that is the same is said once.
pub fn span(first: Timestamp, last: Timestamp) -> String {
    let (from, to) = (moment(first), moment(last));
    if from == to {
        return format!("{from} UTC");
    }
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, _)), Some((same, time))) if day == same => format!("{from} to {time} UTC"),
        _ => format!("{from} to {to} UTC"),
    }
}

/// The time of day with the clock's digits: `09:12:01.203441`.
pub fn time_of_day(time: Timestamp) -> String {
    time.text().split(['T', 'Z']).nth(1).unwrap_or("no time").to_owned()
}

/// A bar of at most `width` columns, in eighths of a column.
pub fn bar(part: u64, whole: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let full = width * 8;
    let eighths = ((part as f64 / whole.max(1) as f64 * full as f64).round() as usize).min(full);
    let last = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    "█".repeat(eighths / 8) + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        for (value, shown) in
            [(0, "0"), (999, "999"), (1000, "1.0 k"), (3449, "3.4 k"), (9949, "9.9 k"), (9950, "10 k"), (999_499, "999 k")]
        {
            assert_eq!(count(value), shown);
        }
        assert_eq!(count(999_500), "1.0 M");
        assert_eq!(bytes(838_579_500), "839 MB");
        assert_eq!(bytes(12), "12 B");
        assert_eq!(bytes(u64::MAX), "18 EB");
    }

    #[test]
    fn cells_line_up() {
        let cells = [count_cell(7), count_cell(999), count_cell(1200), count_cell(34_000_000)];
        assert_eq!(cells, ["  7  ", "999  ", "1.2 k", " 34 M"]);
        assert_eq!([bytes_cell(7), bytes_cell(1_200_000)], ["  7 B ", "1.2 MB"]);
    }

    #[test]
    fn shares_do_not_lie_at_the_ends() {
        assert_eq!(
            [percent(0, 9), percent(1, 1000), percent(1, 2), percent(999, 1000), percent(9, 9)],
            ["0%", "<1%", "50%", ">99%", "100%"]
        );
        assert_eq!(percent(0, 0), "0%");
    }

    #[test]
    fn durations() {
        for (seconds, shown) in [
            (0.0, "0 s"),
            (0.0004, "0.4 ms"),
            (0.35, "350 ms"),
            (12.5, "12.5 s"),
            (59.96, "1 min 0 s"),
            (2781.0, "46 min 21 s"),
            (11_520.0, "3 h 12 min"),
            (187_200.0, "2 d 4 h"),
        ] {
            assert_eq!(duration(seconds), shown);
        }
    }

    #[test]
    fn spans_say_a_day_once() {
        let at = |seconds| Timestamp::new(seconds, 203_441_000, 6);
        assert_eq!(span(at(1_052_903_521), at(1_052_906_302)), "2003-05-14 09:12:01 to 09:58:22 UTC");
        assert_eq!(span(at(1_052_903_521), at(1_052_989_921)), "2003-05-14 09:12:01 to 2003-05-15 09:12:01 UTC");
        assert_eq!(span(at(1_052_903_521), at(1_052_903_521)), "2003-05-14 09:12:01 UTC");
    }

    #[test]
    fn bars_are_drawn_in_eighths() {
        assert_eq!(bar(1, 1, 4), "████");
        assert_eq!(bar(1, 2, 4), "██");
        assert_eq!(bar(5, 16, 4), "█▎");
        assert_eq!([bar(1, 1_000_000, 4), bar(0, 5, 4), bar(0, 0, 4)], ["", "", ""]);
    }
}
