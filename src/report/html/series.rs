//! Traffic over time: the bytes of each label, in buckets that grow as the capture does.
//!
//! A record knows when it began, when it ended and how much it was: its bytes are spread evenly between. A bucket's width is a step
//! of a ladder on which each step holds a whole number of the one below, and buckets begin at multiples of it, so widening only adds
//! buckets up, and what was added can be taken back exactly, later and in wider buckets.
//!
//! Clocks jump: a packet of 1970 among those of a morning must not make the morning one bucket. So buckets are bounded in number and not
//! in reach, and the longest flows are held back ([`Piece`]); [`Series::settle`] finds the time that most of it happened in
//! ([`super::reach`]) and says how much lies outside.

use std::collections::BTreeMap;

use super::reach::{self, Stay};
use crate::net::Timestamp;
use crate::record::FlowRecord;
use crate::report::tally::Apply;

/// Most buckets of the plot, and of a flow. The steepest rung is 5, so there are at least a fifth of this many once there were more.
pub(super) const MOST: i128 = 360;
/// Most buckets that hold something before the plot is made.
const OCCUPIED: usize = 720;
/// Flows of more than [`MOST`] buckets that are held back before buckets get wider for the shortest of them.
const HELD: usize = 256;
/// Labels told apart; more than the catalog has.
const LABELS: usize = 512;
/// A flow of fewer packets than one in this time is not there all the time: its time-out would have split it.
const SILENCE: i128 = 600 * SECOND;

const MILLI: i128 = 1_000_000;
pub(super) const SECOND: i128 = 1000 * MILLI;
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

/// An amount by bucket.
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

    /// Lets go of the buckets before and after these; says how much that was on each side.
    fn trim(&mut self, (from, to): (i128, i128)) -> (u64, u64) {
        let mut after = self.buckets.split_off(&from);
        let before = std::mem::take(self);
        let late = Self { buckets: after.split_off(&(to + 1)) };
        self.buckets = after;
        (before.sum(), late.sum())
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

/// What the series needs of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Piece {
    first: i128,
    last: i128,
    packets: u64,
    bytes: u64,
    label: Option<Box<str>>,
    flagged: bool,
}

impl Piece {
    fn new(record: &FlowRecord<'_>) -> Self {
        let (first, last) = (nanos(record.first), nanos(record.last));
        Self {
            first: first.min(last),
            last,
            packets: record.packets.sum(),
            bytes: record.bytes.sum(),
            label: record.label.map(Box::from),
            flagged: record.is_flagged(),
        }
    }

    fn span(&self) -> i128 {
        self.last - self.first
    }

    /// How many buckets of a width it is in.
    fn buckets(&self, width: i128) -> i128 {
        self.last.div_euclid(width) - self.first.div_euclid(width) + 1
    }

    /// Whether it may well have been there all the time.
    fn is_steady(&self) -> bool {
        self.span() <= i128::from(self.packets).saturating_mul(SILENCE)
    }
}

/// What the plot leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outside {
    /// Flows that ended before the plot begins.
    pub(super) before: u64,
    /// Flows that began after it ends.
    pub(super) after: u64,
    /// Flows that reach far beyond it.
    pub(super) across: u64,
    /// The bytes of all these.
    pub(super) bytes: u64,
}

impl Outside {
    /// All flows that are left out.
    pub(super) fn flows(&self) -> u64 {
        self.before + self.after + self.across
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct Series {
    width: i128,
    /// By label.
    pub(super) labels: BTreeMap<Box<str>, Line>,
    /// Flows without a label.
    pub(super) unlabelled: Line,
    /// Flows that are flagged, where they begin.
    pub(super) flagged: Line,
    /// Flows, where they begin.
    begun: Line,
    /// Flows, where they are under way.
    under_way: Line,
    /// Flows of too many buckets, in no order.
    held: Vec<Piece>,
    /// The first and the last bucket of the plot, once it is settled.
    range: Option<(i128, i128)>,
    /// What is not in it.
    pub(super) outside: Outside,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            width: MILLI,
            labels: BTreeMap::new(),
            unlabelled: Line::default(),
            flagged: Line::default(),
            begun: Line::default(),
            under_way: Line::default(),
            held: Vec::new(),
            range: None,
            outside: Outside::default(),
        }
    }
}

impl Series {
    /// A record comes or goes; one without a time is nowhere.
    pub(super) fn apply(&mut self, record: &FlowRecord<'_>, how: Apply) {
        if !record.first.is_some() || !record.last.is_some() {
            return;
        }
        let piece = Piece::new(record);
        match how {
            Apply::Add if piece.buckets(self.width) > MOST => self.hold(piece),
            Apply::Add => self.place(&piece, how),
            Apply::Take => match self.held.iter().position(|held| *held == piece) {
                Some(at) => drop(self.held.swap_remove(at)),
                None => self.place(&piece, how),
            },
        }
    }

    /// Holds a long flow back; of too many the shortest is placed.
    fn hold(&mut self, piece: Piece) {
        self.held.push(piece);
        if self.held.len() <= HELD {
            return;
        }
        let shortest = (0..self.held.len()).min_by_key(|at| self.held.get(*at).map(Piece::span));
        if let Some(piece) = shortest.map(|at| self.held.swap_remove(at)) {
            self.place_wider(&piece);
        }
    }

    fn place_wider(&mut self, piece: &Piece) {
        while piece.buckets(self.width) > MOST {
            self.widen();
        }
        self.place(piece, Apply::Add);
    }

    fn place(&mut self, piece: &Piece, how: Apply) {
        let Piece { first, last, .. } = *piece;
        let width = self.width;
        let begins = first.div_euclid(width);
        self.begun.apply(begins, 1, how);
        self.flagged.apply(begins, u64::from(piece.flagged), how);
        // What had come by the end of each bucket, so that the shares of all buckets add up to the whole.
        let by = Spread::new(piece.bytes, last - first);
        let mut before = 0;
        let line = line(&mut self.labels, &mut self.unlabelled, piece.label.as_deref());
        for bucket in begins..=last.div_euclid(width) {
            let by_then = by.after((bucket + 1) * width - first);
            line.apply(bucket, by_then - before, how);
            self.under_way.apply(bucket, 1, how);
            before = by_then;
        }
        while self.under_way.buckets.len() > OCCUPIED {
            self.widen();
        }
    }

    fn lines(&mut self) -> impl Iterator<Item = &mut Line> {
        self.labels.values_mut().chain([&mut self.unlabelled, &mut self.flagged, &mut self.begun, &mut self.under_way])
    }

    fn widen(&mut self) {
        let times = wider(self.width) / self.width;
        self.width *= times;
        self.lines().for_each(|line| line.widen(times));
    }

    /// All records have come: decides what the plot shows.
    pub(super) fn settle(&mut self) {
        let mut stays: Vec<Stay> =
            self.held.iter().filter(|piece| piece.is_steady()).map(|piece| (piece.first, piece.last, 1)).collect();
        let width = self.width;
        let begun = &self.begun;
        let occupied = self.under_way.buckets.iter().filter(|(_, flows)| **flows > 0);
        stays.extend(occupied.map(|(bucket, _)| (bucket * width, (bucket + 1) * width - 1, begun.at(*bucket))));
        let mut held = std::mem::take(&mut self.held);
        held.sort_by(|a, b| a.span().cmp(&b.span()).then_with(|| a.first.cmp(&b.first)));
        let shortest = held.first().map(|piece| (piece.first, piece.last, 1));
        let Some(mut body) = reach::body(stays).or(shortest) else { return };
        self.cut((body.0, body.1));
        for piece in &held {
            if let Some(wide) = reach::joined(body, (piece.first, piece.last)) {
                body = (wide.0, wide.1, body.2 + 1);
                self.place_wider(piece);
            } else {
                self.leave_out(piece, (body.0, body.1));
            }
        }
        self.frame((body.0, body.1));
    }

    /// Lets go of what is far from the rest.
    fn cut(&mut self, (first, last): (i128, i128)) {
        let range = (first.div_euclid(self.width), last.div_euclid(self.width));
        let (before, after) = self.begun.trim(range);
        self.outside.before += before;
        self.outside.after += after;
        for line in self.labels.values_mut().chain([&mut self.unlabelled]) {
            let (before, after) = line.trim(range);
            self.outside.bytes = self.outside.bytes.saturating_add(before).saturating_add(after);
        }
        self.flagged.trim(range);
    }

    fn leave_out(&mut self, piece: &Piece, (first, last): (i128, i128)) {
        let count = if piece.last < first {
            &mut self.outside.before
        } else if piece.first > last {
            &mut self.outside.after
        } else {
            &mut self.outside.across
        };
        *count += 1;
        self.outside.bytes = self.outside.bytes.saturating_add(piece.bytes);
    }

    /// Makes the buckets wide enough for the plot to hold this time.
    fn frame(&mut self, (first, last): (i128, i128)) {
        while last.div_euclid(self.width) - first.div_euclid(self.width) >= MOST {
            self.widen();
        }
        self.range = Some((first.div_euclid(self.width), last.div_euclid(self.width)));
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

fn line<'a>(labels: &'a mut BTreeMap<Box<str>, Line>, unlabelled: &'a mut Line, label: Option<&str>) -> &'a mut Line {
    match label {
        Some(label) if labels.len() < LABELS || labels.contains_key(label) => labels.entry(label.into()).or_default(),
        _ => unlabelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MORNING: i128 = 1_052_903_521 * SECOND;

    fn piece(first: i128, seconds: i128) -> Piece {
        Piece { first, last: first + seconds * SECOND, packets: 10, bytes: 1000, label: Some("SMB".into()), flagged: false }
    }

    fn add(series: &mut Series, piece: Piece) {
        if piece.buckets(series.width) > MOST { series.hold(piece) } else { series.place(&piece, Apply::Add) }
    }

    fn settled(pieces: impl IntoIterator<Item = Piece>) -> Series {
        let mut series = Series::default();
        pieces.into_iter().for_each(|piece| add(&mut series, piece));
        series.settle();
        series
    }

    /// The plot's time, rounded to its buckets.
    fn seconds(series: &Series) -> i128 {
        let (buckets, width) = series.buckets().unwrap();
        (buckets.end() - buckets.start() + 1) * width / SECOND
    }

    fn bytes(series: &Series) -> u64 {
        series.labels.values().map(Line::sum).sum()
    }

    #[test]
    fn a_morning_keeps_all_its_bytes_in_buckets_of_use() {
        let series = settled((0..5000).map(|n| piece(MORNING + n * SECOND, n % 90)));
        let (buckets, width) = series.buckets().unwrap();
        let columns = buckets.count() as i128;
        assert!((MOST / 5..=MOST).contains(&columns), "{columns} of {width} ns");
        assert!((5000..5600).contains(&seconds(&series)), "{}", seconds(&series));
        assert_eq!((bytes(&series), series.outside), (5_000_000, Outside::default()));
    }

    #[test]
    fn clocks_that_jump_do_not_stretch_the_morning() {
        let morning = || (0..300).map(|n| piece(MORNING + n * SECOND, 5));
        let mut unsteady = piece(0, 1_052_903_600);
        unsteady.bytes = 7;
        let wild = [piece(0, 1), piece(2_000_000_000 * SECOND, 1), piece(4_000_000_000 * SECOND, 3), unsteady];
        let series = settled(wild.into_iter().chain(morning()));
        assert!(seconds(&series) < 400, "{}", seconds(&series));
        assert_eq!(series.outside, Outside { before: 1, after: 2, across: 1, bytes: 3007 });
        assert_eq!(bytes(&series), 300_000);
        let calm = settled(morning());
        assert_eq!((series.width, series.labels, series.range), (calm.width, calm.labels, calm.range));
    }

    #[test]
    fn a_pause_is_no_jump_and_neither_is_a_long_flow() {
        let pause = settled([piece(MORNING, 1), piece(MORNING + 300 * SECOND, 1)]);
        assert_eq!((seconds(&pause) >= 300, pause.outside.flows()), (true, 0));
        let hours = 36_000;
        let long = Piece { packets: 5000, ..piece(MORNING, hours) };
        let series = settled((0..100).map(|n| piece(MORNING + n * SECOND, 1)).chain([long]));
        assert_eq!((seconds(&series) >= hours, series.outside.flows()), (true, 0));
        assert_eq!(bytes(&series), 101_000);
    }

    #[test]
    fn only_long_flows_are_a_plot_too() {
        let series = settled((0..3).map(|n| piece(MORNING + n * 60 * SECOND, 600)));
        assert_eq!((seconds(&series) / 60, bytes(&series), series.outside.flows()), (12, 3000, 0));
        assert!(settled([]).buckets().is_none());
    }

    #[test]
    fn memory_is_bounded_whatever_the_times_are() {
        let mut series = Series::default();
        let mut random = 1u64;
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let length = i128::from(random >> 59) * i128::from(random >> 33);
            add(&mut series, piece(i128::from(random) * 100, length));
            assert!(series.held.len() <= HELD && series.under_way.buckets.len() <= OCCUPIED);
        }
        series.settle();
        assert!(series.buckets().unwrap().0.count() as i128 <= MOST);
        assert_eq!(bytes(&series) + series.outside.bytes, 20_000_000);
    }
}
