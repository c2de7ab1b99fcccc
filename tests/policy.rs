//! What a policy can say, and what comes of it: products, options, ports moved, proxies, prohibitions, known findings, coverage, and mistakes with file, line
//! and what was probably meant. Traffic is made as packets, and what is expected stands in the documents (semantics S67 to S98).

#![cfg(test)]

mod support;

use std::fmt::Write as _;
use std::sync::OnceLock;

use flowlabel::audit::{HostNames, Policy, Tally};
use flowlabel::catalog::Catalog;
use flowlabel::classify::FLAGS;
use flowlabel::record::{Audit, Coverage, FindingKind, PolicyStatus, Seen};
use support::records;
use support::traffic::{End, Judged, Talk, capture, judged};

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(support::learned::catalog)
}

fn read(text: &str) -> Result<Policy, String> {
    let names = HostNames::parse("10.1.0.10 sms1 sms1.corp.example\n10.1.0.11 mp1\n").unwrap();
    Policy::read("p.toml", text, catalog(), &names, FLAGS).map_err(|mistakes| mistakes.to_string())
}

/// The roles of these tests, after whatever stands at the top of the file.
const ROLES: &str = r#"
[roles]
"Site Server" = ["10.1.0.10"]
"Management Point" = ["10.1.0.11"]
"Software Update Point" = ["10.1.0.12"]
"PXE Service Point" = ["10.1.0.13"]
"System Health Validator" = ["10.1.0.14"]
"Health Registration Authority" = ["10.1.0.15"]
"State Migration Point" = ["10.1.0.16"]
"Reporting Point" = ["10.1.0.17"]
"Out of Band Service Point" = ["10.1.0.18"]
"AMT Management Controller" = ["10.1.0.19"]
"Microsoft SQL Server" = ["10.1.0.20"]
"Reporting Services Point" = ["10.1.0.21"]
"Asset Intelligence Synchronization Point" = ["10.1.0.22"]
"Multicast Distribution Point" = ["10.1.0.23"]
"WSUS server" = ["10.1.0.24"]
"Configuration Manager Console" = ["10.1.0.50"]
"Client" = ["10.1.8.0/24"]
"#;

const SITE: &str = "10.1.0.10";
const MP: &str = "10.1.0.11";
const SUP: &str = "10.1.0.12";
const PXE: &str = "10.1.0.13";
const SHV: &str = "10.1.0.14";
const HRA: &str = "10.1.0.15";
const SMP: &str = "10.1.0.16";
const RP: &str = "10.1.0.17";
const OOB: &str = "10.1.0.18";
const AMT: &str = "10.1.0.19";
const SQL: &str = "10.1.0.20";
const RSP: &str = "10.1.0.21";
const AISP: &str = "10.1.0.22";
const MDP: &str = "10.1.0.23";
const CONSOLE: &str = "10.1.0.50";
const CLIENT: &str = "10.1.8.20";

/// A policy with the roles; `more` begins with keys of the whole file.
fn policy(more: &str) -> Policy {
    let (top, tables) = more.split_once("---").unwrap_or((more, ""));
    read(&format!("{top}\n{ROLES}\n{tables}")).unwrap_or_else(|error| panic!("{error}"))
}

fn all(policy: &Policy, talks: &[Talk]) -> Vec<Judged> {
    judged(&capture(talks), policy, catalog())
}

fn one(policy: &Policy, talk: Talk) -> Judged {
    all(policy, &[talk]).into_iter().next().unwrap()
}

/// Whether a TCP connection is expected.
fn tcp(policy: &Policy, client: &str, server: &str, port: u16) -> bool {
    one(policy, Talk::new(client, server, "tcp", port)).status == PolicyStatus::Expected
}

fn udp(policy: &Policy, client: &str, server: &str, port: u16) -> bool {
    one(policy, Talk::new(client, server, "udp", port)).status == PolicyStatus::Expected
}

// ---- products and options -------------------------------------------------------------------------------------------

#[test]
fn products_narrow_what_only_some_have() {
    // S88: SP1 brings links 39 and 40 and AMT, R2 brings 41 to 47.
    let sp1 = [(AMT, OOB, 9971), (OOB, AMT, 16993), (SITE, OOB, 445), (SITE, AISP, 445)];
    let r2 = [(MDP, SQL, 1433), (RSP, SQL, 1433), (SITE, RSP, 445)];
    let always = [(MP, SQL, 1433), (SITE, MP, 445)];
    for (chosen, has_sp1, has_r2) in
        [("", true, true), ("\"sccm-2007\"", false, false), ("\"sccm-2007-sp1\"", true, false), ("\"sccm-2007-r2\"", false, true)]
    {
        let policy = policy(&if chosen.is_empty() { String::new() } else { format!("products = [{chosen}]") });
        for (rows, holds) in [(&sp1[..], has_sp1), (&r2[..], has_r2), (&always[..], true)] {
            for (client, server, port) in rows {
                assert_eq!(tcp(&policy, client, server, *port), holds, "{chosen}: {client} to {server} {port}");
            }
        }
    }
}

#[test]
fn documents_can_be_left_out() {
    let sccm = policy("use = [\"sccm-2007\"]");
    assert!(tcp(&sccm, MP, SQL, 1433));
    let other = policy("use = [\"kb832017\"]");
    assert!(!tcp(&other, MP, SQL, 1433));
    let without = policy("---[options]\nwithout = [\"sccm.link.22\"]");
    assert!(!tcp(&without, MP, SQL, 1433) && tcp(&without, RSP, SQL, 1433));
}

#[test]
fn only_the_site_server_opens_where_that_is_set() {
    // S68, reading C73: note 6 links go both ways unless the setting is on; reporting points never report back.
    let (open, strict) = (policy(""), policy("---[options]\nsite-server-initiates-only = true"));
    for system in [MP, SMP, PXE, SHV, SUP, RSP] {
        assert!(tcp(&open, SITE, system, 445) && tcp(&open, system, SITE, 445), "{system}");
        assert!(tcp(&strict, SITE, system, 445) && !tcp(&strict, system, SITE, 445), "{system}");
        let back = one(&strict, Talk::new(system, SITE, "tcp", 445));
        assert_eq!(back.kind, Some(FindingKind::Reversed), "{back:?}");
    }
    assert!(tcp(&open, SITE, RP, 445) && !tcp(&open, RP, SITE, 445));
}

#[test]
fn one_pair_of_wsus_ports() {
    // S73: 80 goes with 443, N with N + 1; either site is allowed as long as nobody says which.
    let both = policy("");
    for port in [80, 443, 8530, 8531] {
        assert!(tcp(&both, CLIENT, SUP, port), "{port}");
    }
    for (port, has, has_not) in [(8530, [8530, 8531], [80, 443]), (80, [80, 443], [8530, 8531]), (8600, [8600, 8601], [8530, 80])]
    {
        let policy = policy(&format!("---[options]\nwsus-port = {port}"));
        assert!(has.iter().all(|port| tcp(&policy, CLIENT, SUP, *port)), "{port}");
        assert!(has_not.iter().all(|port| !tcp(&policy, CLIENT, SUP, *port)), "{port}");
    }
    // HTTPS follows an HTTP port that was moved.
    let moved = policy("---[[port]]\nlink = \"sccm.link.06\"\nprotocol = \"HTTP\"\nports = [\"9000\"]");
    assert!(tcp(&moved, CLIENT, SUP, 9000) && tcp(&moved, CLIENT, SUP, 9001) && !tcp(&moved, CLIENT, SUP, 8531));
    let pair = "---[[port]]\nlink = \"sccm.link.06\"\nprotocol = \"HTTP\"\nports = [\"9000\"]\n\
                [[port]]\nlink = \"sccm.link.06\"\nprotocol = \"HTTPS\"\nports = [\"9443\"]";
    let warnings = policy(pair).warnings;
    assert!(warnings.iter().any(|warning| warning.contains("9001") && warning.contains("sccm-2007:873")), "{warnings:?}");
}

#[test]
fn a_proxy_stands_between_the_site_and_the_internet() {
    // Note 1, reading C66: 80 is fixed, and with a proxy the proxy's port is seen.
    let plain = policy("segment = [\"10.1.0.0/16\"]");
    assert!(tcp(&plain, SUP, "198.51.100.7", 80) && !tcp(&plain, SUP, "10.1.0.200", 3128));
    let proxied = policy("segment = [\"10.1.0.0/16\"]\n---[[proxy]]\nhosts = [\"10.1.0.200\"]\nports = [\"3128\"]");
    let there = one(&proxied, Talk::new(SUP, "10.1.0.200", "tcp", 3128));
    assert!(there.status == PolicyStatus::Expected && there.by.contains(&"sccm.link.04".to_owned()), "{there:?}");
    assert!(tcp(&proxied, CONSOLE, "10.1.0.200", 3128), "link 27");
    assert!(!tcp(&proxied, "10.1.0.99", "10.1.0.200", 3128) && !tcp(&proxied, SUP, "10.1.0.200", 8080));
}

#[test]
fn remote_control_over_netbios_is_an_option() {
    // S86: 135, 137, 138 and 139 instead of names and sessions over 445.
    let (with, without) = (policy(""), policy("---[options]\nnetbios-remote-control = false"));
    for port in [137, 138] {
        assert!(udp(&with, CONSOLE, CLIENT, port) && !udp(&without, CONSOLE, CLIENT, port), "{port}");
    }
    assert!(tcp(&with, CONSOLE, CLIENT, 139) && !tcp(&without, CONSOLE, CLIENT, 139));
    assert!(tcp(&without, CONSOLE, CLIENT, 2701), "link 34 stays");
}

#[test]
fn how_nap_is_enforced() {
    // S80: DHCP enforcement is 67 and 68; IPsec is 80 or 443 to the registration authority, and UDP 500.
    let dhcp = || Talk::new(CLIENT, SHV, "udp", 67).at_port(68);
    let expected = |policy: &Policy| {
        let by_dhcp = one(policy, dhcp()).status == PolicyStatus::Expected;
        (by_dhcp, tcp(policy, CLIENT, HRA, 443), udp(policy, CLIENT, SHV, 500))
    };
    assert_eq!(expected(&policy("")), (true, true, true));
    assert_eq!(expected(&policy("---[options]\nnap = [\"dhcp\"]")), (true, false, false));
    assert_eq!(expected(&policy("---[options]\nnap = [\"ipsec\"]")), (false, true, true));
    assert_eq!(expected(&policy("---[options]\nnap = []")), (false, false, false));
}

// ---- ports ----------------------------------------------------------------------------------------------------------

const ASKS: &str = r#""GET /sms_mp/.sms_aut?mplist HTTP/1.1\r\nHost: mp1\r\n\r\n""#;
const ANSWERS: &str = r#""HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok""#;

#[test]
fn a_moved_port_replaces_the_documented_one_and_names_it() {
    let moved = policy("---[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTP\"\nports = [\"8080\", \"8090-8092\"]");
    assert!(moved.warnings.iter().all(|warning| !warning.contains("configurable")), "S69: {:?}", moved.warnings);
    for port in [8080, 8091] {
        let there = one(&moved, Talk::new(CLIENT, MP, "tcp", port).saying(ASKS, ANSWERS));
        assert_eq!((there.status, there.kind, there.label.as_deref()), (PolicyStatus::Expected, None, Some("HTTP")), "{there:?}");
        assert_eq!(there.by, ["sccm.link.17"]);
    }
    let old = one(&moved, Talk::new(CLIENT, MP, "tcp", 80).saying(ASKS, ANSWERS));
    assert_eq!(old.kind, Some(FindingKind::WrongPort), "{old:?}");
    // Only on that link.
    assert!(!tcp(&moved, CLIENT, SMP, 8080) && tcp(&moved, CLIENT, SMP, 80));
    // Other bytes at the moved port are a masquerade there as well.
    let ssh = Talk::new(CLIENT, MP, "tcp", 8080).saying("\"SSH-2.0-PuTTY\\r\\n\"", "\"SSH-2.0-OpenSSH_3.6\\r\\n\"");
    assert_eq!(one(&moved, ssh).kind, Some(FindingKind::PayloadContradictsPort));
}

#[test]
fn a_port_that_cannot_be_set_is_a_warning_with_its_line() {
    // S71: site to site cannot be configured; the document says so at lines 25 and on.
    let fixed = policy("---[[port]]\nlink = \"sccm.link.01\"\nprotocol = \"SMB\"\nports = [\"4450\"]");
    let warning = fixed
        .warnings
        .iter()
        .find(|warning| warning.contains("not configurable"))
        .unwrap_or_else(|| panic!("{:?}", fixed.warnings));
    assert!(warning.starts_with("p.toml:") && warning.contains("sccm-2007:2"), "{warning}");
    assert!(tcp(&fixed, SITE, SITE, 4450), "it holds all the same");
}

// ---- what links imply -----------------------------------------------------------------------------------------------

#[test]
fn a_mapper_leads_to_a_port_that_speaks_rpc() {
    // Reading C75: link 5 prints 135 and no dynamic port; expect one to follow.
    let policy = policy("");
    assert!(tcp(&policy, SITE, SMP, 135));
    let dark = one(&policy, Talk::new(SITE, SMP, "tcp", 1027));
    assert_eq!((dark.kind, dark.link.as_deref()), (Some(FindingKind::DynamicUnexplained), Some("sccm.link.05")), "{dark:?}");
    // The payloads of the demo's scenario: a bind and its answer, as C706 has them.
    let demo = std::fs::read_to_string(support::repository("fixtures/demo/segment/scenario.toml")).unwrap();
    let payloads = &demo[demo.find("[payloads]").unwrap()..demo.find("[[flow]]").unwrap()];
    let flow = format!(
        "title = \"rpc\"\nstart = 2026-03-02T08:00:00Z\n{payloads}\n[[flow]]\nfrom = \"{SITE}:40000\"\nto = \"{SMP}:1027\"\nprotocol = \"tcp\"\n\
         steps = ['open', '> @bind-samr', '< @ack-1026', '> @samr-call', '< @samr-answer', 'close']\n"
    );
    let found = judged(&support::capture(&flow).unwrap(), &policy, catalog());
    assert_eq!((found[0].status, found[0].kind), (PolicyStatus::Expected, None), "{found:?}");
    assert!(found[0].by.contains(&"sccm.link.05".to_owned()) && found[0].notes.contains(&"derived".to_owned()), "{found:?}");
}

#[test]
fn pptp_leads_to_gre() {
    // Reading C54: the tunnel of link 1 is GRE, which no port shows.
    let site = read("[roles]\n\"Site Server\" = [\"10.1.0.10\", \"10.2.0.10\"]\n").unwrap();
    let gre = |client: &str, server: &str| {
        one(
            &site,
            Talk::new(client, server, "ip-47", 0)
                .saying("0x3001880b 0x00080001 0x00000001 noise 8", "0x3001880b 0x00080002 0x00000001 noise 8"),
        )
    };
    let there = gre("10.1.0.10", "10.2.0.10");
    assert_eq!((there.status, there.kind), (PolicyStatus::Expected, None), "{there:?}");
    assert!(there.by.contains(&"sccm.link.01".to_owned()) && there.notes.contains(&"derived".to_owned()), "{there:?}");
    assert_eq!(gre("10.1.0.99", "10.2.0.10").status, PolicyStatus::Unexpected);
    assert!(tcp(&site, "10.1.0.10", "10.2.0.10", 1723));
}

#[test]
fn pxe_leads_to_the_port_that_tftp_answers_from() {
    // Note 5: the daemon answers from a new high port, which the request alone explains.
    let policy = policy("");
    let asks = Talk::new(CLIENT, PXE, "udp", 69)
        .at_port(2070)
        .saying(r#"0x0001 "boot\\x86\\wdsnbp.com" 0x00 "octet" 0x00"#, "")
        .ending(End::Unanswered);
    let data = Talk::new(PXE, CLIENT, "udp", 2070).at_port(50_001).saying("0x00030001 noise 64", "0x00040001");
    let found = all(&policy, &[asks, data.clone()]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|judged| judged.status == PolicyStatus::Expected && judged.kind.is_none()), "{found:#?}");
    assert!(found[1].by.contains(&"sccm.link.08".to_owned()) && found[1].is_learned, "{found:#?}");
    let alone = one(&policy, data);
    assert_eq!(alone.status, PolicyStatus::Unexpected, "nobody asked: {alone:?}");
}

#[test]
fn dhcp_before_and_while_there_is_an_address() {
    let policy = policy("");
    let ask = Talk::new("0.0.0.0", "255.255.255.255", "udp", 67).at_port(68).ending(End::Unanswered);
    let answer = Talk::new(PXE, "255.255.255.255", "udp", 68).at_port(67).ending(End::Unanswered);
    for talk in [ask, answer] {
        let found = one(&policy, talk);
        assert_eq!((found.status, found.kind), (PolicyStatus::Expected, None), "{found:?}");
        assert!(found.by.contains(&"sccm.link.08".to_owned()), "{found:?}");
    }
    // A broadcast of a host that has no role stands for nobody's link.
    let none = read("[roles]\n\"Client\" = [\"10.1.8.0/24\"]\n").unwrap();
    assert_eq!(
        one(&none, Talk::new("10.1.0.99", "255.255.255.255", "udp", 68).at_port(67).ending(End::Unanswered)).status,
        PolicyStatus::Unexpected
    );
}

/// A DHCP message (RFC 2131): operation, transaction, the address given, kind.
fn dhcp(op: u8, transaction: u32, given: [u8; 4], kind: u8) -> String {
    let given = u32::from_be_bytes(given);
    format!(
        "0x{op:02x}010600 0x{transaction:08x} zeros 4 zeros 4 0x{given:08x} zeros 8 0x02000a010816 zeros 10 zeros 192 0x63825363 \
         0x3501{kind:02x} 0xff"
    )
}

/// Requests from 0.0.0.0, all in one flow, and for each the address that the server at .13 gives in answer.
fn leased(policy: &Policy, answers: &[Option<[u8; 4]>]) -> Judged {
    let mut text = "title = \"leases\"\nstart = 2026-03-02T08:00:00Z\n".to_owned();
    let steps: Vec<String> = (1..).zip(answers).map(|(number, _)| format!("'> {}'", dhcp(1, number, [0; 4], 1))).collect();
    write!(
        text,
        "[[flow]]\nfrom = \"0.0.0.0:68\"\nto = \"255.255.255.255:67\"\nprotocol = \"udp\"\nsteps = [{}]\n",
        steps.join(", ")
    )
    .unwrap();
    for (number, given) in (1..).zip(answers) {
        let Some(given) = given else { continue };
        write!(
            text,
            "[[flow]]\nat = {number}.0\nfrom = \"{PXE}:67\"\nto = \"255.255.255.255:68\"\nprotocol = \"udp\"\nsteps = ['> {}']\n",
            dhcp(2, number, *given, 5)
        )
        .unwrap();
    }
    judged(&support::capture(&text).unwrap(), policy, catalog()).remove(0)
}

#[test]
fn who_speaks_from_nowhere_is_the_host_that_the_answer_names() {
    let (client, stranger, elsewhere) = ([10, 1, 8, 20], [10, 1, 9, 99], [192, 168, 7, 7]);
    let policy = self::policy("segment = [\"10.1.0.0/16\"]");
    let known = leased(&policy, &[Some(client)]);
    assert_eq!((known.client.as_str(), known.status, known.kind), ("0.0.0.0", PolicyStatus::Expected, None), "{known:?}");
    assert!(known.by.contains(&"sccm.link.08".to_owned()), "{known:?}");
    // Not every host may boot from there.
    for answers in [&[Some(stranger)][..], &[Some(client), Some(stranger)]] {
        let odd = leased(&policy, answers);
        assert_eq!((odd.status, odd.kind), (PolicyStatus::Unexpected, Some(FindingKind::Unexpected)), "{odd:?}");
        assert!(odd.text.contains("10.1.9.99") && odd.text.contains("0.0.0.0"), "{odd:?}");
    }
    assert_eq!(leased(&policy, &[Some(elsewhere)]).status, PolicyStatus::Outside);
    assert_eq!(leased(&policy, &[Some(elsewhere), Some(client)]).status, PolicyStatus::Unexpected);
    // Nobody answered: any client may have asked.
    assert_eq!(leased(&policy, &[None]).status, PolicyStatus::Expected);
    // Whoever expects 0.0.0.0 means all of them; whoever forbids a host means it here too.
    let any = self::policy("---[[expect]]\nfrom = \"0.0.0.0\"\ntransport = \"udp\"\nports = [\"67\"]\n");
    assert_eq!(leased(&any, &[Some(stranger)]).status, PolicyStatus::Expected);
    let none = self::policy("---[[forbid]]\nfrom = \"10.1.8.20\"\n");
    assert_eq!(leased(&none, &[Some(stranger), Some(client)]).status, PolicyStatus::Forbidden);
}

// ---- the site's own words -------------------------------------------------------------------------------------------

#[test]
fn forbid_comes_before_all_and_accept_after() {
    let text = "---[groups]\nguests = [\"10.1.9.0/24\"]\n\
        [[expect]]\nfrom = \"guests\"\nto = [\"mp1\"]\ntransport = \"tcp\"\nports = [\"8443\"]\nlabel = \"Intranet\"\n\
        [[forbid]]\nto = \"Management Point\"\ntransport = \"tcp\"\nports = [\"80\"]\nreason = \"TLS only\"\n\
        [[accept]]\nhost = \"10.1.0.77\"\nflag = \"unexpected\"\nuntil = \"2026-03-02T08:00:30Z\"\n\
        [[accept]]\nfrom = \"10.1.9.9\"\nto = \"10.1.0.78\"\n";
    let policy = policy(text);
    let forbidden = one(&policy, Talk::new(CLIENT, MP, "tcp", 80));
    assert_eq!((forbidden.status, forbidden.by.as_slice()), (PolicyStatus::Forbidden, &["forbid:1".to_owned()][..]));
    assert!(forbidden.text.contains("TLS only"), "{forbidden:?}");
    let expected = one(&policy, Talk::new("10.1.9.7", MP, "tcp", 8443));
    assert_eq!((expected.status, expected.label.as_deref()), (PolicyStatus::Expected, Some("Intranet")));
    assert_eq!(one(&policy, Talk::new("10.1.7.7", MP, "tcp", 8443)).kind, Some(FindingKind::Unexpected));
    // Flows begin a second apart: packet time counts, and the clock on the wall does not.
    let odd: Vec<Talk> = (0..40).map(|n| Talk::new("10.1.8.9", "10.1.0.77", "tcp", 6789).at_port(41_000 + n)).collect();
    let found = all(&policy, &odd);
    let accepted = found.iter().filter(|judged| judged.by == ["accept:1"] && judged.kind.is_none()).count();
    assert_eq!(accepted, 30);
    // Either direction for a host, one for from and to.
    assert_eq!(one(&policy, Talk::new("10.1.0.77", "10.1.8.9", "tcp", 6789)).by, ["accept:1"]);
    assert_eq!(one(&policy, Talk::new("10.1.9.9", "10.1.0.78", "tcp", 6789)).by, ["accept:2"]);
    assert!(one(&policy, Talk::new("10.1.0.78", "10.1.9.9", "tcp", 6789)).kind.is_some());
}

#[test]
fn outside_of_the_segment_nothing_is_judged() {
    let policy = policy("segment = [\"10.1.0.0/24\"]");
    let status = |client: &str, server: &str| one(&policy, Talk::new(client, server, "tcp", 6789)).status;
    assert_eq!(status("10.9.0.1", "10.9.0.2"), PolicyStatus::Outside);
    assert_eq!(status("10.9.0.1", "10.1.0.2"), PolicyStatus::Unexpected);
}

#[test]
fn a_host_may_have_several_roles() {
    let both = read("[roles]\n\"Site Server\" = [\"10.1.0.10\"]\n\"Management Point\" = [\"10.1.0.10\"]\n\"Microsoft SQL Server\" = [\"10.1.0.20\"]\n").unwrap();
    let found = one(&both, Talk::new("10.1.0.10", "10.1.0.20", "tcp", 1433));
    assert!(found.by.contains(&"sccm.link.22".to_owned()) && found.by.contains(&"sccm.link.28".to_owned()), "{found:?}");
    assert!(both.warnings.is_empty(), "single hosts are named twice on purpose: {:?}", both.warnings);
}

#[test]
fn a_moved_service_is_put_right_as_its_finding_says() {
    let services = "[services]\n\"FTP Publishing Service\" = [\"10.1.0.40\"]\n";
    let talk = || {
        Talk::new("10.1.8.20", "10.1.0.40", "tcp", 2121)
            .saying("\"USER a\\r\\n\"", "\"220 FTP server ready\\r\\n331 Password\\r\\n\"")
    };
    let found = one(&read(services).unwrap(), talk());
    assert_eq!((found.kind, found.link.as_deref()), (Some(FindingKind::WrongPort), Some("svc.msftpsvc")), "{found:?}");
    assert!(found.text.ends_with("gives on TCP 21: move it back, or say so with [[expect]]."), "{found:?}");
    let expected = format!("{services}[[expect]]\nto = \"10.1.0.40\"\ntransport = \"tcp\"\nports = [\"2121\"]\n");
    assert_eq!(one(&read(&expected).unwrap(), talk()).kind, None);
    // [[port]] is for links.
    let moved = format!("{services}[[port]]\nlink = \"svc.msftpsvc\"\nprotocol = \"FTP control\"\nports = [\"2121\"]\n");
    let mistake = read(&moved).unwrap_err();
    assert!(mistake.contains("this is a service, and no link") && mistake.contains("[[expect]]"), "{mistake}");
}

/// A service is for any client: its own host that asks another one has turned nothing round.
#[test]
fn a_second_server_of_a_service_lacks_the_role_and_is_not_reversed() {
    let policy = read("[services]\n\"DNS Server\" = [\"10.1.0.5\"]\n").unwrap();
    let found = one(&policy, Talk::new("10.1.0.5", "10.1.8.20", "udp", 53));
    assert_eq!((found.kind, found.link.as_deref()), (Some(FindingKind::RoleMissing), Some("svc.dns-server")), "{found:?}");
    assert!(found.text.contains("10.1.8.20 answers") && found.text.contains("is no DNS Server (svc.dns-server):"), "{found:?}");
}

#[test]
fn ipv6_ranges_and_names() {
    let policy = read("[roles]\n\"Site Server\" = [\"sms1\"]\n\"Management Point\" = [\"fd00::11\", \"mp1\"]\n\"Client\" = [\"fd00:8::/64\", \"10.1.8.10-20\"]\n").unwrap();
    assert!(tcp(&policy, "fd00:8::9", "fd00::11", 80) && tcp(&policy, "10.1.8.20", MP, 80) && tcp(&policy, SITE, MP, 445));
    assert!(!tcp(&policy, "fd00:9::9", "fd00::11", 80) && !tcp(&policy, "10.1.8.21", MP, 80));
}

// ---- coverage -------------------------------------------------------------------------------------------------------

fn audit(policy: &Policy, talks: &[Talk]) -> Audit {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, capture(talks)).unwrap();
    let mut tally = Tally::default();
    records::each(&path, catalog(), |record| {
        let mut record = record;
        let judgement = policy.judge(&mut record);
        tally.add(policy, &record, &judgement);
    });
    tally.finish(policy, None)
}

fn row<'a>(audit: &'a Audit, by: &str, protocol: &str) -> &'a Coverage {
    let is = |row: &&Coverage| row.by == by && row.protocol.as_deref() == Some(protocol);
    audit.coverage.iter().find(is).unwrap_or_else(|| panic!("no {by} {protocol}"))
}

#[test]
fn coverage_says_what_came_of_each_expectation() {
    let policy = policy("");
    let talks = [
        Talk::new(CLIENT, MP, "tcp", 80),
        Talk::new("10.1.8.21", MP, "tcp", 80),
        Talk::new(CLIENT, MP, "tcp", 443).ending(End::Refused),
        Talk::new("10.1.8.21", MP, "tcp", 443).ending(End::Unanswered),
    ];
    let audit = audit(&policy, &talks);
    let http = row(&audit, "sccm.link.17", "HTTP");
    assert_eq!((http.status, http.flows, http.failed, http.observable), (Seen::Seen, 2, 0, true));
    assert_eq!(http.clients.iter().map(ToString::to_string).collect::<Vec<_>>(), [CLIENT, "10.1.8.21"]);
    assert_eq!(http.servers.iter().map(ToString::to_string).collect::<Vec<_>>(), [MP]);
    // Eight segments of 40 bytes, options of 8 in two of them, data of 24 and of 40.
    assert_eq!(http.bytes, 2 * (8 * 40 + 2 * 8 + 24 + 40));
    assert!(
        http.first.unwrap().to_string().starts_with("2026-03-02T08:00:00")
            && http.last.unwrap().to_string().starts_with("2026-03-02T08:00:01")
    );
    let https = row(&audit, "sccm.link.17", "HTTPS");
    assert_eq!((https.status, https.flows, https.failed), (Seen::Failed, 0, 2));
    let kinds: Vec<FindingKind> = audit.findings.iter().map(|group| group.kind).collect();
    assert_eq!(kinds, [FindingKind::Refused, FindingKind::Unanswered]);
    let unseen = row(&audit, "sccm.link.22", "SQL over TCP");
    assert_eq!((unseen.status, unseen.observable), (Seen::Unseen, false));
    assert!(unseen.why.as_ref().unwrap().contains("Microsoft SQL Server"), "{unseen:?}");
    // Where both are there and talk of something else, it could have been seen.
    let seen = self::audit(&policy, &[Talk::new(CLIENT, MP, "tcp", 80)]);
    let never = row(&seen, "sccm.link.17", "HTTPS");
    assert_eq!((never.status, never.observable, never.why.as_deref()), (Seen::Unseen, true, None));
}

/// A link of a role to itself shows only between two hosts that have it.
#[test]
fn nobody_sees_a_host_talk_to_itself() {
    let alone = policy("");
    let with = |policy: &Policy, client: &str| self::audit(policy, &[Talk::new(client, MP, "tcp", 445)]);
    let link = row(&with(&alone, SITE), "sccm.link.01", "SMB").clone();
    assert_eq!((link.status, link.observable), (Seen::Unseen, false), "{link:?}");
    assert!(link.why.as_ref().unwrap().contains("10.1.0.10 is the only host"), "{link:?}");
    // With two of them it could have been seen, but only if both were there.
    let sites =
        read("[roles]\n\"Site Server\" = [\"10.1.0.10\", \"10.2.0.10\"]\n\"Management Point\" = [\"10.1.0.11\"]\n").unwrap();
    assert!(!row(&with(&sites, SITE), "sccm.link.01", "SMB").observable);
    let both = self::audit(&sites, &[Talk::new(SITE, MP, "tcp", 445), Talk::new("10.2.0.10", MP, "tcp", 445)]);
    assert!(row(&both, "sccm.link.01", "SMB").observable);
    // The same of two roles that one host has.
    let one = read(
        "[roles]\n\"Site Server\" = [\"10.1.0.10\"]\n\"Management Point\" = [\"10.1.0.10\"]\n\"Client\" = [\"10.1.8.0/24\"]\n",
    )
    .unwrap();
    let link = row(&self::audit(&one, &[Talk::new(CLIENT, SITE, "tcp", 80)]), "sccm.link.35", "SMB").clone();
    assert_eq!((link.status, link.observable), (Seen::Unseen, false), "{link:?}");
}

#[test]
fn a_one_sided_capture_could_not_have_shown_it() {
    let policy = policy("");
    let mut talk = Talk::new(CLIENT, MP, "tcp", 80);
    talk.says = Some((ASKS.to_owned(), "unseen".to_owned()));
    // What the server says is not in the file.
    let text = format!(
        "title = \"one side\"\nstart = 2026-03-02T08:00:00Z\n[[flow]]\nfrom = \"{CLIENT}:40000\"\nto = \"{MP}:80\"\nprotocol = \"tcp\"\n\
         steps = ['> S', 'unseen < S.', '> .', '> P. {ASKS}', 'unseen < P. {ANSWERS}', '> .']\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.pcap");
    std::fs::write(&path, support::capture(&text).unwrap()).unwrap();
    let mut tally = Tally::default();
    records::each(&path, catalog(), |record| {
        let mut record = record;
        let judgement = policy.judge(&mut record);
        tally.add(&policy, &record, &judgement);
    });
    let audit = tally.finish(&policy, None);
    let https = row(&audit, "sccm.link.17", "HTTPS");
    assert_eq!((https.status, https.observable), (Seen::Unseen, false));
    assert!(https.why.as_ref().unwrap().contains("one direction"), "{https:?}");
    assert_eq!(row(&audit, "sccm.link.17", "HTTP").status, Seen::Seen, "one side of it was");
}

// ---- mistakes -------------------------------------------------------------------------------------------------------

#[test]
fn a_mistake_names_its_place_and_what_was_meant() {
    for (text, place, parts) in [
        ("[roles]\n\"Managment Point\" = [\"10.1.0.11\"]\n", "p.toml:2:1", &["no link knows this role", "Management Point"][..]),
        (
            "[services]\n\"sccm.wsus\" = [\"10.1.0.30\"]\n",
            "p.toml:2:1",
            &["a link between roles", "Software Update Point", "WSUS server"],
        ),
        ("[roles]\n\"DNS Server\" = [\"10.1.0.30\"]\n", "p.toml:2:1", &["a service, and no role", "[services]"]),
        ("[services]\n\"Mesage Queuing\" = [\"10.1.0.30\"]\n", "p.toml:2:1", &["no such service", "Message Queuing"]),
        ("[roles]\n\"Client\" = [\"10.1.0.300\"]\n", "p.toml:2:13", &["no such host", "10.1.0.0/24"]),
        ("[roles]\n\"Client\" = [\"smss1\"]\n", "p.toml:2:13", &["no such host", "sms1"]),
        ("[roles]\n\"Internet\" = [\"10.1.0.1\"]\n", "p.toml:2:1", &["built in"]),
        ("[roles]\n\"Site Server\" = [\"sms1\"]\n\"Primary Site Server\" = [\"mp1\"]\n", "p.toml:3:1", &["there already"]),
        ("segmnt = [\"10.1.0.0/16\"]\n", "p.toml:1:1", &["segment"]),
        ("use = [\"sccm-2008\"]\n", "p.toml:1:8", &["no such document", "sccm-2007"]),
        ("products = [\"sccm-2007-sp9\"]\n", "p.toml:1:13", &["no such product", "sccm-2007-sp1"]),
        ("[options]\nnap = [\"dhpc\"]\n", "p.toml:2:8", &["dhcp"]),
        (
            "[[port]]\nlink = \"sccm.link.71\"\nprotocol = \"HTTP\"\nports = [\"80\"]\n",
            "p.toml:2:8",
            &["no such link", "did you mean `sccm.link."],
        ),
        ("[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTQ\"\nports = [\"80\"]\n", "p.toml:3:12", &["HTTP"]),
        ("[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTP\"\nports = [\"99999\"]\n", "p.toml:4:10", &["65535"]),
        ("[[expect]]\nfrom = \"Client\"\nports = [\"80\"]\n", "p.toml:2:8", &["no hosts have this role here"]),
        ("[[expect]]\nlabel = \"all\"\n", "p.toml:1:1", &["every flow"]),
        ("[[accept]]\nhost = \"10.1.0.1\"\nflag = \"unexpeted\"\n", "p.toml:3:8", &["unexpected"]),
        ("[[accept]]\nflag = \"unexpected\"\n", "p.toml:1:1", &["host"]),
        ("[[accept]]\nhost = \"10.1.0.1\"\nuntil = \"spring\"\n", "p.toml:3:9", &["2027-03-01"]),
        ("[groups]\nguests = [\"10.9.0.1\"]\nGuests = [\"10.9.0.2\"]\n", "p.toml:3:1", &["a group has this name already"]),
        ("[[forbid]]\ntransport = \"tpc\"\nports = [\"23\"]\n", "p.toml:2:13", &["tcp"]),
        ("name = \n", "p.toml:1:", &[]),
    ] {
        let said = read(text).expect_err(text);
        assert!(said.contains(place), "{text}\n{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{text}\n{said}");
    }
    let said = read("use = [\"x\"]\n[roles]\n\"y\" = []\n[services]\n\"z\" = []\n").unwrap_err();
    assert!(["p.toml:1", "p.toml:3", "p.toml:5"].iter().all(|place| said.contains(place)), "all at once: {said}");
}

#[test]
fn the_example_of_the_readme_is_a_policy_without_doubts() {
    let readme = std::fs::read_to_string(support::repository("README.md")).unwrap();
    let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let policy = read(example).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((policy.name.as_str(), policy.warnings.as_slice()), ("HQ server segment", &[][..]));
    assert!(tcp(&policy, "10.1.8.20", "10.1.0.12", 8080) && tcp(&policy, "10.1.8.20", "10.1.0.50", 8443));
}

/// `docs/policy.md` names every key that a policy takes.
#[test]
fn every_key_is_documented() {
    let said =
        read("x = 1\n[options]\nx = 1\n[[port]]\nx = 1\n[[proxy]]\nx = 1\n[[expect]]\nx = 1\n[[accept]]\nx = 1\n").unwrap_err();
    let page = std::fs::read_to_string(support::repository("docs/policy.md")).unwrap();
    let mut keys = 0;
    for list in said.split("(possible: ").skip(1).filter_map(|rest| rest.split(')').next()) {
        for key in list.split(", ") {
            let forms = [format!("`{key}"), format!("`[{key}]`"), format!("`[[{key}]]`")];
            assert!(forms.iter().any(|form| page.contains(form)), "{key}");
            keys += 1;
        }
    }
    assert!(keys > 30, "{keys}: {said}");
}

/// The warnings of a policy that holds.
fn doubts(text: &str) -> Vec<String> {
    read(text).unwrap_or_else(|error| panic!("{text}\n{error}")).warnings
}

#[test]
fn each_doubt_is_a_warning_with_its_line() {
    for (text, warning) in [
        // Lists of hosts.
        (
            "[roles]\n\"Site Server\" = [\"10.1.0.0/24\"]\n\"Management Point\" = [\n\"10.1.0.11\"]\n",
            "p.toml:4: `Site Server` and `Management Point` share 10.1.0.11 (`10.1.0.0/24` in line 2, `10.1.0.11` in line 4): these hosts have both roles",
        ),
        (
            "[groups]\nguests = \"10.9.0.0/16\"\nprinters = \"10.9.7.1-9\"\n",
            "p.toml:3: `guests` and `printers` share 10.9.7.1 to 10.9.7.9 (`10.9.0.0/16` in line 2, `10.9.7.1-9` in line 3): these hosts are in both groups",
        ),
        ("[services]\nTelnet = [\"10.1.0.1\",\n\"10.1.0.2\",\n\"10.1.0.1\"]\n", "p.toml:4: `10.1.0.1` is in this list twice"),
        ("[groups]\nguests = [\"10.1.0.10\",\n\"sms1\"]\n", "p.toml:3: `10.1.0.10` and `sms1` of one list share 10.1.0.10"),
        (
            "segment = [\"10.1.0.0/16\", \"10.1.8.0/24\"]\n",
            "p.toml:1: `10.1.0.0/16` and `10.1.8.0/24` of one list share 10.1.8.0 to 10.1.8.255",
        ),
        (
            "segment = \"10.1.0.5/16\"\n",
            "p.toml:1: `10.1.0.5/16` is read as the network 10.1.0.0/16: a single host is written without a length",
        ),
        (
            "[[forbid]]\nto = \"fd00::1/64\"\n",
            "p.toml:2: `fd00::1/64` is read as the network fd00::/64: a single host is written without a length",
        ),
        ("segment = \"::ffff:10.1.0.5\"\n", "p.toml:1: `::ffff:10.1.0.5` is an address of IPv6: traffic of IPv4 has 10.1.0.5"),
        // Empty ones.
        ("[roles]\nClient = []\n", "p.toml:2: `Client` has no hosts"),
        ("[groups]\nguests = []\n", "p.toml:2: `guests` has no hosts"),
        ("[services]\nTelnet = []\n", "p.toml:2: `Telnet` has no hosts"),
        ("segment = []\n", "p.toml:1: `segment` is empty, which means the same as leaving it out"),
        ("use = []\n", "p.toml:1: `use` is empty, which means the same as leaving it out"),
        ("[[expect]]\nto = \"10.1.0.1\"\nports = []\n", "p.toml:3: `ports` is empty, which means the same as leaving it out"),
        ("[[expect]]\nfrom = []\nto = \"10.1.0.1\"\n", "p.toml:2: `from` is empty, which means the same as leaving it out"),
        (
            "[roles]\nClient = \"10.1.8.0/24\"\n[services]\nTelnet = \"10.1.0.1\"\n",
            "p.toml:2: nothing is expected of `Client`: no link in use leads from or to it here, and no entry names it",
        ),
        // Numbers that nothing has.
        (
            "[[expect]]\nto = \"10.1.0.1\"\ntransport = \"icmp\"\nports = [\"7\"]\n",
            "p.toml:4: ICMP has no ports: this concerns no flow; leave `ports` out",
        ),
        (
            "[[forbid]]\ntransport = \"gre\"\nports = [\"1723\"]\n",
            "p.toml:3: GRE has no ports: this concerns no flow; leave `ports` out",
        ),
        (
            "[[accept]]\nhost = \"10.1.0.1\"\ntransport = \"esp\"\nports = [\"500\"]\n",
            "p.toml:4: ESP has no ports: this concerns no flow; leave `ports` out",
        ),
        (
            "[[expect]]\nto = \"10.1.0.1\"\ntransport = \"tcp\"\ntypes = [8]\n",
            "p.toml:4: `types` are those of ICMP, and TCP has none: this concerns no flow; leave `types` out",
        ),
        (
            "[[expect]]\nto = \"10.1.0.1\"\nports = [\"8\"]\ntypes = [8]\n",
            "p.toml:4: no flow has a type and a port: `types` is not looked at beside `ports`",
        ),
        ("[[expect]]\nto = \"10.1.0.1\"\nports = [80, \"70-90\"]\n", "p.toml:3: port 80 is within 70-90 of this list"),
        ("[[expect]]\nto = \"10.1.0.1\"\nports = [80, \"80\"]\n", "p.toml:3: port 80 is in this list twice"),
        // Said twice.
        (
            "[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTP\"\nports = [\"8080\"]\n[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"http\"\ntransport = \"tcp\"\nports = [\"81\"]\n",
            "p.toml:5: http of sccm.link.17 is set in line 1 already: that holds, and this does not",
        ),
        (
            "[[expect]]\nto = \"10.1.0.1\"\nports = [\"80\"]\n[[forbid]]\nto = \"10.1.0.1\"\nports = [\"80\"]\n",
            "p.toml:1: forbid:1 is about the same flows and comes first: expect:1 concerns none",
        ),
        // Blanks.
        (
            "[roles]\n\"Site Server \" = [\"10.1.0.10\"]\n",
            "p.toml:2: `Site Server ` has blanks at an end: it is read as `Site Server`",
        ),
        (
            "[groups]\n\" guests\" = [\"10.1.0.10\"]\n[[expect]]\nto = \"guests\"\n",
            "p.toml:2: ` guests` has blanks at an end: it is read as `guests`",
        ),
        ("name = \"HQ \"\n", "p.toml:1: `HQ ` has blanks at an end: it is read as `HQ`"),
        ("segment = [\"10.1.0.1 \"]\n", "p.toml:1: `10.1.0.1 ` has blanks at an end: it is read as `10.1.0.1`"),
    ] {
        assert_eq!(doubts(text), [warning], "{text}");
    }
}

#[test]
fn what_is_meant_so_is_no_doubt() {
    for text in [
        "[roles]\n\"Site Server\" = [\"10.1.0.10\"]\n\"Management Point\" = [\"10.1.0.10\"]\n",
        "[roles]\n\"Site Server\" = [\"10.1.0.0/16\"]\n[groups]\nguests = [\"10.1.9.0/24\"]\n[services]\nTelnet = [\"10.1.9.9\"]\n",
        "[options]\nnap = []\nwithout = []\n",
        "[roles]\nClient = \"10.1.8.0/24\"\n[[forbid]]\nto = \"Client\"\ntransport = \"tcp\"\nports = [23]\n",
        "[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTP\"\nports = [\"8080\"]\n[[port]]\nlink = \"sccm.link.17\"\nprotocol = \"HTTPS\"\nports = [\"8443\"]\n",
        "[[expect]]\nto = \"10.1.0.1\"\ntransport = \"icmp\"\ntypes = [8]\n[[expect]]\nto = \"10.1.0.1\"\ntransport = \"sctp\"\nports = [\"80\"]\n",
        "[[expect]]\nto = \"10.1.0.1\"\nports = [\"80\", \"81-90\", \"dynamic\"]\n[[expect]]\nto = \"10.1.0.2\"\nports = [\"80\"]\n",
    ] {
        assert_eq!(doubts(text), [""; 0], "{text}");
    }
}

#[test]
fn doubts_stand_in_the_order_of_the_file() {
    let text = "name = \"x \"\n[roles]\n\"Client\" = []\n[groups]\nguests = []\n[services]\n\"Telnet\" = []\n[[forbid]]\ntransport = \"ah\"\nports = [1]\n";
    let lines: Vec<String> = doubts(text).iter().filter_map(|said| said.split(':').nth(1).map(str::to_owned)).collect();
    assert_eq!(lines, ["1", "3", "5", "7", "10"]);
}
