//! Floor 4: the heart, without I/O, threads or a clock of its own.
//!
//! Two steps, and they are all there is. [`Work::decode`] is a pure function of a batch: it turns frames into layers and sorts these
//! by shard. [`Work::account`] shows one shard its layers. Whoever drives it (one thread or many, `pipeline`) must let each shard see
//! the batches in order; nothing else about the order matters, so the outcome never depends on the number of workers.
//!
//! Streaming adds a third: [`Clock::mark`] sees the batches first, in order, and says at which packets shards are to give away the flows
//! that have ended by then.
//!
//! This is why layers, and not packets, travel to the shards: a tunnel's outer flow and the flows it carries live in different shards,
//! an ICMP error lives with the flow it quotes, and a heavy pair of hosts can pin one shard while every worker still decodes.

mod carriers;
mod carve;
mod clock;
mod ledger;
mod outcome;
mod record;
mod tally;
mod work;

pub use carriers::Carriers;
pub use carve::{Finder, Marks};
pub use clock::Clock;
pub use ledger::{Heard, Ledger, Lesson, Memory, News, Revised};
pub use outcome::Outcome;
pub use record::record;
pub use tally::Tally;
pub use work::Work;
