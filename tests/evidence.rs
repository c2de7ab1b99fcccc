//! What records say of captures by others, against tshark, protocol by protocol, and how many flows are called mismatched. Where the captures are
//! not there (they are not in git: their licences differ) only the fixtures count, which `golden` holds.
//!
//! `EVIDENCE=KERBEROS,TLS cargo test --test evidence` lists each flow of these protocols on which the two differ, `EVIDENCE=all` those of all,
//! `EVIDENCE=mismatched` what is called mismatched. `FLOWLABEL_CAPTURES=DIR` names other captures (DIR/files, DIR/oracle): of those the
//! table is shown, and nothing is held.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowlabel::capture::{self, open};
use flowlabel::catalog::{self, Catalog};
use flowlabel::engine::{Ledger, Memory, News};
use flowlabel::flow::{Harvest, Settings};
use flowlabel::recognize::RECOGNIZERS;
use flowlabel::{engine, pipeline};
use serde_json::Value;

use support::captures::{Page, pages, say};

/// tshark's word for a layer above the transport, and ours, sorted.
#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("ajp13", "AJP"),
    ("amqp", "AMQP"),
    ("bacapp", "BACnet"),
    ("bgp", "BGP"),
    ("bitcoin", "Bitcoin"),
    ("bittorrent", "BitTorrent"),
    ("bt-dht", "BitTorrent"),
    ("bt-utp", "BitTorrent"),
    ("bvlc", "BACnet"),
    ("ceph", "Ceph"),
    ("cflow", "NetFlow"),
    ("classicstun", "STUN"),
    ("cldap", "LDAP"),
    ("coap", "CoAP"),
    ("collectd", "collectd"),
    ("cotp", "TPKT"),
    ("cql", "Cassandra"),
    ("db-lsp-disc", "Dropbox LAN Sync"),
    ("dcerpc", "DCE/RPC"),
    ("dhcp", "DHCP"),
    ("dhcpv6", "DHCPv6"),
    ("diameter", "Diameter"),
    ("dnp3", "DNP3"),
    ("dns", "DNS"),
    ("doip", "DoIP"),
    ("drda", "DRDA"),
    ("dsi", "AFP"),
    ("dtls", "DTLS"),
    ("enip", "EtherNet/IP"),
    ("fix", "FIX"),
    ("ftp", "FTP"),
    ("ftp-data", "FTP data"),
    ("giop", "CORBA (GIOP)"),
    ("git", "Git"),
    ("gquic", "QUIC"),
    ("gtp", "GTP"),
    ("h225", "H.225"),
    ("hislip", "HiSLIP"),
    ("hsrp", "HSRP"),
    ("http", "HTTP"),
    ("http2", "HTTP"),
    ("iax2", "IAX2"),
    ("iec60870_104", "IEC 60870-5-104"),
    ("imap", "IMAP"),
    ("ipmi", "IPMI"),
    ("irc", "IRC"),
    ("isakmp", "IKE"),
    ("iscsi", "iSCSI"),
    ("kafka", "Kafka"),
    ("kerberos", "Kerberos"),
    ("kip", "KNXnet/IP"),
    ("knxip", "KNXnet/IP"),
    ("l2tp", "L2TP"),
    ("ldap", "LDAP"),
    ("ldp", "LDP"),
    ("llmnr", "LLMNR"),
    ("lpd", "LPD"),
    ("mbtcp", "Modbus/TCP"),
    ("mdns", "mDNS"),
    ("memcache", "Memcached"),
    ("mgcp", "MGCP"),
    ("mongo", "MongoDB"),
    ("mqtt", "MQTT"),
    ("msmms", "MMS"),
    ("mysql", "MySQL"),
    ("nbdgm", "NetBIOS datagram service"),
    ("nbns", "NetBIOS name service"),
    ("nbss", "SMB"),
    ("nfs", "NFS"),
    ("nntp", "NNTP"),
    ("ntp", "NTP"),
    ("oicq", "OICQ"),
    ("opcua", "OPC UA"),
    ("openflow", "OpenFlow"),
    ("openvpn", "OpenVPN"),
    ("pgsql", "PostgreSQL"),
    ("pop", "POP3"),
    ("portmap", "Portmapper"),
    ("pptp", "PPTP"),
    ("quic", "QUIC"),
    ("radius", "RADIUS"),
    ("rdp", "RDP"),
    ("rdpudp", "RDP over UDP"),
    ("resp", "Redis"),
    ("rip", "RIP"),
    ("rmcp", "IPMI"),
    ("rpc", "ONC RPC"),
    ("rpkirtr", "RPKI-RTR"),
    ("rsync", "rsync"),
    ("rtcp", "RTP"),
    ("rtp", "RTP"),
    ("rtsp", "RTSP"),
    ("sflow", "sFlow"),
    ("sip", "SIP"),
    ("skinny", "Skinny"),
    ("smb", "SMB"),
    ("smb2", "SMB"),
    ("smtp", "SMTP"),
    ("snmp", "SNMP"),
    ("socks", "SOCKS"),
    ("srvloc", "SLP"),
    ("ssdp", "SSDP"),
    ("ssh", "SSH"),
    ("stun", "STUN"),
    ("synphasor", "Synchrophasor"),
    ("syslog", "Syslog"),
    ("tacplus", "TACACS+"),
    ("tds", "TDS"),
    ("telnet", "Telnet"),
    ("tftp", "TFTP"),
    ("tls", "TLS"),
    ("tns", "Oracle TNS"),
    ("tpkt", "TPKT"),
    ("udpencap", "ESP in UDP"),
    ("vnc", "VNC"),
    ("wg", "WireGuard"),
    ("x11", "X11"),
    ("xmpp", "XMPP"),
];

/// Where tshark's name is no judgement of the payload: a capture's file, its word, how many flows, and why.
#[rustfmt::skip]
const EXCUSED: &[(&str, &str, usize, &str)] = &[
    ("383379789-decrypt-crash.pcap", "ftp", 1, "noise to port 21"),
    ("AH-IPcomp-IPv4.pcap", "http", 1, "inside of IPComp, which hides it"),
    ("PatchedDCAuthenticatedTryWithRpcOpenFileRawUsingEFSRPCNamePipeInsteadOfLSARPC.pcapng", "rtcp", 1, "encrypted, behind the discovery of a voice service that fills the first datagrams"),
    ("PatchedDCAuthenticatedTryWithRpcOpenFileRawUsingEFSRPCNamePipeInsteadOfLSARPC.pcapng", "tls", 3, "keep-alives of one byte on 443"),
    ("Sample_File_MMS_and_GOOSE.pcap", "tpkt", 2, "keep-alives of one byte on 102"),
    ("UnPatchedDCOpenFileRaw.pcapng", "rtcp", 2, "encrypted, behind the discovery of a voice service that fills the first datagrams"),
    ("UnPatchedDCOpenFileRaw.pcapng", "tls", 9, "keep-alives of one byte on 443"),
    ("anyconnect-vpn.pcap", "ajp13", 1, "records of TLS on the port of AJP"),
    ("anyconnect-vpn.pcap", "tls", 1, "a backup program's own messages on 443"),
    ("babel_update_oobr.pcap", "kerberos", 10, "another protocol's packets with bits flipped, to port 88"),
    ("crash-81dba690a3f67ee41a41390a625db732fa1413a1", "llmnr", 1, "made by flipping bits: more names than the message has room for"),
    ("dcerpc_synthetic.pcap", "nbss", 6, "written by hand: DCE/RPC on 445 without SMB around it"),
    ("discord_mid_flow.pcap", "rtcp", 1, "encrypted, beside a voice service's own datagrams"),
    ("dns_stack_overflow.pcap", "dns", 1, "a question whose label is longer than labels are"),
    ("esp_truncated.pcap", "udpencap", 1, "four bytes"),
    ("http-single-conn-22.pcap", "ssh", 1, "HTTP on the port of SSH"),
    ("l2tp-avp-overflow.pcap", "l2tp", 6, "bits flipped: reserved flags, and a length that is not the datagram's"),
    ("lru_ipv6_caches.pcapng", "stun", 1, "RTCP, and after eight datagrams of it STUN"),
    ("mapi.pcap", "c1222", 1, "DCE/RPC that tshark takes for another protocol by its port"),
    ("mongo_false_positive.pcapng", "tls", 1, "another protocol's messages on 443"),
    ("nfs-write-verf-cookie.pcapng", "tls", 1, "NFS from port 993"),
    ("nomachine.pcapng", "tls", 1, "NoMachine, which turns to TLS behind its own greeting"),
    ("ookla.pcap", "http", 1, "TLS on 8080"),
    ("pbb-recursive-frames.pcapng", "dns", 1, "one byte to port 53"),
    ("pcapng-example.pcapng.zst", "ssh", 1, "under way before the capture, and encrypted"),
    ("rdp-invalid-length.pcap", "tpkt", 1, "what should be a connection request is noise"),
    ("rtp-seg-fault-1.pcapng", "dns", 1, "nine bytes to port 53"),
    ("sll.pcap.gz", "ssh", 1, "under way before the capture, and encrypted"),
    ("smb_print_trans-oobr2.pcap", "nbdgm", 1, "bits flipped: a name of letters that names do not have"),
    ("socks.pcap", "http", 1, "SOCKS, and HTTP inside of it"),
    ("socks5-http-302-frag.pcap", "http", 1, "SOCKS, and HTTP inside of it"),
    ("someip_sd_sample.pcap", "dns", 2, "SOME/IP whose message looks like a question"),
    ("ssl-and-ssh-using-sslh.pcap", "tls", 1, "SSH on 443"),
    ("telnet-long-line-no-eol.pcapng.gz", "telnet", 1, "the letter A to port 23"),
    ("tftp.pcap", "tftp", 2, "requests without a name, or without a kind"),
    ("vector-max-size-crash.pcap", "dns", 1, "made by flipping bits, to port 443"),
    ("waze.pcap", "tls", 1, "a messenger's own protocol on 443"),
];

/// At least (in thousandths): of each protocol of the catalog that is met, what tshark names and we do, and what we name and tshark does.
const RECALL: u64 = 970;
const PRECISION: u64 = 995;

/// What is called mismatched and rightly so: the payload's protocol, the flag, and why an administrator would agree.
#[rustfmt::skip]
const TRUE_ALARMS: &[(&str, &str, &str)] = &[
    ("DCE/RPC", "payload-contradicts-port", "a port of files that speaks something else"),
    ("DNS", "protocol-on-undocumented-port", "resolvers that hide on 443, 8443 and others to get past filters"),
    ("HTTP", "payload-contradicts-port", "clear text where encryption is documented, or on the ports of others"),
    ("HTTP", "protocol-on-undocumented-port", "proxies and servers on 8080, 8000 and others that no document lists"),
    ("HTTP/2", "payload-contradicts-port", "clear text where encryption is documented"),
    ("HTTP/2", "protocol-on-undocumented-port", "services of gRPC and test servers"),
    ("HTTPS", "protocol-on-undocumented-port", "consoles on 8443 and others that no document lists"),
    ("LDAP", "protocol-on-undocumented-port", "a directory on 1389: an attacker's"),
    ("RTSP", "protocol-on-undocumented-port", "cameras on 8554"),
    ("SMTP", "protocol-on-undocumented-port", "submission on 587, which no document lists"),
    ("SSH", "payload-contradicts-port", "a way around a filter, through 443"),
    ("TDS", "protocol-on-undocumented-port", "a database on a port of its own, which nobody announced"),
    ("TLS", "payload-contradicts-port", "encryption on 80"),
];

/// One of so many flows may be called mismatched wrongly.
const FALSE_ALARMS: u64 = 2000;

type Key = (u64, (IpAddr, u64), (IpAddr, u64));

/// Where the payload's protocol goes by other names.
fn ours(name: &str) -> &str {
    match name {
        "FTP default data" => "FTP data",
        "H.225" | "ISO transport (COTP)" | "RDP" => "TPKT",
        "HTTPS" => "TLS",
        "HTTP/2" => "HTTP",
        "NetBIOS session service" => "SMB",
        "RADIUS accounting" | "RADIUS dynamic authorization" => "RADIUS",
        "SNMP trap" => "SNMP",
        // They may share a port (RFC 5761).
        "RTCP" => "RTP",
        name => name,
    }
}

fn key(protocol: u64, a: (&Value, &Value), b: (&Value, &Value)) -> Option<Key> {
    let end = |(ip, port): (&Value, &Value)| Some((ip.as_str()?.split('%').next()?.parse().ok()?, port.as_u64()?));
    let (a, b) = (end(a)?, end(b)?);
    Some((protocol, a.min(b), a.max(b)))
}

/// The layers that tshark names for each flow of a capture, the likeliest first.
fn wanted(page: &Value) -> HashMap<Key, Vec<&str>> {
    let mut wanted: HashMap<Key, Vec<&str>> = HashMap::new();
    for flow in page["flows"].as_array().into_iter().flatten() {
        let protocol = flow["proto"].as_u64().unwrap_or(0);
        let Some(key) = key(protocol, (&flow["a"], &flow["a_port"]), (&flow["b"], &flow["b_port"])) else { continue };
        let first = flow["app_first"].as_str();
        let chains = flow["app_chains"].as_object().into_iter().flat_map(|chains| chains.keys());
        let layers = first.into_iter().chain(chains.flat_map(|chain| chain.split(':')));
        wanted.entry(key).or_default().extend(layers.filter(|layer| !NO_NAMES.contains(layer)));
    }
    wanted
}

/// What tshark says where it has no name.
const NO_NAMES: &[&str] = &["", "data", "_ws.malformed", "_ws.short", "_ws.unreassembled"];

/// What is printed of each flow of a capture, announcements heard.
fn records(capture: &Path, catalog: &Catalog) -> Vec<Value> {
    let mut source = open(&[capture.to_owned()], &capture::Options::default()).unwrap();
    let settings = Settings { split: None, ..Settings::default() };
    let (mut ledger, memory) = (Ledger::default(), Memory::default());
    let early = |harvest: Harvest| {
        let news = News { announcements: harvest.announcements, claims: harvest.claims, leases: harvest.leases };
        ledger.revise(&memory, news, harvest.flows.iter().map(|ended| &ended.flow));
    };
    let outcome = pipeline::run(&mut *source, settings, 1, early, &|_| ());
    ledger.revise(&memory, News::default(), outcome.flows());
    let record = |flow| {
        let heard = ledger.heard(flow);
        serde_json::to_value(engine::record(flow, outcome.carriers(), Some(catalog), &heard)).unwrap()
    };
    outcome.flows().map(record).collect()
}

/// The protocol of a record: what the payload is, else what was announced. FTP's data is anything.
fn spoken(record: &Value) -> Option<&str> {
    let announced = record["label"].as_str().filter(|label| record["evidence"] == "learned" || *label == "FTP default data");
    record["payload"]["protocol"].as_str().or(announced).map(ours)
}

fn is_true_alarm(record: &Value) -> bool {
    let flags = record["flags"].as_array().unwrap();
    TRUE_ALARMS
        .iter()
        .any(|(protocol, flag, _)| record["payload"]["protocol"] == *protocol && flags.iter().any(|set| set == flag))
}

#[derive(Default)]
struct Score {
    right: u64,
    /// Flows that tshark calls something else.
    wrong: Vec<String>,
    missed: Vec<String>,
}

impl Score {
    fn recall(&self) -> u64 {
        self.right * 1000 / (self.right + self.missed.len() as u64).max(1)
    }

    fn precision(&self) -> u64 {
        self.right * 1000 / (self.right + self.wrong.len() as u64).max(1)
    }
}

/// What some captures show.
#[derive(Default)]
struct Tally {
    flows: u64,
    scores: BTreeMap<&'static str, Score>,
    /// By the line of [`EXCUSED`].
    excused: BTreeMap<usize, usize>,
    mismatched: Vec<String>,
    false_alarms: Vec<String>,
}

impl Tally {
    fn of(page: &Page, catalog: &Catalog) -> Self {
        let mut tally = Self::default();
        let wanted = wanted(&page.text);
        for record in records(&page.capture, catalog) {
            let (client, server) = (&record["client"], &record["server"]);
            tally.flows += 1;
            if record["verdict"] == "mismatched" {
                let ports = format!("{} {} {}", record["transport"], client["port"], server["port"]);
                let alarm = format!("{} {} {ports}: {}", page.name, record["id"], record["reason"]);
                tally.false_alarms.extend((!is_true_alarm(&record)).then(|| alarm.clone()));
                tally.mismatched.push(alarm);
            }
            let protocol = record["protocol"].as_u64().unwrap();
            let Some(key) = key(protocol, (&client["ip"], &client["port"]), (&server["ip"], &server["port"])) else { continue };
            if let Some(layers) = wanted.get(&key) {
                tally.count(&page.name, layers, &record);
            }
        }
        tally
    }

    /// Counts one flow: right if tshark names the protocol anywhere in it, wrong if it names only others, missed if it names it first.
    fn count(&mut self, capture: &str, layers: &[&str], record: &Value) {
        let word = |layer: &&str| WORDS.iter().find(|(theirs, _)| theirs == layer).map(|(_, ours)| *ours);
        let got = spoken(record);
        let named = layers.first().and_then(word);
        let agrees = got.is_some_and(|got| layers.iter().filter_map(word).any(|name| name == got));
        let is_excused = |(file, word, ..): &(&str, &str, usize, &str)| {
            capture.rsplit('/').next() == Some(*file) && layers.first() == Some(word) && !agrees
        };
        if let Some(line) = EXCUSED.iter().position(is_excused) {
            *self.excused.entry(line).or_default() += 1;
            return;
        }
        let flow = || {
            let [client, server] = ["client", "server"].map(|end| &record[end]["port"]);
            let got = got.unwrap_or("nothing");
            format!("{capture} {} {} {client} {server}: {got}, tshark {}", record["id"], record["transport"], layers.join(" "))
        };
        if let Some((_, got)) = got.and_then(|got| WORDS.iter().find(|(_, ours)| *ours == got)) {
            let score = self.scores.entry(got).or_default();
            score.right += u64::from(agrees);
            // Where tshark has no opinion there is nothing to compare with.
            score.wrong.extend((!agrees && !layers.is_empty()).then(flow));
        }
        if let Some(named) = named.filter(|_| !agrees) {
            self.scores.entry(named).or_default().missed.push(flow());
        }
    }

    fn add(&mut self, other: Self) {
        self.flows += other.flows;
        self.mismatched.extend(other.mismatched);
        self.false_alarms.extend(other.false_alarms);
        other.excused.into_iter().for_each(|(line, flows)| *self.excused.entry(line).or_default() += flows);
        for (name, score) in other.scores {
            let sum = self.scores.entry(name).or_default();
            sum.right += score.right;
            sum.wrong.extend(score.wrong);
            sum.missed.extend(score.missed);
        }
    }

    fn table(&self) -> String {
        let mut table = String::new();
        for (name, score) in &self.scores {
            let (right, wrong, missed) = (score.right, score.wrong.len(), score.missed.len());
            let (recall, precision) = (score.recall(), score.precision());
            writeln!(
                table,
                "{name:24} right {right:5} wrong {wrong:3} missed {missed:3} recall {recall:4} precision {precision:4}"
            )
            .unwrap();
        }
        table
    }

    /// The flows that `EVIDENCE` asks for: on which we and tshark differ, or that are mismatched.
    fn asked(&self) -> String {
        let asked = std::env::var("EVIDENCE").unwrap_or_default();
        let is_asked = |name: &str| asked == "all" || asked.split(',').any(|word| word.eq_ignore_ascii_case(name));
        let mut text = String::new();
        for (name, score) in self.scores.iter().filter(|(name, _)| is_asked(name)) {
            score.wrong.iter().for_each(|flow| writeln!(text, "{name} wrong: {flow}").unwrap());
            score.missed.iter().for_each(|flow| writeln!(text, "{name} missed: {flow}").unwrap());
        }
        self.mismatched.iter().filter(|_| is_asked("mismatched")).for_each(|flow| writeln!(text, "mismatched: {flow}").unwrap());
        text
    }
}

/// All captures, on all processors.
fn tally(pages: &[Page]) -> Tally {
    let catalog = Catalog::load(&catalog::Options::default()).unwrap();
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = std::iter::from_fn(|| pages.get(next.fetch_add(1, Ordering::Relaxed)));
        // Made by flipping bits: what it holds is anybody's guess.
        mine.filter(|page| !page.name.contains("fuzz")).fold(Tally::default(), |mut sum, page| {
            sum.add(Tally::of(page, &catalog));
            sum
        })
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().fold(Tally::default(), |mut sum, worker| {
            sum.add(worker.join().unwrap());
            sum
        })
    })
}

#[test]
fn records_agree_with_tshark() {
    let Some(pages) = pages() else { return };
    let tally = tally(&pages);
    let (table, asked) = (tally.table(), tally.asked());
    let (flows, mismatched, wrongly) = (tally.flows, tally.mismatched.len(), tally.false_alarms.join("\n"));
    say(&format!("\n{table}{flows} flows, {mismatched} mismatched, these perhaps wrongly:\n{wrongly}\n{asked}"));
    if std::env::var_os("FLOWLABEL_CAPTURES").is_some() {
        return;
    }
    for (line, (file, word, flows, why)) in EXCUSED.iter().enumerate() {
        assert_eq!(tally.excused.get(&line), Some(flows), "{file} ({word}: {why}) has other flows to be excused");
    }
    let protocols = || RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
    let is_documented = |name: &str| protocols().any(|protocol| ours(protocol.name) == name && !protocol.behind.is_empty());
    let fails = |score: &Score| score.recall() < RECALL || score.precision() < PRECISION;
    let worse = tally.scores.iter().filter(|(name, score)| is_documented(name) && fails(score)).map(|(name, _)| name);
    let worse: Vec<_> = worse.collect();
    assert!(worse.is_empty(), "below the floor: {worse:?}");
    assert!(tally.false_alarms.len() as u64 * FALSE_ALARMS <= flows, "{:#?}", tally.false_alarms);
}
