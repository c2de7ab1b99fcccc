//! The first bytes of a conversation, as a recognizer sees them.

use super::finding::{Confidence, Finding, Look};
use crate::net::{IpProto, Side};

/// Where a datagram ends in its side's bytes, and how long it was by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Datagram {
    /// One past its last byte that was kept.
    pub end: u16,
    /// Its payload's length on the wire.
    pub len: u16,
}

/// What one side said first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// In order and without a gap.
    pub bytes: &'a [u8],
    /// UDP: the datagrams the bytes are made of; TCP: none.
    pub datagrams: &'a [Datagram],
    /// The bytes are the first of all: a SYN was seen, or these are datagrams.
    pub from_start: bool,
    /// No byte will follow: there is a gap, or the budget is spent.
    pub ended: bool,
}

impl<'a> Said<'a> {
    /// The datagrams, each with its length on the wire.
    pub fn datagrams(&self) -> impl Iterator<Item = (&'a [u8], usize)> + use<'a> {
        let (bytes, datagrams) = (self.bytes, self.datagrams);
        let starts = std::iter::once(0).chain(datagrams.iter().map(|datagram| datagram.end));
        let cut = move |(start, datagram): (u16, &Datagram)| {
            (bytes.get(usize::from(start)..usize::from(datagram.end)).unwrap_or_default(), usize::from(datagram.len))
        };
        starts.zip(datagrams).map(cut)
    }

    /// The first datagram.
    pub fn datagram(&self) -> (&'a [u8], usize) {
        self.datagrams().next().unwrap_or_default()
    }
}

/// The first bytes of both sides.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// TCP or UDP.
    pub transport: IpProto,
    /// The ports of A and B. For protocols that differ in nothing else.
    pub ports: [u16; 2],
    /// What A (who sent the flow's first packet) and B said.
    pub said: [Said<'a>; 2],
}

impl<'a> Opening<'a> {
    /// What one side said.
    pub fn said(&self, side: Side) -> &Said<'a> {
        let [a, b] = &self.said;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    /// The port of one side.
    pub fn port_of(&self, side: Side) -> u16 {
        let [a, b] = self.ports;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    /// Whether one of the ports is this.
    pub fn has_port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Whether these are datagrams.
    pub fn is_udp(&self) -> bool {
        self.transport == IpProto::UDP
    }

    /// Reads what each side said where one of them may be a signature that is met nowhere else (`proves`): the other side may then say anything,
    /// as a server does that was spoken to in the wrong tongue, or that answers in a way of its own. What one side says is not refused while
    /// the other one can still prove it.
    pub fn read_one_proof<T>(&self, read: impl Fn(&Said<'a>) -> Read<T>, proves: impl Fn(&T) -> bool) -> Option<Exchange<T>> {
        let reads = self.reads(&read);
        if self.excuses(&reads).is_some() {
            return Some(Exchange::of(reads));
        }
        // What a stream says may go on and prove it yet; a datagram is all there.
        let is_open = |(read, said): (&Read<T>, &Said<'_>)| match read {
            Read::Unlike => false,
            Read::Short => !said.ended,
            Read::Like(_) => !said.ended && !self.is_udp(),
        };
        let may_prove = reads.iter().zip(&self.said).any(is_open);
        let exchange = Exchange::of(reads);
        if exchange.values().any(proves) {
            return Some(exchange);
        }
        may_prove.then_some(Exchange { sides: [None, None] })
    }

    /// Whether a side said something and was not understood.
    pub fn is_contested<T>(&self, exchange: &Exchange<T>) -> bool {
        !exchange.is_both() && self.said.iter().all(|said| !said.bytes.is_empty())
    }

    /// Reads what each side said; `None` where a side says something else. The bytes of a connection that began before the capture may
    /// begin anywhere, so there one side that makes sense is enough, and it may be the one that has not spoken yet.
    pub fn read<T>(&self, read: impl Fn(&Said<'a>) -> Read<T>) -> Option<Exchange<T>> {
        let reads = self.reads(read);
        self.excuses(&reads).map(|()| Exchange::of(reads))
    }

    /// Each side; one that has said nothing yet may say anything.
    fn reads<T>(&self, read: impl Fn(&Said<'a>) -> Read<T>) -> [Read<T>; 2] {
        self.said.each_ref().map(|said| match said.bytes {
            [] => Read::Short,
            _ => match read(said) {
                Read::Short if said.ended => Read::Unlike,
                read => read,
            },
        })
    }

    /// Whether nothing that was read speaks against the protocol.
    fn excuses<T>(&self, reads: &[Read<T>; 2]) -> Option<()> {
        let is_refused = |(read, said): (&Read<T>, &Said<'_>)| matches!(read, Read::Unlike) && said.from_start;
        let is_hopeless = reads.iter().all(|read| matches!(read, Read::Unlike));
        (!is_hopeless && !reads.iter().zip(&self.said).any(is_refused)).then_some(())
    }
}

/// What the bytes of one side are to a recognizer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read<T> {
    /// Another protocol.
    Unlike,
    /// So far nothing against it.
    Short,
    /// This one.
    Like(T),
}

impl<T> Read<T> {
    /// `Unlike` where there is nothing.
    pub fn or_unlike(found: Option<T>) -> Self {
        found.map_or(Self::Unlike, Self::Like)
    }
}

/// What a recognizer read of both sides.
#[derive(Debug)]
pub struct Exchange<T> {
    sides: [Option<T>; 2],
}

impl<T> Exchange<T> {
    fn of(reads: [Read<T>; 2]) -> Self {
        Self { sides: reads.map(|read| if let Read::Like(value) = read { Some(value) } else { None }) }
    }

    /// What was read, by side.
    pub fn iter(&self) -> impl Iterator<Item = (Side, &T)> {
        [Side::A, Side::B].into_iter().zip(&self.sides).filter_map(|(side, read)| Some((side, read.as_ref()?)))
    }

    /// What was read.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.sides.iter().flatten()
    }

    /// Both sides made sense.
    pub fn is_both(&self) -> bool {
        self.sides.iter().all(Option::is_some)
    }

    /// Nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.sides.iter().all(Option::is_none)
    }

    /// How sure this is, where one side alone gives `alone`.
    pub fn confidence(&self, alone: Confidence) -> Confidence {
        if self.is_both() { alone.max(Confidence::Both) } else { alone }
    }

    /// Who asks; `asks` says whether what was read is a request, where it can be told.
    pub fn client(&self, asks: impl Fn(&T) -> Option<bool>) -> Option<Side> {
        self.iter().find_map(|(side, read)| Some(if asks(read)? { side } else { side.other() }))
    }

    /// The answer, where what was read of one side is enough to know the protocol and the other side can only confirm it.
    pub fn look(&self, finding: impl FnOnce() -> Finding) -> Look {
        if self.is_empty() {
            return Look::More;
        }
        if self.is_both() { Look::Sure(finding()) } else { Look::Likely(finding()) }
    }
}
