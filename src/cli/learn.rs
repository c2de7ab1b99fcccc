//! `flowlabel learn`: traffic becomes the draft of a policy.

use super::args::{LearnArgs, SharedArgs, Verbosity};
use super::audit::observe;
use super::exit::{Exit, Failure};
use super::label::Labelling;
use crate::audit::About;
use crate::report;

/// Reads or captures, and writes the policy.
pub fn run(args: LearnArgs, verbosity: &Verbosity) -> Result<Exit, Failure> {
    if report::policy_format(&args.shared.output.format).is_none() {
        return Err(Failure::Usage(format!("learn writes a policy, not {}", args.shared.output.format)));
    }
    if !args.shared.select.only.is_empty() {
        return Err(Failure::Usage(
            "--only selects records, and learn writes none: narrow the traffic with --filter, --from or --to".to_owned(),
        ));
    }
    #[cfg_attr(not(feature = "live"), expect(unused_mut, reason = "only live traffic adds to them"))]
    let mut inputs: Vec<String> = args.traffic.inputs.iter().map(|path| path.display().to_string()).collect();
    #[cfg(feature = "live")]
    inputs.extend(args.traffic.interface.iter().map(|name| format!("--interface {name}")));
    let about = About { options: options(&args.shared), inputs };
    let labelling = move |shared: &SharedArgs, own| Ok(Labelling::new(shared, false, own)?.learning(about));
    observe(args.traffic, args.shared, verbosity, labelling, report::policy_format)
}

/// The options without which an audit sees other flows or other labels.
fn options(shared: &SharedArgs) -> String {
    let rules = &shared.rules;
    let mut options: Vec<String> = rules.rules.iter().map(|path| format!("--rules {}", path.display())).collect();
    options.extend(rules.no_builtin_rules.then(|| "--no-builtin-rules".to_owned()));
    options.extend(rules.with.iter().map(|name| format!("--with {name}")));
    options.extend(shared.select.filter.iter().map(|filter| format!("-f '{filter}'")));
    options.insert(0, String::new());
    options.join(" ")
}
