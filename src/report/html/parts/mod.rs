//! The sections of the page, one file each: sums become markup. Each fills what it is given, or nothing where it has nothing to say.
//!
//! They know sums and the summary, never records. Numbers in links are searches that the page's script understands ([`search`]).

pub(super) mod coverage;
pub(super) mod findings;
pub(super) mod flagged;
pub(super) mod flows;
pub(super) mod input;
pub(super) mod map;
pub(super) mod matrix;
pub(super) mod roles;
pub(super) mod services;
pub(super) mod time;
pub(super) mod verdict;

use std::net::IpAddr;

use super::markup::{Markup, Search};
use super::tally::{DYNAMIC, HostAmount, Service};
use super::units;

/// The flows of a service.
fn search(service: &Service) -> Search {
    match service {
        Service::Label(label) => Search::new("label", label),
        Service::Port(protocol, port) => {
            let unlabelled = Search::new("label", "none").and("transport", protocol);
            match port {
                Some(DYNAMIC) => unlabelled.and("port", format_args!("{DYNAMIC}-65535")),
                Some(port) => unlabelled.and("port", port),
                None => unlabelled.and("port", "none"),
            }
        }
    }
}

/// A host: its address, and what the traffic called it.
fn host(ip: IpAddr, host: &HostAmount) -> String {
    match &host.name {
        Some(name) => format!("{ip} ({name})"),
        None => ip.to_string(),
    }
}

/// A cell with a number that sorts by its value and shows it short.
fn number(cells: &mut Markup, value: u64, shown: &str) {
    cells
        .raw("<td class=\"n\" data-v=\"")
        .show(value)
        .raw("\" title=\"")
        .text(&grouped(value))
        .raw("\">")
        .text(shown)
        .raw("</td>");
}

/// `1,234,567`: a number whole.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count, whole as long as that is short.
fn count(value: u64) -> String {
    if value < 100_000 { grouped(value) } else { units::count(value) }
}

/// `1 flow`, `1,234 flows`.
fn many(value: u64, what: &str) -> String {
    format!("{} {what}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A display filter; the page's script puts a button beside it that copies it.
fn display_filter(part: &mut Markup, filter: &str) {
    part.element("code class=\"copied\"", filter);
}

/// Parts of a sentence, the last after an "and".
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// What is left of a list that was cut.
fn more(part: &mut Markup, left: usize, overflowed: bool, what: &str) {
    if left > 0 {
        let over = if overflowed { "over " } else { "" };
        let s = if left == 1 { "" } else { "s" };
        part.raw("<p class=\"more\">").text(&format!("and {over}{} more {what}{s}", grouped(left as u64))).raw("</p>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([grouped(0), grouped(999), grouped(1000), grouped(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    }
}
