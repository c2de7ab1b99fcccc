//! What the payload showed, against what the catalog says of the port.

use super::label::flag;
use super::lookup::{Missing, Number};
use super::reason::{first_source, missed, numbered, said, upper};
use super::words::{CONTRADICTS, UNDOCUMENTED_PORT};
use crate::catalog::{Catalog, Entry};
use crate::net::IpProto;
use crate::recognize::{Confidence, DCE_RPC, Finding, interface, is_known_format};
use crate::record::{Evidence, FlowRecord, Verdict};

/// Services that carry whatever a client likes: no payload contradicts them, though their own can be told.
const CARRY_ANYTHING: &[&str] = &["Echo"];

/// What a finding means for a documented port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opinion {
    /// A service documented here speaks it.
    Confirms,
    /// What is documented here speaks something else.
    Contradicts,
    /// Nobody knows what is spoken here, or the finding is not sure enough.
    Silent,
}

/// Judges a documented port. Only what is sure contradicts, and only where it is known what the port's service speaks.
pub(super) fn opinion(finding: &Finding, catalog: &Catalog, entry: &Entry) -> Opinion {
    let facts = entry.facts.iter().chain(&entry.derived_facts).filter_map(|at| catalog.fact(*at));
    let mut names = std::iter::once(entry.label.as_str()).chain(facts.map(|fact| fact.protocol.as_str()));
    if names.any(|name| finding.protocol.is_behind(name)) {
        return Opinion::Confirms;
    }
    let carries_anything = CARRY_ANYTHING.iter().any(|name| name.eq_ignore_ascii_case(&entry.label));
    // What nobody published is none of the protocols that are recognised.
    let is_known = (is_known_format(&entry.label) && !carries_anything) || entry.unpublished;
    if is_known && finding.confidence >= Confidence::Both { Opinion::Contradicts } else { Opinion::Silent }
}

/// Detail, names and notes: they hold whatever the label.
pub(super) fn describe<'a>(record: &mut FlowRecord<'a>, finding: &'a Finding) {
    finding.notes().for_each(|note| record.notes.push(note));
    let Some(texts) = finding.texts() else { return };
    record.detail = texts.detail.as_deref();
    record.client.name = texts.client_name.as_deref();
    record.server.name = texts.server_name.as_deref();
}

/// Where documents use one number for several services and the payload is not that of the first, the service whose it is gives the name.
pub(super) fn rename<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, entry: &'a Entry, finding: &Finding) {
    if finding.protocol.is_behind(&entry.label) {
        return;
    }
    let facts = entry.facts.iter().chain(&entry.derived_facts).filter_map(|at| catalog.fact(*at));
    let spoken: Vec<_> = facts.filter(|fact| finding.protocol.is_behind(&fact.protocol)).collect();
    let Some(first) = spoken.first() else { return };
    record.label = Some(&first.protocol);
    let named: Vec<_> = spoken.iter().filter_map(|fact| catalog.system(fact.system)).map(|system| system.id.as_str()).collect();
    narrow_to(record, &named);
}

/// Keeps the systems that a bound interface or a kind of HTTP names, where they are among the candidates.
pub(super) fn narrow(record: &mut FlowRecord<'_>, finding: &Finding) {
    narrow_to(record, &systems_of(finding).collect::<Vec<_>>());
}

/// Keeps the systems that are named, where they are among the candidates.
pub(super) fn narrow_to(record: &mut FlowRecord<'_>, named: &[&str]) {
    if record.systems.len() == record.sources.len() {
        let both = record.systems.iter().copied().zip(record.sources.iter().copied());
        let (systems, sources): (Vec<_>, Vec<_>) = both.filter(|(system, _)| named.contains(system)).unzip();
        if !systems.is_empty() {
            (record.systems, record.sources) = (systems, sources);
        }
    }
}

fn systems_of(finding: &Finding) -> impl Iterator<Item = &'static str> {
    let bound = finding.texts().map(|texts| texts.interfaces.as_slice()).unwrap_or_default();
    let of_kind = finding.texts().and_then(|texts| texts.kind).map(|kind| kind.systems).unwrap_or_default();
    let of_interfaces =
        bound.iter().filter_map(|bound| interface(bound.uuid)).flat_map(|known| known.systems.iter().map(String::as_str));
    of_interfaces.chain(of_kind.iter().copied())
}

/// The port's documented service is not what speaks.
pub(super) fn contradicted<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    entry: &'a Entry,
    number: Number,
    finding: &Finding,
) {
    let (what, source) = (numbered(record, number), first_source(entry, catalog));
    let named = (&entry.label, finding.called());
    let reason = said(record, format_args!("{what} is documented as {}{source}, but the payload is {}.", named.0, named.1));
    mismatched(record, catalog, finding, CONTRADICTS, reason);
}

/// A port that no document lists: DCE/RPC belongs there, another documented protocol does not, the rest is a hint.
pub(super) fn on_other_port<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    missing: &Missing<'a>,
    port: u16,
    finding: &'a Finding,
) {
    let is_sure = finding.confidence >= Confidence::Both;
    if is_sure && finding.protocol == &DCE_RPC && Catalog::may_be_dynamic(port) && assigned(record, catalog, finding, port) {
        return;
    }
    let (nothing, name) = (missed(record, catalog, missing), finding.called());
    if let Some(home) = documented(record.transport, catalog, finding).filter(|_| is_sure) {
        let source = first_source(home, catalog);
        let reason = said(record, format_args!("{nothing} The payload is {name}, documented at {}{source}.", home.first));
        mismatched(record, catalog, finding, UNDOCUMENTED_PORT, reason);
    } else {
        record.verdict = Some(Verdict::Unmatched);
        record.flags.push(flag(missing));
        record.hint = Some(finding.protocol.name);
        let is = if is_sure { "is" } else { "reads like" };
        record.reason = said(record, format_args!("{nothing} The payload {is} {name}."));
    }
}

/// DCE/RPC on a port that the system assigned: the documents say that this happens, and the interface whose it is.
fn assigned<'a>(record: &mut FlowRecord<'a>, catalog: &'a Catalog, finding: &Finding, port: u16) -> bool {
    let texts = catalog.dynamic_texts(record.transport);
    if texts.systems.is_empty() {
        return false;
    }
    record.verdict = Some(Verdict::Matched);
    record.evidence = Some(Evidence::Payload);
    record.label = finding.protocol.label;
    record.systems = texts.systems.iter().map(String::as_str).collect();
    record.sources = texts.sources.iter().map(String::as_str).collect();
    narrow(record, finding);
    let of = record.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    let source = record.sources.first().copied().unwrap_or("the rules");
    let transport = upper(record.transport);
    let sentence = format_args!("{transport} {port} carries DCE/RPC{of}: a port assigned at run time ({source}).");
    record.reason = said(record, sentence);
    true
}

/// What was expected here is another protocol than the payload is.
pub(super) fn mismatched<'a>(
    record: &mut FlowRecord<'a>,
    catalog: &'a Catalog,
    finding: &Finding,
    flag: &'static str,
    reason: Option<String>,
) {
    record.verdict = Some(Verdict::Mismatched);
    record.evidence = Some(Evidence::Payload);
    record.flags.push(flag);
    match documented(record.transport, catalog, finding) {
        Some(home) => {
            let texts = home.texts(catalog);
            record.label = finding.protocol.label;
            record.systems = texts.systems.iter().map(String::as_str).collect();
            record.sources = texts.sources.iter().map(String::as_str).collect();
        }
        None => record.hint = Some(finding.protocol.name),
    }
    record.reason = reason;
}

/// Where the catalog has this protocol.
fn documented<'a>(transport: IpProto, catalog: &'a Catalog, finding: &Finding) -> Option<&'a Entry> {
    catalog.home(transport, finding.protocol.label?)
}

#[cfg(test)]
mod tests {
    use super::super::label;
    use super::super::tests::record;
    use super::*;
    use crate::catalog::Options;
    use crate::recognize::{InterfaceId, Protocol, RECOGNIZERS, Uuid, kinds};

    fn protocol(name: &str) -> &'static Protocol {
        let mut all = RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
        all.find(|protocol| protocol.name == name).unwrap()
    }

    /// What becomes of a finding on a port of the documents: verdict, label, evidence, flags, hint.
    fn judged(transport: IpProto, port: u16, name: &str, confidence: Confidence) -> String {
        let catalog = Catalog::load(&Options::default()).unwrap();
        let finding = Finding::new(protocol(name), confidence);
        let mut record = record(transport, 40_001, port);
        label(&mut record, &catalog, false, Some(&finding), None);
        let words =
            [record.verdict.unwrap().as_str(), record.label.unwrap_or("-"), record.evidence.map_or("-", Evidence::as_str)];
        format!("{} | {} | {}", words.join(" | "), record.flags.join(" "), record.hint.unwrap_or("-"))
    }

    #[test]
    fn payload_confirms_contradicts_or_explains() {
        use Confidence::{Both, Certain, Plausible};
        let cases = [
            // What the service speaks: the port's name stays.
            (IpProto::TCP, 2103, "DCE/RPC", Certain, "matched | MSMQ-RPC | payload |  | -"),
            (IpProto::TCP, 3268, "LDAP", Both, "matched | Global Catalog Server | payload |  | -"),
            (IpProto::TCP, 443, "TLS", Certain, "matched | HTTPS | payload |  | -"),
            (IpProto::TCP, 139, "SMB", Certain, "matched | NetBIOS Session Service | payload |  | -"),
            // TLS where a service may turn to it, HTTP where a service runs over it.
            (IpProto::TCP, 25, "TLS", Certain, "matched | SMTP | payload |  | -"),
            (IpProto::TCP, 389, "TLS", Certain, "matched | LDAP Server | payload |  | -"),
            (IpProto::TCP, 5985, "HTTP", Certain, "matched | WS-Management | payload |  | -"),
            // Another protocol, surely.
            (IpProto::TCP, 445, "HTTP", Certain, "mismatched | HTTP | payload | payload-contradicts-port | -"),
            (IpProto::TCP, 443, "SSH", Certain, "mismatched | - | payload | payload-contradicts-port | SSH"),
            (IpProto::TCP, 2703, "TLS", Certain, "mismatched | - | payload | payload-contradicts-port | TLS"),
            // Not surely.
            (IpProto::TCP, 445, "DCE/RPC", Plausible, "matched | SMB | port |  | -"),
            // Ports that carry anything.
            (IpProto::TCP, 7, "HTTP", Certain, "matched | Echo | port |  | -"),
            // A documented protocol on another port, DCE/RPC on an assigned one, protocols that no document knows.
            (IpProto::TCP, 8081, "HTTP", Both, "mismatched | HTTP | payload | protocol-on-undocumented-port | -"),
            (IpProto::TCP, 8081, "HTTP", Plausible, "unmatched | - | - | port-undocumented | HTTP"),
            (IpProto::TCP, 49_155, "DCE/RPC", Certain, "matched | RPC | payload |  | -"),
            (IpProto::UDP, 443, "QUIC", Certain, "unmatched | - | - | transport-undocumented | QUIC"),
            (IpProto::UDP, 5060, "SIP", Certain, "unmatched | - | - | port-undocumented | SIP"),
            // Two services of one number: the payload says which; calls agree upon their ports where nobody hears it.
            (IpProto::UDP, 9, "Wake on LAN", Certain, "matched | Wake on LAN | payload |  | -"),
            (IpProto::UDP, 20_000, "RTP", Both, "unmatched | - | - | port-undocumented | RTP"),
            (IpProto::UDP, 547, "DHCPv6", Certain, "matched | DHCPv6 | payload |  | -"),
            (IpProto::TCP, 8443, "TLS", Certain, "unmatched | - | - | port-undocumented | TLS"),
        ];
        for (transport, port, name, confidence, expected) in cases {
            assert_eq!(judged(transport, port, name, confidence), expected, "{name} on {transport} {port}");
        }
    }

    #[test]
    fn an_interface_narrows_the_systems() {
        let catalog = Catalog::load(&Options::default()).unwrap();
        let samr = Uuid::parse("12345778-1234-abcd-ef00-0123456789ac").unwrap();
        let finding = Finding::new(&DCE_RPC, Confidence::Certain).binding(vec![InterfaceId::new(samr, 1)]).detailed("samr");
        let mut record = record(IpProto::TCP, 40_001, 49_155);
        label(&mut record, &catalog, false, Some(&finding), None);
        assert_eq!((record.systems.as_slice(), record.sources.len()), (&["svc.lsass"][..], 1));
        assert!(record.reason.unwrap().starts_with("TCP 49155 carries DCE/RPC (samr)"));
    }

    #[test]
    fn a_kind_of_http_narrows_the_systems_and_contradicts_other_ports() {
        let catalog = Catalog::load(&Options::default()).unwrap();
        let judged = |kind: &str, port: u16| {
            let (kind, protocol) = kinds().find(|(known, _)| known.name == kind).unwrap();
            let finding = Finding::new(protocol, Confidence::Certain).of_kind(Some(kind));
            let mut record = record(IpProto::TCP, 40_001, port);
            label(&mut record, &catalog, false, Some(&finding), None);
            (record.verdict.unwrap(), record.label.unwrap().to_owned(), record.systems.join(" "), record.reason.unwrap())
        };
        let (verdict, label, systems, reason) = judged("WSUS client", 8530);
        assert_eq!((verdict, label.as_str(), systems.as_str()), (Verdict::Matched, "HTTP", "sccm.link.06 sccm.wsus"));
        assert!(reason.contains("the payload is WSUS client over HTTP"), "{reason}");
        // Readings C86 and C37.
        assert_eq!(judged("WS-Management", 80).2, "vmm16.src.01 vmm16.sfs.01");
        assert_eq!(
            (judged("UPnP event", 2869).2, judged("UPnP subscription", 2869).2),
            ("svc.ssdp".into(), "svc.upnphost".into())
        );
        let (verdict, label, _, reason) = judged("WSUS client", 5985);
        assert_eq!((verdict, label.as_str()), (Verdict::Mismatched, "HTTP"));
        assert!(
            reason.contains("documented as WS-Management (vmm-2016:28), but the payload is WSUS client over HTTP"),
            "{reason}"
        );
        assert_eq!(judged("WS-Management", 8081).1, "WS-Management");
    }

    #[test]
    fn every_system_of_a_kind_is_one_of_the_catalogs() {
        let catalog = Catalog::load(&Options::default()).unwrap();
        let unknown = |id: &&&str| catalog.system_by_id(id).is_none();
        let ids: Vec<_> = kinds().flat_map(|(kind, _)| kind.systems).filter(unknown).collect();
        assert!(ids.is_empty(), "{ids:?}");
    }

    #[test]
    fn every_name_is_one_of_the_catalogs() {
        let catalog = Catalog::load(&Options { with: vec!["common-lan".to_owned()], ..Options::default() }).unwrap();
        let unknown = |name: &&str| catalog.protocols_named(name).is_empty();
        let protocols = || RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
        let names = protocols().flat_map(|protocol| protocol.behind).copied();
        assert_eq!(names.filter(unknown).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn every_rule_for_a_protocol_names_some_of_the_catalogs() {
        let catalog = Catalog::load(&Options::default()).unwrap();
        let names = catalog.protocol_rules.iter().flat_map(|rule| std::iter::once(&rule.name).chain(&rule.protected_by));
        let unknown: Vec<&String> = names.filter(|name| catalog.protocols_named(name).is_empty()).collect();
        assert_eq!(unknown, Vec::<&String>::new());
    }
}
