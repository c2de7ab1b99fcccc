//! Traffic over time: bytes by label, stacked, and below it where flagged flows begin.
//!
//! The plot is stretched to the width of the page and has no text in it: axes and legend are text beside it, legible at any width.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::{Markup, Search, grouped, listed, many};
use crate::record::Summary;
use crate::report::html::Sums;
use crate::report::html::series::{Line, Series};
use crate::report::units;

/// Labels with a colour of their own; the rest are one.
const LABELS: usize = 7;
/// The plot's height in its own units.
const HEIGHT: f64 = 200.0;
/// Labels that a bucket's description names.
const NAMED: usize = 5;

/// A band of the plot.
struct Band<'a> {
    /// Its colour.
    class: &'static str,
    name: &'a str,
    search: Option<Search>,
    line: Line,
}

const CLASSES: [&str; LABELS] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6"];

/// The section.
pub(in crate::report::html) fn fill(sums: &Sums, _: &Summary, part: &mut Markup) {
    let Some((buckets, width)) = sums.series.buckets() else { return };
    let bands = bands(&sums.series);
    let tops = tops(&bands, &buckets);
    let highest = tops.last().and_then(|top| top.iter().copied().max()).unwrap_or(0);
    let lasting = units::duration(width as f64 / 1e9);
    part.raw("<p class=\"lead\">").text(&format!(
        "Bytes in steps of {lasting}; the bytes of a flow are spread evenly from its first packet to its last. The highest step holds {}.",
        units::bytes(highest)
    ));
    part.raw("</p>\n");
    outside(&sums.series, part);
    part.raw("<figure class=\"plot\">\n<figcaption class=\"ceiling\">").text(&units::bytes(highest)).raw("</figcaption>\n");
    plot(&bands, &tops, (&buckets, highest), part);
    describe(sums, &bands, &buckets, part);
    part.raw("</svg>\n");
    flagged(&sums.series, &buckets, part);
    axis(&sums.series, &buckets, part);
    part.raw("</figure>\n<ul class=\"legend\">");
    for band in bands.iter().rev() {
        part.raw("<li><i class=\"").raw(band.class).raw("\"></i>");
        match &band.search {
            Some(search) => part.link(search, band.name),
            None => part.text(band.name),
        };
        part.raw(" ").text(&units::bytes(band.line.sum())).raw("</li>");
    }
    part.raw("</ul>\n");
}

/// What lies so far away that a plot of it all would show nothing.
fn outside(series: &Series, part: &mut Markup) {
    let left = series.outside;
    if left.flows() == 0 {
        return;
    }
    let sides = [(left.before, "before"), (left.after, "after"), (left.across, "far beyond both ends")];
    let sides: Vec<_> =
        sides.iter().filter(|(flows, _)| *flows > 0).map(|(flows, where_to)| format!("{} {where_to}", grouped(*flows))).collect();
    part.raw("<p class=\"note\">").text(&format!(
        "{} ({}) outside of this time, so far from the rest that a plot of all would show nothing: {}. They are in all other sections.",
        many(left.flows(), "flow"),
        units::bytes(left.bytes),
        listed(&sides)
    ));
    part.raw("</p>\n");
}

/// The heaviest labels, the rest as one, and what has none; from the bottom of the plot to its top.
fn bands(series: &Series) -> Vec<Band<'_>> {
    let mut labels: Vec<_> = series.labels.iter().filter(|(_, line)| line.sum() > 0).collect();
    labels.sort_by_key(|(label, line)| (Reverse(line.sum()), *label));
    let rest = labels.split_off(LABELS.min(labels.len()));
    let own = labels.into_iter().zip(CLASSES).map(|((label, line), class)| Band {
        class,
        name: label,
        search: Some(Search::new("label", label)),
        line: line.clone(),
    });
    let mut bands: Vec<_> = own.collect();
    let mut others = Line::default();
    for (_, line) in rest {
        others.add(line);
    }
    bands.push(Band { class: "cx", name: "other labels", search: None, line: others });
    let search = Some(Search::new("label", "none"));
    bands.push(Band { class: "cn", name: "no label", search, line: series.unlabelled.clone() });
    bands.retain(|band| band.line.sum() > 0);
    bands
}

/// How high each band reaches in each bucket, with all bands under it.
fn tops(bands: &[Band<'_>], buckets: &RangeInclusive<i128>) -> Vec<Vec<u64>> {
    let mut under = vec![0u64; buckets.clone().count()];
    let mut tops = Vec::new();
    for band in bands {
        for (height, bucket) in under.iter_mut().zip(buckets.clone()) {
            *height = height.saturating_add(band.line.at(bucket));
        }
        tops.push(under.clone());
    }
    tops
}

/// One shape a band, the highest first, so that each lower one covers its share.
fn plot(bands: &[Band<'_>], tops: &[Vec<u64>], (buckets, highest): (&RangeInclusive<i128>, u64), part: &mut Markup) {
    let columns = buckets.clone().count();
    part.raw("<svg class=\"bands\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Bytes over time by label, stacked\" viewBox=\"0 0 ");
    part.show(format_args!("{columns} {HEIGHT}")).raw("\">\n");
    for (band, top) in bands.iter().zip(tops).rev() {
        part.raw("<path class=\"").raw(band.class).raw("\" d=\"").text(&steps(top, highest)).raw("\"/>\n");
    }
}

/// A stepped outline from the floor up and back to it. Steps of one height are one line.
fn steps(heights: &[u64], highest: u64) -> String {
    let y = |height: u64| HEIGHT - height as f64 / highest.max(1) as f64 * HEIGHT;
    let mut path = format!("M0 {HEIGHT}");
    for (column, run) in heights.chunk_by(|a, b| a == b).scan(0, |at, run| {
        *at += run.len();
        Some((*at, run))
    }) {
        // Writing to a string cannot fail.
        let _ = write!(path, "V{:.1}H{column}", y(run.first().copied().unwrap_or(0)));
    }
    path + &format!("V{HEIGHT}Z")
}

/// A transparent column over each bucket: what is in it, and a link to the flows that were under way.
fn describe(sums: &Sums, bands: &[Band<'_>], buckets: &RangeInclusive<i128>, part: &mut Markup) {
    for (column, bucket) in buckets.clone().enumerate() {
        let mut held: Vec<_> =
            bands.iter().map(|band| (band.line.at(bucket), band.name)).filter(|(bytes, _)| *bytes > 0).collect();
        held.sort_by_key(|(bytes, _)| Reverse(*bytes));
        let total: u64 = held.iter().fold(0, |sum, (bytes, _)| sum.saturating_add(*bytes));
        if total == 0 {
            continue;
        }
        let (from, to) = (sums.series.begin(bucket), sums.series.begin(bucket + 1));
        let named: Vec<_> = held.iter().take(NAMED).map(|(bytes, name)| format!("{name} {}", units::bytes(*bytes))).collect();
        let search = Search::new("from", from.text()).and("to", to.text());
        part.raw("<a tabindex=\"-1\" href=\"")
            .text(&search.href())
            .raw("\"><rect class=\"slot\" y=\"0\" width=\"1\" height=\"200\" x=\"");
        part.show(column).raw("\"><title>").text(&format!("{}: {}\n", units::span(from, from), units::bytes(total)));
        for line in named {
            part.text(&line).raw("\n");
        }
        part.raw("</title></rect></a>\n");
    }
}

/// Where flagged flows begin.
fn flagged(series: &Series, buckets: &RangeInclusive<i128>, part: &mut Markup) {
    let most = series.flagged.buckets.values().copied().max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let heights: Vec<_> = buckets.clone().map(|bucket| series.flagged.at(bucket)).collect();
    part.raw("<svg class=\"flags\" preserveAspectRatio=\"none\" role=\"img\" viewBox=\"0 0 ").show(heights.len());
    part.raw(" 20\" aria-label=\"Where flagged flows begin\">");
    for (column, count) in heights.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 / most as f64 * 17.0) + 3.0;
        part.raw("<rect width=\"1\" x=\"").show(column).raw("\" y=\"").show(format_args!("{:.1}", 20.0 - height));
        part.raw("\" height=\"").show(format_args!("{height:.1}")).raw("\"><title>").text(&many(*count, "flagged flow"));
        part.raw("</title></rect>");
    }
    part.raw("</svg>\n<p class=\"under\">Flagged flows that begin, at most ").text(&grouped(most)).raw(" in a step</p>\n");
}

/// Five moments under the plot.
fn axis(series: &Series, buckets: &RangeInclusive<i128>, part: &mut Markup) {
    let (first, last) = (series.begin(*buckets.start()), series.begin(buckets.end() + 1));
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let one_day = day(&first.text()) == day(&last.text());
    part.raw("<ol class=\"axis\" aria-hidden=\"true\">");
    let columns = buckets.end() - buckets.start() + 1;
    for quarter in 0..=4 {
        let text = series.between(*buckets.start(), columns, quarter, 4).text();
        let text = text.trim_end_matches('Z');
        let shown = if one_day { text.split('T').nth(1).unwrap_or(text).to_owned() } else { text.replacen('T', " ", 1) };
        part.element("li", &shown);
    }
    part.raw("</ol>\n");
}
