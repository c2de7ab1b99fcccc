//! What an audit comes to: the findings in groups, the coverage of every expectation, and who talked to whom by role.
//!
//! It stands in the summary as `audit`; each record has its own share in `policy`.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::flow::FlowId;
use super::words::{Change, FindingKind, Seen};
use crate::net::Timestamp;

/// The outcome of an audit.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Audit {
    /// The policy's name.
    pub policy: String,
    /// Flows by status.
    pub flows: StatusCounts,
    /// Findings, alike ones together: the gravest first, then those with most flows.
    pub findings: Vec<FindingGroup>,
    /// Groups that did not fit in; their flows are in `flows` and have their findings in their records.
    pub findings_left_out: u64,
    /// Flows whose finding the policy accepts until a date.
    pub accepted: u64,
    /// Flows whose finding the baseline has already.
    pub known: u64,
    /// What the baseline has and this run has not; empty without one.
    pub gone: Vec<Gone>,
    /// Every expectation, in the order of the policy and the documents.
    pub coverage: Vec<Coverage>,
    /// Flows by the roles of their ends.
    pub matrix: Vec<MatrixCell>,
    /// What is doubtful in the policy itself, with file and line.
    pub warnings: Vec<String>,
    /// Whether an expectation that was not seen fails the run.
    pub missing_fails: bool,
}

impl Audit {
    /// Expectations that were not seen. What only follows from a reading need not be there.
    pub fn missing(&self) -> impl Iterator<Item = &Coverage> {
        self.coverage.iter().filter(|expectation| expectation.status != Seen::Seen && !expectation.derived)
    }

    /// How many expectations came to what.
    pub fn covered(&self) -> Covered {
        let count = |is: &dyn Fn(&Coverage) -> bool| self.coverage.iter().filter(|expectation| is(expectation)).count() as u64;
        let unseen = |expectation: &Coverage| expectation.status == Seen::Unseen;
        Covered {
            seen: count(&|expectation| expectation.status == Seen::Seen),
            failed: count(&|expectation| expectation.status == Seen::Failed),
            never: count(&|expectation| unseen(expectation) && expectation.observable && !expectation.derived),
            unseeable: count(&|expectation| unseen(expectation) && !expectation.observable && !expectation.derived),
            needless: count(&|expectation| unseen(expectation) && expectation.derived),
        }
    }
}

/// Expectations by what came of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Covered {
    /// At least one flow was answered.
    pub seen: u64,
    /// Tried in vain.
    pub failed: u64,
    /// Never tried.
    pub never: u64,
    /// Never tried, and this capture could not have shown it.
    pub unseeable: u64,
    /// Never tried, and only a reading or a doubtful fact expects it: it is no loss.
    pub needless: u64,
}

impl Covered {
    /// Those that had to come.
    pub const fn total(self) -> u64 {
        self.seen + self.failed + self.never + self.unseeable
    }
}

/// Flows by status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct StatusCounts {
    /// Something allows them.
    pub expected: u64,
    /// Nothing allows them.
    pub unexpected: u64,
    /// The policy forbids them.
    pub forbidden: u64,
    /// Neither end is in the segment.
    pub outside: u64,
}

/// Findings of one kind about one service: the same link, server, transport and port.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct FindingGroup {
    /// What is wrong.
    pub kind: FindingKind,
    /// The link or fact it rests on.
    pub link: Option<String>,
    /// A sentence a person can act on, about the first flow.
    pub text: String,
    /// Document and line of each fact it rests on.
    pub sources: Vec<String>,
    /// A Wireshark display filter that shows the flows.
    pub filter: String,
    /// The label of the flows.
    pub label: Option<String>,
    /// The transport's keyword.
    pub transport: String,
    /// The server.
    pub server: IpAddr,
    /// Its port; null where there is none, or where it is another each time.
    pub port: Option<u16>,
    /// Roles of the server in the policy.
    pub server_roles: Vec<String>,
    /// Roles of the first client in the policy.
    pub client_roles: Vec<String>,
    /// The first clients, at most sixteen.
    pub clients: Vec<IpAddr>,
    /// Flows.
    pub flows: u64,
    /// Packets.
    pub packets: u64,
    /// IP bytes.
    pub bytes: u64,
    /// When the first began.
    pub first: Timestamp,
    /// When the last ended.
    pub last: Timestamp,
    /// The first flows, at most sixteen.
    pub witnesses: Vec<FlowId>,
    /// Against a baseline: what is new, or has moved.
    pub change: Option<Change>,
    /// Where it was before it moved.
    pub was: Option<String>,
}

/// Something a baseline has, and this run has not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Gone {
    /// `finding`, or `expectation`: seen then, and not now.
    pub what: &'static str,
    /// The kind of a finding.
    pub kind: Option<String>,
    /// The link or fact.
    pub link: Option<String>,
    /// In a sentence.
    pub text: String,
}

/// One expectation and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Coverage {
    /// A link's or system's id, or `expect:1`.
    pub by: String,
    /// Its name.
    pub title: String,
    /// Who opens: a role, or hosts.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Either end opens.
    pub both_ways: bool,
    /// The protocol's name.
    pub protocol: Option<String>,
    /// The transport's keyword; null where any will do.
    pub transport: Option<String>,
    /// Ports, each of which will do; empty: none, or any.
    pub ports: Vec<String>,
    /// Follows from a reading, or is doubtful: it need not be there.
    pub derived: bool,
    /// What came of it.
    pub status: Seen,
    /// Flows that were answered.
    pub flows: u64,
    /// Attempts that were refused or not answered.
    pub failed: u64,
    /// IP bytes of all of them.
    pub bytes: u64,
    /// When the first began.
    pub first: Option<Timestamp>,
    /// When the last ended.
    pub last: Option<Timestamp>,
    /// The first clients, at most eight.
    pub clients: Vec<IpAddr>,
    /// The first servers, at most eight.
    pub servers: Vec<IpAddr>,
    /// Whether this capture could have shown it.
    pub observable: bool,
    /// Why not.
    pub why: Option<String>,
    /// Document and line.
    pub sources: Vec<String>,
}

/// Flows between two roles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct MatrixCell {
    /// The client's role; null: none.
    pub from: Option<String>,
    /// The server's role; null: none.
    pub to: Option<String>,
    /// Links and other entries that flows rested on.
    pub links: Vec<String>,
    /// Flows; one whose ends have several roles that no link tells apart counts in each.
    pub flows: u64,
    /// Their IP bytes.
    pub bytes: u64,
    /// Those with a finding.
    pub findings: u64,
}
