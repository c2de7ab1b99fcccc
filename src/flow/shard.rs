//! The flows of one logical shard, and the one way a packet reaches its flow.

use super::deadlines::Deadlines;
use super::duplicates::Duplicates;
use super::flow::{Flow, OuterTunnel};
use super::followers::{Follow, Followers, Shown};
use super::fragments::{FragmentKey, Fragments, Reassembly};
use super::index::Index;
use super::key::{FlowKey, Identity, KeyParts, Keyed, Keying, error_keys};
use super::opening::Piece;
use super::slab::Slab;
use crate::announce::Announcement;
use crate::naming::{Claim, Lease};
use crate::net::{IpProto, Side, Timestamp};
use crate::record::FlowId;
use crate::wire::{Fragment, Icmp, Layer, Tcp, Transport};

/// How long a flow may be silent before its next packet begins another, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// An open TCP connection.
    pub tcp: u64,
    /// A closed one.
    pub tcp_closed: u64,
    /// Everything else.
    pub other: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        const SECOND: u64 = 1_000_000_000;
        Self { tcp: 300 * SECOND, tcp_closed: 60 * SECOND, other: 120 * SECOND }
    }
}

impl Timeouts {
    /// How long this flow may be silent, as far as it has come.
    fn of(&self, flow: &Flow) -> u64 {
        match &flow.tcp {
            None => self.other,
            Some(tcp) if tcp.is_closed() => self.tcp_closed,
            Some(_) => self.tcp,
        }
    }

    fn shortest(&self) -> u64 {
        self.tcp.min(self.tcp_closed).min(self.other)
    }
}

/// How flows are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Silence that ends a flow; `None`: one record per key.
    pub split: Option<Timeouts>,
    /// What belongs to a key besides addresses, protocol and ports.
    pub key: KeyParts,
    /// Drop repeated packets instead of only counting them.
    pub dedup: bool,
    /// How many flows one shard holds before the oldest finished ones are given up.
    pub max_flows: usize,
    /// Give flows away when they end, instead of holding them to the end of the input.
    pub stream: bool,
    /// Look at payload.
    pub payload: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            split: Some(Timeouts::default()),
            key: KeyParts::default(),
            dedup: false,
            max_flows: 10_000_000 / super::SHARDS,
            stream: false,
            payload: true,
        }
    }
}

/// One layer of one packet, on its way to its flow.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The packet's number.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// The layers of the packet from the outermost to this one.
    pub layers: &'a [Layer],
    /// Whether there is a layer inside of this one.
    pub carries: bool,
    /// The frame.
    pub frame: &'a [u8],
    /// The key of the layer, as far as it shows itself.
    pub keyed: &'a Keyed,
    /// What [`fingerprint`](super::fingerprint) says of the packet.
    pub fingerprint: u64,
}

/// A fragment that waits for the first one of its datagram.
#[derive(Debug)]
struct Waiting {
    number: u64,
    time: Timestamp,
    layers: Vec<Layer>,
    carries: bool,
}

impl Waiting {
    /// As it was seen, without its frame, which is gone; by now it is known whose it is.
    fn sighting<'a>(&'a self, keyed: &'a Keyed) -> Sighting<'a> {
        let (number, time, layers, carries) = (self.number, self.time, &self.layers, self.carries);
        Sighting { number, time, layers, carries, frame: &[], keyed, fingerprint: 0 }
    }
}

/// A flow that left its shard before the end of the input.
#[derive(Debug)]
pub struct Ended {
    /// The packet at which it left.
    pub at: u64,
    /// The flow.
    pub flow: Flow,
    /// Whether it had to make room, and may not have been over.
    pub evicted: bool,
}

/// What a shard, or all of them, gave away.
#[derive(Debug, Default)]
pub struct Harvest {
    /// Flows.
    pub flows: Vec<Ended>,
    /// Streaming: flows that were found to carry others, given away or not.
    pub carriers: Vec<(FlowKey, FlowId)>,
    /// Copies of flows under way, for whoever looks on.
    pub under_way: Vec<Flow>,
    /// Conversations to come.
    pub announcements: Vec<Announcement>,
    /// What hosts are called.
    pub claims: Vec<Claim>,
    /// Who asked for an address, and who was given one.
    pub leases: Vec<Lease>,
}

impl Harvest {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
            && self.carriers.is_empty()
            && self.announcements.is_empty()
            && self.claims.is_empty()
            && self.leases.is_empty()
            && self.under_way.is_empty()
    }

    /// Adds another shard's.
    pub fn append(&mut self, mut other: Self) {
        self.flows.append(&mut other.flows);
        self.carriers.append(&mut other.carriers);
        self.under_way.append(&mut other.under_way);
        self.announcements.append(&mut other.announcements);
        self.claims.append(&mut other.claims);
        self.leases.append(&mut other.leases);
    }

    /// Puts flows and announcements in an order that is the same however many shards were asked at a time.
    pub fn sort(&mut self) {
        self.flows.sort_by_key(|ended| (ended.at, ended.flow.id));
        // A packet may announce in several layers, and so in several shards: only those of one layer are in order already.
        self.announcements.sort();
        self.claims.sort();
        self.leases.sort();
    }
}

/// The flows of the address pairs that hash to one shard.
#[derive(Debug)]
pub struct Shard {
    settings: Settings,
    /// The newest flow of each key.
    current: Index,
    keying: Keying,
    flows: Slab<Flow>,
    fragments: Fragments<Identity, Waiting>,
    /// Payloads of datagrams that came in pieces.
    reassembly: Reassembly,
    followers: Followers,
    duplicates: Duplicates,
    duplicate_packets: u64,
    deadlines: Deadlines,
    harvest: Harvest,
    eviction_scan: u32,
    looked: Looked,
}

/// How far looking on has come: one round goes over all flows once, in several looks where there are many.
#[derive(Clone, Copy, Debug, Default)]
struct Looked {
    /// The flow to go on with.
    next: u32,
    /// The newest packet when this round began, and when the one before it did.
    began: u64,
    before: u64,
}

impl Shard {
    /// An empty shard, which is shown layers with keys made by `keying`.
    pub fn new(settings: Settings, keying: Keying) -> Self {
        Self {
            settings,
            current: Index::default(),
            keying,
            flows: Slab::default(),
            fragments: Fragments::default(),
            reassembly: Reassembly::default(),
            followers: Followers::default(),
            duplicates: Duplicates::default(),
            duplicate_packets: 0,
            deadlines: Deadlines::default(),
            harvest: Harvest::default(),
            eviction_scan: 0,
            looked: Looked::default(),
        }
    }

    /// Repeated packets seen, by their outermost layer.
    pub fn duplicate_packets(&self) -> u64 {
        self.duplicate_packets
    }

    /// Flows that may have announced others and were not followed to their end.
    pub fn unfollowed(&self) -> u64 {
        self.followers.given_up
    }

    /// What was given away since the last call.
    pub fn take_harvest(&mut self) -> Harvest {
        std::mem::take(&mut self.harvest)
    }

    /// Gives away the flows whose silence has ended them by now; `number` is the packet at which this is asked. Only when streaming.
    pub fn expire(&mut self, number: u64, now: Timestamp) {
        let Some(timeouts) = self.settings.split else { return };
        for at in self.deadlines.due(now) {
            let Some(flow) = self.flows.get(at) else { continue };
            let limit = timeouts.of(flow);
            if flow.silence(now) > limit {
                self.give_away(at, number, false);
            } else if flow.tcp.is_some() && limit > timeouts.tcp_closed && flow.silence(now) + timeouts.tcp_closed < limit {
                // Should it be closed in the meantime, less silence will end it.
                self.deadlines.set(at, now, timeouts.tcp_closed);
            } else {
                self.deadlines.set(at, flow.latest(), limit);
            }
        }
    }

    /// Gives copies of flows under way that had packets since the last round began; `number` is the newest packet. One look costs little
    /// however many flows there are: the next one goes on where it stopped.
    pub fn look(&mut self, number: u64) {
        /// Flows looked at.
        const VISITED: usize = 4096;
        /// Flows copied.
        const COPIED: usize = 64;
        if self.looked.next == 0 {
            (self.looked.before, self.looked.began) = (self.looked.began, number);
        }
        let (begin, since) = (self.looked.next, self.looked.before);
        self.looked.next = 0;
        for (at, flow) in self.flows.from(begin).take(VISITED) {
            if flow.had_packets_after(since) {
                self.harvest.under_way.push(flow.copy());
            }
            self.looked.next = at + 1;
            if self.harvest.under_way.len() == COPIED {
                return;
            }
        }
        if self.looked.next >= self.flows.end() {
            self.looked.next = 0;
        }
    }

    /// Flows held.
    pub fn flows(&self) -> &Slab<Flow> {
        &self.flows
    }

    /// The flows, and nothing of what was needed to tell them apart.
    pub fn into_flows(self) -> Slab<Flow> {
        self.flows
    }

    /// Asks for what a sighting with this key and fingerprint will look up: the first step ahead of it.
    #[inline]
    pub fn expect(&self, keyed: &Keyed, fingerprint: u64) {
        self.current.expect(keyed.hash);
        self.duplicates.expect(fingerprint);
    }

    /// Asks for the flow that it will find: the second step, a few sightings later.
    #[inline]
    pub fn fetch(&self, keyed: &Keyed) {
        if let Some(at) = self.current.likely(keyed.hash) {
            self.flows.expect(at);
        }
    }

    /// Accounts one layer of a packet to its flow.
    pub fn see(&mut self, sighting: &Sighting<'_>) {
        let Some(layer) = sighting.layers.last() else { return };
        let repeated = self.duplicates.seen(sighting.fingerprint, sighting.time);
        if repeated {
            self.duplicate_packets += u64::from(sighting.layers.len() == 1);
            if self.settings.dedup {
                return;
            }
        }
        if let Some(fragment) = layer.fragment {
            self.see_fragment(sighting, layer, fragment);
        } else {
            self.account(sighting, repeated);
        }
    }

    /// Ends the input: fragments whose first one never came go to flows without ports.
    pub fn finish(&mut self) {
        for waiting in self.fragments.drain() {
            self.account_waited(&waiting, Identity::None);
        }
    }

    fn see_fragment(&mut self, sighting: &Sighting<'_>, layer: &Layer, fragment: Fragment) {
        let identity = Some(Identity::of(layer)).filter(|identity| *identity != Identity::None);
        let (number, time, carries) = (sighting.number, sighting.time, sighting.carries);
        let waiting = Waiting { number, time, layers: sighting.layers.to_vec(), carries };
        let mut placed = Vec::new();
        self.fragments.see(FragmentKey::of(layer, fragment), fragment, identity, waiting, &mut placed);
        for (identity, waited) in placed {
            self.account_waited(&waited, identity.unwrap_or(Identity::None));
        }
        if self.settings.payload && layer.protocol == IpProto::UDP {
            let piece = layer.ip_payload.of(sighting.frame);
            match self.reassembly.see(FragmentKey::of(layer, fragment), fragment, piece) {
                Some(datagram) => self.see_datagram(sighting, &datagram, true),
                // Whether the rest will ever come nobody knows.
                None if fragment.offset == 0 => self.see_datagram(sighting, piece, false),
                None => {}
            }
        }
    }

    /// Shows the flow of a datagram that came in pieces the whole of it, or its first piece as one that was cut.
    fn see_datagram(&mut self, sighting: &Sighting<'_>, datagram: &[u8], is_whole: bool) {
        let Some(([s0, s1, d0, d1, l0, l1, ..], bytes)) = datagram.split_first_chunk::<8>() else { return };
        let ports = Identity::Ports(u16::from_be_bytes([*s0, *s1]), u16::from_be_bytes([*d0, *d1]));
        let Some(Keyed { key, hash, sender_is_lo, .. }) = self.keying.key(sighting.layers, ports) else { return };
        if let Some(at) = self.find(&key, hash)
            && let Some(flow) = self.flows.get_mut(at).filter(|flow| wants_payload(flow))
        {
            let by_header = u32::from(u16::from_be_bytes([*l0, *l1])).saturating_sub(8);
            let len = if is_whole { bytes.len() as u32 } else { by_header.max(bytes.len() as u32 + 1) };
            let piece = Piece { bytes, len, stream: None };
            let shown = Shown { number: sighting.number, time: sighting.time, side: flow.side(sender_is_lo) };
            flow.payload.see(shown.side, flow.key.protocol, flow.ports(), &piece);
            if is_whole {
                self.followers.see(at, flow, shown, &piece, &mut self.harvest.announcements);
            }
        }
    }

    fn account_waited(&mut self, waited: &Waiting, identity: Identity) {
        if let Some(keyed) = self.keying.key(&waited.layers, identity) {
            self.account(&waited.sighting(&keyed), false);
        }
    }

    /// `repeated`: a copy of an earlier packet, which is no retransmission.
    fn account(&mut self, sighting: &Sighting<'_>, repeated: bool) {
        let Sighting { number, time, layers, carries, frame, keyed, .. } = *sighting;
        let Some((layer, outer)) = layers.split_last() else { return };
        let own;
        let keyed = if let Transport::Icmp(icmp @ Icmp { quoted: Some(_), .. }) = &layer.transport {
            let Some(extra) = self.note_error(icmp, &keyed.key, time) else { return };
            let key = FlowKey { extra, ..keyed.key };
            own = Keyed { key, hash: self.keying.hash(&key), ..*keyed };
            &own
        } else {
            keyed
        };
        let id = FlowId { packet: number, layer: outer.len() as u8 };
        let at = self.flow_for(keyed, id, time, layer);
        let Some(flow) = self.flows.get_mut(at) else { return };
        let side = flow.side(keyed.sender_is_lo);
        flow.count(side, id, time, layer);
        if let (Some(tcp), Transport::Tcp(header), false) = (flow.tcp.as_mut(), layer.transport, repeated) {
            tcp.see(side, header, layer.payload_len, time);
        }
        if self.settings.payload
            && !repeated
            && wants_payload(flow)
            && let Some(piece) = piece(flow, side, layer, layer.payload.of(frame))
        {
            flow.payload.see(side, flow.key.protocol, flow.ports(), &piece);
            let shown = Shown { number, time, side };
            self.followers.see(at, flow, shown, &piece, &mut self.harvest.announcements);
            if flow.follow == Follow::Names {
                let Harvest { claims, leases, .. } = &mut self.harvest;
                self.followers.name(flow, shown, piece.bytes, (claims, leases));
            }
        }
        note_surroundings(flow, number, layer, layers, outer);
        if carries && self.settings.stream && flow.note_carries() {
            self.harvest.carriers.push((keyed.key, flow.id));
        }
    }

    /// Notes an ICMP error at the flow it quotes; where that is unknown, what tells the error's own flow from those of others. A flow whose
    /// silence has ended it is unknown too, whether it has been given away by now or not.
    #[cold]
    fn note_error(&mut self, icmp: &Icmp, key: &FlowKey, time: Timestamp) -> Option<u32> {
        let (target, own) = error_keys(icmp, key)?;
        let found = self.find(&target, self.keying.hash(&target));
        let split = self.settings.split;
        let goes_on = |flow: &&mut Flow| split.is_none_or(|timeouts| flow.silence(time) <= timeouts.of(flow));
        match found.and_then(|at| self.flows.get_mut(at)).filter(goes_on) {
            Some(flow) => flow.note_icmp_error(icmp.kind, icmp.code),
            None => return Some(own.extra),
        }
        None
    }

    #[inline]
    fn find(&self, key: &FlowKey, hash: u64) -> Option<u32> {
        let flows = &self.flows;
        self.current.find(hash, |at| flows.get(at).is_some_and(|flow| flow.key == *key))
    }

    /// The flow a packet belongs to: the newest of its key, or a new one.
    #[inline]
    fn flow_for(&mut self, keyed: &Keyed, id: FlowId, time: Timestamp, layer: &Layer) -> u32 {
        let (flows, settings) = (&self.flows, &self.settings);
        let mut goes_on = false;
        let found = self.current.find(keyed.hash, |at| {
            let Some(flow) = flows.get(at).filter(|flow| flow.key == keyed.key) else { return false };
            goes_on = !ends_before(settings, flow, keyed.sender_is_lo, layer, time);
            true
        });
        match found {
            Some(at) if goes_on => at,
            before => self.add(keyed, id, time, layer, before),
        }
    }

    /// Begins a flow, perhaps instead of an earlier one of its key.
    #[inline(never)]
    fn add(&mut self, keyed: &Keyed, id: FlowId, time: Timestamp, layer: &Layer, before: Option<u32>) -> u32 {
        let Keyed { key, hash, sender_is_lo, .. } = *keyed;
        let at = self.flows.push(Flow::new(key, id, sender_is_lo, layer, time));
        match before {
            Some(before) => self.current.replace(hash, before, at),
            None => self.current.insert(hash, at),
        }
        self.begin(at, id.packet, time);
        at
    }

    /// A flow has been added.
    fn begin(&mut self, at: u32, number: u64, time: Timestamp) {
        if let (true, Some(timeouts)) = (self.settings.stream, self.settings.split) {
            self.deadlines.set(at, time, timeouts.shortest());
        }
        self.make_room(number);
    }

    /// Holds the limit: gives up the oldest finished flow among the oldest few, else the oldest.
    fn make_room(&mut self, number: u64) {
        /// How far back a finished flow is looked for.
        const LOOK: u32 = 64;
        if self.flows.len() <= self.settings.max_flows {
            return;
        }
        let newest = self.flows.end() - 1;
        while self.flows.get(self.eviction_scan).is_none() && self.eviction_scan < newest {
            self.eviction_scan += 1;
        }
        let oldest = self.eviction_scan;
        let finished = (oldest..newest.min(oldest.saturating_add(LOOK)))
            .find(|at| self.flows.get(*at).is_some_and(|flow| self.is_finished(flow, *at)));
        self.give_away(finished.unwrap_or(oldest), number, true);
    }

    /// Takes a flow out for good; a later packet of its key begins another.
    fn give_away(&mut self, at: u32, number: u64, evicted: bool) {
        let Some(flow) = self.flows.take(at) else { return };
        self.followers.forget(at);
        self.current.remove(self.keying.hash(&flow.key), at);
        self.harvest.flows.push(Ended { at: number, flow, evicted });
    }

    /// Closed, or succeeded by a newer flow of its key.
    fn is_finished(&self, flow: &Flow, at: u32) -> bool {
        flow.tcp.as_ref().is_some_and(super::TcpState::is_closed) || self.find(&flow.key, self.keying.hash(&flow.key)) != Some(at)
    }
}

/// Whether a packet comes too late, or says itself that it begins another connection.
fn ends_before(settings: &Settings, flow: &Flow, sender_is_lo: bool, layer: &Layer, time: Timestamp) -> bool {
    let Some(timeouts) = settings.split else { return false };
    let silence = flow.silence(time);
    if silence > timeouts.of(flow) {
        return true;
    }
    match (&flow.tcp, layer.transport) {
        (Some(tcp), Transport::Tcp(header)) => tcp.starts_new(flow.side(sender_is_lo), header, silence),
        _ => false,
    }
}

/// Whether more payload can change anything: of the flow's own label, or of what it announces.
#[inline]
fn wants_payload(flow: &Flow) -> bool {
    flow.payload.is_open() || matches!(flow.follow, Follow::Yes | Follow::Names)
}

/// What a packet carries, as recognizers and followers take it.
fn piece<'a>(flow: &Flow, side: Side, layer: &Layer, bytes: &'a [u8]) -> Option<Piece<'a>> {
    // A fragment is only part of a payload; the whole comes by itself.
    if bytes.is_empty() || layer.fragment.is_some() {
        return None;
    }
    let stream = match (layer.transport, &flow.tcp) {
        (Transport::Tcp(header), Some(tcp)) => {
            let seq = header.seq.wrapping_add(u32::from(header.has(Tcp::SYN)));
            Some((seq, tcp.first_byte(side)))
        }
        _ if layer.protocol == IpProto::UDP => None,
        _ => return None,
    };
    Some(Piece { bytes, len: layer.payload_len, stream })
}

/// Lists what is around a flow: VLANs, SPIs, tunnels.
#[inline]
fn note_surroundings(flow: &mut Flow, number: u64, layer: &Layer, layers: &[Layer], outer: &[Layer]) {
    if !layer.vlans.as_slice().is_empty() {
        flow.note_vlans(&layer.vlans);
    }
    if let Transport::Spi(spi) = layer.transport {
        flow.note_spi(spi);
    }
    for (depth, (around, inside)) in outer.iter().zip(layers.iter().skip(1)).enumerate() {
        flow.note_tunnel(OuterTunnel {
            kind: inside.via.kind,
            key: inside.via.key,
            flow: FlowKey::of(around, Identity::of(around)).0,
            layer: depth as u8,
            packet: number,
        });
    }
}

#[cfg(test)]
#[path = "shard_tests.rs"]
mod tests;
