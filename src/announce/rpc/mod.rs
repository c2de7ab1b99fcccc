//! DCE/RPC: who asks an endpoint mapper or a DCOM activator is told a port (C706 appendix O, [MS-RPCE], [MS-DCOM]).
//!
//! `connection` reads PDUs over TCP, `datagrams` those over UDP; both know which interface a call goes to and hand whole answers to `answer`, which has
//! them read by `epm` (towers) or `dcom` (string bindings). What is sealed cannot be read.

mod answer;
mod connection;
mod datagrams;
mod dcom;
mod epm;
mod ndr;

pub use connection::Connection;
pub use datagrams::Datagrams;

use super::door::Service;

/// What listens at a port that was assigned at run time.
pub static RPC: Service = Service { name: "RPC", label: Some("RPC"), speaks: &["DCE/RPC"] };
/// The same behind HTTP (`ncacn_http`).
pub static RPC_OVER_HTTP: Service =
    Service { name: "RPC over HTTP", label: Some("RPC over HTTP"), speaks: &["DCE/RPC", "HTTP", "TLS", "HTTPS"] };
