//! A flow as the view keeps it: its record's text, owned, and fit to be shown.

use std::fmt::Write as _;

use crate::net::{Endpoint, Timestamp};
use crate::record::escape::visible;
use crate::record::{Evidence, FlowId, FlowRecord, Host, Verdict};

/// One flow.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its first packet and layer.
    pub id: FlowId,
    /// When it began.
    pub first: Timestamp,
    /// Seconds it lasted so far.
    pub duration: f64,
    /// Whether it has ended.
    pub ended: bool,
    /// The transport.
    pub transport: String,
    /// Who asked, and its name.
    pub client: String,
    /// Who listened, and its name.
    pub server: String,
    /// What told the two apart.
    pub direction: &'static str,
    /// Its label, or what it probably is.
    pub label: String,
    /// What the payload showed beyond the label.
    pub detail: String,
    /// The judgement.
    pub verdict: Option<Verdict>,
    /// What the label rests on.
    pub evidence: Option<Evidence>,
    /// Why it is flagged, in words that are stable.
    pub flags: Vec<String>,
    /// Weaker remarks.
    pub notes: Vec<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// Candidate systems.
    pub systems: Vec<String>,
    /// The lines of the documents the label rests on.
    pub sources: Vec<String>,
    /// Packets of client and server.
    pub packets: [u64; 2],
    /// Bytes of client and server.
    pub bytes: [u64; 2],
    /// Zeek's connection state and history, where it is TCP.
    pub tcp: String,
    /// What is around it: VLANs and tunnels.
    pub around: String,
    /// What to ask the catalog about it: `2703/tcp`.
    pub subject: String,
}

impl Row {
    /// Takes what a record says.
    pub fn new(record: &FlowRecord<'_>, ended: bool) -> Self {
        let transport = record.transport.to_string();
        let subject = record.server.port.map_or(transport.clone(), |port| format!("{port}/{transport}"));
        let findings = record.policy.iter().flat_map(|policy| &policy.findings);
        let flags = record.flags.iter().map(|flag| visible(flag).into_owned());
        Self {
            id: record.id,
            first: record.first,
            duration: record.duration,
            ended,
            transport,
            client: end(&record.client),
            server: end(&record.server),
            direction: record.direction.as_str(),
            label: name(record),
            detail: text(record.detail),
            verdict: record.verdict,
            evidence: record.evidence,
            flags: flags.chain(findings.map(|finding| finding.kind.to_string())).collect(),
            notes: owned(&record.notes),
            reason: text(record.reason.as_deref()),
            systems: owned(&record.systems),
            sources: owned(&record.sources),
            packets: [record.packets.client, record.packets.server],
            bytes: [record.bytes.client, record.bytes.server],
            tcp: record.tcp.as_ref().map(|tcp| format!("{} {}", tcp.state, tcp.history)).unwrap_or_default(),
            around: around(record),
            subject,
        }
    }

    /// Whether it is flagged.
    pub fn is_flagged(&self) -> bool {
        !self.flags.is_empty()
    }

    /// Whether each of these words, in lower case, stands somewhere in it.
    pub fn has(&self, words: &[String]) -> bool {
        let verdict = self.verdict.map_or("", Verdict::as_str);
        let texts = [&*self.client, &self.server, &self.label, &self.detail, &self.transport, &self.reason, verdict];
        let all: Vec<&str> = texts.into_iter().chain(self.flags.iter().map(String::as_str)).collect();
        let all = all.join(" ").to_lowercase();
        words.iter().all(|word| all.contains(word.as_str()))
    }
}

/// What a flow is counted under: its label, else what it probably is, else its transport.
pub fn name(record: &FlowRecord<'_>) -> String {
    match (record.label, record.hint) {
        (Some(label), _) => visible(label).into_owned(),
        (None, Some(hint)) => format!("{}?", visible(hint)),
        (None, None) => format!("unknown {}", record.transport),
    }
}

/// `10.1.0.9:2703 sms1.corp.example`
fn end(host: &Host<'_>) -> String {
    let end = Endpoint { ip: host.ip, port: host.port }.to_string();
    host.name.map_or(end.clone(), |name| format!("{end} {}", visible(name)))
}

fn text(text: Option<&str>) -> String {
    text.map(|text| visible(text).into_owned()).unwrap_or_default()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| visible(text).into_owned()).collect()
}

/// `VLAN 10, vxlan 17 in 4.0`
fn around(record: &FlowRecord<'_>) -> String {
    let mut parts: Vec<String> = record.vlans.iter().map(|id| format!("VLAN {id}")).collect();
    for tunnel in &record.tunnels {
        let mut part = tunnel.kind.to_owned();
        // Writing to a String cannot fail.
        let _ = tunnel.key.map(|key| write!(part, " {key}"));
        let _ = tunnel.id.map(|id| write!(part, " in {id}"));
        parts.push(part);
    }
    parts.join(", ")
}
