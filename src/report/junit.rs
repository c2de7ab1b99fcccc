//! `junit`: the audit as `JUnit` XML, for what watches a pipeline. A kind of finding is a test case that passes where there is none; each finding is a failure;
//! each expectation is a case that passes when it was seen, and is skipped when it was not (or fails, with `--fail-on missing`).

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Report;
use crate::record::escape::visible;
use crate::record::{Audit, Coverage, FindingGroup, FindingKind, FlowRecord, Seen, Summary};

/// Writes the outcome of an audit; records have no place in it.
pub(super) struct Junit;

impl Report for Junit {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let nothing = Audit::default();
        let audit = summary.audit.as_ref().unwrap_or(&nothing);
        let suites = [findings(audit), coverage(audit)];
        let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
        writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(
            out,
            r#"<testsuites name="flowlabel audit: {}" tests="{}" failures="{}" errors="0">"#,
            escaped(&audit.policy),
            sum(|suite| suite.tests),
            sum(|suite| suite.failures)
        )?;
        for suite in &suites {
            writeln!(
                out,
                r#"  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}">"#,
                suite.name, suite.tests, suite.failures, suite.skipped
            )?;
            out.write_all(suite.cases.as_bytes())?;
            writeln!(out, "  </testsuite>")?;
        }
        writeln!(out, "</testsuites>")
    }
}

/// A test suite and its cases.
struct Suite {
    name: &'static str,
    tests: usize,
    failures: usize,
    skipped: usize,
    cases: String,
}

/// How a case ended.
enum Outcome {
    Passed,
    Skipped(String),
    Failed { kind: String, message: String, details: String },
}

impl Suite {
    fn new(name: &'static str) -> Self {
        Self { name, tests: 0, failures: 0, skipped: 0, cases: String::new() }
    }

    fn add(&mut self, class: &str, name: &str, outcome: &Outcome) {
        self.tests += 1;
        let (class, name) = (escaped(class), escaped(name));
        let _ = write!(self.cases, r#"    <testcase classname="{class}" name="{name}""#);
        let _ = match outcome {
            Outcome::Passed => writeln!(self.cases, "/>"),
            Outcome::Skipped(why) => {
                self.skipped += 1;
                writeln!(self.cases, "><skipped message=\"{}\"/></testcase>", escaped(why))
            }
            Outcome::Failed { kind, message, details } => {
                self.failures += 1;
                let (kind, message, details) = (escaped(kind), escaped(message), escaped_lines(details));
                writeln!(self.cases, "><failure type=\"{kind}\" message=\"{message}\">{details}</failure></testcase>")
            }
        };
    }
}

fn findings(audit: &Audit) -> Suite {
    let mut suite = Suite::new("findings");
    for kind in FindingKind::ALL {
        let groups: Vec<&FindingGroup> = audit.findings.iter().filter(|group| group.kind == *kind).collect();
        let class = format!("flowlabel.audit.{kind}");
        if groups.is_empty() {
            suite.add(&class, &format!("nothing is {kind}"), &Outcome::Passed);
        }
        for group in groups {
            suite.add(&class, &subject(group), &failure(group));
        }
    }
    if audit.findings_left_out > 0 {
        let message = format!("{} more groups of findings did not fit in", audit.findings_left_out);
        let outcome = Outcome::Failed { kind: "left-out".to_owned(), details: message.clone(), message };
        suite.add("flowlabel.audit", "findings left out", &outcome);
    }
    suite
}

/// `sccm.link.17: 10.1.0.11 tcp/8080`
fn subject(group: &FindingGroup) -> String {
    let port = group.port.map(|port| format!("/{port}")).unwrap_or_default();
    let link = group.link.as_ref().map(|link| format!("{link}: ")).unwrap_or_default();
    format!("{link}{} {}{port}", group.server, group.transport)
}

fn failure(group: &FindingGroup) -> Outcome {
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let change = group.change.map(|change| format!("against the baseline: {change}\n")).unwrap_or_default();
    let was = group.was.as_ref().map(|was| format!("was at: {was}\n")).unwrap_or_default();
    let details = format!(
        "{}\n{change}{was}clients: {}\nflows: {} ({} packets, {} bytes), {} to {}\nwitnesses: {}\nsources: {}\nfilter: {}\n",
        group.text,
        list(group.clients.iter().map(ToString::to_string).collect()),
        group.flows,
        group.packets,
        group.bytes,
        group.first,
        group.last,
        list(group.witnesses.iter().map(ToString::to_string).collect()),
        list(group.sources.clone()),
        group.filter
    );
    Outcome::Failed { kind: group.kind.to_string(), message: group.text.clone(), details }
}

fn coverage(audit: &Audit) -> Suite {
    let mut suite = Suite::new("expectations");
    for row in &audit.coverage {
        let protocol = row.protocol.as_deref().unwrap_or("any protocol");
        let transport = row.transport.as_deref().unwrap_or("any transport");
        let name = format!("{protocol} {transport} {} from {} to {}", row.ports.join("|"), row.from, row.to);
        suite.add(&row.by, &name, &expectation(row, audit.missing_fails));
    }
    suite
}

fn expectation(row: &Coverage, missing_fails: bool) -> Outcome {
    let why = row.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let message = match row.status {
        Seen::Seen => return Outcome::Passed,
        Seen::Failed => format!("tried {} times, and refused or not answered each time", row.failed),
        Seen::Unseen => format!("never seen{why}"),
    };
    if missing_fails && !row.derived {
        Outcome::Failed { kind: "missing".to_owned(), details: format!("sources: {}\n", row.sources.join(", ")), message }
    } else {
        Outcome::Skipped(message)
    }
}

/// A text as an attribute: no control characters, which XML cannot have, and nothing that is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The same line by line.
fn escaped_lines(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + &escaped(line) + "\n")
}
