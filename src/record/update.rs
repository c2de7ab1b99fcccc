//! What changed in a record that is already written: because of later evidence, or because it was written before its flow's end.

use schemars::JsonSchema;
use serde::Serialize;

use super::flow::{FlowId, FlowRecord, Host, IcmpErrors, Payload, PerSide, Policy, Tcp, Tunnel};
use super::words::{Direction, Evidence, Spi, Verdict};
use crate::net::Timestamp;

/// The word that says what the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateTag {
    /// An update.
    #[default]
    Update,
}

/// Declares the update with a field for each field of a record that can change, and how two records are compared.
macro_rules! changes {
    ($($field:ident: $type:ty,)+) => {
        /// The changed fields of the flow with this id, each with its new value. A field that is missing did not change.
        #[derive(Clone, Debug, Serialize, JsonSchema)]
        pub struct FlowUpdate<'a> {
            /// Always `update`.
            #[serde(rename = "type")]
            pub kind: UpdateTag,
            /// The flow it is about.
            pub id: FlowId,
            $(
                #[doc = concat!("The new `", stringify!($field), "`.")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )+
        }

        impl<'a> FlowUpdate<'a> {
            /// What `after` says otherwise than `before`, which is the same flow as it was written; `None` when nothing.
            #[expect(clippy::float_cmp, reason = "a duration that is not the same number is written otherwise")]
            pub fn between(before: &FlowRecord<'_>, after: &FlowRecord<'a>) -> Option<Self> {
                let update = Self {
                    kind: UpdateTag::Update,
                    id: after.id,
                    $($field: (before.$field != after.$field).then(|| after.$field.clone()),)+
                };
                (false $(|| update.$field.is_some())+).then_some(update)
            }
        }
    };
}

changes! {
    first: Timestamp,
    last: Timestamp,
    duration: f64,
    vlans: Vec<u16>,
    tunnels: Vec<Tunnel>,
    client: Host<'a>,
    server: Host<'a>,
    direction: Direction,
    packets: PerSide,
    bytes: PerSide,
    icmp_errors: Option<IcmpErrors>,
    tcp: Option<Tcp>,
    spis: Vec<Spi>,
    label: Option<&'a str>,
    detail: Option<&'a str>,
    systems: Vec<&'a str>,
    verdict: Option<Verdict>,
    evidence: Option<Evidence>,
    learned_after: bool,
    flags: Vec<&'a str>,
    notes: Vec<&'a str>,
    reason: Option<String>,
    hint: Option<&'a str>,
    payload: Option<Payload>,
    sources: Vec<&'a str>,
    policy: Option<Policy>,
}
