//! Traffic over time: the bytes of each label, in buckets that grow as the capture does.
//!
//! A record knows when it began, when it ended and how much it was: its bytes are spread evenly between. A bucket's width is a step
//! of a ladder on which each step holds a whole number of the one below, and buckets begin at multiples of it, so widening only adds
//! buckets up, and what was added can be taken back exactly, later and in wider buckets.

use std::collections::BTreeMap;

use crate::net::Timestamp;
use crate::record::FlowRecord;
use crate::report::tally::Apply;

/// Most buckets. The steepest rung is 5, so there are at least a fifth of this many once there were more.
pub(super) const MOST: i128 = 360;
/// Labels told apart; more than the catalog has.
const LABELS: usize = 512;

const MILLI: i128 = 1_000_000;
const SECOND: i128 = 1000 * MILLI;
const DAY: i128 = 86_400 * SECOND;

/// Widths in nanoseconds; beyond a day they double.
const LADDER: &[i128] = &[
    MILLI,
    5 * MILLI,
    10 * MILLI,
    50 * MILLI,
    100 * MILLI,
    500 * MILLI,
    SECOND,
    5 * SECOND,
    15 * SECOND,
    60 * SECOND,
    300 * SECOND,
    900 * SECOND,
    3600 * SECOND,
    3 * 3600 * SECOND,
    12 * 3600 * SECOND,
    DAY,
];

fn wider(width: i128) -> i128 {
    LADDER.iter().copied().find(|step| *step > width).unwrap_or(width * 2)
}

fn nanos(time: Timestamp) -> i128 {
    i128::from(time.seconds()) * SECOND + i128::from(time.subsec_nanos())
}

/// Bytes by bucket, and flagged flows by the bucket they begin in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Line {
    pub(super) buckets: BTreeMap<i128, u64>,
}

impl Line {
    fn apply(&mut self, bucket: i128, amount: u64, how: Apply) {
        if amount == 0 {
            return;
        }
        let held = self.buckets.entry(bucket).or_default();
        *held = match how {
            Apply::Add => held.saturating_add(amount),
            Apply::Take => held.saturating_sub(amount),
        };
    }

    fn widen(&mut self, times: i128) {
        let narrow = std::mem::take(&mut self.buckets);
        for (bucket, amount) in narrow {
            self.apply(bucket.div_euclid(times), amount, Apply::Add);
        }
    }

    /// What a bucket holds.
    pub(super) fn at(&self, bucket: i128) -> u64 {
        self.buckets.get(&bucket).copied().unwrap_or(0)
    }

    /// Adds another line.
    pub(super) fn add(&mut self, other: &Self) {
        other.buckets.iter().for_each(|(bucket, amount)| self.apply(*bucket, *amount, Apply::Add));
    }

    /// All buckets together.
    pub(super) fn sum(&self) -> u64 {
        self.buckets.values().fold(0, |sum, amount| sum.saturating_add(*amount))
    }
}

/// An amount spread evenly over a time.
struct Spread {
    amount: u64,
    span: i128,
    /// A time beyond 2^62 nanoseconds is counted in coarser units, so that products fit.
    coarser: u32,
}

impl Spread {
    fn new(amount: u64, span: i128) -> Self {
        Self { amount, span, coarser: (128 - span.leading_zeros()).saturating_sub(62) }
    }

    /// How much of it has come after so many nanoseconds.
    fn after(&self, nanos: i128) -> u64 {
        if nanos >= self.span {
            return self.amount;
        }
        (i128::from(self.amount) * (nanos >> self.coarser) / (self.span >> self.coarser)) as u64
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct Series {
    width: i128,
    /// The first and the last bucket, once there is one.
    range: Option<(i128, i128)>,
    /// By label.
    pub(super) labels: BTreeMap<Box<str>, Line>,
    /// Flows without a label.
    pub(super) unlabelled: Line,
    /// Flows that are flagged, where they begin.
    pub(super) flagged: Line,
}

impl Default for Series {
    fn default() -> Self {
        Self { width: MILLI, range: None, labels: BTreeMap::new(), unlabelled: Line::default(), flagged: Line::default() }
    }
}

impl Series {
    /// A record comes or goes; one without a time is nowhere.
    pub(super) fn apply(&mut self, record: &FlowRecord<'_>, how: Apply) {
        if !record.first.is_some() || !record.last.is_some() {
            return;
        }
        let (first, last) = (nanos(record.first), nanos(record.last));
        self.reach(first, last);
        let width = self.width;
        if record.is_flagged() {
            self.flagged.apply(first.div_euclid(width), 1, how);
        }
        let bytes = record.bytes.sum();
        let line = self.line(record.label);
        // What had come by the end of each bucket, so that the shares of all buckets add up to the whole.
        let by = Spread::new(bytes, last - first);
        let mut before = 0;
        for bucket in first.div_euclid(width)..=last.div_euclid(width) {
            let by_then = by.after((bucket + 1) * width - first);
            line.apply(bucket, by_then - before, how);
            before = by_then;
        }
    }

    fn line(&mut self, label: Option<&str>) -> &mut Line {
        let Some(label) = label else { return &mut self.unlabelled };
        if self.labels.len() >= LABELS && !self.labels.contains_key(label) {
            return &mut self.unlabelled;
        }
        self.labels.entry(label.into()).or_default()
    }

    /// Makes the buckets wide enough for a time to be among them.
    fn reach(&mut self, first: i128, last: i128) {
        loop {
            let (low, high) = (first.div_euclid(self.width), last.div_euclid(self.width));
            let (low, high) = self.range.map_or((low, high), |(from, to)| (from.min(low), to.max(high)));
            if high - low < MOST {
                self.range = Some((low, high));
                return;
            }
            let times = wider(self.width) / self.width;
            self.width *= times;
            self.range = self.range.map(|(from, to)| (from.div_euclid(times), to.div_euclid(times)));
            self.labels.values_mut().chain([&mut self.unlabelled, &mut self.flagged]).for_each(|line| line.widen(times));
        }
    }

    /// The buckets from the first to the last, and their width in nanoseconds.
    pub(super) fn buckets(&self) -> Option<(std::ops::RangeInclusive<i128>, i128)> {
        self.range.map(|(from, to)| (from..=to, self.width))
    }

    /// When a bucket begins.
    pub(super) fn begin(&self, bucket: i128) -> Timestamp {
        self.between(bucket, 0, 0, 1)
    }

    /// The moment `part`/`parts` of the way over so many buckets.
    pub(super) fn between(&self, bucket: i128, buckets: i128, part: i128, parts: i128) -> Timestamp {
        let nanos = bucket * self.width + buckets * self.width * part / parts;
        let digits = if self.width < SECOND { 3 } else { 0 };
        let second = i64::try_from(nanos.div_euclid(SECOND)).unwrap_or(i64::MAX);
        Timestamp::new(second, nanos.rem_euclid(SECOND) as u32, digits)
    }
}
