//! Whether a record is what a rule speaks of: its numbers, and its ends.

use std::net::IpAddr;

use super::policy::{Origin, Place, Policy, Rule};
use crate::catalog::{Catalog, Port};
use crate::flow::request_type;
use crate::net::IpProto;
use crate::recognize::DCE_RPC;
use crate::record::{Evidence, FlowRecord};

/// A record between two hosts of a policy.
#[derive(Clone, Copy)]
pub struct Sight<'r, 'a> {
    /// The record.
    pub record: &'r FlowRecord<'a>,
    /// Who asked.
    pub client: Place,
    /// Who was asked.
    pub server: Place,
}

impl<'r, 'a> Sight<'r, 'a> {
    /// The record as a policy sees it.
    pub fn new(policy: &Policy, record: &'r FlowRecord<'a>) -> Self {
        Self { record, client: policy.place(record.client.ip), server: policy.place(record.server.ip) }
    }

    /// The same, with the client that this address was given to.
    pub fn of_leased(policy: &Policy, record: &'r FlowRecord<'a>, ip: IpAddr) -> Self {
        Self { record, client: policy.place_of_leased(ip), server: policy.place(record.server.ip) }
    }

    /// Whether an end is a group or somebody without an address: nobody opens a connection to it, either may send.
    pub fn is_to_anybody(&self) -> bool {
        self.client.anybody || self.server.anybody
    }

    /// Whether the server said anything.
    pub fn is_answered(&self) -> bool {
        self.record.packets.server > 0 && !self.notes("refused")
    }

    /// Whether the record has a note.
    pub fn notes(&self, note: &str) -> bool {
        self.record.notes.contains(&note)
    }

    /// The payload's protocol.
    pub fn payload(&self) -> Option<&'static str> {
        self.record.payload.and_then(|payload| payload.protocol)
    }

    /// Whether something announced this port, or it speaks DCE/RPC: a number alone explains no dynamic port.
    pub fn explains_dynamic(&self) -> bool {
        self.record.server.port.is_some_and(Catalog::may_be_dynamic)
            && (self.is_learned() || self.payload() == Some(DCE_RPC.name))
    }

    fn is_learned(&self) -> bool {
        self.record.evidence == Some(Evidence::Learned)
    }

    fn has_label(&self, name: &str) -> bool {
        self.record.label.is_some_and(|label| label.eq_ignore_ascii_case(name))
    }
}

impl Rule {
    /// Whether it allows this: numbers and ends.
    pub fn covers(&self, sight: &Sight<'_, '_>) -> bool {
        self.transport.is_none_or(|transport| transport == sight.record.transport)
            && self.has_numbers(sight)
            && self.has_ends(sight)
    }

    /// Whether its port, type or protocol is the record's.
    pub fn has_numbers(&self, sight: &Sight<'_, '_>) -> bool {
        let record = sight.record;
        if self.ports.is_empty() {
            return self.icmp_types.is_empty() || record.icmp.is_some_and(|icmp| self.has_type(record.transport, icmp.kind));
        }
        let at = if self.pair { self.ports.get(..1).unwrap_or_default() } else { self.ports.as_slice() };
        let looked_at = if self.opens_from { record.client.port } else { record.server.port };
        let fixed = looked_at.is_some_and(|number| at.iter().any(|port| port.contains(number)));
        fixed || (at.contains(&Port::Dynamic) && self.has_dynamic(sight))
    }

    /// A dynamic port counts when it is explained, and as the protocol that was announced or spoken. Services print no protocol there
    /// ("randomly allocated high TCP ports"): what was announced says whose it is.
    fn has_dynamic(&self, sight: &Sight<'_, '_>) -> bool {
        let is_owner = self.origin == Origin::Service && sight.record.systems.contains(&self.by.as_str());
        let named = is_owner || self.protocol.as_ref().is_none_or(|protocol| sight.has_label(protocol));
        named && if self.opens_from { sight.is_learned() } else { sight.explains_dynamic() }
    }

    fn has_type(&self, transport: IpProto, kind: u8) -> bool {
        self.icmp_types.contains(&kind) || self.icmp_types.contains(&request_type(transport, kind))
    }

    /// Whether the right hosts are at the right ends.
    pub fn has_ends(&self, sight: &Sight<'_, '_>) -> bool {
        if self.from.is_nobody() || self.to.is_nobody() {
            return false;
        }
        let straight = || self.from.has(&sight.client) && self.to.has(&sight.server);
        let turned = || self.to.has(&sight.client) && self.from.has(&sight.server);
        if self.both_ways || !self.is_directed(sight) {
            return straight() || turned();
        }
        if self.opens_from { turned() } else { straight() }
    }

    /// Whether it matters who opens: not for tunnels without ports, for groups, and for data that either side may begin.
    fn is_directed(&self, sight: &Sight<'_, '_>) -> bool {
        let has_direction = matches!(sight.record.transport, IpProto::TCP | IpProto::UDP | IpProto::ICMP | IpProto::ICMP6);
        let begun_by_either = self.opens_from && self.ports.contains(&Port::Dynamic);
        has_direction && !begun_by_either && (sight.record.transport == IpProto::TCP || !sight.is_to_anybody())
    }

    /// Whether the ends are turned round: the one that should answer has opened.
    pub fn has_ends_turned(&self, sight: &Sight<'_, '_>) -> bool {
        let nobody = self.from.is_nobody() || self.to.is_nobody();
        !nobody && self.is_directed(sight) && self.to.has_itself(&sight.client) && self.from.has_itself(&sight.server)
    }

    /// Whether this is what it says, by the record's label or payload, whatever the port.
    pub fn is_spoken(&self, sight: &Sight<'_, '_>) -> bool {
        let Some(protocol) = self.protocol.as_deref() else { return false };
        sight.has_label(protocol) || sight.payload().is_some_and(|spoken| is_behind(spoken, protocol))
    }
}

/// Whether a service of this catalog name may speak a recognised protocol.
pub fn is_behind(spoken: &str, protocol: &str) -> bool {
    let known = crate::recognize::RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
    known.into_iter().any(|known| known.name == spoken && known.is_behind(protocol))
}
