//! The part of the summary that follows from the records: counts by verdict, label and evidence, shares and quantiles.
//!
//! Its memory is bounded by the number of labels, which the catalog bounds, and by two histograms.

use std::cmp::Reverse;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hdrhistogram::Histogram;

use super::flow::FlowRecord;
use super::high_ports::HighPortsBuilder;
use super::summary::{EvidenceCounts, Explained, FlowCounts, LabelCount, Quantiles, QuantilesOf, Summary};
use super::words::{Evidence, Verdict};

/// The largest value a histogram is shown: past it an hour more or less is noise, and auto-resizing stays cheap.
const LARGEST: u64 = 1 << 53;

/// Sees each record as it is written, and fills in what the summary says of them.
#[derive(Debug, Default)]
pub struct SummaryBuilder {
    flows: FlowCounts,
    bytes: u64,
    explained: (u64, u64),
    labels: HashMap<String, LabelCount, RandomState>,
    unlabelled: LabelCount,
    evidence: EvidenceCounts,
    high_ports: HighPortsBuilder,
    /// In microseconds.
    lasted: Measure,
    /// In nanoseconds.
    round_trips: Measure,
}

impl SummaryBuilder {
    /// Counts a record.
    pub fn flow(&mut self, record: &FlowRecord<'_>) {
        self.flows.total += 1;
        self.lasted.record(record.duration * 1e6);
        if let Some(rtt) = record.tcp.as_ref().and_then(|tcp| tcp.rtt_ms) {
            self.round_trips.record(rtt * 1e6);
        }
        self.bytes = self.bytes.saturating_add(record.bytes.sum());
        self.count(record, u64::saturating_add);
    }

    /// Takes back what `before` counted, and counts `after`: the same flow in the light of later evidence.
    pub fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>) {
        self.count(before, u64::saturating_sub);
        self.count(after, u64::saturating_add);
    }

    /// What evidence may change.
    fn count(&mut self, record: &FlowRecord<'_>, apply: fn(u64, u64) -> u64) {
        let bytes = record.bytes.sum();
        self.high_ports.count(record, apply);
        if let Some(verdict) = record.verdict {
            let count = match verdict {
                Verdict::Matched => &mut self.flows.matched,
                Verdict::Mismatched => &mut self.flows.mismatched,
                Verdict::Unmatched => &mut self.flows.unmatched,
            };
            *count = apply(*count, 1);
        }
        if let Some(evidence) = record.evidence {
            let count = match evidence {
                Evidence::Learned => &mut self.evidence.learned,
                Evidence::Payload => &mut self.evidence.payload,
                Evidence::Protocol => &mut self.evidence.protocol,
                Evidence::Port => &mut self.evidence.port,
            };
            *count = apply(*count, 1);
        }
        if record.is_explained() {
            self.explained = (apply(self.explained.0, 1), apply(self.explained.1, bytes));
        }
        let label = self.label(record.label);
        label.flows = apply(label.flows, 1);
        label.packets = apply(label.packets, record.packets.sum());
        label.bytes = apply(label.bytes, bytes);
    }

    fn label(&mut self, label: Option<&str>) -> &mut LabelCount {
        let Some(label) = label else { return &mut self.unlabelled };
        let new = || LabelCount { label: Some(label.to_owned()), ..LabelCount::default() };
        self.labels.entry_ref(label).or_insert_with(new)
    }

    /// Fills in the fields that follow from the records: `flows` (but for `evicted`), `explained`, `labels`, `evidence`, and
    /// the quantiles of flows.
    pub fn finish(self, summary: &mut Summary) {
        summary.flows = FlowCounts { evicted: summary.flows.evicted, ..self.flows };
        summary.explained =
            Explained { flows: share(self.explained.0, self.flows.total), bytes: share(self.explained.1, self.bytes) };
        summary.labels = self.labels.into_values().chain([self.unlabelled]).filter(|label| label.flows > 0).collect();
        summary.labels.sort_unstable_by(|a, b| (Reverse(a.bytes), &a.label).cmp(&(Reverse(b.bytes), &b.label)));
        summary.evidence = self.evidence;
        (summary.high_ports, summary.high_ports_total) = self.high_ports.finish(&summary.learned, &summary.dynamic_ranges);
        summary.quantiles = Quantiles {
            packet_bytes: summary.quantiles.packet_bytes,
            flow_seconds: self.lasted.quantiles(1e-6),
            rtt_ms: self.round_trips.quantiles(1e-6),
        };
    }
}

/// A share from 0 to 1 with four digits; of nothing it is 0.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1e4).round() / 1e4 }
}

/// How long packets were on the wire. Counting one is an increment; a lying length cannot make it grow.
#[derive(Clone, Debug)]
pub struct PacketLengths {
    /// By length, up to the longest IP packet.
    counts: Box<[u64]>,
    /// Longer ones (segmentation offload, and files that lie).
    longer: Measure,
}

impl Default for PacketLengths {
    fn default() -> Self {
        Self { counts: vec![0; 1 << 16].into_boxed_slice(), longer: Measure::default() }
    }
}

impl PacketLengths {
    /// Counts a packet.
    #[inline]
    pub fn record(&mut self, length: u32) {
        match self.counts.get_mut(length as usize) {
            Some(count) => *count += 1,
            None => self.longer.record(f64::from(length)),
        }
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.longer.merge(&other.longer);
    }

    /// Their quantiles: exact to 65,535, to three digits beyond.
    pub fn quantiles(&self) -> QuantilesOf {
        let short: u64 = self.counts.iter().sum();
        let total = short + self.longer.count();
        if total == 0 {
            return QuantilesOf::default();
        }
        let at = |quantile: f64| {
            let rank = ((total as f64 * quantile).ceil() as u64).clamp(1, total);
            if rank > short {
                return self.longer.at_rank(rank - short);
            }
            let mut seen = 0;
            let reached = |count: &u64| {
                seen += count;
                seen >= rank
            };
            self.counts.iter().position(reached).map(|length| length as f64)
        };
        QuantilesOf { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: self.longer.max(1.0).or_else(|| at(1.0)) }
    }
}

/// A histogram with three significant digits, and the exact maximum.
#[derive(Clone, Debug, Default)]
struct Measure {
    histogram: Option<Histogram<u64>>,
    largest: f64,
}

impl Measure {
    /// Counts a value; what is negative or no number counts as 0.
    fn record(&mut self, value: f64) {
        if self.histogram.is_none() {
            // Three digits are within the histogram's limits: it never fails.
            self.histogram = Histogram::new(3).ok();
        }
        if let Some(histogram) = &mut self.histogram {
            // It resizes as needed, and LARGEST is within its range: it never fails.
            let _ = histogram.record((value.round() as u64).min(LARGEST));
        }
        self.largest = self.largest.max(value);
    }

    fn merge(&mut self, other: &Self) {
        match (&mut self.histogram, &other.histogram) {
            // Both resize as needed: it never fails.
            (Some(mine), Some(theirs)) => mine.add(theirs).unwrap_or_default(),
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (_, None) => {}
        }
        self.largest = self.largest.max(other.largest);
    }

    fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, Histogram::len)
    }

    /// The largest value, which is exact.
    fn max(&self, unit: f64) -> Option<f64> {
        self.histogram.as_ref().map(|_| scaled(self.largest, unit))
    }

    /// The value of the `rank`th smallest, from 1.
    fn at_rank(&self, rank: u64) -> Option<f64> {
        self.at(rank as f64 / self.count() as f64)
    }

    /// The value at a quantile, as near as the histogram knows it.
    fn at(&self, quantile: f64) -> Option<f64> {
        let histogram = self.histogram.as_ref()?;
        let value = histogram.median_equivalent(histogram.value_at_quantile(quantile));
        Some(three_digits(value as f64).min(self.largest))
    }

    fn quantiles(&self, unit: f64) -> QuantilesOf {
        let at = |quantile: f64| self.at(quantile).map(|value| scaled(value, unit));
        QuantilesOf { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: self.max(unit) }
    }
}

/// A value in another unit, without the noise that a multiplication by a power of ten leaves in the last digits.
fn scaled(value: f64, unit: f64) -> f64 {
    let scaled = value * unit;
    format!("{scaled:.14e}").parse().unwrap_or(scaled)
}

/// What a histogram with three significant digits knows of a value.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
