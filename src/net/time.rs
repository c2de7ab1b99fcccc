//! Packet time: UTC, any year a file can hold, with the number of digits the file's clock has.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

const NANOS: i64 = 1_000_000_000;

/// A point in packet time, or no time at all (a simple packet block has none).
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
    digits: u8,
}

impl Timestamp {
    /// The file gave no time.
    pub const NONE: Self = Self { seconds: i64::MIN, nanos: 0, digits: 0 };

    /// `nanos` may exceed a second (files hold such); the surplus is carried. `digits` is how many the clock has, at most 9.
    #[inline]
    pub fn new(seconds: i64, nanos: u32, digits: u8) -> Self {
        let carried = i64::from(nanos) / NANOS;
        Self {
            seconds: seconds.saturating_add(carried).max(i64::MIN + 1),
            nanos: (i64::from(nanos) % NANOS) as u32,
            digits: digits.min(9),
        }
    }

    /// Whether the file gave a time.
    #[inline]
    pub fn is_some(self) -> bool {
        self.seconds != i64::MIN
    }

    /// Whole seconds since 1970.
    #[inline]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The fraction of the second.
    #[inline]
    pub fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// How many digits of a second its clock has.
    #[inline]
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// Nanoseconds from `earlier` to here, saturating; 0 when time went backwards or either is unknown.
    #[inline]
    pub fn nanos_since(self, earlier: Self) -> u64 {
        if !self.is_some() || !earlier.is_some() {
            return 0;
        }
        // Within a century 64 bits do.
        if let Some(seconds @ -0xffff_ffff..=0xffff_ffff) = self.seconds.checked_sub(earlier.seconds) {
            return (seconds * NANOS + i64::from(self.nanos) - i64::from(earlier.nanos)).max(0).cast_unsigned();
        }
        let nanos = (i128::from(self.seconds) - i128::from(earlier.seconds)) * i128::from(NANOS) + i128::from(self.nanos)
            - i128::from(earlier.nanos);
        nanos.clamp(0, i128::from(u64::MAX)) as u64
    }

    /// So many nanoseconds before; the earliest time there is where that lies further back, and never a time out of none.
    #[must_use]
    pub fn before(self, nanos: u64) -> Self {
        if !self.is_some() {
            return self;
        }
        let (seconds, nanos) = (nanos / NANOS.cast_unsigned(), (nanos % NANOS.cast_unsigned()) as u32);
        // One second is borrowed, and given back where it was not needed.
        let borrowed = self.seconds.saturating_sub_unsigned(seconds).saturating_sub(1);
        Self::new(borrowed, self.nanos + NANOS as u32 - nanos, self.digits)
    }

    /// A number that is larger for what is later: two of them compare without a branch.
    #[inline]
    fn rank(self) -> i128 {
        i128::from(self.seconds) << 32 | i128::from(self.nanos)
    }

    /// The earlier of two; a known time beats none.
    #[inline]
    #[must_use]
    pub fn earliest(self, other: Self) -> Self {
        // One less of no time, which is the lowest number, is the highest.
        let rank = |time: Self| Self { seconds: time.seconds.wrapping_sub(1), ..time }.rank();
        if rank(other) < rank(self) { other } else { self }
    }

    /// The later of two; a known time beats none.
    #[inline]
    #[must_use]
    pub fn latest(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// Year, month and day of a day count since 1970 (proleptic Gregorian, any year).
fn civil(days: i64) -> (i64, u32, u32) {
    // Years start in March, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

/// Long enough for the year of any 64-bit second: `-292277022657-01-27T08:29:53.000000000Z`.
type Text = ArrayString<40>;

/// A time of day on a day of a year of four digits, as it is printed with nine digits of a second.
const PATTERN: [u8; 29] = *b"0000-00-00T00:00:00.000000000";
/// Where its seconds end.
const WHOLE: usize = 19;

/// The two decimal digits of a number below 100.
#[inline]
fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

impl Timestamp {
    /// As records print it, without going through the formatting machinery; empty where there is no time.
    pub fn text(self) -> Text {
        let mut text = Text::new();
        if !self.is_some() {
            return text;
        }
        let (year, month, day) = civil(self.seconds.div_euclid(86_400));
        let second = self.seconds.rem_euclid(86_400) as u32;
        let mut digits = PATTERN;
        [digits[5], digits[6]] = two(month);
        [digits[8], digits[9]] = two(day);
        [digits[11], digits[12]] = two(second / 3600);
        [digits[14], digits[15]] = two(second / 60 % 60);
        [digits[17], digits[18]] = two(second % 60);
        let (high, low) = (self.nanos / 10_000, self.nanos % 10_000);
        [digits[20], digits[21]] = two(high / 1000);
        [digits[22], digits[23]] = two(high / 10 % 100);
        [digits[24], _] = two(high % 10 * 10);
        [digits[25], digits[26]] = two(low / 100);
        [digits[27], digits[28]] = two(low % 100);
        let start = if (0..=9999).contains(&year) {
            [digits[0], digits[1]] = two(year as u32 / 100);
            [digits[2], digits[3]] = two(year as u32 % 100);
            0
        } else {
            // Never fails: the longest year leaves room for the rest.
            let _ = write!(text, "{}{:04}", if year < 0 { "-" } else { "" }, year.unsigned_abs());
            4
        };
        let end = if self.digits == 0 { WHOLE } else { WHOLE + 1 + usize::from(self.digits) };
        text.push_str(digits.get(start..end).and_then(|ascii| std::str::from_utf8(ascii).ok()).unwrap_or_default());
        text.push('Z');
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_some() { f.pad(&self.text()) } else { f.pad("no time") }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_some() { serializer.serialize_str(&self.text()) } else { serializer.serialize_none() }
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "UTC, with as many digits as the file's resolution (at most 9); null where the file gives no time",
            "type": ["string", "null"],
            "pattern": "^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_with_the_digits_of_the_clock() {
        // 1052903521 is 2003-05-14 09:12:01 UTC (date -u -d @1052903521).
        assert_eq!(Timestamp::new(1_052_903_521, 203_441_000, 6).to_string(), "2003-05-14T09:12:01.203441Z");
        assert_eq!(Timestamp::new(1_052_903_521, 5, 9).to_string(), "2003-05-14T09:12:01.000000005Z");
        assert_eq!(Timestamp::new(1_052_903_521, 0, 0).to_string(), "2003-05-14T09:12:01Z");
    }

    #[test]
    fn some_time_before() {
        let at = |seconds, nanos| Timestamp::new(seconds, nanos, 9);
        assert_eq!(at(10, 300).before(200), at(10, 100));
        assert_eq!(at(10, 100).before(2_000_000_200), at(7, 999_999_900));
        assert_eq!(at(0, 0).before(1), at(-1, 999_999_999));
        assert_eq!(at(i64::MIN + 1, 0).before(u64::MAX).seconds(), i64::MIN + 1);
        assert_eq!(Timestamp::NONE.before(5), Timestamp::NONE);
    }

    #[test]
    fn years_beyond_9999_and_before_1970_print_as_their_number() {
        assert_eq!(Timestamp::new(-1, 0, 0).to_string(), "1969-12-31T23:59:59Z");
        // 253402300800 is 10000-01-01 (date -u -d @253402300800).
        assert_eq!(Timestamp::new(253_402_300_800, 0, 0).to_string(), "10000-01-01T00:00:00Z");
    }

    #[test]
    fn the_longest_years_fit() {
        assert_eq!(Timestamp::new(i64::MAX, 999_999_999, 9).to_string(), "292277026596-12-04T15:30:07.999999999Z");
        assert_eq!(Timestamp::new(i64::MIN + 1, 0, 9).to_string(), "-292277022657-01-27T08:29:53.000000000Z");
        assert_eq!(Timestamp::new(-62_167_219_201, 0, 0).to_string(), "-0001-12-31T23:59:59Z");
    }

    #[test]
    fn leap_days() {
        // date -u -d @951782400 is 2000-02-29.
        assert_eq!(Timestamp::new(951_782_400, 0, 0).to_string(), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn a_fraction_of_more_than_a_second_is_carried() {
        assert_eq!(Timestamp::new(10, 2_500_000_000, 6), Timestamp::new(12, 500_000_000, 6));
    }

    #[test]
    fn no_time_loses_to_any_time() {
        let t = Timestamp::new(5, 0, 6);
        assert_eq!(t.earliest(Timestamp::NONE), t);
        assert_eq!(Timestamp::NONE.earliest(t), t);
        assert_eq!(Timestamp::NONE.latest(t), t);
        assert_eq!(t.nanos_since(Timestamp::NONE), 0);
    }

    #[test]
    fn a_clock_that_goes_back_has_passed_no_time() {
        assert_eq!(Timestamp::new(5, 0, 6).nanos_since(Timestamp::new(6, 0, 6)), 0);
        assert_eq!(Timestamp::new(6, 1, 6).nanos_since(Timestamp::new(5, 999_999_999, 6)), 2);
    }
}
