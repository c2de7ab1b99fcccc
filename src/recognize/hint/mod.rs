//! Protocols that no document knows: they explain a flow and never match it.
//!
//! Most of them are read as [`Turn`]s: what a side's first bytes are, whether that side asks, and how far these bytes alone are enough. What is
//! here must never win against a protocol of the catalog by accident, so all of them stand behind those in the table, and a signature of few
//! bits is no more than [`Confidence::Plausible`] until the other side answers it.
//!
//! One more: a file here and a line in `recognize/table.rs`.

pub(super) mod ajp;
pub(super) mod amqp;
pub(super) mod bacnet;
pub(super) mod bfd;
pub(super) mod bgp;
pub(super) mod bitcoin;
pub(super) mod bittorrent;
pub(super) mod cassandra;
pub(super) mod ceph;
pub(super) mod coap;
pub(super) mod collectd;
pub(super) mod delivery_optimization;
pub(super) mod diameter;
pub(super) mod dnp3;
pub(super) mod doip;
pub(super) mod drda;
pub(super) mod dropbox;
pub(super) mod dtls;
pub(super) mod elasticsearch;
pub(super) mod enip;
pub(super) mod fix;
pub(super) mod giop;
pub(super) mod git;
pub(super) mod gtp;
pub(super) mod h225;
pub(super) mod hislip;
pub(super) mod hsrp;
pub(super) mod iax2;
pub(super) mod ibm_mq;
pub(super) mod ica;
pub(super) mod iec_104;
pub(super) mod irc;
pub(super) mod iscsi;
pub(super) mod kafka;
pub(super) mod knx;
pub(super) mod ldp;
pub(super) mod memcached;
pub(super) mod mgcp;
pub(super) mod modbus;
pub(super) mod mongodb;
pub(super) mod mqtt;
pub(super) mod mysql;
pub(super) mod nat_pmp;
pub(super) mod nats;
pub(super) mod nbd;
pub(super) mod netflow;
pub(super) mod oicq;
pub(super) mod onc_rpc;
pub(super) mod opc_ua;
pub(super) mod openflow;
pub(super) mod openvpn;
pub(super) mod openwire;
pub(super) mod pjl;
pub(super) mod postgresql;
pub(super) mod rdp_udp;
pub(super) mod redis;
pub(super) mod rfb;
pub(super) mod rip;
pub(super) mod rlogin;
pub(super) mod rpki_rtr;
pub(super) mod rsync;
pub(super) mod sflow;
pub(super) mod skinny;
pub(super) mod slp;
pub(super) mod socks;
pub(super) mod source_engine;
pub(super) mod spice;
pub(super) mod spotify;
pub(super) mod stomp;
pub(super) mod stratum;
pub(super) mod svn;
pub(super) mod synchrophasor;
pub(super) mod syslog;
pub(super) mod tacacs;
pub(super) mod tns;
pub(super) mod tuya;
pub(super) mod vmware;
pub(super) mod wireguard;
pub(super) mod ws_discovery;
pub(super) mod x11;
pub(super) mod xmpp;
pub(super) mod zabbix;
pub(super) mod zookeeper;

use std::borrow::Cow;

use super::cursor::Cursor;
use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Exchange, Opening, Read, Said};
use super::text::{self, has};

/// A protocol that no document names.
const fn hint(name: &'static str) -> Protocol {
    Protocol { name, label: None, behind: &[] }
}

/// What the first bytes of one side are.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Turn<'a> {
    /// How sure they are without the other side.
    alone: Confidence,
    /// Whether they ask or answer, where that can be told.
    asks: Option<bool>,
    /// What is worth to be said of them.
    text: Cow<'a, str>,
    /// What question and answer have in common.
    id: Option<u32>,
    /// Worth something only beside what the other side said.
    confirms: bool,
}

impl<'a> Turn<'a> {
    /// Either end may say this.
    fn peer(alone: Confidence) -> Self {
        Self { alone, asks: None, text: Cow::Borrowed(""), id: None, confirms: false }
    }

    /// Only a client says this.
    fn ask(alone: Confidence) -> Self {
        Self { asks: Some(true), ..Self::peer(alone) }
    }

    /// Only a server says this.
    fn answer(alone: Confidence) -> Self {
        Self { asks: Some(false), ..Self::peer(alone) }
    }

    /// An answer of so few bits that it means nothing without its question.
    fn confirmation() -> Self {
        Self { confirms: true, ..Self::answer(Confidence::Plausible) }
    }

    /// A client says this, or a server.
    fn asking(asks: bool, alone: Confidence) -> Self {
        Self { asks: Some(asks), ..Self::peer(alone) }
    }

    fn saying(self, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), ..self }
    }

    fn numbered(self, id: u32) -> Self {
        Self { id: Some(id), ..self }
    }
}

/// The look of a protocol whose sides take turns.
fn conversation<'a>(seen: &Opening<'a>, protocol: &'static Protocol, read: impl Fn(&Said<'a>) -> Read<Turn<'a>>) -> Look {
    seen.read(read).map_or(Look::No, |exchange| taken(&exchange, protocol))
}

/// The same of a protocol whose sides may go on in another one: who is certain alone proves it, whatever the other says.
fn proven<'a>(seen: &Opening<'a>, protocol: &'static Protocol, read: impl Fn(&Said<'a>) -> Read<Turn<'a>>) -> Look {
    let exchange = seen.read_one_proof(read, |turn| turn.alone == Confidence::Certain);
    exchange.map_or(Look::No, |exchange| taken(&exchange, protocol))
}

fn taken(exchange: &Exchange<Turn<'_>>, protocol: &'static Protocol) -> Look {
    let turns: [Option<&Turn<'_>>; 2] = std::array::from_fn(|at| exchange.values().nth(at));
    let [first, second] = turns;
    let both = first.zip(second);
    // Two that ask, or two that answer, are no conversation.
    if both.is_some_and(|(first, second)| first.asks.is_some() && first.asks == second.asks) {
        return Look::No;
    }
    // A question and the answer with its number confirm each other.
    let is_answered = both.is_some_and(|(first, second)| first.asks.is_some() && second.asks.is_some() && first.id == second.id);
    if !exchange.is_empty() && !is_answered && exchange.values().all(|turn| turn.confirms) {
        return Look::More;
    }
    let together = both.map(|(first, second)| match first.id.zip(second.id) {
        Some((first, second)) if first == second => Confidence::Certain,
        Some(_) => Confidence::Plausible,
        None => Confidence::Both,
    });
    let alone = exchange.values().map(|turn| turn.alone);
    let confidence = alone.chain(together).max().unwrap_or(Confidence::Plausible);
    exchange.look(|| {
        let texts: Vec<&str> = exchange.values().map(|turn| &*turn.text).filter(|text| !text.is_empty()).collect();
        Finding::new(protocol, confidence).asked_by(exchange.client(|turn| turn.asks)).detailed(&texts.join(", "))
    })
}

/// What follows a signature.
fn after<'a>(bytes: &'a [u8], signature: &[u8]) -> Read<&'a [u8]> {
    match bytes.strip_prefix(signature) {
        Some(rest) => Read::Like(rest),
        None if signature.starts_with(bytes) => Read::Short,
        None => Read::Unlike,
    }
}

/// A side that begins with one of these, to the turn that it is.
fn signed<'a>(bytes: &'a [u8], signatures: &[(&[u8], Turn<'a>)]) -> Read<Turn<'a>> {
    let mut so_far = Read::Unlike;
    for (signature, turn) in signatures {
        match after(bytes, signature) {
            Read::Like(_) => return Read::Like(turn.clone()),
            Read::Short => so_far = Read::Short,
            Read::Unlike => {}
        }
    }
    so_far
}

/// The line at the beginning, escaped.
fn first_line(bytes: &[u8]) -> Cow<'_, str> {
    shown(text::lines(bytes).next().unwrap_or_default())
}
