//! What the built-in rules hold.

use std::collections::HashSet;
use std::net::IpAddr;

use flowlabel::catalog::{Catalog, Status, commands};
use flowlabel::net::IpProto;
use serde_json::Value;

use crate::{TCP, UDP, candidates, catalog, facts, label, services, status};

/// The ids of every system that the documents name.
fn expected_ids() -> Vec<&'static str> {
    include_str!("systems.txt").lines().collect()
}

#[test]
fn all_173_systems_are_there_and_nothing_else_of_the_documents() {
    let known: HashSet<String> = commands::systems(catalog()).into_iter().map(|row| row.id).collect();
    let expected = expected_ids();
    assert_eq!(expected.len(), 173);
    let missing: Vec<_> = expected.iter().filter(|id| !known.contains(**id)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let extra: Vec<_> = known.iter().filter(|id| !expected.contains(&id.as_str()) && !id.starts_with("housekeeping.")).collect();
    assert!(extra.is_empty(), "invented: {extra:?}");
}

#[test]
fn interfaces_belong_to_systems_of_the_catalog() {
    let rows: toml::Table = include_str!("../../rules/rpc-interfaces.toml").parse().unwrap();
    assert!(rows.len() >= 250, "{}", rows.len());
    for (uuid, row) in &rows {
        for system in row.get("systems").and_then(toml::Value::as_array).into_iter().flatten() {
            assert!(catalog().system_by_id(system.as_str().unwrap()).is_some(), "{uuid}: {system}");
        }
    }
}

/// From a packet to a label: every matching fact is found by what a packet shows, or says why it is not.
#[test]
fn every_system_is_reached_from_what_a_packet_shows() {
    let catalog = catalog();
    for id in expected_ids() {
        let at = catalog.system_by_id(id).unwrap();
        let system = catalog.system(at).unwrap();
        let mut reached = false;
        for fact in facts(id).iter().filter(|fact| fact.matches()) {
            let Some(transport) = fact.transport else { continue };
            let mut found = Vec::new();
            for port in &fact.ports {
                let entry = match port.bounds() {
                    None => continue,
                    Some((first, _)) if fact.opens_from => catalog.source_port(transport, first),
                    Some((first, _)) => {
                        let listening = catalog.listener_of_peer(transport, first).filter(|_| fact.pair).unwrap_or(first);
                        catalog.port(transport, listening)
                    }
                };
                found.push(entry);
            }
            if let Some(icmp_type) = fact.icmp_type {
                found.push(catalog.icmp(transport, icmp_type));
            } else if fact.ports.is_empty() {
                found.push(catalog.protocol(transport));
            }
            for entry in found {
                let entry = entry.unwrap_or_else(|| panic!("{id}: {} is not found", fact.protocol));
                assert!(
                    entry.systems.contains(&at) || entry.derived.contains(&at),
                    "{id}: not a candidate for {}",
                    fact.protocol
                );
                reached = true;
            }
            reached |= catalog.dynamic_systems(transport).contains(&at);
        }
        assert!(
            reached || !system.via.is_empty() || system.without_port.is_some() || id == "sccm.client-to-internet",
            "{id} shows nowhere"
        );
    }
}

#[test]
fn labels_are_the_names_of_the_later_services_article_first() {
    let expected = [
        (TCP, 80, "HTTP"),
        (TCP, 135, "RPC"),
        (UDP, 135, "RPC"),
        (TCP, 443, "HTTPS"),
        (TCP, 445, "SMB"),
        (TCP, 88, "Kerberos"),
        (TCP, 389, "LDAP Server"),
        (TCP, 3268, "Global Catalog Server"),
        (TCP, 3269, "Global Catalog Server"),
        (TCP, 1433, "SQL over TCP"),
        (UDP, 1434, "SQL Probe"),
        (TCP, 2103, "MSMQ-RPC"),
        (TCP, 2105, "MSMQ-RPC"),
        (TCP, 2701, "SMS Remote Control (control)"),
        (UDP, 2702, "SMS Remote Control (data)"),
        (UDP, 2703, "SMS Remote Chat"),
        (TCP, 2704, "SMS Remote File Transfer"),
        (UDP, 67, "DHCP Server"),
        (UDP, 137, "NetBIOS Name Resolution"),
        (UDP, 123, "NTP"),
        (UDP, 162, "SNMP Traps Outbound"),
        (TCP, 17, "Quote of the Day"),
        (UDP, 19, "Chargen"),
        (TCP, 8530, "HTTP"),
        (TCP, 8531, "HTTPS"),
        (TCP, 5985, "WS-Management"),
        (TCP, 8102, "WCF"),
        (TCP, 2179, "RDP"),
        (TCP, 22, "SFTP"),
        (UDP, 623, "IPMI"),
        (UDP, 63500, "Multicast Protocol"),
        (TCP, 9971, "Provisioning"),
        (TCP, 42424, "ASP.NET Session State"),
    ];
    for (transport, port, name) in expected {
        assert_eq!(label(transport, port), name, "{port}/{transport}");
    }
}

#[test]
fn the_endpoint_mapper_has_seventeen_candidates_and_listens_first() {
    let services = services(TCP, 135);
    assert_eq!(services.len(), 17);
    assert_eq!(services.first(), Some(&"svc.rpcss"));
    // After the listener in the order of the document.
    assert_eq!(services.get(1..5).unwrap(), ["svc.certsvc", "svc.clussvc", "svc.dfs", "svc.trksvr"]);
}

#[test]
fn shared_ports_offer_every_documented_system() {
    assert_eq!(candidates(TCP, 2869), ["svc.upnphost", "svc.ssdp"]);
    assert_eq!(candidates(UDP, 9), ["svc.simptcp", "sccm.link.36"]);
    assert_eq!(candidates(TCP, 9), ["svc.simptcp"]);
    assert_eq!(candidates(TCP, 2703), ["svc.sms-remote-control", "sms20sp2.chat"]);
    assert_eq!(candidates(TCP, 2701), ["svc.sms-remote-control", "sccm.link.34", "sms20sp2.rcinfo"]);
    assert_eq!(candidates(UDP, 63000), ["sccm.link.15"]);
    assert_eq!(services(UDP, 137).len(), 5);
    assert_eq!(services(UDP, 138).len(), 7);
    assert_eq!(services(TCP, 139).len(), 10);
    assert_eq!(services(TCP, 445).len(), 7);
    assert_eq!(services(TCP, 80), ["svc.w3svc", "svc.sharepoint-portal", "svc.wmserver"]);
    assert_eq!(services(TCP, 443), ["svc.httpfilter", "svc.sharepoint-portal", "svc.w3svc"]);
}

#[test]
fn ip_protocols_and_icmp() {
    let catalog = catalog();
    let name = |number: u8| catalog.protocol(IpProto(number)).map(|entry| entry.label.as_str());
    assert_eq!(name(47), Some("GRE"));
    assert_eq!(name(50), Some("IPSec ESP"));
    assert_eq!(name(51), Some("IPSec AH"));
    assert_eq!(name(2), Some("IGMP"));
    assert_eq!(name(89), None);
    let icmp = |protocol, icmp_type| catalog.icmp(protocol, icmp_type).map(|entry| entry.label.as_str());
    assert_eq!(icmp(IpProto::ICMP, 8), Some("ICMP Echo"));
    assert_eq!(icmp(IpProto::ICMP, 0), Some("ICMP Echo"));
    assert_eq!(icmp(IpProto::ICMP6, 128), Some("ICMP Echo"));
    assert_eq!(icmp(IpProto::ICMP6, 129), Some("ICMP Echo"));
    assert_eq!(icmp(IpProto::ICMP6, 135), Some("Neighbour Discovery"));
    assert_eq!(icmp(IpProto::ICMP, 17), None);
}

/// Numbers of the other transport, neighbours, misprints, examples and protocol numbers that are no ports.
#[test]
fn near_misses_match_nothing() {
    let tcp = [
        1, 3, 8, 10, 12, 14, 16, 18, 20, 24, 26, 41, 43, 47, 50, 51, 54, 67, 68, 69, 79, 81, 87, 89, 101, 103, 109, 111, 118,
        120, 123, 134, 136, 137, 138, 140, 142, 144, 161, 162, 388, 390, 442, 444, 446, 500, 514, 516, 547, 549, 553, 555, 562,
        564, 592, 594, 623, 635, 637, 992, 994, 996, 1024, 1025, 1269, 1271, 1432, 1434, 1645, 1646, 1701, 1722, 1724, 1754,
        1756, 1800, 1802, 1812, 1813, 1900, 2100, 2102, 2104, 2106, 2108, 2178, 2180, 2392, 2395, 2460, 2535, 2700, 2705, 2724,
        2726, 2868, 2870, 3000, 3267, 3270, 3388, 3390, 3527, 4011, 4130, 4131, 4500, 4999, 5001, 5004, 5005, 5984, 5987, 8099,
        8104, 8529, 8532, 8540, 9970, 9972, 16991, 16996, 42423, 42425, 49152, 51514, 51516, 63000, 63500, 64000,
    ];
    let udp = [
        3, 8, 10, 20, 21, 22, 23, 41, 43, 52, 54, 66, 70, 80, 102, 110, 119, 122, 124, 136, 139, 143, 160, 163, 388, 390, 443,
        445, 499, 501, 515, 548, 554, 563, 593, 622, 624, 635, 637, 993, 995, 1025, 1270, 1433, 1435, 1644, 1647, 1700, 1702,
        1723, 1811, 1814, 1899, 1901, 2101, 2103, 2105, 2107, 2459, 2461, 2534, 2536, 2700, 2705, 2725, 2869, 3268, 3269, 3342,
        3344, 3389, 3526, 3528, 4010, 4012, 4499, 4501, 5000, 5003, 5006, 5985, 8100, 8530, 9971, 16992, 42424, 51515, 62999,
        64001,
    ];
    for port in tcp {
        assert_eq!(label(TCP, port), "", "tcp {port}");
    }
    for port in udp {
        assert_eq!(label(UDP, port), "", "udp {port}");
    }
}

#[test]
fn the_other_transport_is_known_apart() {
    let other = |transport, port| catalog().other_transport(transport, port).map(|entry| entry.label.as_str());
    assert_eq!(other(UDP, 443), Some("HTTPS"));
    assert_eq!(other(TCP, 69), Some("TFTP"));
    assert_eq!(other(TCP, 443), None, "documented itself");
    assert_eq!(other(TCP, 81), None);
    assert_eq!(other(IpProto::SCTP, 80), None);
}

#[test]
fn defects_are_recorded_and_never_match() {
    let rows = commands::list(catalog());
    let defects: Vec<(String, String)> = rows
        .iter()
        .filter(|row| row.status == Status::Defect)
        .map(|row| (row.protocol.clone(), row.port.map(|port| port.to_string()).unwrap_or_default()))
        .collect();
    for (protocol, port) in [
        ("NTP", "123"),
        ("HTTPS", "8540"),
        ("Chargen", "9"),
        ("Daytime", "3"),
        ("Quote of the Day", "7"),
        ("IPSec ISAKMP", "500"),
        ("NAT-T", "4500"),
        ("WINS", "138"),
    ] {
        assert!(defects.contains(&(protocol.to_owned(), port.to_owned())), "{protocol} {port} in {defects:?}");
    }
    assert_eq!(defects.len(), 8);
    for entry in (1..=65535).flat_map(|port| [catalog().port(TCP, port), catalog().port(UDP, port)]).flatten() {
        assert_ne!(entry.status, Status::Defect);
        assert!(entry.facts.iter().filter_map(|at| catalog().fact(*at)).all(flowlabel::catalog::Fact::matches));
    }
    assert_eq!(catalog().defects_at(TCP, 123).count(), 1);
}

#[test]
fn ftp_data_and_dhcp_have_a_direction() {
    let catalog = catalog();
    assert!(catalog.port(TCP, 20).is_none());
    assert_eq!(catalog.source_port(TCP, 20).unwrap().label, "FTP default data");
    assert!(catalog.source_port(TCP, 21).is_none());
    assert!(catalog.port(UDP, 68).is_none());
    assert_eq!(catalog.listener_of_peer(UDP, 68), Some(67));
    assert_eq!(catalog.listener_of_peer(UDP, 67), None);
    assert_eq!(catalog.listener_of_peer(UDP, 546), Some(547));
}

#[test]
fn dynamic_ports_have_eras_and_never_match_by_number() {
    let ranges: Vec<(u16, u16)> = catalog().dynamic_ranges().into_iter().map(|(range, _)| range).collect();
    assert_eq!(ranges, [(1025, 5000), (49152, 65535)]);
    assert!(!Catalog::may_be_dynamic(1024) && Catalog::may_be_dynamic(1025));
    let systems = catalog().dynamic_systems(TCP);
    assert!(systems.contains(&catalog().system_by_id("svc.certsvc").unwrap()));
    assert!(catalog().port(TCP, 50000).is_none());
    // A documented fixed port inside of a dynamic range is found, and says that it is fixed.
    assert!(catalog().port(TCP, 3389).unwrap().fixed);
    assert!(!catalog().port(UDP, 63000).unwrap().fixed);
}

/// Row counts taken from the documents by hand: the sections print 172 and 173 rows, the table 156.
#[test]
fn every_row_of_the_services_article_is_cited_once() {
    let mut later: Vec<u32> = Vec::new();
    let mut earlier: Vec<u32> = Vec::new();
    for fact in &catalog().facts {
        for source in &fact.sources {
            match catalog().document(source.doc).unwrap().id.as_str() {
                "kb832017" if fact.status != Status::Derived => later.push(source.line),
                "kb832017-early" if fact.status != Status::Derived => earlier.push(source.line),
                _ => {}
            }
        }
    }
    let unique = |lines: &[u32]| lines.iter().collect::<HashSet<_>>().len();
    let sections: Vec<u32> = later.iter().copied().filter(|line| (196..=698).contains(line)).collect();
    let prose = [495, 649, 694];
    let rows: Vec<u32> = sections.iter().copied().filter(|line| !prose.contains(line)).collect();
    assert_eq!((rows.len(), unique(&rows)), (172, 172));
    let table: Vec<u32> = later.iter().copied().filter(|line| (703..=858).contains(line)).collect();
    assert_eq!((table.len(), unique(&table)), (156, 156));
    let prose = [363, 645, 720, 722, 724, 948, 1038];
    let rows: Vec<u32> = earlier.iter().copied().filter(|line| !prose.contains(line)).collect();
    assert_eq!((rows.len(), unique(&rows)), (173, 173));
}

#[test]
fn sixteen_services_have_a_dynamic_row() {
    let dynamic = |row: &&commands::ListRow| {
        let in_section = row.sources.iter().any(|source| source.starts_with("kb832017:") && source != "kb832017:649");
        row.protocol.starts_with("Randomly") && row.status == Status::Documented && in_section
    };
    assert_eq!(commands::list(catalog()).iter().filter(dynamic).count(), 16);
}

#[test]
fn every_link_and_table_has_its_rows() {
    let rows = commands::links(catalog());
    let ids: HashSet<&str> = rows.iter().map(|row| row.link.as_str()).collect();
    for number in 1..=47 {
        assert!(ids.contains(format!("sccm.link.{number:02}").as_str()), "link {number}");
    }
    assert_eq!(ids.iter().filter(|id| id.starts_with("sccm.amt.")).count(), 4);
    assert_eq!(ids.iter().filter(|id| id.starts_with("vmm16.")).count(), 27);
    let ports = |link: &str| -> Vec<String> {
        let rows = rows.iter().filter(|row| row.link == link && row.status < Status::Derived);
        rows.map(|row| format!("{}/{}", row.ports.join("|"), row.transport.as_deref().unwrap_or("-"))).collect()
    };
    assert_eq!(
        ports("sccm.link.02"),
        ["389/tcp", "636/udp", "636/tcp", "3268/tcp", "3269/tcp", "135/udp", "135/tcp", "dynamic/tcp"]
    );
    assert_eq!(ports("sccm.link.03"), ["445/tcp", "80|8530/tcp", "443|8531/tcp"]);
    assert_eq!(ports("sccm.link.15"), ["80/tcp", "443/tcp", "445/tcp", "63000-64000/udp"]);
    assert_eq!(ports("sccm.link.34"), ["2701/udp", "2701/tcp", "2702/udp", "2702/tcp", "135/tcp", "3389/tcp"]);
    assert_eq!(ports("sccm.link.42"), ["135/udp", "135/tcp", "dynamic/tcp", "/icmp", "/icmp6"]);
    assert_eq!(ports("sccm.link.08"), ["67|68/udp", "69/udp", "dynamic/udp", "4011/udp"]);
    assert_eq!(ports("vmm16.src.12"), ["/-"]);
    assert_eq!(ports("vmm16.sfs.04"), ["/-"]);
    assert_eq!(ports("sccm.dp-appv"), ["/-"]);
    // Two pairs of roles over one table: the second exists in R2 only.
    let second: Vec<_> = rows.iter().filter(|row| row.link == "sccm.link.24" && row.from == "Reporting Services Point").collect();
    assert_eq!((second.len(), second[0].products.as_slice()), (1, ["sccm-2007-r2".to_owned()].as_slice()));
}

#[test]
fn link_rows_say_who_opens_and_what_can_be_set() {
    let rows = commands::links(catalog());
    let row = |link: &str, protocol: &str| rows.iter().find(|row| row.link == link && row.protocol == protocol).unwrap();
    assert_eq!(row("sccm.link.17", "HTTP").configurable, Some(true));
    assert_eq!(row("sccm.link.01", "SMB").configurable, Some(false));
    assert_eq!(row("vmm16.src.06", "SFTP").configurable, None);
    assert_eq!(row("sccm.link.01", "SMB").direction.arrow(), "<->");
    assert_eq!(row("sccm.link.17", "HTTP").direction.arrow(), "->");
    assert_eq!(row("sccm.internet-based", "SMB").direction.arrow(), "<->");
    assert_eq!(row("sccm.internet-based", "RPC").direction.arrow(), "->");
    let back = rows.iter().find(|row| row.link == "sccm.link.31" && row.from == "Server Locator Point").unwrap();
    assert_eq!((back.status, back.direction.arrow()), (Status::Derived, "->"));
    assert!(catalog().same_role("SMS Provider", "provider"));
    assert!(catalog().same_role("Primary Site Server", "Site Server"));
    assert!(catalog().same_role("Hyper-V host (VMM agent)", "Hyper-V host"));
    assert!(!catalog().same_role("Client", "Site Server"));
}

#[test]
fn json_has_the_fields_of_the_contract() {
    let fields = |rows: Value| -> Vec<String> {
        let first = rows.as_array().and_then(|rows| rows.first()).and_then(Value::as_object);
        first.map(|row| row.keys().cloned().collect()).unwrap_or_default()
    };
    let list = fields(serde_json::to_value(commands::list(catalog())).unwrap());
    for key in ["system", "name", "service", "protocol", "transport", "port", "status", "products", "sources"] {
        assert!(list.contains(&key.to_owned()), "list: {key}");
    }
    let links = fields(serde_json::to_value(commands::links(catalog())).unwrap());
    let keys =
        ["link", "title", "from", "to", "direction", "protocol", "transport", "ports", "configurable", "notes", "products"];
    for key in keys.into_iter().chain(["status", "sources"]) {
        assert!(links.contains(&key.to_owned()), "links: {key}");
    }
    let systems = fields(serde_json::to_value(commands::systems(catalog())).unwrap());
    for key in ["id", "name", "documents", "facts", "links"] {
        assert!(systems.contains(&key.to_owned()), "systems: {key}");
    }
    let rows = serde_json::to_value(commands::list(catalog())).unwrap();
    let chat = rows.as_array().unwrap().iter().find(|row| row["system"] == "svc.sms-remote-control" && row["port"] == 2703);
    assert_eq!(chat.unwrap()["transport"], "tcp");
    let range = rows.as_array().unwrap().iter().find(|row| row["port"] == "63000-64000").unwrap();
    assert_eq!(range["system"], "sccm.link.15");
    assert!(
        rows.as_array().unwrap().iter().any(|row| row["port"] == "dynamic")
            && rows.as_array().unwrap().iter().any(|row| row["port"].is_null())
    );
}

#[test]
fn candidates_of_an_unlimited_entry_hold_for_every_server() {
    let entry = catalog().port(TCP, 2703).unwrap();
    let server: IpAddr = "10.0.0.1".parse().unwrap();
    assert!(!entry.limited);
    assert_eq!(catalog().candidates(entry, server).count(), 2);
}

#[test]
fn nothing_is_left_for_the_lint_to_find() {
    let findings = catalog().check();
    assert!(findings.is_empty(), "{}", commands::check_table(catalog(), &findings));
}

#[test]
fn everything_can_be_explained() {
    let catalog = catalog();
    let mut questions: Vec<String> = catalog.systems.iter().map(|system| system.id.clone()).collect();
    questions.extend(catalog.systems.iter().map(|system| system.name.clone()));
    questions.extend(catalog.facts.iter().map(|fact| fact.protocol.clone()));
    questions.extend(catalog.readings().iter().map(|reading| reading.id.clone()));
    questions.extend((1..=5100).step_by(7).map(|port| port.to_string()));
    questions.extend(
        ["gre", "esp", "AH", "icmp", "icmp/8", "icmp6/128", "2103/tcp", "20/tcp", "68/udp", "123/tcp", "msmq"].map(String::from),
    );
    for question in questions {
        let answer = commands::explain(catalog, &question).unwrap_or_else(|error| panic!("{error}"));
        assert!(!answer.answer.is_empty(), "{question}");
        assert!(commands::explain_text(&answer, Some(80)).lines().count() > 1, "{question}");
    }
    assert!(commands::explain(catalog, "Mesage Queuing").unwrap_err().to_string().contains("`Message Queuing`"));
}

#[test]
fn an_explanation_holds_facts_readings_and_neighbours() {
    let answer = commands::explain(catalog(), "2703/udp").unwrap();
    assert_eq!(answer.answer, "2703/udp is SMS Remote Chat");
    let sources: Vec<&str> = answer.facts.iter().flat_map(|row| &row.sources).map(String::as_str).collect();
    assert_eq!(sources, ["kb832017:553", "kb832017:840", "kb832017-early:767", "q256884:47", "q256884:63"]);
    assert!(answer.readings.iter().any(|reading| reading.id == "C05"));
    assert!(answer.neighbours.iter().any(|neighbour| neighbour.what == "2702/udp"));
    let misprint = commands::explain(catalog(), "123/tcp").unwrap();
    assert!(misprint.answer.starts_with("no document gives"));
    assert_eq!(misprint.contradictions.len(), 1);
    let confused = commands::explain(catalog(), "2702/tcp").unwrap();
    assert!(confused.neighbours.iter().any(|neighbour| neighbour.what.contains("sms-xfer")), "{:?}", confused.neighbours);
}

#[test]
fn hints_name_what_no_document_knows() {
    assert_eq!(catalog().hint(TCP, 5432), Some("PostgreSQL"));
    assert_eq!(catalog().hint(UDP, 443), Some("QUIC"));
    assert_eq!(catalog().hint(TCP, 4), None);
    assert_eq!(status("svc.kdc", TCP, 464), Some(Status::Derived));
}

#[test]
fn the_digest_is_stable_and_follows_the_rules() {
    let digest = catalog().digest();
    assert!(digest.starts_with("sha256:") && digest.len() == 7 + 64);
    let other = Catalog::load(&flowlabel::catalog::Options { with: vec!["common-lan".into()], ..Default::default() }).unwrap();
    assert_ne!(digest, other.digest());
}

#[test]
fn an_unknown_port_is_not_said_to_be_documented_beside_itself() {
    let answer = commands::explain(catalog(), "6789/tcp").unwrap();
    assert!(answer.neighbours.iter().all(|neighbour| neighbour.what != "6789/udp"), "{:?}", answer.neighbours);
}

#[test]
fn what_shows_through_several_candidates_is_named_once() {
    let answer = commands::explain(catalog(), "135/tcp").unwrap();
    let said = answer.summary.join(" ");
    assert_eq!(said.matches("[named.outlook]").count(), 1, "{said}");
}
