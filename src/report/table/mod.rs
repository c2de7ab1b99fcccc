//! `table`: what a person wants first, on one screen for any size of input.
//!
//! Labels with their flows, bytes and evidence and the servers behind them; what is flagged and why; what was damaged or lost.
//! While records go by only sums are kept ([`tally`]), the heaviest of each kind in bounded memory ([`top`]); at the end the rows
//! of the terminal are shared out among the sections. Flows without a label are grouped by where they went.
//! One more section is a function in a file of its own, called in [`Table::finish`].

mod audit;
mod flagged;
mod flow_line;
mod header;
mod line;
pub(super) mod loss;
mod services;

use std::io::{self, Write};

use self::tally::{Apply, Tally};
use super::{Needs, Report, View, tally, top, units};
use crate::record::{FlowRecord, Summary};

/// Narrower than this nothing is readable, wider than this nothing is gained.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=200;

/// Rows that an audit leaves to the services and hosts.
const SERVICES: usize = 6;

/// A terminal with fewer rows is low: sections say less.
const LOW: usize = 32;

/// The default report.
pub(super) struct Table {
    view: View,
    tally: Tally,
    headed: bool,
}

impl Table {
    pub(super) fn new(view: View) -> Self {
        let width = view.width.clamp(*WIDTHS.start(), *WIDTHS.end());
        Self { view: View { width, ..view }, tally: Tally::default(), headed: false }
    }

    /// Writes a flow's own line where they are asked for.
    fn list(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        if !self.view.flows {
            return Ok(());
        }
        if !std::mem::replace(&mut self.headed, true) {
            flow_line::heading(self.view.width, self.view.color).end(out)?;
        }
        flow_line::flow(record, self.view.width, self.view.color).end(out)
    }
}

impl Report for Table {
    fn needs(&self) -> Needs {
        Needs::Counts
    }

    fn asks_why(&self, record: &FlowRecord<'_>) -> bool {
        self.tally.asks_why(record)
    }

    fn flow(&mut self, record: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.tally.apply(record, Apply::Add);
        self.list(record, out)
    }

    fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.tally.apply(before, Apply::Take);
        self.tally.apply(after, Apply::Add);
        self.list(after, out)
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        if self.headed {
            writeln!(out)?;
        }
        let loss = loss::lines(summary, &self.view);
        let mut lines = header::lines(summary, &self.tally, &self.view);
        // A blank line before each section, and one row for the prompt.
        let rows = self.view.height.saturating_sub(lines.len() + loss.len() + 4);
        // What an audit finds says more than the flags of the catalog.
        let (audit, reasons) = match &summary.audit {
            Some(audit) => (audit::lines(audit, &self.view, rows.saturating_sub(SERVICES)), Vec::new()),
            None => (Vec::new(), flagged::lines(&self.tally, &self.view, rows / 2)),
        };
        audit.iter().try_for_each(|line| line.end(out))?;
        let rows = rows.saturating_sub(audit.len() + reasons.len());
        for section in [services::lines(&self.tally, &self.view, rows), reasons, loss] {
            if !section.is_empty() {
                lines.push(line::Line::new(false));
                lines.extend(section);
            }
        }
        lines.iter().try_for_each(|line| line.end(out))
    }
}
