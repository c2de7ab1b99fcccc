//! Floor 1: where one conversation announces another.
//!
//! An endpoint mapper says where a service listens, a PASV reply where a file will be fetched, a TFTP request which port waits for the answer. A
//! [`Reader`] reads one such protocol, in order and bounded, and tells a [`Hearing`] what was announced: a [`Door`] (host, transport, port),
//! for whom it is, and what will be spoken there. Like a recognizer it only reads bytes: it knows no flow table, no catalog and no label.
//!
//! A [`Follower`] puts the segments of a connection in order for its reader, and says where some were lost. Flows without one cost nothing.
//!
//! What a host says of another host's address is not believed: a door is always at the address of a host that took part in the conversation, and
//! where the words name another one, [`Hearing::foreign`] is set.
//!
//! One more protocol: a file here and a line in [`ROUTES`].

mod address;
mod door;
mod follower;
mod ftp;
mod hearing;
mod ike;
mod l2tp;
mod message;
mod portmap;
mod pptp;
mod reader;
mod routes;
mod rpc;
mod rtsp;
mod sdp;
mod sip;
mod smb;
mod ssrp;
mod stream;
mod tftp;
mod upnp;

pub use door::{Announcement, Door, End, Lasting, Service};
pub use follower::Follower;
pub use hearing::{Hearing, Word};
pub use reader::Reader;
pub use routes::{ROUTES, Route, by_port, by_protocol};
pub use stream::Segment;

#[cfg(test)]
mod testing;
