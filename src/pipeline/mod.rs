//! Floor 5: threads. A source's batches go through [`Work`](crate::engine::Work) on one thread or on several.
//!
//! With one worker there is no second thread. With more, whichever is free reads the next batch of the source and numbers it, decodes and
//! publishes it, and then helps where help is needed: each shard is a lane that takes the published batches in order, whoever finds it
//! idle runs it. No worker owns a shard, so a heavy pair of hosts keeps one worker busy while the others decode.
//! Flows that leave their shard early are collected batch by batch, and handed over in the order of the batches.
//! A fixed number of batches is in flight; a reader that has none left waits.
//!
//! When the input has ended, [`in_order()`] has the records made by all workers and written in order.
//! A worker that panics takes the whole run with it: the others stop, and [`run()`] panics too.

mod in_order;
mod lanes;
mod run;

pub use in_order::in_order;
pub use run::{Progress, run};
