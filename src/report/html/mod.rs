//! `html`: one self-contained page for a browser or a printer. It loads nothing, and its policy forbids it to.
//!
//! ```text
//! records --> tally, series, pairs (sums)       --parts--> sections made here: they need no script
//!         --> rows (the flows, as many as fit)  --script-> data that page.js lists, sorts, searches and explains
//! ```
//!
//! What a packet said gets into the page in two ways only: as text by [`markup`], and as JSON by [`script`]; the page's script puts
//! it in place as text. The policy in the head allows one style sheet and one script, by their digests.
//! Memory is bounded whatever goes by; the same records make the same page.
//!
//! One more section is a file in `parts/` and a line in `page::SECTIONS`; what an audit adds is made of the summary alone.

mod markup;
mod page;
mod pairs;
mod parts;
mod reach;
mod rows;
mod script;
mod series;
mod strings;

use std::io::{self, Write};

use self::pairs::Pairs;
use self::rows::Rows;
use self::series::Series;
use super::Report;
use super::tally::{Apply, Tally};
use super::{tally, units};
use crate::record::{FlowRecord, Summary};

/// The page in the making.
#[derive(Default)]
pub(super) struct Html {
    sums: Sums,
    rows: Rows,
}

/// What the sections are made of.
#[derive(Default)]
struct Sums {
    tally: Tally,
    series: Series,
    pairs: Pairs,
    /// Flows that the page lists.
    listed: u64,
}

impl Sums {
    fn apply(&mut self, record: &FlowRecord<'_>, how: Apply) {
        self.tally.apply(record, how);
        self.series.apply(record, how);
        self.pairs.apply(record, how);
    }
}

impl Report for Html {
    fn flow(&mut self, record: &FlowRecord<'_>, _: &mut dyn Write) -> io::Result<()> {
        self.sums.apply(record, Apply::Add);
        self.rows.flow(record);
        Ok(())
    }

    fn update(&mut self, before: &FlowRecord<'_>, after: &FlowRecord<'_>, _: &mut dyn Write) -> io::Result<()> {
        self.sums.apply(before, Apply::Take);
        self.sums.apply(after, Apply::Add);
        self.rows.update(after);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        self.sums.listed = self.rows.settle();
        self.sums.series.settle();
        page::write(&self.sums, &self.rows, summary, out)
    }
}
