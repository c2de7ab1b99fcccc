//! Traffic of one conversation each, in few words: who opens what to whom, and what is said. For tests that need very many small differences.

use std::fmt::Write as _;

use flowlabel::audit::Policy;
use flowlabel::catalog::Catalog;
use flowlabel::record::{Evidence, FindingKind, PolicyStatus};

use super::records;

/// A conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Talk {
    pub client: String,
    pub server: String,
    pub transport: &'static str,
    pub port: u16,
    pub from_port: u16,
    /// What the client says first and what the server answers, in the language of scenarios.
    pub says: Option<(String, String)>,
    /// How it ends.
    pub end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// As it should.
    Well,
    /// A reset, or an ICMP error.
    Refused,
    /// Silence.
    Unanswered,
}

impl Talk {
    pub fn new(client: &str, server: &str, transport: &'static str, port: u16) -> Self {
        let (client, server) = (client.to_owned(), server.to_owned());
        Self { client, server, transport, port, from_port: 40_000, says: None, end: End::Well }
    }

    pub fn saying(mut self, asks: &str, answers: &str) -> Self {
        self.says = Some((asks.to_owned(), answers.to_owned()));
        self
    }

    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    pub fn at_port(mut self, port: u16) -> Self {
        self.from_port = port;
        self
    }

    fn steps(&self) -> Vec<String> {
        let (asks, answers) = self.says.clone().unwrap_or_else(|| ("noise 24".to_owned(), "noise 40".to_owned()));
        let say = [format!("> {asks}"), format!("< {answers}")];
        let own = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
        match (self.transport, self.end) {
            ("tcp", End::Well) => [own(&["open"]), say.to_vec(), own(&["close"])].concat(),
            ("tcp", End::Refused) => own(&["refuse"]),
            ("tcp", End::Unanswered) => own(&["> S"]),
            ("icmp", End::Unanswered) => own(&["> 8/0 0x00010001 noise 24"]),
            ("icmp", _) => own(&["> 8/0 0x00010001 noise 24", "< 0/0 0x00010001 noise 24"]),
            (_, End::Well) => say.to_vec(),
            (_, End::Refused) => vec![say[0].clone(), "! 3/3".to_owned()],
            (_, End::Unanswered) => vec![say[0].clone()],
        }
    }
}

/// The capture of these conversations, one second after the other.
pub fn capture(talks: &[Talk]) -> Vec<u8> {
    let mut text = "title = \"generated\"\nstart = 2026-03-02T08:00:00Z\n".to_owned();
    for (at, talk) in talks.iter().enumerate() {
        let has_ports = matches!(talk.transport, "tcp" | "udp");
        let port = |port: u16| if has_ports { format!(":{port}") } else { String::new() };
        let end = |ip: &str, number: u16| {
            if ip.contains(':') { format!("[{ip}]{}", port(number)) } else { format!("{ip}{}", port(number)) }
        };
        let steps: Vec<String> = talk.steps().iter().map(|step| format!("'{step}'")).collect();
        write!(
            text,
            "[[flow]]\nat = {at}.0\nfrom = \"{}\"\nto = \"{}\"\nprotocol = \"{}\"\nsteps = [{}]\n",
            end(&talk.client, talk.from_port),
            end(&talk.server, talk.port),
            talk.transport,
            steps.join(", ")
        )
        .unwrap();
    }
    super::capture(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What a policy says of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    pub client: String,
    pub server: String,
    pub transport: String,
    pub port: Option<u16>,
    pub status: PolicyStatus,
    pub by: Vec<String>,
    pub kind: Option<FindingKind>,
    pub link: Option<String>,
    pub text: String,
    pub notes: Vec<String>,
    pub label: Option<String>,
    pub payload: Option<String>,
    pub filter: String,
    pub is_learned: bool,
}

/// Every flow of a capture, judged.
pub fn judged(capture: &[u8], policy: &Policy, catalog: &Catalog) -> Vec<Judged> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, capture).unwrap();
    let mut all = Vec::new();
    records::each(&path, catalog, |record| {
        let mut record = record;
        policy.judge(&mut record);
        let share = record.policy.clone().unwrap();
        let finding = share.findings.first();
        all.push(Judged {
            client: record.client.ip.to_string(),
            server: record.server.ip.to_string(),
            transport: record.transport.to_string(),
            port: record.server.port,
            status: share.status,
            by: share.by.clone(),
            kind: finding.map(|finding| finding.kind),
            link: finding.and_then(|finding| finding.link.clone()),
            text: finding.map(|finding| finding.text.clone()).unwrap_or_default(),
            notes: record.notes.iter().map(|note| (*note).to_owned()).collect(),
            label: record.label.map(str::to_owned),
            payload: record.payload.and_then(|payload| payload.protocol).map(str::to_owned),
            filter: finding.map(|finding| finding.filter.clone()).unwrap_or_default(),
            is_learned: record.evidence == Some(Evidence::Learned),
        });
    });
    all
}
