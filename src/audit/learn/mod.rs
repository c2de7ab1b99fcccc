//! A policy drafted from traffic: who has which role, which services run where, what the site does beyond the documents, and what went wrong.
//!
//! Like all of `audit` it is pure: records go in ([`Learner::see`]), a text comes out ([`Learner::draft`]). What the text says is held by reading it: after
//! each part the draft is parsed and judges what was seen, and only what it does not expect yet goes to the next part. So a draft audits its own
//! traffic without a finding, whatever was in it.
//!
//! * `gather.rs` remembers what was seen, alike conversations together, within bounds.
//! * `roles.rs` and `services.rs` infer from it; `rest.rs` writes down what neither explains, and the faults.
//! * `many.rs` puts hosts and ports into few words, `draft.rs` is the file.
//!
//! One more sign by which a role shows itself is a line in `roles.rs`.

mod draft;
mod gather;
mod many;
mod rest;
mod roles;
mod services;

pub use gather::Learner;
pub use services::many;

use draft::Draft;
use gather::{Sighting, Traffic};

use super::hosts::HostNames;
use super::modes::Modes;
use super::policy::Policy;
use super::read::FlagWords;
use super::rules::Choice;
use crate::catalog::{Catalog, Mistakes};
use crate::record::{Finding, FlowRecord};

/// How sure an inference is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Sure {
    /// It was announced, or the payload of both sides says so.
    Certain,
    /// It follows from something else that was inferred, or one side's payload says so.
    Likely,
    /// A documented number, and nothing else.
    Weak,
}

impl Sure {
    fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "sure",
            Self::Likely => "likely",
            Self::Weak => "weak",
        }
    }
}

/// What the head of a draft says of its origin.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct About {
    /// Files or interfaces, as typed.
    pub inputs: Vec<String>,
    /// Options that an audit needs too, to see the same: `--with common-lan`.
    pub options: String,
}

impl Learner {
    /// The policy that expects what was seen. `flags` are the flags of records.
    pub fn draft(&self, catalog: &Catalog, flags: FlagWords<'_>, about: &About) -> Result<String, Mistakes> {
        let choice =
            Choice { catalog, documents: Vec::new(), products: Vec::new(), modes: Modes::default(), overrides: Vec::new() };
        let traffic = self.traffic();
        let mut draft = Draft::new(about, &traffic);
        draft.roles = roles::infer(&traffic, &choice);
        let left = left_over(&draft, &traffic, catalog, flags)?;
        draft.services = services::choose(&left, &traffic, &choice);
        let left = left_over(&draft, &traffic, catalog, flags)?;
        draft.expects = rest::expects(&left, &traffic);
        draft.expects.extend(rest::crowds(&traffic));
        let left = left_over(&draft, &traffic, catalog, flags)?;
        draft.accepts = rest::accepts(&left, &traffic);
        Ok(draft.text())
    }
}

/// What the draft so far does not let pass.
fn left_over<'t>(
    draft: &Draft,
    traffic: &'t Traffic<'_>,
    catalog: &Catalog,
    flags: FlagWords<'_>,
) -> Result<Vec<(&'t Sighting, Finding)>, Mistakes> {
    let policy = Policy::read("the draft", &draft.text(), catalog, &HostNames::default(), flags)?;
    let judged = traffic.seen.iter().filter_map(|(sighting, _)| Some((*sighting, finding(&policy, traffic.record(sighting))?)));
    Ok(judged.collect())
}

fn finding<'a>(policy: &'a Policy, mut record: FlowRecord<'a>) -> Option<Finding> {
    policy.judge(&mut record);
    record.policy.and_then(|share| share.findings.into_iter().next())
}
