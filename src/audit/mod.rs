//! Floor 3: a labelled record and a policy become a judgement; judgements become findings, coverage and a matrix.
//!
//! It is pure: it reads no file (the command line hands it texts), knows no packet and no clock, and its outcome depends on the records
//! and their order only.
//!
//! * [`Policy::read`] (`read/`) reads a policy, with `rules.rs` and `modes.rs` turning the catalog's links and services into [`Rule`]s and `doubts.rs`
//!   comparing lists of hosts.
//! * [`Policy::judge`] (`judge.rs`) judges one record: forbid, expect, links, services, accept. `index.rs` keeps that cheap, `near.rs` says what comes closest when
//!   nothing allows a flow, and `text.rs` says it in a sentence.
//! * [`Baseline`] (`baseline.rs`) is an earlier audit: with it only what has changed is told.
//! * [`Learner`] (`learn/`) drafts a policy from what was seen.
//! * [`Tally`] (`tally.rs`) gathers the judgements into [`crate::record::Audit`].
//!
//! One more kind of finding is a word in `record/words.rs`, a case in `near.rs` or `judge.rs` and a sentence in `text.rs`; one more option
//! of a policy is a field of `Modes` in `modes.rs` and a line in `read/documents.rs`.

mod baseline;
mod doubts;
mod filter;
mod fit;
mod hosts;
mod index;
mod judge;
mod learn;
mod modes;
mod near;
mod policy;
mod read;
mod rules;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use baseline::Baseline;
pub use hosts::{HostNames, Hosts};
pub use judge::Judgement;
pub use learn::{About, Learner, many};
pub use policy::{Party, Policy, Role, Rule};
pub use read::hosts_file;
pub use tally::{Tally, expectations};
