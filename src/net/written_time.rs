//! Points in time as people write them.

use super::Timestamp;

impl Timestamp {
    /// `2024-05-14T09:12:01.5Z`, `2024-05-14`, or seconds since 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.trim_end_matches('Z').split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (text.trim_end_matches('Z'), ""),
        };
        let seconds = whole.parse::<i64>().ok().or_else(|| civil_seconds(whole))?;
        if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let nanos = format!("{fraction:0<9}").parse::<u32>().ok()?;
        Some(Self::new(seconds, nanos, 9))
    }
}

/// The last year whose seconds all fit 64 bits, about.
const FURTHEST: i64 = 292_000_000_000;

/// Seconds since 1970 of `YYYY-MM-DD[THH:MM:SS]`.
fn civil_seconds(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let is_clock = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    if !(-FURTHEST..=FURTHEST).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) || !is_clock {
        return None;
    }
    // Days since 1970 with years that begin in March, so that the leap day is the last of its year.
    let year_from_march = year - i64::from(month <= 2);
    let (era, year_of_era) = (year_from_march.div_euclid(400), year_from_march.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse::<i64>().ok());
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}
