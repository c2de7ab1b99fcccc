//! `flowlabel audit`: traffic against a policy.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{AuditArgs, ReadArgs, SharedArgs, TrafficArgs, Verbosity};
use super::exit::{Exit, Failure};
use super::label::{self, Labelling};
use super::output::{Formats, Output};
use super::{read, rules};
use crate::audit::{Baseline, HostNames, Judgement, Policy, expectations, hosts_file, many};
use crate::catalog::Catalog;
use crate::classify::FLAGS;
use crate::record::FlowRecord;
use crate::record::escape::visible;
use crate::report;

/// What an audit goes by.
pub struct Law {
    /// The policy.
    pub policy: Policy,
    /// Where it stands.
    pub path: String,
    /// The files it was read from: the policy, and the hosts file beside it.
    pub files: Vec<PathBuf>,
    /// An earlier audit, of which only the changes are told.
    pub baseline: Option<Baseline>,
}

impl Law {
    /// Judges a record.
    pub fn judge<'a>(&'a self, record: &mut FlowRecord<'a>) -> Judgement {
        let mut judgement = self.policy.judge(record);
        if let Some(baseline) = &self.baseline {
            judgement.against(baseline, record);
        }
        judgement
    }
}

/// Judges traffic by a policy, or checks the policy alone.
pub fn run(args: AuditArgs, verbosity: &Verbosity) -> Result<Exit, Failure> {
    let catalog = rules::load(&args.shared.rules)?;
    if let Some(path) = &args.check {
        return check(path, &catalog);
    }
    let path = args.policy.as_deref().unwrap_or(Path::new(""));
    let law = Law { baseline: args.baseline.as_deref().map(baseline).transpose()?, ..load(path, &catalog)? };
    let read: Vec<PathBuf> = law.files.iter().chain(&args.baseline).cloned().collect();
    Output::must_not_be_input(&args.shared, &read)?;
    if !verbosity.quiet {
        for warning in &law.policy.warnings {
            let _ = writeln!(io::stderr(), "flowlabel: note: {}", visible(warning));
        }
    }
    let base = args.baseline.map(|path| json!(path));
    let labelling = move |shared: &SharedArgs, mut own: BTreeMap<String, Value>| {
        own.append(&mut label::given([("baseline", base)]));
        Ok(Labelling::with_catalog(catalog, shared, false, own)?.by(law))
    };
    observe(args.traffic, args.shared, verbosity, labelling, report::audit_format)
}

/// Runs over files or interfaces. All is decided at the end: what comes late may explain what came early.
pub fn observe(
    traffic: TrafficArgs,
    shared: SharedArgs,
    verbosity: &Verbosity,
    start: impl FnOnce(&SharedArgs, BTreeMap<String, Value>) -> Result<Labelling, Failure>,
    formats: Formats,
) -> Result<Exit, Failure> {
    #[cfg(feature = "live")]
    if !traffic.interface.is_empty() {
        let args = super::capture::arguments(traffic, shared)?;
        let labelling = start(&args.shared, super::capture::options(&args))?;
        return super::capture::label_live(&args, verbosity, labelling, formats);
    }
    if traffic.inputs.is_empty() {
        return Err(no_traffic());
    }
    let labelling = start(&shared, label::given([("merge", label::yes(traffic.merge))]))?;
    let args = ReadArgs { inputs: traffic.inputs, merge: traffic.merge, stream: false, shared };
    read::label_files(&args, verbosity, labelling, formats)
}

/// Neither files nor interfaces were named.
pub fn no_traffic() -> Failure {
    Failure::Usage("no traffic: name capture files, directories or - for standard input, or an --interface".to_owned())
}

/// Reads a policy and the hosts file it names, which stands beside it.
pub fn load(path: &Path, catalog: &Catalog) -> Result<Law, Failure> {
    let name = path.display().to_string();
    let text = text_of(path, "")?;
    let (beside, names) = match hosts_file(&name, &text) {
        Some((file, line)) => {
            let file = path.parent().unwrap_or(Path::new("")).join(file);
            let names = host_names(&file, &format!("{name}:{line}: "))?;
            (Some(file), names)
        }
        None => (None, HostNames::default()),
    };
    let mut policy =
        Policy::read(&name, &text, catalog, &names, FLAGS).map_err(|mistakes| Failure::Usage(mistakes.to_string()))?;
    for (line, address) in names.nameless() {
        let file = beside.as_deref().unwrap_or(path).display();
        policy.warnings.push(format!("{file}:{line}: {address} has no name: this line says nothing"));
    }
    let files = std::iter::once(path.to_owned()).chain(beside).collect();
    Ok(Law { policy, path: name, files, baseline: None })
}

fn baseline(path: &Path) -> Result<Baseline, Failure> {
    let text = text_of(path, "")?;
    Baseline::read(&text).map_err(|wrong| Failure::Usage(format!("the baseline {} {wrong}", path.display())))
}

/// The text of a file that was named in this place.
fn text_of(path: &Path, place: &str) -> Result<String, Failure> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| Failure::Usage(format!("{place}cannot read {name}: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Failure::Usage(format!("{name}:{line}: this is no text in UTF-8: save the file as UTF-8"))
    })
}

fn host_names(path: &Path, place: &str) -> Result<HostNames, Failure> {
    let text = text_of(path, place)?;
    let wrong = |(line, word)| Failure::Usage(format!("{}:{line}: `{word}` is no address: write ADDRESS NAME", path.display()));
    HostNames::parse(&text).map_err(wrong)
}

/// Mistakes end with code 2; what is only doubtful is said and is no failure.
fn check(path: &Path, catalog: &Catalog) -> Result<Exit, Failure> {
    let law = load(path, catalog)?;
    let mut lines: Vec<String> = law.policy.warnings.iter().map(|warning| visible(warning).into_owned()).collect();
    let named = if law.policy.name == law.path { String::new() } else { format!("{}: ", visible(&law.policy.name)) };
    let policy = &law.policy;
    let parts = [
        (policy.roles.len().saturating_sub(1), "role"),
        (expectations(policy), "expectation"),
        (policy.forbid.len(), "prohibition"),
        (policy.accept.len(), "accepted finding"),
    ];
    let parts = parts.map(|(count, what)| many(count as u64, what)).join(", ");
    lines.push(format!("{}: {named}{parts}; {} to look at\n", visible(&law.path), policy.warnings.len()));
    rules::print(&lines.join("\n"))?;
    Ok(Exit::Done)
}
