//! Who listens where, as other conversations said, and how much of the traffic to high ports that explains.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::net::{IpProto, Timestamp};

/// One thing at one endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct LearnedEndpoint {
    /// The host whose endpoint it is.
    pub server: IpAddr,
    /// `tcp`, `udp`, `gre` ...
    #[schemars(with = "String")]
    pub transport: IpProto,
    /// Its port; null where the transport has none.
    pub port: Option<u16>,
    /// What is spoken there, as the catalog names it where it does.
    pub protocol: &'static str,
    /// UUID of the DCE/RPC interface.
    pub interface: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// What the interface is called.
    pub name: Option<&'static str>,
    /// What the announcement said besides: an annotation, a file, an instance.
    pub annotation: Option<String>,
    /// The systems of the catalog that the interface belongs to, or that the protocol is documented for.
    pub systems: Vec<String>,
    /// `listener`: for every client; `session`: between two hosts; `once`: the next conversation of two hosts.
    pub lasting: &'static str,
    /// How it was learned: `ept_map`, `PASV`, `bind` ...
    pub how: &'static str,
    /// From which packet.
    pub packet: u64,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said or used.
    pub last: Timestamp,
    /// Who was told.
    pub told: Vec<IpAddr>,
    /// Who came to the endpoint.
    pub clients: Vec<IpAddr>,
    /// Those who are known to have bound this interface; several interfaces may share an endpoint.
    pub bound_by: Vec<IpAddr>,
    /// Flows that came.
    pub flows: u64,
    /// Their IP bytes.
    pub bytes: u64,
}

/// How much was announced, and what was left out because there was too much of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct Announcements {
    /// Announcements heard.
    pub heard: u64,
    /// Those that were forgotten: of more than can be remembered the first.
    pub forgotten: u64,
    /// Conversations that may have announced more and were not read on: of more than can be followed at a time the first.
    pub unfollowed: u64,
}

/// A range from which products take dynamic ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DynamicRange {
    /// Its first and last port.
    pub ports: (u16, u16),
    /// The products, in words.
    pub of: String,
}

/// A name of a host.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct HostName {
    /// The host.
    pub host: IpAddr,
    /// What it is called, escaped.
    pub name: String,
    /// Where that is from: `dns`, `mdns`, `llmnr`, `netbios`, `dhcp`, or `payload` (SNI, `Host`, NTLM: the same in all its conversations).
    pub from: &'static str,
    /// The packet that said so first; of `payload` the first of the flow.
    pub packet: u64,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said.
    pub last: Timestamp,
}

/// The traffic to a server's ports above 1024.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct HighPorts {
    /// The server.
    pub server: IpAddr,
    /// From where it takes the ports it assigns, as far as they show it: `1025-5000`, `49152-65535`, one of the rules, or those seen.
    pub range: Option<String>,
    /// Whose range that is.
    pub era: Option<String>,
    /// All flows to its high ports.
    pub flows: u64,
    /// Their IP bytes.
    pub bytes: u64,
    /// The part that is explained, by what.
    pub explained: ExplainedBy,
    /// The ports that nothing explains, most bytes first.
    pub unexplained: Vec<OpenPort>,
}

/// The traffic to the ports above 1024 of all servers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
pub struct HighPortsTotal {
    /// Servers with such traffic.
    pub servers: u64,
    /// Flows.
    pub flows: u64,
    /// Their IP bytes.
    pub bytes: u64,
    /// The part that is explained, by what.
    pub explained: ExplainedBy,
    /// The ports that nothing explains, most bytes first.
    pub unexplained: Vec<OpenPort>,
    /// Further ones that are not listed.
    pub unexplained_left_out: u64,
}

/// Flows and bytes by what explains them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct ExplainedBy {
    /// Another conversation announced the endpoint.
    pub learned: FlowsAndBytes,
    /// The payload is that protocol.
    pub payload: FlowsAndBytes,
    /// The port is documented.
    pub port: FlowsAndBytes,
}

/// A count of flows and of their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
pub struct FlowsAndBytes {
    /// Flows.
    pub flows: u64,
    /// IP bytes.
    pub bytes: u64,
}

/// A port that nothing explains.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct OpenPort {
    /// Whose it is.
    pub server: IpAddr,
    /// `tcp` or `udp`.
    #[schemars(with = "String")]
    pub transport: IpProto,
    /// Its number.
    pub port: u16,
    /// Flows.
    pub flows: u64,
    /// IP bytes.
    pub bytes: u64,
    /// What most of them are in spite of the port, or probably are; null where nothing is known.
    pub probably: Option<String>,
}
