//! Each of the 97 readings, as the catalog applies it.

use flowlabel::catalog::Status::{Defect, Derived, Documented, Doubtful};
use flowlabel::catalog::{Status, commands};
use flowlabel::net::IpProto;

use crate::{TCP, UDP, called, candidates, catalog, facts, label, services, status};

/// What must hold of the catalog when a reading is applied.
type Holds = fn() -> bool;

const READINGS: &[(&str, Holds)] = &[
    ("C01", || both(19, "Chargen") && defect("svc.simptcp", "Chargen", 9) && label(TCP, 9) == "Discard"),
    ("C02", || both(13, "Daytime") && defect("svc.simptcp", "Daytime", 3) && label(TCP, 3).is_empty()),
    ("C03", || both(17, "Quote of the Day") && defect("svc.simptcp", "Quote of the Day", 7) && both(7, "Echo")),
    ("C04", || {
        !catalog().protocols_named("Quotd").is_empty()
            && catalog().protocols_named("quoted").len() == 1
            && count("svc.simptcp", 17) == 2
    }),
    ("C05", || {
        status("svc.sms-remote-control", UDP, 2703) == Some(Documented) && cited("svc.sms-remote-control", "kb832017:840")
    }),
    ("C06", || {
        let printed = [label(UDP, 500), label(UDP, 4500), label(TCP, 500), label(TCP, 4500)];
        printed == ["IPSec ISAKMP", "NAT-T", "", ""]
            && defect("svc.lsass", "NAT-T", 4500)
            && defect("svc.lsass", "IPSec ISAKMP", 500)
    }),
    ("C07", || label(TCP, 123).is_empty() && label(UDP, 123) == "NTP" && status("svc.w32time", TCP, 123) == Some(Defect)),
    ("C08", || service("svc.ssdp") == "SSDPSRV" && called("svc.ssdp", "SSDPRSRV") && called("svc.ssdp", "SSDPRSR")),
    ("C09", || adopts("C09", "1350")),
    ("C10", || count("svc.dfs", 138) == 1 && cited("svc.dfs", "kb832017-early:104") && cited("svc.dfs", "kb832017-early:125")),
    ("C11", || {
        service("svc.mssqlserver") == "MSSQLSERVER"
            && service("svc.mssql-uddi") == "MSSQL$UDDI"
            && called("svc.mssqlserver", "sqlservr")
    }),
    ("C12", || called("svc.mssqlserver", "Microsoft SQL Server") && called("svc.mssqlserver", "MSSQLSERVER")),
    ("C13", || !name("svc.sms").contains("2.0") && products("svc.sms") == ["sms-2.0", "sms-2003"]),
    ("C14", || service("svc.mom2000") == "OnePoint" && called("svc.mom2000", "one point")),
    ("C15", || service("svc.exchange-mta") == "MSExchangeMTA" && service("svc.sms-remote-control") == "Wuser32"),
    ("C16", || ["msftpsvc", "KDC", "msmq", "nntpsvc"].iter().all(|word| commands::explain(catalog(), word).is_ok())),
    ("C17", || service("svc.server") == "lanmanserver" && service("svc.ts-licensing") == "TermServLicensing"),
    ("C18", || {
        let titles = [
            ("svc.alg", "Application Layer Gateway (ALG) Service"),
            ("svc.sharedaccess", "ICF/ICS"),
            ("svc.license-logging", "License Logging Service"),
            ("svc.tftpd", "Trivial FTP Daemon Service"),
            ("svc.nntp", "Network News Transfer Protocol"),
            ("svc.wins", "Windows Internet Name Service"),
            ("svc.smtp", "Simple Mail Transfer Protocol"),
            ("svc.rpcss", "Remote Procedure Call"),
            ("svc.rpclocator", "Remote Procedure Call Locator"),
        ];
        titles.iter().all(|(system, title)| called(system, title))
    }),
    ("C19", || {
        let titles = [
            ("svc.trksvr", "Distributed Link Tracking"),
            ("svc.sharedaccess", "Internet Connection Firewall/Internet Connection Sharing"),
        ];
        titles.iter().all(|(system, title)| called(system, title)) && cited("svc.trksvr", "kb832017:750")
    }),
    ("C20", || cited("svc.rras", "kb832017:703") && service("svc.rras") == "RemoteAccess"),
    ("C21", || services_with_dynamic_rows() == 16),
    ("C22", || catalog().protocols_named("asp.net session STATE").len() == 1),
    ("C23", || {
        products_at("svc.ssdp", 5000) == ["windows-xp-sp1"]
            && products_at("svc.ssdp", 2869) == ["windows-xp-sp2"]
            && !label(TCP, 5000).is_empty()
    }),
    ("C24", || label(UDP, 162) == "SNMP Traps Outbound" && candidates(UDP, 162) == ["svc.snmptrap"]),
    ("C25", || label(TCP, 20).is_empty() && catalog().source_port(TCP, 20).is_some()),
    ("C26", || candidates(TCP, 135).first() == Some(&"svc.rpcss") && !services(TCP, 135).contains(&"svc.rpclocator")),
    ("C27", || {
        [status("svc.netlogon", TCP, 135), status("svc.netlogon", TCP, 389), status("svc.netlogon", TCP, None)]
            == [Some(Derived); 3]
    }),
    ("C28", || [status("svc.mom2000", TCP, 135), status("svc.mom2000", TCP, None)] == [Some(Derived); 2]),
    ("C29", || products_at("svc.mom2000", 51515) == ["mom-2000-rtm"] && products_at("svc.mom2000", 1270) == ["mom-2000-sp1"]),
    ("C30", || {
        products("svc.exchange").contains(&"exchange-2003")
            && products("svc.sharepoint-portal").contains(&"sharepoint-portal-2003")
    }),
    ("C31", || {
        candidates(UDP, 4500) == ["svc.lsass"] && candidates(UDP, 1701) == ["svc.rras"] && of_protocol(50) == ["svc.rras"]
    }),
    ("C32", || label(UDP, 1701) == "L2TP" && note_at("svc.rras", 1701)),
    ("C33", || catalog().protocol(IpProto::ESP).is_some_and(|entry| entry.label == "IPSec ESP") && adopts("C33", "Payload")),
    ("C34", || services(TCP, 135).len() == 17 && listener(TCP, 135) == "svc.rpcss"),
    ("C35", || [listener(UDP, 137), listener(UDP, 138), listener(TCP, 139), listener(TCP, 445)] == ["svc.server"; 4]),
    ("C36", || services(TCP, 80) == ["svc.w3svc", "svc.sharepoint-portal", "svc.wmserver"] && services(TCP, 443).len() == 3),
    ("C37", || candidates(TCP, 2869) == ["svc.upnphost", "svc.ssdp"]),
    ("C38", || services(TCP, 1433) == ["svc.mssqlserver", "svc.mssql-uddi"] && services(UDP, 1434).len() == 2),
    ("C39", || {
        listener(TCP, 3389) == "svc.termservice"
            && status("svc.netmeeting-rds", TCP, 3389) == Some(Doubtful)
            && candidates(TCP, 3389).len() == 3
    }),
    ("C40", || candidates(UDP, 9) == ["svc.simptcp", "sccm.link.36"]),
    ("C41", || {
        let shared = [(TCP, 25), (TCP, 53), (UDP, 67), (TCP, 110), (TCP, 593), (TCP, 389)];
        let listeners = shared.map(|(transport, port)| (services(transport, port).len(), listener(transport, port)));
        let expected = ["svc.smtp", "svc.dns-server", "svc.dhcp-server", "svc.pop3svc", "svc.rpcss", "svc.lsass"];
        listeners == expected.map(|system| (2, system.to_owned()))
    }),
    ("C42", || {
        let inside = [
            1270, 1433, 1723, 1755, 1801, 2101, 2103, 2105, 2107, 2393, 2394, 2701, 2702, 2703, 2704, 2725, 2869, 3268, 3269,
            3389, 5000,
        ];
        inside.iter().all(|port| catalog().port(TCP, *port).is_some_and(|entry| entry.fixed))
            && label(UDP, 64000) == "Multicast Protocol"
    }),
    ("C43", || {
        let ranges: Vec<_> = catalog().dynamic_ranges().into_iter().map(|(range, _)| range).collect();
        ranges == [(1025, 5000), (49152, 65535)]
    }),
    ("C44", || {
        status("svc.rpcss", UDP, None) == Some(Doubtful) && facts("svc.certsvc").iter().all(|fact| fact.transport == Some(TCP))
    }),
    ("C45", || {
        let links = ["sccm.link.32", "sccm.link.34", "sccm.link.35", "sccm.remote-control-netbios"];
        label(UDP, 135) == "RPC"
            && links.iter().all(|link| status(link, UDP, 135) == Some(Derived) && status(link, TCP, 135) == Some(Documented))
    }),
    ("C46", || {
        ["sccm.link.02", "sccm.link.29"].iter().all(|link| status(link, UDP, 389) == Some(Derived))
            && status("svc.lsass", UDP, 389) == Some(Documented)
    }),
    ("C47", || {
        ["svc.lsass", "sccm.link.02", "sccm.link.29"]
            .iter()
            .all(|id| status(id, UDP, 636) == Some(Doubtful) && status(id, TCP, 636) == Some(Documented))
    }),
    ("C48", || {
        label(TCP, 3268) == "Global Catalog Server"
            && label(TCP, 3269) == "Global Catalog Server"
            && printed("sccm.link.37", "Global Catalog LDAP SSL")
    }),
    ("C49", || {
        ["svc.smtp", "svc.exchange"]
            .iter()
            .all(|id| status(id, UDP, 25) == Some(Doubtful) && status(id, TCP, 25) == Some(Documented))
    }),
    ("C50", || {
        let derived = [status("sccm.ws.wins", UDP, 137), status("sccm.ws.wins", TCP, 42), status("sccm.ws.wins", UDP, 42)];
        derived == [Some(Derived); 3]
            && status("sccm.ws.wins", UDP, 138) == Some(Defect)
            && !candidates(UDP, 138).contains(&"sccm.ws.wins")
    }),
    ("C51", || {
        status("sccm.ws.netbios-ssn", TCP, 139) == Some(Documented) && printed("sccm.ws.netbios-ssn", "NetBIOS datagrams")
    }),
    ("C52", || status("sccm.ws.dns", UDP, 53) == Some(Documented) && status("sccm.ws.dns", TCP, 53) == Some(Derived)),
    ("C53", || label(UDP, 68).is_empty() && catalog().listener_of_peer(UDP, 68) == Some(67)),
    ("C54", || {
        of_protocol(47).first() == Some(&"svc.rras")
            && has("sccm.link.01", IpProto::GRE, Derived)
            && has("sccm.ras-sender", IpProto::GRE, Derived)
    }),
    ("C55", || both(2701, "SMS Remote Control (control)") && both(2702, "SMS Remote Control (data)")),
    ("C56", || candidates(TCP, 2704) == ["svc.sms-remote-control", "sms20sp2.xfer"] && both(2703, "SMS Remote Chat")),
    ("C57", || facts("sms12-20.remote-tools").is_empty() && without_port("sms12-20.remote-tools").contains("Q167128")),
    ("C58", || {
        [status("sccm.remote-control-netbios", UDP, 137), status("sccm.remote-control-netbios", TCP, 139)]
            == [Some(Documented); 2]
    }),
    ("C59", || label(TCP, 593) == "RPC over HTTP" && via("named.outlook").contains(&"svc.w3svc")),
    ("C60", || candidates(UDP, 69) == ["svc.tftpd", "sccm.link.08"]),
    ("C61", || {
        facts("svc.tftpd").iter().any(|fact| fact.opens_from)
            && catalog().dynamic_systems(UDP).iter().any(|at| id(*at) == "svc.tftpd")
    }),
    ("C62", || label(UDP, 4011) == "BINL" && ["svc.remote-installation", "sccm.link.08"] == candidates(UDP, 4011)[..]),
    ("C63", || {
        status("sccm.sql-named-pipes", TCP, 139) == Some(Documented) && status("sccm.sql-named-pipes", TCP, 445) == Some(Derived)
    }),
    ("C64", || {
        status("sccm.sql-named-pipes", UDP, 137) == Some(Doubtful)
            && status("sccm.remote-control-netbios", UDP, 138) == Some(Documented)
    }),
    ("C65", || both_of(UDP, [1645, 1646], "Legacy RADIUS") && note_at("svc.ias", 1645) && note_at("svc.ias", 1646)),
    ("C66", || configurable("sccm.link.04", 80) == Some(false)),
    ("C67", || {
        configurable("sccm.link.25", 80) == Some(true) && configurable("sccm.client-to-reporting-point", 443) == Some(true)
    }),
    ("C68", || {
        let set = [("sccm.link.03", 8530), ("sccm.amt.b", 9971), ("sccm.link.36", 9), ("sccm.link.22", 1433)];
        set.iter().all(|(link, port)| configurable(link, *port) == Some(true)) && configurable("sccm.link.03", 445) == Some(false)
    }),
    ("C69", || status("sccm.client-to-reporting-point", TCP, 80) == Some(Documented) && ends("sccm.link.25") == "->"),
    ("C70", || ends("sccm.link.30") == "->" && ends("sccm.link.45") == "<->"),
    ("C71", || status("sccm.link.24", TCP, 1433) == Some(Documented) && status("sccm.link.47", TCP, 1433) == Some(Documented)),
    ("C72", || {
        let rows = commands::links(catalog());
        let back = rows.iter().filter(|row| row.link == "sccm.link.31" && row.from == "Server Locator Point");
        ends("sccm.link.31") == "->" && back.clone().count() == 4 && back.into_iter().all(|row| row.status == Derived)
    }),
    ("C73", || {
        ["03", "05", "09", "10", "12", "35", "45"]
            .iter()
            .all(|number| ends(&format!("sccm.link.{number}")) == "<->" && noted(&format!("sccm.link.{number}"), "note 6"))
    }),
    ("C74", || {
        [status("sccm.link.03", TCP, 135), status("sccm.link.03", TCP, None)] == [Some(Derived); 2]
            && status("sccm.internet-based", TCP, 135) == Some(Documented)
    }),
    ("C75", || {
        ["sccm.link.05", "sccm.link.32", "sccm.link.34", "sccm.remote-control-netbios"]
            .iter()
            .all(|link| status(link, TCP, None) == Some(Derived))
    }),
    ("C76", || ends("sccm.link.40") == "<->"),
    ("C77", || noted("sccm.link.15", "note 7") && via("sccm.dp-appv") == ["sccm.link.15"]),
    ("C78", || {
        candidates(TCP, 16992) == ["sccm.amt.c"]
            && candidates(TCP, 16993) == ["sccm.amt.c", "sccm.amt.d"]
            && candidates(TCP, 16995) == ["sccm.amt.d"]
    }),
    ("C79", || {
        catalog().same_role("SQL Server", "Microsoft SQL Server") && catalog().same_role("Configuration Manager client", "Client")
    }),
    ("C80", || {
        [445, 135].iter().all(|port| status("sccm.link.14", TCP, *port) == Some(Documented))
            && status("sccm.dp-install", UDP, 135) == Some(Documented)
    }),
    ("C81", || {
        label(TCP, 8540).is_empty()
            && status("vmm16.src.09", TCP, 8540) == Some(Defect)
            && status("vmm16.src.09", TCP, 8530) == Some(Derived)
    }),
    ("C82", || [status("vmm16.src.08", TCP, 8531), status("vmm16.src.09", TCP, 443)] == [Some(Derived); 2]),
    ("C83", || catalog().icmp(IpProto::ICMP, 8).is_some_and(|entry| entry.systems.iter().any(|at| id(*at) == "vmm16.src.16"))),
    ("C84", || !name("vmm16.tgt.04").contains(')')),
    ("C85", || label(TCP, 443) == "HTTPS" && printed("vmm16.src.14", "HTTP (SMASH over WS-Management)")),
    ("C86", || label(TCP, 80) == "HTTP" && printed("vmm16.src.01", "WinRM") && label(TCP, 5985) == "WS-Management"),
    ("C87", || count("vmm16.src.03", 5986) == 1 && count("vmm16.src.05", 5986) == 0 && count("vmm16.sfs.03", 5986) == 1),
    ("C88", || candidates(TCP, 8100) == ["vmm16.tgt.02", "vmm16.con.01"]),
    ("C89", || {
        candidates(TCP, 8103) == ["vmm16.tgt.02", "vmm16.tgt.03", "vmm16.con.01"]
            && candidates(TCP, 8102).contains(&"vmm16.tgt.04")
    }),
    ("C90", || {
        let rows = commands::links(catalog());
        let rows: Vec<_> = rows.iter().filter(|row| row.link.starts_with("vmm16.sfs")).collect();
        rows.iter().all(|row| row.from == "VMM management server")
            && facts("vmm16.sfs.04").iter().all(|fact| fact.ports.is_empty())
    }),
    ("C91", || label(UDP, 623) == "IPMI" && label(TCP, 623).is_empty() && label(TCP, 2179) == "RDP"),
    ("C92", || {
        ["vmm16.src.02", "vmm16.src.13", "vmm16.con.03", "vmm16.tgt.01"]
            .iter()
            .all(|link| facts(link).iter().all(|fact| fact.protocol == "HTTPS"))
    }),
    ("C93", || candidates(TCP, 22) == ["vmm16.src.06"] && note_at("vmm16.src.06", 22)),
    ("C94", || {
        let derived = [
            status("svc.messenger", TCP, 139),
            status("svc.messenger", TCP, 135),
            status("svc.sysmonlog", TCP, 445),
            status("svc.sms", TCP, 445),
            status("svc.kdc", UDP, 464),
            status("svc.clussvc", TCP, 3343),
            status("named.exchange55", TCP, 389),
            status("sccm.amt.d", TCP, 16994),
        ];
        derived == [Some(Derived); 8] && !services(TCP, 445).contains(&"svc.sms")
    }),
    ("C95", || {
        let tcp = [
            (143, "IMAP"),
            (993, "IMAP over SSL"),
            (110, "POP3"),
            (995, "POP3 over SSL"),
            (119, "NNTP"),
            (563, "NNTP over SSL"),
            (515, "LPD"),
            (23, "Telnet"),
            (102, "X.400"),
        ];
        tcp.iter().all(|(port, name)| label(TCP, *port) == *name && label(UDP, *port).is_empty())
            && label(TCP, 548) == "File Server for Macintosh"
    }),
    ("C96", || {
        both(88, "Kerberos") && both(1801, "MSMQ") && label(UDP, 3527) == "MSMQ-Ping" && both_of(TCP, [2103, 2105], "MSMQ-RPC")
    }),
    ("C97", || facts("svc.msftpsvc").iter().any(|fact| fact.range == Some((1025, 5000))) && label(TCP, 3000).is_empty()),
];

#[test]
fn every_reading_is_applied() {
    let broken: Vec<&str> = READINGS.iter().filter(|(_, holds)| !holds()).map(|(id, _)| *id).collect();
    assert!(broken.is_empty(), "not applied: {broken:?}");
}

#[test]
fn every_reading_is_recorded_once_in_order_and_tested() {
    let recorded: Vec<&str> = catalog().readings().iter().map(|reading| reading.id.as_str()).collect();
    let expected: Vec<String> = (1..=97).map(|number| format!("C{number:02}")).collect();
    assert_eq!(recorded, expected);
    assert_eq!(READINGS.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
}

#[test]
fn every_reading_names_its_lines_its_systems_and_its_reason() {
    for reading in catalog().readings() {
        let whole = !reading.cites.is_empty() && !reading.touches.is_empty() && !reading.why.is_empty();
        assert!(whole, "{}", reading.id);
        for system in &reading.touches {
            assert!(catalog().system_by_id(system).is_some(), "{} touches {system}", reading.id);
        }
    }
}

fn both(port: u16, name: &str) -> bool {
    label(TCP, port) == name && label(UDP, port) == name
}

fn both_of(transport: IpProto, ports: [u16; 2], name: &str) -> bool {
    ports.iter().all(|port| label(transport, *port) == name)
}

fn defect(system: &str, protocol: &str, port: u16) -> bool {
    facts(system)
        .iter()
        .any(|fact| fact.status == Defect && fact.protocol == protocol && fact.ports.iter().any(|p| p.contains(port)))
}

fn count(system: &str, port: u16) -> usize {
    facts(system).iter().filter(|fact| fact.matches() && fact.ports.iter().any(|p| p.contains(port))).count()
}

fn cited(system: &str, source: &str) -> bool {
    facts(system).iter().any(|fact| catalog().print_sources(&fact.sources).iter().any(|known| known == source))
}

fn system(id: &str) -> &'static flowlabel::catalog::System {
    catalog().system_by_id(id).and_then(|at| catalog().system(at)).expect("a system of the catalog")
}

fn id(at: flowlabel::catalog::SystemRef) -> &'static str {
    catalog().system(at).map_or("", |system| system.id.as_str())
}

fn name(id: &str) -> &'static str {
    &system(id).name
}

fn service(id: &str) -> &'static str {
    system(id).service.as_deref().unwrap_or_default()
}

fn without_port(id: &str) -> &'static str {
    system(id).without_port.as_deref().unwrap_or_default()
}

fn products(id: &str) -> Vec<&'static str> {
    system(id).products.iter().map(String::as_str).collect()
}

fn products_at(id: &str, port: u16) -> Vec<&'static str> {
    let here = facts(id).iter().filter(|fact| fact.ports.iter().any(|p| p.contains(port)));
    here.flat_map(|fact| &fact.products).map(String::as_str).collect()
}

fn note_at(id: &str, port: u16) -> bool {
    facts(id).iter().any(|fact| fact.note.is_some() && fact.ports.iter().any(|p| p.contains(port)))
}

fn adopts(reading: &str, word: &str) -> bool {
    catalog().reading(reading).is_some_and(|reading| reading.adopt.contains(word))
}

fn via(id: &str) -> Vec<&'static str> {
    system(id).via.iter().filter_map(|at| catalog().system(*at)).map(|system| system.id.as_str()).collect()
}

fn ends(id: &str) -> &'static str {
    system(id).ends.as_ref().map_or("", |ends| ends.direction.arrow())
}

fn noted(id: &str, word: &str) -> bool {
    system(id).notes.iter().any(|note| note.starts_with(word))
}

fn printed(id: &str, word: &str) -> bool {
    facts(id).iter().any(|fact| fact.printed.iter().any(|known| known == word))
}

fn configurable(id: &str, port: u16) -> Option<bool> {
    facts(id).iter().find(|fact| fact.ports.iter().any(|p| p.contains(port))).and_then(|fact| fact.configurable)
}

fn has(id: &str, transport: IpProto, status: Status) -> bool {
    facts(id).iter().any(|fact| fact.transport == Some(transport) && fact.status == status)
}

fn of_protocol(number: u8) -> Vec<&'static str> {
    let entry = catalog().protocol(IpProto(number));
    entry.map(|entry| entry.systems.iter().map(|at| id(*at)).collect()).unwrap_or_default()
}

fn listener(transport: IpProto, port: u16) -> String {
    let listener = catalog().port(transport, port).and_then(|entry| entry.listener);
    listener.and_then(|at| catalog().system(at)).map(|system| system.id.clone()).unwrap_or_default()
}

fn services_with_dynamic_rows() -> usize {
    let dynamic = |fact: &&flowlabel::catalog::Fact| fact.protocol.starts_with("Randomly") && fact.status == Documented;
    catalog().facts.iter().filter(dynamic).count()
}
