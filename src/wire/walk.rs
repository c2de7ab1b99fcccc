//! The walk: from a frame's link type inwards, header by header.

use super::inner;
use super::layer::{Decoded, Layer, MAX_LAYERS, Outcome, Stop, Transport, Via, Vlans, Word};
use super::link;
use super::plain;
use super::window::Window;
use crate::net::{Frame, IpProto, LinkType};

/// Headers of one frame before the walk gives up; a frame of 64 KiB can hold more, a sane one never does.
const MAX_STEPS: usize = 96;

/// What a header says comes next.
pub(super) enum Next<'a> {
    /// A frame of a link type.
    Link(LinkType, Window<'a>),
    /// What an `EtherType` announces.
    Ether(u16, Window<'a>),
    /// An IPv4 header.
    Ipv4(Window<'a>),
    /// An IPv6 header.
    Ipv6(Window<'a>),
    /// What an IP header (the last layer written down) carries.
    Protocol(IpProto, Window<'a>),
    /// Understood, and no IP in it.
    NonIp(Word),
    /// Nothing further to look into.
    Done,
}

/// Reads one header: writes down what it says, and tells what comes next.
pub(super) type Step = for<'a> fn(&mut Walk<'_>, Window<'a>) -> Result<Next<'a>, Stop>;

/// What a walk carries along.
pub(super) struct Walk<'d> {
    layers: &'d mut Vec<Layer>,
    /// Where this frame's layers begin.
    first: usize,
    /// VLAN tags since the last layer.
    vlans: Vlans,
    /// The tunnel header just passed.
    via: Via,
}

impl Walk<'_> {
    /// Writes down a layer, with the tags and the tunnel that led to it.
    #[inline]
    pub(super) fn push(&mut self, mut layer: Layer) -> Result<(), &'static str> {
        layer.via = std::mem::take(&mut self.via);
        layer.vlans = std::mem::take(&mut self.vlans);
        if self.layers.len() - self.first == MAX_LAYERS {
            return Err("tunnel-depth");
        }
        self.layers.push(layer);
        Ok(())
    }

    /// The layer last written down.
    #[inline]
    pub(super) fn layer(&mut self) -> Option<&mut Layer> {
        if self.has_layer() { self.layers.last_mut() } else { None }
    }

    /// Notes the ports that start a transport header on the layer last written down. None where they were cut away.
    #[inline]
    pub(super) fn ports(&mut self, header: &Window<'_>) -> Option<(u16, u16)> {
        let &[s0, s1, d0, d1] = header.peek::<4>()?;
        let layer = self.layer()?;
        layer.has_ports = true;
        layer.src_port = u16::from_be_bytes([s0, s1]);
        layer.dst_port = u16::from_be_bytes([d0, d1]);
        Some((layer.src_port, layer.dst_port))
    }

    /// Notes what the transport header of the layer last written down says, and what it carries.
    #[inline]
    pub(super) fn transport(&mut self, transport: Transport, payload: &Window<'_>) {
        if let Some(layer) = self.layer() {
            layer.transport = transport;
            layer.payload = payload.span();
            layer.payload_len = payload.wire_len() as u32;
        }
    }

    /// Remembers a VLAN tag for the next layer.
    pub(super) fn vlan(&mut self, id: u16) {
        self.vlans.push(id);
    }

    /// Remembers the tunnel that leads to the next layer. The first of several headers between two layers names it; those below the
    /// outermost layer belong to the link and name nothing.
    pub(super) fn tunnel(&mut self, kind: &'static str, key: Option<u32>) {
        if self.via.kind.is_empty() && self.has_layer() {
            self.via = Via { kind, key };
        }
    }

    fn has_layer(&self) -> bool {
        self.layers.len() > self.first
    }
}

/// Decodes a frame into `decoded`, which is emptied first.
pub fn decode(frame: &Frame<'_>, decoded: &mut Decoded) {
    decoded.layers.clear();
    decoded.outcome = decode_onto(frame, &mut decoded.layers);
}

/// Decodes a frame and appends its layers, outermost first.
#[inline]
pub fn decode_onto(frame: &Frame<'_>, layers: &mut Vec<Layer>) -> Outcome {
    if plain::read(frame, layers).is_some() {
        return Outcome::Complete;
    }
    walk(frame, layers)
}

/// Any frame, header by header.
pub(super) fn walk(frame: &Frame<'_>, layers: &mut Vec<Layer>) -> Outcome {
    let first = layers.len();
    let mut walk = Walk { layers, first, vlans: Vlans::default(), via: Via::default() };
    let mut next = Ok(Next::Link(frame.link, Window::new(frame.data, frame.wire_len)));
    for _ in 0..MAX_STEPS {
        next = match next {
            Ok(Next::Link(link, window)) => link::read(&mut walk, link, window),
            Ok(Next::Ether(kind, window)) => inner::ethertype(&mut walk, kind, window),
            Ok(Next::Ipv4(window)) => inner::ipv4(&mut walk, window),
            Ok(Next::Ipv6(window)) => inner::ipv6(&mut walk, window),
            Ok(Next::Protocol(protocol, window)) => inner::protocol(&mut walk, protocol, window),
            Ok(Next::NonIp(word)) => return Outcome::NonIp(word),
            Ok(Next::Done) => return Outcome::Complete,
            Err(stop) => return Outcome::Stopped(stop),
        };
    }
    Outcome::Stopped(Stop { why: Word::Plain("tunnel-depth"), offset: 0 })
}
