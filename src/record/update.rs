//! What later evidence changed in a record that is already written.

use schemars::JsonSchema;
use serde::Serialize;

use super::flow::{FlowId, FlowRecord, Host, IcmpErrors, PerSide, Policy, Tcp};
use super::words::{Direction, Evidence, Verdict};

/// The word that says what the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateTag {
    /// An update.
    #[default]
    Update,
}

/// Declares the update with a field for each field of a record that evidence can change, and how two records are compared.
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
    client: Host<'a>,
    server: Host<'a>,
    direction: Direction,
    packets: PerSide,
    bytes: PerSide,
    icmp_errors: Option<IcmpErrors>,
    tcp: Option<Tcp>,
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
    sources: Vec<&'a str>,
    policy: Option<Policy>,
}
