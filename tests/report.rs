//! Records to bytes: every format on hand-made records, the schema, the Community ID, the sums.
//!
//! `REMAKE=1 cargo test --test report` makes the schema and the snapshots of the table anew; read the difference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on is to fail")]

#[path = "report/community_id.rs"]
mod community_id;
#[path = "report/formats.rs"]
mod formats;
#[path = "report/golden.rs"]
mod golden;
#[path = "report/html.rs"]
mod html;
#[path = "report/records.rs"]
mod records;
#[path = "report/schema.rs"]
mod schema;
#[path = "report/sums.rs"]
mod sums;
#[path = "report/table.rs"]
mod table;
