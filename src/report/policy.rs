//! What `flowlabel learn` prints: the drafted policy, and nothing else.

use std::io::{self, Write};

use super::{Format, Report};
use crate::record::{FlowRecord, Summary};

const POLICY: Format =
    Format { name: "policy", help: "A policy with the reason of each entry", extension: "toml", new: |_| Box::new(Policy) };

/// The format of `flowlabel learn`: what other commands call their table is the policy here.
pub fn policy_format(name: &str) -> Option<&'static Format> {
    matches!(name, "table" | "policy").then_some(&POLICY)
}

struct Policy;

impl Report for Policy {
    fn flow(&mut self, _record: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn update(&mut self, _before: &FlowRecord<'_>, _after: &FlowRecord<'_>, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(summary.draft.as_deref().unwrap_or_default().as_bytes())
    }
}
