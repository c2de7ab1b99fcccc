//! What is announced.

use crate::net::{Addr, IpProto, Timestamp};
use crate::recognize::{InterfaceId, Uuid, interface};

/// Where a conversation will be held: one end of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Door {
    /// The host.
    pub host: Addr,
    /// 4 or 6.
    pub version: u8,
    /// TCP, UDP, GRE ...
    pub transport: IpProto,
    /// Its port; 0 where the transport has none.
    pub port: u16,
}

/// How long, and how often, a door may be used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Lasting {
    /// A listener: whoever comes, for hours.
    Standing,
    /// For as long as a session may last, between these hosts.
    Session,
    /// The next conversation, within minutes.
    Once,
}

/// Which end of the conversation to come the door is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum End {
    /// The server's.
    Server,
    /// The client's: the answer comes to it from a port that nobody knows yet.
    Client,
}

/// What is spoken behind a door.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Service {
    /// What people call it.
    pub name: &'static str,
    /// The catalog's name for it; `None`: no document names it.
    pub label: Option<&'static str>,
    /// The recognised protocols that it may turn out to be; empty: it may carry anything.
    pub speaks: &'static [&'static str],
}

impl Service {
    /// Whether a protocol that was recognised for sure is nothing that this service speaks.
    pub fn is_contradicted_by(&self, protocol: &str) -> bool {
        !self.speaks.is_empty() && !self.speaks.contains(&protocol)
    }
}

/// A conversation to come.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Announcement {
    /// The packet that said so.
    pub packet: u64,
    /// When.
    pub time: Timestamp,
    /// Where it will be.
    pub door: Door,
    /// With whom, where it is for one host only.
    pub with: Option<Addr>,
    /// Who was told.
    pub told: Addr,
    /// Who said it.
    pub by: Addr,
    /// The conversation in which it was said: its transport, the port of who said it and of who was told.
    pub heard: (IpProto, u16, u16),
    /// How long it holds.
    pub lasting: Lasting,
    /// Which end the door is.
    pub end: End,
    /// What will be spoken.
    pub service: &'static Service,
    /// The interface, where it is DCE/RPC.
    pub interface: Option<InterfaceId>,
    /// The interface for which a DCOM object was asked for that is reached there.
    pub object: Option<Uuid>,
    /// How it was said: the call, the command, the header.
    pub how: &'static str,
    /// Details in words: an annotation, a file, an instance. Fit to be shown.
    pub about: Option<Box<str>>,
}

impl Announcement {
    /// The interface that it names, as what listens or as what an object is asked for.
    pub fn names(&self) -> Option<Uuid> {
        self.interface.map(|offered| offered.uuid).or(self.object)
    }

    /// Interface and details in words.
    pub fn detail(&self) -> Option<String> {
        match (self.interface, &self.about) {
            (Some(offered), Some(about)) if interface(offered.uuid).is_none_or(|known| known.name != **about) => {
                Some(format!("{offered} ({about})"))
            }
            (Some(offered), _) => Some(offered.to_string()),
            (None, about) => about.as_deref().map(str::to_owned),
        }
    }
}
