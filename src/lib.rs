//! flowlabel: which documented service does a flow belong to, how sure is that, and where do the documents say so.
//!
//! # The floors
//!
//! An import goes only to a lower floor; `tests/floors.rs` holds it.
//!
//! | floor | module | what it is |
//! |---|---|---|
//! | 0 | [`net`] | the vocabulary: times, addresses, link types, protocol numbers, frames |
//! | 0 | [`record`] | what flowlabel says: the flow record and the summary, field for field, and their JSON Schema |
//! | 1 | [`capture`] | where frames come from: files, directories, standard input, filters around them |
//! | 1 | [`wire`] | bytes become layers: link types, IP, transports, tunnels |
//! | 1 | [`catalog`] | what the documents say: `rules/` read, checked, compiled and explained |
//! | 1 | [`announce`] | where one conversation announces another: endpoint mapper, FTP, TFTP ... |
//! | 1 | [`naming`] | what the traffic calls its hosts: DNS, NetBIOS, DHCP |
//! | 2 | [`flow`] | who talks to whom: keys, flows, fragments, TCP state, duplicates |
//! | 3 | [`classify`] | evidence and catalog become a label, a verdict and a reason |
//! | 3 | [`audit`] | a record and a policy become a judgement: findings, coverage, a learned policy |
//! | 4 | [`engine`] | the heart without I/O: a batch is decoded, shards see its layers, flows become records |
//! | 5 | [`pipeline`] | threads around the engine |
//! | 5 | [`report`] | records become bytes, one file a format |
//! | 6 | `tui` | the live view on a terminal |
//! | 7 | [`cli`] | what was typed becomes what will be done |
//!
//! # A packet's way
//!
//! A [`capture::Source`] fills a [`capture::Batch`] with descriptors; frames of a mapped file are not copied. [`engine::Work::decode`] walks each
//! frame ([`wire::decode`]) and writes down every IP layer it meets, and sorts the layers by the shard of their address pair.
//! [`engine::Work::account`] shows a [`flow::Shard`] its layers in the order of the input: fragments are joined, ICMP errors find the flow they
//! quote, a flow is found or begun, and counts. `pipeline` does both steps on one thread or on several; the outcome is the same.
//! When the input has ended, [`engine::record`] turns each flow into a record in the order of their ids: [`classify`] tells client from
//! server and asks the [`catalog`] for the label. [`report`] writes the records and, last, the summary.
//!
//! # One more
//!
//! | one more | is |
//! |---|---|
//! | service, port, document | data in `rules/`, and nothing here |
//! | link type | a file in `wire/link/` and a line in its table |
//! | tunnel, transport, EtherType | a file in `wire/inner/` and a line in one of its tables |
//! | file format | a file in `capture/format/` and a line in its table |
//! | output format | a file in `report/` and a line in [`report::FORMATS`] |
//! | protocol that announces ports | a file in `announce/` and a line in [`announce::ROUTES`] |
//! | protocol that names hosts | a file in `naming/` and a line in [`naming::READERS`] |
//! | flag or note | a line in `classify/words.rs` and the rule that sets it |
//! | command | a variant in `cli/args.rs` and a file in `cli/` |

pub mod announce;
pub mod audit;
pub mod capture;
pub mod catalog;
pub mod classify;
pub mod cli;
pub mod engine;
pub mod flow;
pub mod naming;
pub mod net;
pub mod pipeline;
pub mod recognize;
pub mod record;
pub mod report;
#[cfg(feature = "live")]
pub mod tui;
pub mod wire;
