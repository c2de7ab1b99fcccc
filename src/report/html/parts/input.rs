//! What was read, with which options, and what was damaged or lost.

use std::collections::BTreeMap;

use super::{Markup, count, grouped, many, more};
use crate::record::{Input, Loss, QuantilesOf, Summary};
use crate::report::html::Sums;
use crate::report::units;

/// Inputs and damages listed.
const MOST: usize = 200;

/// What the page is about.
pub(in crate::report::html) fn title(summary: &Summary) -> String {
    match summary.run.inputs.as_slice() {
        [] => "no input".to_owned(),
        [one] if one.path == "-" => "standard input".to_owned(),
        [one] => name(one).to_owned(),
        [first, .., last] => format!("{} inputs: {} to {}", summary.run.inputs.len(), name(first), name(last)),
    }
}

fn name(input: &Input) -> &str {
    input.path.rsplit(['/', '\\']).next().unwrap_or(&input.path)
}

/// From when to when, and how long that is.
pub(super) fn span(summary: &Summary) -> Option<String> {
    let (first, last) = (summary.first?, summary.last?);
    let lasted = units::duration(last.nanos_since(first) as f64 / 1e9);
    Some(format!("{} ({lasted})", units::span(first, last)))
}

/// Damage and loss in a word, and what it was.
pub(super) fn loss_in_short(summary: &Summary) -> (String, String) {
    let lost = summary.drops.total();
    match (summary.damage.len() as u64, lost) {
        (0, 0) => ("none".to_owned(), "nothing damaged, nothing lost".to_owned()),
        (0, lost) => (many(lost, "packet"), "lost before they were read".to_owned()),
        (damages, 0) => (many(damages, "damage"), "of the input".to_owned()),
        (damages, lost) => (many(damages, "damage"), format!("and {} lost", many(lost, "packet"))),
    }
}

/// The section.
pub(in crate::report::html) fn fill(_: &Sums, summary: &Summary, part: &mut Markup) {
    damage(summary, part);
    losses(summary, part);
    part.raw("<h3>Inputs</h3>\n<ol class=\"inputs\">");
    for input in summary.run.inputs.iter().take(MOST) {
        part.raw("<li>").text(if input.path == "-" { "standard input" } else { &input.path });
        part.raw(" <span class=\"words\">").text(&units::bytes(input.bytes)).raw("</span></li>");
    }
    part.raw("</ol>\n");
    more(part, summary.run.inputs.len().saturating_sub(MOST), false, "input");
    packets(summary, part);
    distributions(summary, part);
    run(summary, part);
}

fn damage(summary: &Summary, part: &mut Markup) {
    if summary.damage.is_empty() {
        return;
    }
    part.raw("<h3>Damage</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Damage\"><table class=\"sortable\"><thead><tr>");
    part.raw("<th>File</th><th class=\"n\">Packet</th><th class=\"n\">Byte</th><th>What is wrong, and what was done</th></tr></thead>\n<tbody>");
    for damage in summary.damage.iter().take(MOST) {
        part.raw("<tr>").element("th scope=\"row\"", &damage.file).raw("<td class=\"n\">");
        part.text(&damage.packet.map(grouped).unwrap_or_default()).raw("</td>");
        part.element("td class=\"n\"", &grouped(damage.offset)).element("td", &damage.reason).raw("</tr>\n");
    }
    part.raw("</tbody></table></div>\n");
    more(part, summary.damage.len().saturating_sub(MOST), false, "damage");
}

fn losses(summary: &Summary, part: &mut Markup) {
    if summary.damage.is_empty() && summary.drops.total() == 0 {
        part.raw("<p>Nothing damaged, nothing lost.</p>\n");
    }
    for Loss { by, packets, why, help } in summary.drops.losses() {
        part.element("p class=\"note\"", &format!("{} dropped by {by}: {why}; {help}.", many(packets, "packet")));
    }
    if summary.flows.evicted > 0 {
        let evicted = many(summary.flows.evicted, "flow");
        part.element(
            "p class=\"note\"",
            &format!("{evicted} written early because of --max-flows: later evidence could not reach them."),
        );
    }
}

/// Where every packet went.
fn packets(summary: &Summary, part: &mut Markup) {
    let counts = summary.packets;
    part.raw("<h3>Packets</h3>\n<dl class=\"pairs\">");
    let mut entry = |name: &str, packets: u64, reasons: &BTreeMap<String, u64>| {
        if packets > 0 {
            part.element("dt", name).element("dd", &format!("{}{}", grouped(packets), kinds(reasons)));
        }
    };
    let none = BTreeMap::new();
    entry("all", counts.total, &none);
    entry("in flows", counts.flows, &none);
    entry("without IP", counts.non_ip, &summary.non_ip);
    entry("not decodable", counts.undecodable, &summary.undecodable);
    entry("inner layer not readable", summary.cut_short.values().sum(), &summary.cut_short);
    entry("fragments", summary.fragments, &none);
    entry("duplicates", summary.duplicates, &none);
    part.raw("</dl>\n");
}

/// Reasons with their counts, in brackets.
fn kinds(reasons: &BTreeMap<String, u64>) -> String {
    let mut all: Vec<_> = reasons.iter().collect();
    all.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let said: Vec<_> = all.iter().map(|(reason, packets)| format!("{reason} {}", grouped(**packets))).collect();
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

fn distributions(summary: &Summary, part: &mut Markup) {
    part.raw("<h3>Distributions</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Distributions\"><table><thead><tr><th></th>");
    part.raw("<th class=\"n\">median</th><th class=\"n\">90%</th><th class=\"n\">99%</th><th class=\"n\">largest</th></tr></thead><tbody>");
    let bytes: &dyn Fn(f64) -> String = &|bytes| format!("{} B", grouped(bytes.round() as u64));
    let (seconds, millis) = (&units::duration, &|ms| units::duration(ms / 1e3));
    measure("Packet on the wire", summary.quantiles.packet_bytes, bytes, part);
    measure("Flow", summary.quantiles.flow_seconds, seconds, part);
    measure("TCP handshake round trip", summary.quantiles.rtt_ms, millis, part);
    part.raw("</tbody></table></div>\n");
}

fn measure(name: &str, of: QuantilesOf, shown: &dyn Fn(f64) -> String, part: &mut Markup) {
    part.raw("<tr>").element("th scope=\"row\"", name);
    for value in [of.p50, of.p90, of.p99, of.max] {
        part.element("td class=\"n\"", &value.map_or("-".to_owned(), shown));
    }
    part.raw("</tr>");
}

fn run(summary: &Summary, part: &mut Markup) {
    let run = &summary.run;
    part.raw("<h3>Run</h3>\n<dl class=\"pairs\">");
    part.element("dt", "flowlabel").element("dd", &run.version);
    if let Some(catalog) = &run.catalog {
        part.element("dt", "catalog").element("dd class=\"code\"", catalog);
    }
    for (name, value) in run.rules.iter().map(|rules| ("rules", rules)).chain(run.policy.iter().map(|policy| ("policy", policy)))
    {
        part.element("dt", name).element("dd", value);
    }
    for (option, value) in &run.options {
        part.element("dt", &format!("--{option}")).element("dd", &value.as_str().map_or(value.to_string(), str::to_owned));
    }
    let evidence = summary.evidence;
    let by =
        [("learned", evidence.learned), ("payload", evidence.payload), ("protocol", evidence.protocol), ("port", evidence.port)];
    let by: Vec<_> = by.iter().filter(|(_, flows)| *flows > 0).map(|(kind, flows)| format!("{kind} {}", count(*flows))).collect();
    part.element("dt", "labels rest on").element("dd", &if by.is_empty() { "-".to_owned() } else { by.join(", ") });
    part.raw("</dl>\n");
}
