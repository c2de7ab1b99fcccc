//! Floor 1: what the bytes of a conversation are.
//!
//! A recognizer is a pure function of an [`Opening`], the in-order first bytes of both sides, and says [`Look::No`], [`Look::More`],
//! [`Look::Likely`] or [`Look::Sure`] with a [`Finding`]. Everything is read through a checked [`Cursor`]. Nothing here knows a flow table, a
//! catalog's rules or a label: like `wire` it only reads bytes, which is why it stands beside it, below the flows that show it theirs.
//!
//! [`Search`] asks the recognizers whose protocol can begin with the first bytes of a side on these ports (`admission`), so a flow is shown to a few and not to all. Each
//! round asks those that are left; the best answer is the surest, of equals the first in the table. Who is asked first makes no difference.
//!
//! One more protocol: a file here and a line in `table.rs`, most specific first. The file holds its [`Protocol`] (its name, what the catalog calls it,
//! and the catalog's names of services that may speak it) and its `look`.

mod admission;
mod ber;
mod cursor;
mod finding;
mod hint;
mod interfaces;
mod opening;
mod search;
mod set;
mod table;
pub mod text;
mod uuid;

mod afp;
mod amt_redirection;
mod binl;
mod chargen;
mod cldap;
mod daytime;
mod dcerpc;
mod dcerpc_udp;
mod dhcp;
mod dhcpv6;
mod dns;
mod dns_message;
mod echo;
mod esp_udp;
mod ftp;
mod hpack;
mod http;
mod http2;
mod http_kind;
mod ike;
mod imap;
mod iso_transport;
mod kerberos;
mod l2tp;
mod ldap;
mod llmnr;
mod lpd;
mod madcap;
mod mdns;
mod mms;
mod msmq;
mod msmq_ping;
mod net_tcp;
mod netbios;
mod netbios_datagram;
mod netbios_name;
mod nntp;
mod ntp;
mod password_change;
mod pop3;
mod pptp;
mod quic;
mod quote;
mod radius;
mod rdp;
mod rdp_preconnection;
mod rmcp;
mod rtcp;
mod rtp;
mod rtsp;
mod sip;
mod smb;
mod smtp;
mod snmp;
mod ssdp;
mod ssh;
mod ssrp;
mod stun;
mod tds;
mod telnet;
mod tftp;
mod tls;
mod wake_on_lan;
mod wins_replication;
mod x509;

#[cfg(test)]
pub(crate) mod testing;

pub use cursor::Cursor;
pub use finding::{Confidence, Finding, Kind, Look, Note, Protocol, Texts, plausible_name, shown};
pub use http_kind::kinds;
pub use interfaces::{Interface, InterfaceId, interface, interfaces_named};
pub use netbios::{Name as NetbiosName, read_name as netbios_name};
pub use opening::{Datagram, Opening, Said};
pub use search::Search;
pub use table::{DCE_RPC, RECOGNIZERS, Recognizer, is_known_format};
pub use uuid::Uuid;
