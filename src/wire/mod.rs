//! Floor 1: bytes become layers.
//!
//! [`decode`] walks one frame from its link type inwards and writes down every IP layer it meets: a tunnel and what it carries are
//! two layers. It is a pure function of one frame; fragments and connections are joined on floor 2. What cannot be read is no error
//! but a counted [`Stop`]. Nothing a packet says can make it panic: every read goes through a [`Window`].
//!
//! Nearly every frame of a capture is TCP or UDP in plain IP over Ethernet: `plain` reads those in one go, and must say exactly what the walk
//! would; everything else is walked.
//!
//! IPv4, TCP and UDP headers are read in place: the walk wants a few of their fields, and lengths that know what was cut away. For IPv6
//! etherparse's slices serve, and in tests it is the independent second reader of every plain frame.
//!
//! * One more link type: a file in `link/` and a line in `link::TABLE`.
//! * One more header inside IP, or tunnel: a file in `inner/` and a line in `inner::BY_PROTOCOL`, `inner::BY_ETHERTYPE` or
//!   `inner::BY_UDP_PORT`.

mod inner;
mod layer;
mod link;
mod plain;
#[cfg(test)]
mod probe;
mod walk;
mod window;

pub use layer::{Decoded, Fragment, Icmp, Layer, MAX_LAYERS, Outcome, Quoted, Span, Stop, Tcp, Transport, Via, Vlans, Word};
pub use walk::{decode, decode_onto};
pub use window::Window;
