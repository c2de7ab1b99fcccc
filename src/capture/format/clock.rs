//! The clock of a pcapng interface: what a tick is worth.

use crate::net::Timestamp;

/// How long a tick is, and what to add (pcapng, sections 4.2: `if_tsresol` and `if_tsoffset`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Clock {
    tick: Tick,
    offset: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tick {
    /// 10^-n of a second.
    Decimal(u8),
    /// 2^-n of a second.
    Binary(u8),
}

impl Default for Clock {
    /// Microseconds, unless the interface says otherwise.
    fn default() -> Self {
        Self { tick: Tick::Decimal(6), offset: 0 }
    }
}

impl Clock {
    /// Sets the length of a tick: a power of two when the highest bit is set, else of ten.
    pub fn set_resolution(&mut self, raw: u8) {
        self.tick = if raw & 0x80 == 0 { Tick::Decimal(raw) } else { Tick::Binary(raw & 0x7f) };
    }

    /// Sets the seconds to add to every time.
    pub fn set_offset(&mut self, seconds: i64) {
        self.offset = seconds;
    }

    /// The time after so many ticks.
    #[inline]
    pub fn time(self, ticks: u64) -> Timestamp {
        let (seconds, nanos) = match self.tick {
            // The two that files really have, apart: dividing by a constant is several times cheaper.
            Tick::Decimal(6) => (ticks / 1_000_000, (ticks % 1_000_000) as u32 * 1000),
            Tick::Decimal(9) => (ticks / 1_000_000_000, (ticks % 1_000_000_000) as u32),
            Tick::Decimal(power) => split_decimal(ticks, power),
            Tick::Binary(power) => split_binary(ticks, power),
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(self.offset);
        Timestamp::new(seconds, nanos, self.digits())
    }

    /// How many decimal digits tell two ticks apart.
    #[inline]
    fn digits(self) -> u8 {
        match self.tick {
            Tick::Decimal(power) => power.min(9),
            // log10(2) is 0.30103.
            Tick::Binary(power) => (u32::from(power) * 30_103).div_ceil(100_000).min(9) as u8,
        }
    }
}

/// Seconds and nanoseconds of ticks of 10^-power seconds.
fn split_decimal(ticks: u64, power: u8) -> (u64, u32) {
    let scale = |power: u8| 10u128.checked_pow(u32::from(power));
    let ticks = u128::from(ticks);
    let Some(per_second) = scale(power) else { return (0, 0) };
    let fraction = ticks % per_second;
    let nanos = match power.checked_sub(9) {
        Some(finer) => scale(finer).map_or(0, |scale| fraction / scale),
        None => fraction * scale(9 - power).unwrap_or(0),
    };
    ((ticks / per_second) as u64, nanos as u32)
}

/// Seconds and nanoseconds of ticks of 2^-power seconds.
fn split_binary(ticks: u64, power: u8) -> (u64, u32) {
    let ticks = u128::from(ticks);
    let fraction = ticks & ((1u128 << power) - 1);
    // A fraction has at most 64 bits, so that times a thousand million fits.
    ((ticks >> power) as u64, ((fraction * 1_000_000_000) >> power) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(raw: u8, offset: i64) -> Clock {
        let mut clock = Clock::default();
        clock.set_resolution(raw);
        clock.set_offset(offset);
        clock
    }

    #[test]
    fn decimal_resolutions() {
        assert_eq!(clock(0, 0).time(5).to_string(), "1970-01-01T00:00:05Z");
        assert_eq!(clock(3, 0).time(5_250).to_string(), "1970-01-01T00:00:05.250Z");
        assert_eq!(clock(6, 0).time(5_250_001).to_string(), "1970-01-01T00:00:05.250001Z");
        assert_eq!(clock(9, 0).time(5_250_000_001).to_string(), "1970-01-01T00:00:05.250000001Z");
        // Picoseconds: the last three digits go.
        assert_eq!(clock(12, 0).time(5_250_000_000_999).to_string(), "1970-01-01T00:00:05.250000000Z");
        // 10^20 does not fit 64 bits: never a whole second. 10^19 ticks are a tenth of one.
        assert_eq!(clock(20, 0).time(10_000_000_000_000_000_000).to_string(), "1970-01-01T00:00:00.100000000Z");
        assert_eq!(clock(127, 0).time(u64::MAX).to_string(), "1970-01-01T00:00:00.000000000Z");
    }

    #[test]
    fn binary_resolutions() {
        // 2^-1: three halves.
        assert_eq!(clock(0x81, 0).time(3).to_string(), "1970-01-01T00:00:01.5Z");
        // 2^-10: 1024 ticks a second, four digits tell them apart.
        assert_eq!(clock(0x8a, 0).time(1024 + 512).to_string(), "1970-01-01T00:00:01.5000Z");
        assert_eq!(clock(0xa0, 0).time((7 << 32) | 0x4000_0000).to_string(), "1970-01-01T00:00:07.250000000Z");
        assert_eq!(clock(0xc0, 0).time(1 << 63).to_string(), "1970-01-01T00:00:00.500000000Z");
        assert_eq!(clock(0xff, 0).time(u64::MAX).to_string(), "1970-01-01T00:00:00.000000000Z");
    }

    #[test]
    fn offsets_and_far_futures() {
        assert_eq!(clock(0, -3).time(1).seconds(), -2);
        assert_eq!(clock(0, i64::MAX).time(u64::MAX).seconds(), i64::MAX);
        assert_eq!(clock(0, i64::MIN).time(0).seconds(), i64::MIN + 1);
        assert_eq!(clock(6, 0).time(u64::MAX).seconds(), 18_446_744_073_709);
    }
}
