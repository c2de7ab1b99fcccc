//! Records as the program makes them, without the program: for tests that need many of them quickly.

use std::path::Path;

use flowlabel::capture::{Options, open};
use flowlabel::catalog::Catalog;
use flowlabel::engine::{self, Ledger, Memory, News};
use flowlabel::flow::{Harvest, Settings};
use flowlabel::pipeline;
use flowlabel::record::FlowRecord;

/// Shows every record of a capture, in order; tells how many there are. A capture that cannot be opened has none.
pub fn each(capture: &Path, catalog: &Catalog, mut see: impl FnMut(FlowRecord<'_>)) -> usize {
    let Ok(mut source) = open(&[capture.to_owned()], &Options::default()) else { return 0 };
    let (mut ledger, memory) = (Ledger::default(), Memory::default());
    let news = std::sync::Mutex::new(News::default());
    let early = |harvest: Harvest| {
        let mut news = news.lock().unwrap();
        news.announcements.extend(harvest.announcements);
        news.claims.extend(harvest.claims);
        news.leases.extend(harvest.leases);
    };
    let settings = Settings { payload: true, ..Settings::default() };
    let mut outcome = pipeline::run(&mut *source, settings, 1, early, &|_| ());
    ledger.revise(&memory, news.into_inner().unwrap(), outcome.flows());
    let carriers = outcome.take_carriers();
    let mut seen = 0;
    for flow in outcome.flows() {
        let heard = ledger.heard(flow);
        see(engine::record(flow, &carriers, Some(catalog), &heard));
        seen += 1;
    }
    seen
}
