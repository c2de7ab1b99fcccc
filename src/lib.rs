//! flowlabel: which documented service does a flow belong to, how sure is that, and where do the documents say so.
//!
//! An import goes only to a lower floor; `tests/floors.rs` holds it.

pub mod capture;
pub mod catalog;
pub mod classify;
pub mod cli;
pub mod engine;
pub mod flow;
pub mod net;
pub mod pipeline;
pub mod record;
pub mod report;
pub mod wire;
