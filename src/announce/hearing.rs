//! Who says something, in which packet, and what was announced with it.

use super::door::{Announcement, Door, End, Lasting, Service};
use crate::net::{Addr, IpProto, Side, Timestamp};
use crate::recognize::{InterfaceId, Uuid};

/// A packet of a conversation that is followed.
#[derive(Debug)]
pub struct Hearing<'a> {
    /// Its number.
    pub packet: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// IP version.
    pub version: u8,
    /// TCP or UDP.
    pub transport: IpProto,
    /// A, who sent the flow's first packet, and B.
    pub hosts: [Addr; 2],
    /// Their ports.
    pub ports: [u16; 2],
    /// What the payload calls the server, where a recognizer found out.
    pub server_name: Option<&'a str>,
    /// What was announced.
    pub announced: Vec<Announcement>,
    /// Somebody announced an address that is not his.
    pub foreign: bool,
}

/// What is announced, apart from where and by whom.
#[derive(Clone, Debug)]
pub struct Word {
    /// What will be spoken.
    pub service: &'static Service,
    /// How it was said.
    pub how: &'static str,
    /// How long it holds.
    pub lasting: Lasting,
    /// The interface, where it is DCE/RPC.
    pub interface: Option<InterfaceId>,
    /// The interface for which a DCOM object was asked for.
    pub object: Option<Uuid>,
    /// Details, fit to be shown.
    pub about: Option<Box<str>>,
}

impl Word {
    /// A word without details.
    pub fn new(service: &'static Service, how: &'static str, lasting: Lasting) -> Self {
        Self { service, how, lasting, interface: None, object: None, about: None }
    }

    /// Adds details; nothing where there are none.
    #[must_use]
    pub fn about(mut self, about: &str) -> Self {
        self.about = Some(about).filter(|about| !about.is_empty()).map(Into::into);
        self
    }

    /// Names the interface that is asked for of an object.
    #[must_use]
    pub fn for_object(mut self, interface: Option<Uuid>) -> Self {
        self.object = interface;
        self
    }

    /// Names the interface.
    #[must_use]
    pub fn offering(mut self, interface: InterfaceId) -> Self {
        self.interface = Some(interface);
        self
    }
}

impl Hearing<'_> {
    /// The address of a side.
    pub fn host(&self, side: Side) -> Addr {
        let [a, b] = self.hosts;
        if side == Side::A { a } else { b }
    }

    /// The port of a side.
    pub fn port(&self, side: Side) -> u16 {
        let [a, b] = self.ports;
        if side == Side::A { a } else { b }
    }

    /// A host announces a door of its own, which is the server's end of what comes. That it is where it is talked to already is no news.
    pub fn listens(&mut self, host: Side, transport: IpProto, port: u16, word: Word) {
        if (transport, port) == (self.transport, self.port(host)) {
            return;
        }
        self.announce(host, host, (transport, port), End::Server, word);
    }

    /// A host announces the port at which it, the client of what comes, waits for an answer from anywhere at the other host.
    pub fn waits(&mut self, host: Side, transport: IpProto, port: u16, word: Word) {
        self.announce(host, host, (transport, port), End::Client, word);
    }

    /// `by` says that there is a door at `at`, which is itself or whoever it talks to.
    pub fn announce(&mut self, by: Side, at: Side, (transport, port): (IpProto, u16), end: End, word: Word) {
        let with = (word.lasting != Lasting::Standing).then(|| self.host(at.other()));
        let door = Door { host: self.host(at), version: self.version, transport, port };
        self.push(by, door, with, end, word);
    }

    /// A door for whoever comes, also where it holds for one session only: a group, or media that a third host will send.
    pub fn announce_to_all(&mut self, by: Side, host: Addr, (transport, port): (IpProto, u16), end: End, word: Word) {
        let door = Door { host, version: self.version, transport, port };
        self.push(by, door, None, end, word);
    }

    fn push(&mut self, by: Side, door: Door, with: Option<Addr>, end: End, word: Word) {
        let has_ports = matches!(door.transport, IpProto::TCP | IpProto::UDP);
        if has_ports && door.port == 0 {
            return;
        }
        self.announced.push(Announcement {
            packet: self.packet,
            time: self.time,
            door,
            with,
            told: self.host(by.other()),
            by: self.host(by),
            heard: (self.transport, self.port(by), self.port(by.other())),
            lasting: word.lasting,
            end,
            service: word.service,
            interface: word.interface,
            object: word.object,
            how: word.how,
            about: word.about,
        });
    }

    /// Holds an address that a side named against the one it has. `0.0.0.0` and `::` stand for the speaker.
    pub fn check(&mut self, by: Side, named: Addr) {
        let unspecified = named == Addr::default() || named == Addr::v4([0; 4]);
        self.foreign |= !unspecified && named != self.host(by);
    }
}
