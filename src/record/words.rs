//! Words with a fixed meaning, and small values that print in one way only.

use std::fmt;

use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// An enum whose values are printed as one stable word each: the word stands once, here.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
        pub enum $name {
            $($(#[$meaning])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word records print.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What told the client from the server.
    Direction {
        /// A SYN or SYN-ACK.
        Syn = "syn",
        /// A listener another conversation announced.
        Learned = "learned",
        /// A request or a response in the payload.
        Payload = "payload",
        /// The documented listening port.
        Port = "port",
        /// Nothing but who sent first.
        First = "first",
    }
}

words! {
    /// What the label rests on, strongest first.
    Evidence {
        /// Another conversation announced this endpoint.
        Learned = "learned",
        /// The bytes are that protocol.
        Payload = "payload",
        /// The IP protocol number is documented.
        Protocol = "protocol",
        /// The listening port is documented, nothing else is known.
        Port = "port",
    }
}

words! {
    /// How sure a recognizer is.
    Confidence {
        /// One direction reads like it: enough to confirm a port, not to contradict one.
        Plausible = "plausible",
        /// Both directions read like it.
        Both = "both",
        /// A signature that nothing else has.
        Certain = "certain",
    }
}

words! {
    /// The judgement of the catalog.
    Verdict {
        /// The catalog documents it, and nothing contradicts.
        Matched = "matched",
        /// Documented port with another protocol's payload, or a documented protocol on an undocumented port.
        Mismatched = "mismatched",
        /// The catalog does not know it.
        Unmatched = "unmatched",
    }
}

words! {
    /// The judgement of the policy.
    PolicyStatus {
        /// Something in the policy allows it.
        Expected = "expected",
        /// Nothing in the policy allows it.
        Unexpected = "unexpected",
        /// The policy forbids it.
        Forbidden = "forbidden",
        /// Neither end is in the segment.
        Outside = "outside",
    }
}

words! {
    /// What an audit finds.
    FindingKind {
        /// Seen, and nothing allows it.
        Unexpected = "unexpected",
        /// The policy forbids it.
        Forbidden = "forbidden",
        /// A one-way link that the other side opened.
        Reversed = "reversed",
        /// Documented for the other transport.
        WrongTransport = "wrong-transport",
        /// A documented link on another port.
        WrongPort = "wrong-port",
        /// A service answers on a host without that role.
        RoleMissing = "role-missing",
        /// An expected connection was refused.
        Refused = "refused",
        /// An expected connection was never answered.
        Unanswered = "unanswered",
        /// The payload is another protocol than the port's.
        PayloadContradictsPort = "payload-contradicts-port",
        /// A dynamic port that nothing announced.
        DynamicUnexplained = "dynamic-unexplained",
    }
}

words! {
    /// How grave a finding is.
    Severity {
        /// Somebody is where he must not be, or is not who he seems.
        High = "high",
        /// Nobody has said that it may be.
        Medium = "medium",
        /// It may be, and does not work.
        Low = "low",
    }
}

impl FindingKind {
    /// How grave it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Forbidden | Self::PayloadContradictsPort | Self::Reversed | Self::RoleMissing => Severity::High,
            Self::Unexpected | Self::WrongTransport | Self::WrongPort | Self::DynamicUnexplained => Severity::Medium,
            Self::Refused | Self::Unanswered => Severity::Low,
        }
    }
}

words! {
    /// What came of an expectation.
    Seen {
        /// At least one flow was answered.
        Seen = "seen",
        /// Tried, and refused or not answered each time.
        Failed = "failed",
        /// Never tried.
        Unseen = "unseen",
    }
}

words! {
    /// A finding against a baseline.
    Change {
        /// The baseline has nothing like it.
        New = "new",
        /// The baseline has it at another port or host, and no longer there.
        Moved = "moved",
    }
}

words! {
    /// How a TCP connection went, in Zeek's `conn_state` words.
    ConnState {
        /// A SYN and no answer.
        S0 = "S0",
        /// Established, not closed.
        S1 = "S1",
        /// Established and closed normally.
        SF = "SF",
        /// A SYN that was refused.
        REJ = "REJ",
        /// Established, the client closed, no answer from the server.
        S2 = "S2",
        /// Established, the server closed, no answer from the client.
        S3 = "S3",
        /// Established, the client aborted.
        RSTO = "RSTO",
        /// The server aborted.
        RSTR = "RSTR",
        /// The client sent a SYN and then a RST, the server never answered.
        RSTOS0 = "RSTOS0",
        /// The server sent a SYN-ACK and then a RST, the client's SYN was not seen.
        RSTRH = "RSTRH",
        /// The client sent a SYN and then a FIN, the server never answered.
        SH = "SH",
        /// The server sent a SYN-ACK and then a FIN, the client's SYN was not seen.
        SHR = "SHR",
        /// No SYN seen: traffic from the middle of a connection.
        OTH = "OTH",
    }
}

/// Zeek's history letters, in order of first appearance; capitals are the client's.
pub type History = ArrayString<48>;

/// Community ID version 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CommunityId(pub ArrayString<32>);

impl fmt::Display for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

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
