//! Policies that are drafted from captures, and what they find in the same captures.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use flowlabel::audit::{About, HostNames, Learner, Policy};
use flowlabel::catalog::{Catalog, Options};
use flowlabel::classify::FLAGS;

use super::records;

/// Lines that a person can still read.
const READABLE: usize = 2500;

/// The built-in catalog.
pub fn catalog() -> Catalog {
    Catalog::load(&Options::default()).unwrap()
}

/// The policy drafted from a capture, and how many flows it was drafted from.
pub fn draft(capture: &Path, catalog: &Catalog) -> (String, usize) {
    let mut learner = Learner::default();
    let flows = records::each(capture, catalog, |record| learner.see(&record, catalog));
    let about = About { inputs: vec![capture.display().to_string()], options: String::new() };
    (learner.draft(catalog, FLAGS, &about).unwrap_or_else(|mistakes| panic!("{}: {mistakes}", capture.display())), flows)
}

/// What the drafted policy finds in the capture it was drafted from.
fn findings(capture: &Path, catalog: &Catalog) -> Vec<String> {
    let (text, flows) = draft(capture, catalog);
    let policy = Policy::read("draft", &text, catalog, &HostNames::default(), FLAGS).unwrap();
    let mut found = Vec::new();
    records::each(capture, catalog, |record| {
        // A record of its own, that may live as long as the policy.
        let mut record = record;
        policy.judge(&mut record);
        let findings = record.policy.iter().flat_map(|share| &share.findings);
        found.extend(findings.map(|finding| format!("{}: {}: {}: {}", capture.display(), record.id, finding.kind, finding.text)));
    });
    found.extend(policy.warnings.iter().map(|warning| format!("{}: {warning}", capture.display())));
    let lines = text.lines().count();
    if lines > READABLE {
        found.push(format!("{}: {lines} lines of {flows} flows", capture.display()));
    }
    found
}

/// The findings of all of these, on all processors.
pub fn all_findings(captures: &[PathBuf]) -> Vec<String> {
    let catalog = catalog();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| captures.get(next.fetch_add(1, Ordering::Relaxed)));
        mine.flat_map(|capture| findings(capture, &catalog)).collect::<Vec<_>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}
