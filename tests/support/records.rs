//! Records as the program makes them, without the program: for tests that need many of them quickly.

use std::path::Path;

use flowlabel::capture::{Options, open};
use flowlabel::catalog::Catalog;
use flowlabel::engine::{self, Ledger, Memory};
use flowlabel::flow::{Harvest, Settings};
use flowlabel::pipeline;
use flowlabel::record::FlowRecord;

/// Shows every record of a capture, in order; tells how many there are. A capture that cannot be opened has none.
pub fn each(capture: &Path, catalog: &Catalog, mut see: impl FnMut(FlowRecord<'_>)) -> usize {
    let Ok(mut source) = open(&[capture.to_owned()], &Options::default()) else { return 0 };
    let (mut ledger, memory) = (Ledger::default(), Memory::default());
    let heard = std::sync::Mutex::new(Vec::new());
    let early = |harvest: Harvest| heard.lock().unwrap().extend(harvest.announcements);
    let settings = Settings { payload: true, ..Settings::default() };
    let mut outcome = pipeline::run(&mut *source, settings, 1, early, &|_| ());
    ledger.revise(&memory, heard.into_inner().unwrap(), outcome.flows());
    let carriers = outcome.take_carriers();
    let mut seen = 0;
    for flow in outcome.flows() {
        see(engine::record(flow, &carriers, Some(catalog), ledger.learned(flow)));
        seen += 1;
    }
    seen
}
