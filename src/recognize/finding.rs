//! What a recognizer says.

use std::borrow::Cow;
use std::net::IpAddr;

use super::interfaces::InterfaceId;
use crate::net::Side;
use crate::record::escape;

pub use crate::record::Confidence;

/// The longest name or other text taken from a packet, in bytes.
const LONGEST: usize = 120;

/// A protocol that shows itself in bytes.
#[derive(PartialEq, Eq, Debug)]
pub struct Protocol {
    /// What people call it: a hint where the catalog does not know it.
    pub name: &'static str,
    /// The catalog's name for it when it is known by payload alone; `None`: no document names it, or payload alone is no reason to
    /// say that it is in the wrong place.
    pub label: Option<&'static str>,
    /// The catalog's names of all services that may speak it: on their ports it is no contradiction.
    pub behind: &'static [&'static str],
}

/// What is spoken over a protocol that carries many things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// What people call it.
    pub name: &'static str,
    /// Ids of the catalog's systems that speak it.
    pub systems: &'static [&'static str],
}

/// A weaker remark, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Note {
    /// A password or its equal in the clear.
    CleartextCredentials,
    /// An LDAP simple bind with a password.
    LdapSimpleBind,
    /// NTLM authentication.
    Ntlm,
    /// SMB 1.
    Smb1,
    /// An SNMP community.
    SnmpCommunity,
    /// SSL 2 or 3.
    Ssl,
    /// TDS without encryption.
    TdsUnencrypted,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
}

impl Note {
    /// All of them, with the word records print and what it means, sorted by word.
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::CleartextCredentials, "cleartext-credentials", "a password went over the wire in the clear"),
        (
            Self::LdapSimpleBind,
            "ldap-simple-bind",
            "a password in an LDAP bind without TLS: LDAP SSL (636) or a SASL bind protects it",
        ),
        (Self::Ntlm, "ntlm", "NTLM authentication, where Kerberos would be the better one"),
        (Self::Smb1, "smb1", "SMB 1 was spoken"),
        (Self::SnmpCommunity, "snmp-community", "an SNMP v1 or v2c community went over the wire in the clear"),
        (Self::Ssl, "ssl", "SSL 2 or 3 was spoken"),
        (Self::TdsUnencrypted, "tds-unencrypted", "a SQL Server connection without encryption of what follows the login"),
        (Self::Tls10, "tls-1.0", "TLS 1.0 was spoken"),
        (Self::Tls11, "tls-1.1", "TLS 1.1 was spoken"),
    ];

    const fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// What only some findings have.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    /// What the payload showed, in words.
    pub detail: Option<Box<str>>,
    /// DCE/RPC interfaces that were bound or called.
    pub interfaces: Vec<InterfaceId>,
    /// What is spoken over it.
    pub kind: Option<&'static Kind>,
    /// What the client was called.
    pub client_name: Option<Box<str>>,
    /// What the server was called.
    pub server_name: Option<Box<str>>,
}

/// A protocol, recognised. 24 bytes: every flow has room for one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which.
    pub protocol: &'static Protocol,
    /// Details and names.
    texts: Option<Box<Texts>>,
    notes: u16,
    /// How many bytes of a side it would look at, where that is more than usual.
    wants: u16,
    /// How sure.
    pub confidence: Confidence,
    /// Who asked, where the payload shows it.
    pub client: Option<Side>,
}

impl Finding {
    /// A finding without details.
    pub fn new(protocol: &'static Protocol, confidence: Confidence) -> Self {
        Self { protocol, texts: None, notes: 0, wants: 0, confidence, client: None }
    }

    /// Says who asked.
    #[must_use]
    pub fn asked_by(mut self, client: Option<Side>) -> Self {
        self.client = client;
        self
    }

    /// Adds a note where it holds.
    #[must_use]
    pub fn noting(mut self, note: Note, holds: bool) -> Self {
        self.notes |= if holds { note.bit() } else { 0 };
        self
    }

    /// Asks for more of both sides than usual: what is worth telling stands behind long messages.
    #[must_use]
    pub fn wanting(mut self, bytes: u16) -> Self {
        self.wants = bytes;
        self
    }

    /// How many bytes of a side it would look at, where that is more than usual.
    pub fn wants(&self) -> u16 {
        self.wants
    }

    /// Adds the detail; nothing where it is empty.
    #[must_use]
    pub fn detailed(mut self, detail: &str) -> Self {
        if !detail.is_empty() {
            self.texts_mut().detail = Some(detail.into());
        }
        self
    }

    /// The same of another form of the protocol, unless its kind has a name of its own in the catalog.
    #[must_use]
    pub fn spoken_as(mut self, form: &'static Protocol) -> Self {
        if self.protocol.label == form.label {
            self.protocol = form;
        }
        self
    }

    /// Adds what TLS showed that the conversation turned to.
    #[must_use]
    pub fn upgraded(mut self, inner: &Self) -> Self {
        self.notes |= inner.notes;
        if let Some(more) = inner.texts() {
            let texts = self.texts_mut();
            texts.server_name = texts.server_name.take().or_else(|| more.server_name.clone());
            let said = texts.detail.as_deref().map(|detail| format!("{detail}, then ")).unwrap_or_default();
            texts.detail = Some((said + more.detail.as_deref().unwrap_or("TLS")).into());
        }
        self
    }

    /// Says what is spoken over the protocol.
    #[must_use]
    pub fn of_kind(mut self, kind: Option<&'static Kind>) -> Self {
        if kind.is_some() {
            self.texts_mut().kind = kind;
        }
        self
    }

    /// Lists the interfaces.
    #[must_use]
    pub fn binding(mut self, interfaces: Vec<InterfaceId>) -> Self {
        if !interfaces.is_empty() {
            self.texts_mut().interfaces = interfaces;
        }
        self
    }

    /// Names the server.
    #[must_use]
    pub fn of_server(mut self, name: Option<&[u8]>) -> Self {
        if let Some(name) = name.and_then(host_name) {
            self.texts_mut().server_name = Some(name);
        }
        self
    }

    /// Names the client.
    #[must_use]
    pub fn of_client(mut self, name: Option<&[u8]>) -> Self {
        if let Some(name) = name.and_then(host_name) {
            self.texts_mut().client_name = Some(name);
        }
        self
    }

    /// Whether it can contradict what a port or an announcement says.
    pub fn is_sure(&self) -> bool {
        self.confidence >= Confidence::Both
    }

    /// What it is called in a sentence.
    pub fn called(&self) -> Cow<'static, str> {
        match self.texts().and_then(|texts| texts.kind) {
            Some(kind) => format!("{} over {}", kind.name, self.protocol.name).into(),
            None => self.protocol.name.into(),
        }
    }

    /// Details and names.
    pub fn texts(&self) -> Option<&Texts> {
        self.texts.as_deref()
    }

    /// The words of its notes.
    pub fn notes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let notes = self.notes;
        Note::ALL.iter().filter(move |(note, ..)| notes & note.bit() != 0).map(|(_, word, _)| *word)
    }

    fn texts_mut(&mut self) -> &mut Texts {
        self.texts.get_or_insert_default()
    }
}

/// Text of a packet, bounded and fit to be shown.
pub fn shown(bytes: &[u8]) -> Cow<'_, str> {
    escape::from_bytes(bytes.get(..LONGEST).unwrap_or(bytes))
}

/// A host's name as the traffic has it, fit to be shown.
fn host_name(bytes: &[u8]) -> Option<Box<str>> {
    plausible_name(bytes).map(|name| escape::from_bytes(name).into())
}

/// A host's name without spaces around it and the dot of the root: no longer than a name may be (RFC 1035 section 2.3.4), and no address.
pub fn plausible_name(name: &[u8]) -> Option<&[u8]> {
    let name = name.trim_ascii();
    let name = name.strip_suffix(b".").unwrap_or(name);
    let is_address = || std::str::from_utf8(name).is_ok_and(|text| text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
    (!name.is_empty() && name.len() <= 255 && !is_address()).then_some(name)
}

/// A recognizer's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Look {
    /// Another protocol, whatever follows.
    No,
    /// Nothing against it yet.
    More,
    /// This one; more bytes may show more.
    Likely(Finding),
    /// This one, and nothing more to learn.
    Sure(Finding),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_small_and_its_words_are_sorted() {
        assert!(size_of::<Option<Finding>>() <= 24);
        assert!(Note::ALL.windows(2).all(|pair| pair[0].1 < pair[1].1));
        assert!(Note::ALL.iter().enumerate().all(|(at, (note, ..))| *note as usize == at));
    }

    #[test]
    fn names_are_bounded_and_escaped() {
        static ANY: Protocol = Protocol { name: "any", label: None, behind: &[] };
        let finding = Finding::new(&ANY, Confidence::Certain).of_server(Some(b" dc1\x1b[2J ")).of_client(Some(&[b'a'; 256]));
        let texts = finding.texts().unwrap();
        assert_eq!((texts.server_name.as_deref(), texts.client_name.as_deref()), (Some(r"dc1\x1b[2J"), None));
        assert_eq!(shown(&[b'x'; 500]).len(), LONGEST);
    }
}
