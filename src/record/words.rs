//! Words with a fixed meaning, and small values that print in one way only.

use std::fmt;

use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// What told the client from the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A SYN or SYN-ACK.
    Syn,
    /// A listener another conversation announced.
    Learned,
    /// A request or a response in the payload.
    Payload,
    /// The documented listening port.
    Port,
    /// Nothing but who sent first.
    First,
}

/// What the label rests on, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Another conversation announced this endpoint.
    Learned,
    /// The bytes are that protocol.
    Payload,
    /// The IP protocol number is documented.
    Protocol,
    /// The listening port is documented, nothing else is known.
    Port,
}

/// The judgement of the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The catalog documents it, and nothing contradicts.
    Matched,
    /// Documented port with another protocol's payload, or a documented protocol on an undocumented port.
    Mismatched,
    /// The catalog does not know it.
    Unmatched,
}

/// How a TCP connection went, in Zeek's `conn_state` words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub enum ConnState {
    /// A SYN and no answer.
    S0,
    /// Established, not closed.
    S1,
    /// Established and closed normally.
    SF,
    /// A SYN that was refused.
    REJ,
    /// Established, the client closed, no answer from the server.
    S2,
    /// Established, the server closed, no answer from the client.
    S3,
    /// Established, the client aborted.
    RSTO,
    /// The server aborted.
    RSTR,
    /// The client sent a SYN and then a RST, the server never answered.
    RSTOS0,
    /// The server sent a SYN-ACK and then a RST, the client's SYN was not seen.
    RSTRH,
    /// The client sent a SYN and then a FIN, the server never answered.
    SH,
    /// The server sent a SYN-ACK and then a FIN, the client's SYN was not seen.
    SHR,
    /// No SYN seen: traffic from the middle of a connection.
    OTH,
}

/// Zeek's history letters, in order of first appearance; capitals are the client's.
pub type History = ArrayString<48>;

/// Community ID version 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommunityId(pub ArrayString<32>);

impl Serialize for CommunityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for CommunityId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CommunityId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Community ID v1 with seed 0, of this record's own tuple",
            "type": "string",
            "pattern": "^1:[A-Za-z0-9+/]{27}=$"
        })
    }
}

/// A security parameter index of ESP or AH.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Spi(pub u32);

impl fmt::Display for Spi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

impl Serialize for Spi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Spi {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Spi".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "security parameter index", "type": "string", "pattern": "^0x[0-9a-f]{8}$" })
    }
}
