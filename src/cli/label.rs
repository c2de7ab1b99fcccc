//! What reading and capturing have in common: a source goes in, records and a summary come out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(feature = "live")]
use std::path::Path;
#[cfg(feature = "live")]
use std::sync::TryLockError;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

#[cfg(feature = "live")]
use super::ahead::{self, Ahead};
use super::args::{EvidenceFrom, FailOn, FlowArgs, KeyPart, SharedArgs, Verbosity};
use super::audit::Law;
use super::carve::Carving;
use super::exit::{Exit, Failure};
use super::output::{Detail, Formats, Output, Plan, Prepared};
use super::parse::{self, Only};
use super::rules;
use crate::audit::{About, Judgement, Learner, Tally};
#[cfg(feature = "live")]
use crate::capture::Rotation;
use crate::capture::Source;
use crate::catalog::Catalog;
use crate::classify::FLAGS;
use crate::engine::{self, Carriers, Ledger, Memory, News, Outcome, Revised};
#[cfg(feature = "live")]
use crate::flow::Ended;
use crate::flow::{Flow, Harvest, KeyParts, SHARDS, Settings, Timeouts};
#[cfg(feature = "live")]
use crate::net::Timestamp;
use crate::pipeline::{self, Progress};
use crate::record::{Audit, Drops, DynamicRange, FlowRecord, Run, Summary};
#[cfg(feature = "live")]
use crate::tui::Board;

/// What came of it.
pub struct Labelled {
    /// Packets seen.
    pub packets: u64,
    /// Whether `--fail-on` applies.
    pub fails: bool,
}

/// How packets become records.
pub struct Labelling {
    settings: Settings,
    catalog: Arc<Catalog>,
    /// The options that change the result, for the summary.
    options: BTreeMap<String, Value>,
    rules: Vec<String>,
    /// What an audit goes by.
    policy: Option<Law>,
    /// Whether an expectation that was not seen fails the run.
    missing_fails: bool,
    /// What the head of a drafted policy says, where one is to be drafted.
    learning: Option<About>,
}

impl Labelling {
    /// `options` are those of the command itself that change the result; the shared ones are added.
    pub fn new(args: &SharedArgs, stream: bool, options: BTreeMap<String, Value>) -> Result<Self, Failure> {
        Self::with_catalog(rules::load(&args.rules)?, args, stream, options)
    }

    /// The same with a catalog that is there already.
    pub fn with_catalog(
        catalog: Catalog,
        args: &SharedArgs,
        stream: bool,
        mut options: BTreeMap<String, Value>,
    ) -> Result<Self, Failure> {
        options.append(&mut shared_options(args));
        Ok(Self {
            settings: settings(&args.flows, stream)?,
            catalog: Arc::new(catalog),
            options,
            rules: args.rules.rules.iter().map(|path| path.display().to_string()).collect(),
            policy: None,
            missing_fails: args.output.fail_on.contains(&FailOn::Missing),
            learning: None,
        })
    }

    /// Judges each record by a policy.
    pub fn by(mut self, law: Law) -> Self {
        self.policy = Some(law);
        self
    }

    /// Drafts a policy from the records.
    pub fn learning(mut self, about: About) -> Self {
        self.learning = Some(about);
        self
    }

    /// Whether nothing is told before all is known.
    #[cfg(feature = "live")]
    pub fn decides_at_end(&self) -> bool {
        self.policy.is_some() || self.learning.is_some()
    }

    /// What the labels rest on.
    #[cfg(feature = "live")]
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    /// Labels what a source yields, to its end. `drops` is asked when it is over. A fault of ours ends the run, and nobody waits for it.
    pub fn run(
        self,
        source: &mut dyn Source,
        workers: usize,
        output: &Desk,
        progress: Progress<'_>,
        drops: impl FnOnce() -> Drops,
    ) -> Result<Labelled, Failure> {
        let whole = AssertUnwindSafe(|| self.label(source, workers, output, progress, drops));
        catch_unwind(whole).unwrap_or(Err(Failure::Broken))
    }

    fn label(
        self,
        source: &mut dyn Source,
        workers: usize,
        output: &Desk,
        progress: Progress<'_>,
        drops: impl FnOnce() -> Drops,
    ) -> Result<Labelled, Failure> {
        let early = |harvest: Harvest| output.lock().early(harvest, &self);
        let mut outcome = pipeline::run(source, self.settings, workers, early, progress);
        let mut desk = output.lock();
        desk.rest(&mut outcome, &self, workers);
        let audit = desk.verdicts.take().and_then(|verdicts| self.audit(verdicts));
        let draft = desk.learner.take().map(|learner| self.draft(&learner)).transpose()?.flatten();
        let (parts, catalog) = (self.settings.key, Arc::clone(&self.catalog));
        let mut summary = self.summary(&outcome, source);
        summary.audit = audit;
        summary.draft = draft;
        summary.flows.evicted = desk.evicted;
        summary.learned = desk.ledger.endpoints(&catalog);
        (summary.announcements.heard, summary.announcements.forgotten) = desk.ledger.counts();
        summary.names = desk.ledger.host_names();
        summary.drops = drops();
        // The process ends soon, and its memory with it: nobody needs millions of flows taken apart.
        std::mem::forget(outcome);
        if let Some(carving) = desk.carving.take() {
            summary.write_flagged = Some(carving.write(parts, summary.fragments > 0)?);
        }
        let output = desk.output.take().ok_or_else(|| Failure::Usage("a worker failed".to_owned()))?;
        let packets = summary.packets.total;
        Ok(Labelled { packets, fails: output.finish(summary)? })
    }

    /// What the judgements come to.
    fn audit(&self, verdicts: Tally) -> Option<Audit> {
        let law = self.policy.as_ref()?;
        let audit = verdicts.finish(&law.policy, law.baseline.as_ref());
        Some(Audit { missing_fails: self.missing_fails, ..audit })
    }

    /// The policy that was learned.
    fn draft(&self, learner: &Learner) -> Result<Option<String>, Failure> {
        let Some(about) = &self.learning else { return Ok(None) };
        let draft = learner.draft(&self.catalog, FLAGS, about);
        draft.map(Some).map_err(|mistakes| Failure::Usage(mistakes.to_string()))
    }

    /// What the packets, the inputs and the options say; the records add the rest.
    fn summary(self, outcome: &Outcome, source: &dyn Source) -> Summary {
        let mut summary = outcome.summary();
        let range = |(ports, products): ((u16, u16), Vec<&str>)| DynamicRange { ports, of: products.join(", ") };
        summary.dynamic_ranges = self.catalog.dynamic_ranges().into_iter().map(range).collect();
        summary.run = Run {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            catalog: Some(self.catalog.digest().to_owned()),
            rules: self.rules,
            inputs: source.inputs().to_vec(),
            options: self.options,
            policy: self.policy.map(|law| law.path),
        };
        summary.damage = source.damage().to_vec();
        summary
    }
}

/// Where records are written, by whichever worker has them.
pub struct Desk(Mutex<Clerk>);

/// Writes records.
struct Clerk {
    output: Option<Output>,
    /// Judgements, in an audit.
    verdicts: Option<Tally>,
    /// What was seen, where a policy is drafted from it.
    learner: Option<Learner>,
    carriers: Carriers,
    ledger: Ledger,
    /// Streaming: flows that are written.
    memory: Memory,
    evicted: u64,
    carving: Option<Carving>,
    /// Where flagged flows are told at once: those that were.
    #[cfg(feature = "live")]
    ahead: Option<Ahead>,
    /// Where whoever looks on sees the records.
    #[cfg(feature = "live")]
    board: Option<Arc<Mutex<Board>>>,
}

impl Desk {
    /// Opens the output.
    pub fn open(args: &SharedArgs, detail: Detail, formats: Formats, carving: Option<Carving>) -> Result<Self, Failure> {
        let only = args.select.only.iter().map(|text| Only::parse(text)).collect::<Result<_, _>>()?;
        let output = Some(Output::open(&args.output, detail, only, formats)?);
        Ok(Self(Mutex::new(Clerk {
            output,
            verdicts: Some(Tally::default()),
            learner: Some(Learner::default()),
            carriers: Carriers::default(),
            ledger: Ledger::default(),
            memory: Memory::default(),
            evicted: 0,
            carving,
            #[cfg(feature = "live")]
            ahead: None,
            #[cfg(feature = "live")]
            board: None,
        })))
    }

    /// Shows the records on a board too.
    #[cfg(feature = "live")]
    pub fn show_on(&self, board: Arc<Mutex<Board>>) {
        self.lock().board = Some(board);
    }

    /// Tells flagged flows at once, and not at their end only.
    #[cfg(feature = "live")]
    pub fn tell_at_once(&self) {
        self.lock().ahead = Some(Ahead::default());
    }

    /// Writes the results in pieces; to be asked before there are any.
    #[cfg(feature = "live")]
    pub fn rotate(&self, path: &Path, rotation: &Rotation, now: Timestamp) -> Result<(), Failure> {
        self.lock().output.as_mut().map_or(Ok(()), |output| output.rotate(path, rotation, now))
    }

    /// Tells what time it is. Whether writing has failed, so that going on makes no sense. Whoever reads packets asks, and does not wait for one who
    /// is writing.
    #[cfg(feature = "live")]
    pub fn tell(&self, now: Timestamp) -> bool {
        let mut clerk = match self.0.try_lock() {
            Ok(clerk) => clerk,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let Some(output) = &mut clerk.output else { return false };
        output.tell(now);
        output.has_failed()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Clerk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clerk {
    /// Takes what was announced, and writes flows that left before the end.
    fn early(&mut self, harvest: Harvest, labelling: &Labelling) {
        let (catalog, stream) = (&*labelling.catalog, labelling.settings.stream);
        for (key, id) in harvest.carriers {
            self.carriers.add(key, id);
        }
        let flows = harvest.flows.iter().map(|ended| &ended.flow);
        let revised = self.ledger.revise(
            &self.memory,
            News { announcements: harvest.announcements, claims: harvest.claims, leases: harvest.leases },
            flows,
        );
        self.update(&revised, catalog);
        #[cfg(feature = "live")]
        self.show(&harvest.flows, &harvest.under_way, catalog);
        let mut written = !harvest.flows.is_empty();
        #[cfg(feature = "live")]
        for flow in harvest.under_way.into_iter().filter(|_| stream) {
            written |= self.write_ahead(flow, catalog);
        }
        for ended in harvest.flows {
            self.evicted += u64::from(ended.evicted);
            self.write(&ended.flow, labelling);
            if stream {
                self.memory.keep(ended.flow);
            }
        }
        if let (true, Some(output)) = (stream && (written || !revised.is_empty()), &mut self.output) {
            output.flush();
        }
    }

    /// Shows what there is to see to whoever looks on.
    #[cfg(feature = "live")]
    fn show(&self, ended: &[Ended], under_way: &[Flow], catalog: &Catalog) {
        let Some(board) = &self.board else { return };
        let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
        for Ended { flow, .. } in ended {
            board.ended(&engine::record(flow, &self.carriers, Some(catalog), &self.ledger.heard(flow)));
        }
        if let Some(most) = board.wants_listeners() {
            board.listen(&self.ledger.newest_endpoints(most, catalog));
        }
        for flow in under_way {
            board.under_way(&engine::record(flow, &self.carriers, Some(catalog), &self.ledger.heard(flow)));
        }
    }

    /// Writes the record of a flow under way if it is flagged, or what is said of it now if that is something else. Tells whether it did.
    #[cfg(feature = "live")]
    fn write_ahead(&mut self, flow: Flow, catalog: &Catalog) -> bool {
        let (Some(told), Some(output)) = (&mut self.ahead, &mut self.output) else { return false };
        let heard = self.ledger.heard(&flow);
        let record = engine::record(&flow, &self.carriers, Some(catalog), &heard);
        let before = told.told(flow.id).map(|told| told.record(&self.carriers, catalog));
        let is_new = match &before {
            Some(before) => ahead::is_judged_anew(before, &record),
            None => record.is_flagged() && told.has_room(),
        };
        if !is_new {
            return false;
        }
        let selected = output.ahead(before.as_ref(), &record);
        let (tunnels, was_told) = (record.tunnels, before.is_some());
        if selected || was_told {
            told.keep(flow, heard, tunnels);
        }
        selected || was_told
    }

    /// Writes the flows held to the end. Their records are made by all workers, some at a time.
    fn rest(&mut self, outcome: &mut Outcome, labelling: &Labelling, workers: usize) {
        let (catalog, stream) = (&*labelling.catalog, labelling.settings.stream);
        if !stream {
            self.carriers = outcome.take_carriers();
        }
        let revised = self.ledger.revise(&self.memory, News::default(), outcome.flows());
        self.update(&revised, catalog);
        #[cfg(feature = "live")]
        if self.ahead.is_some() {
            return outcome.flows().for_each(|flow| self.write(flow, labelling));
        }
        let Self { output: Some(output), verdicts, learner, carriers, ledger, carving, .. } = self else { return };
        let plan = output.plan();
        // A comment on a packet is a sentence too.
        let terse = plan.terse && carving.is_none();
        let maker = Maker { labelling, carriers, ledger, plan, terse };
        let make = |part: usize| maker.make_all(outcome.part(part * PART, PART));
        let take = |part: Vec<Made<'_>>| {
            for Made { flow, record, judgement, prepared } in &part {
                if let (Some(judgement), Some(law), Some(verdicts)) = (judgement, &labelling.policy, &mut *verdicts) {
                    verdicts.add(&law.policy, record, judgement);
                }
                if let (Some(_), Some(learner)) = (&labelling.learning, &mut *learner) {
                    learner.see(record, &labelling.catalog);
                }
                if let Some(carving) = carving {
                    carving.see(flow.key, record, prepared.selected);
                }
                output.prepared(record, prepared, || maker.record(flow, false).0);
            }
        };
        pipeline::in_order(workers, outcome.len().div_ceil(PART), make, take);
    }

    fn write(&mut self, flow: &Flow, labelling: &Labelling) {
        let heard = self.ledger.heard(flow);
        let mut record = engine::record(flow, &self.carriers, Some(&labelling.catalog), &heard);
        if let (Some(law), Some(verdicts)) = (&labelling.policy, &mut self.verdicts) {
            let judgement = law.judge(&mut record);
            verdicts.add(&law.policy, &record, &judgement);
        }
        if let (Some(_), Some(learner)) = (&labelling.learning, &mut self.learner) {
            learner.see(&record, &labelling.catalog);
        }
        let Some(output) = &mut self.output else { return };
        #[cfg(feature = "live")]
        let told = self.ahead.as_mut().and_then(|ahead| ahead.take(flow.id));
        #[cfg(feature = "live")]
        let selected = match &told {
            Some(told) => output.end_of(&told.record(&self.carriers, &labelling.catalog), &record),
            None => output.flow(&record),
        };
        #[cfg(not(feature = "live"))]
        let selected = output.flow(&record);
        if let Some(carving) = &mut self.carving {
            carving.see(flow.key, &record, selected);
        }
    }

    /// Says what later announcements changed in records that are written.
    fn update(&mut self, revised: &[Revised], catalog: &Catalog) {
        let Some(output) = &mut self.output else { return };
        for revised in revised {
            let Some(flow) = self.memory.flow(revised) else { continue };
            let record = |heard| engine::record(flow, &self.carriers, Some(catalog), heard);
            let after = record(revised.after());
            let before = record(revised.before());
            let selected = output.update(&before, &after);
            #[cfg(feature = "live")]
            if let Some(board) = &self.board {
                board.lock().unwrap_or_else(PoisonError::into_inner).updated(&before, &after);
            }
            if let Some(carving) = &mut self.carving {
                carving.see(flow.key, &after, selected);
            }
        }
    }
}

/// So many flows are made into records at a time, by one worker.
const PART: usize = 256;

/// Makes records, on any thread.
struct Maker<'a> {
    labelling: &'a Labelling,
    carriers: &'a Carriers,
    ledger: &'a Ledger,
    plan: Plan,
    terse: bool,
}

/// A record that waits for its turn.
struct Made<'a> {
    flow: &'a Flow,
    record: FlowRecord<'a>,
    judgement: Option<Judgement>,
    prepared: Prepared,
}

impl<'a> Maker<'a> {
    fn make_all(&self, flows: impl Iterator<Item = &'a Flow>) -> Vec<Made<'a>> {
        let make = |flow| {
            let (record, judgement) = self.record(flow, self.terse);
            Made { flow, prepared: self.plan.prepare(&record), record, judgement }
        };
        let mut all = Vec::with_capacity(PART);
        all.extend(flows.map(make));
        all
    }

    fn record(&self, flow: &'a Flow, terse: bool) -> (FlowRecord<'a>, Option<Judgement>) {
        let catalog = Some(&*self.labelling.catalog);
        let mut record = engine::record_as(flow, self.carriers, catalog, self.ledger.hearsay(flow), terse);
        let judgement = self.labelling.policy.as_ref().map(|law| law.judge(&mut record));
        (record, judgement)
    }
}

/// The exit code of a run that came to its end.
pub fn exit(source: &dyn Source, fails: bool) -> Exit {
    match (source.damage().is_empty(), fails) {
        (false, _) => Exit::Damaged,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    }
}

fn settings(args: &FlowArgs, stream: bool) -> Result<Settings, Failure> {
    let idle = args.idle_timeout.as_deref().map(parse::duration).transpose()?;
    let default = Timeouts::default();
    let timeouts = idle.map_or(default, |idle| Timeouts { tcp: idle, tcp_closed: idle.min(default.tcp_closed), other: idle });
    if args.workers == Some(0) || args.max_flows == 0 {
        return Err(Failure::Usage("--workers and --max-flows take at least 1".to_owned()));
    }
    Ok(Settings {
        split: (!args.no_split).then_some(timeouts),
        key: KeyParts { vlan: args.key.contains(&KeyPart::Vlan), tunnel: args.key.contains(&KeyPart::Tunnel) },
        dedup: args.dedup,
        max_flows: args.max_flows.div_ceil(SHARDS),
        payload: args.evidence == EvidenceFrom::All,
        stream,
    })
}

/// The shared options that differ from their default and change the result.
fn shared_options(args: &SharedArgs) -> BTreeMap<String, Value> {
    let (select, flows) = (&args.select, &args.flows);
    let keys: Vec<&str> = flows.key.iter().map(|key| if *key == KeyPart::Vlan { "vlan" } else { "tunnel" }).collect();
    given([
        ("filter", select.filter.as_ref().map(|filter| json!(filter))),
        ("from", select.from.as_ref().map(|time| json!(time))),
        ("to", select.to.as_ref().map(|time| json!(time))),
        ("only", (!select.only.is_empty()).then(|| json!(select.only))),
        ("no-split", yes(flows.no_split)),
        ("idle-timeout", flows.idle_timeout.as_ref().map(|time| json!(time))),
        ("max-flows", (flows.max_flows != 10_000_000).then(|| json!(flows.max_flows))),
        ("dedup", yes(flows.dedup)),
        ("evidence", (flows.evidence == EvidenceFrom::Ports).then(|| json!("ports"))),
        ("key", (!keys.is_empty()).then(|| json!(keys))),
    ])
}

/// The value of an option without one.
pub fn yes(given: bool) -> Option<Value> {
    if given { Some(Value::Bool(true)) } else { None }
}

/// Those that have a value.
pub fn given<const N: usize>(options: [(&str, Option<Value>); N]) -> BTreeMap<String, Value> {
    options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Damage and notes, for people: also when the output failed, but not to those who have closed it because they have seen enough.
pub fn say(labelled: Result<Labelled, Failure>, source: &dyn Source, verbosity: &Verbosity) -> Result<Labelled, Failure> {
    if labelled.as_ref().is_err_and(Failure::is_closed_pipe) {
        return labelled;
    }
    let mut stderr = io::stderr().lock();
    for damage in source.damage() {
        let _ = writeln!(stderr, "flowlabel: {damage}");
    }
    if !verbosity.quiet {
        for note in source.notes() {
            let _ = writeln!(stderr, "flowlabel: note: {note}");
        }
    }
    labelled
}
