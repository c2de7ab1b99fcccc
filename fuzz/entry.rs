//! What is fuzzed: bytes nobody chose, through the doors they come in by, and what must hold whatever they are.
//!
//! The fuzz targets and `tests/fuzz.rs` share these.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flowlabel::announce::{Follower, Hearing, ROUTES, Segment};
use flowlabel::capture::{Batch, Options, Source, open};
use flowlabel::engine;
use flowlabel::flow::Settings;
use flowlabel::naming::{Lately, READERS, Teller, Told};
use flowlabel::net::{Addr, Frame, IpProto, LinkType, Side, Timestamp};
use flowlabel::pipeline;
use flowlabel::recognize::{Datagram, Look, Opening, RECOGNIZERS, Recognizer, Said};
use flowlabel::record::escape::is_unsafe;
use flowlabel::record::{Damage, SummaryBuilder};
use flowlabel::report::{FORMATS, View};
use flowlabel::wire::{Decoded, MAX_LAYERS};

/// A frame behind the two bytes of its link type, least first.
pub fn decode(bytes: &[u8]) {
    let Some((link, data)) = bytes.split_first_chunk() else { return };
    let mut decoded = Decoded::default();
    // As captured, and as if more had been on the wire.
    for more in [0, 1000] {
        let wire_len = data.len() as u32 + more;
        let frame = Frame { number: 1, time: Timestamp::NONE, link: LinkType(u16::from_le_bytes(*link)), data, wire_len };
        flowlabel::wire::decode(&frame, &mut decoded);
        assert!(decoded.layers.len() <= MAX_LAYERS);
        for layer in &decoded.layers {
            for span in [layer.packet, layer.ip_payload, layer.payload] {
                assert!(span.start <= span.end && span.end as usize <= data.len(), "a layer lies in its frame: {layer:?}");
            }
            assert!(matches!(layer.version, 4 | 6));
        }
    }
}

/// A whole file through the readers: mapped, and as the stream that comes out of a compressed one.
pub fn capture_file(bytes: &[u8]) {
    let mapped = Reading::of(&put("mapped", bytes));
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return;
    }
    let streamed = Reading::of(&put("streamed", &stored(bytes)));
    assert_eq!(mapped.packets, streamed.packets);
    let places = |reading: &Reading| reading.damage.iter().map(|damage| (damage.packet, damage.offset)).collect::<Vec<_>>();
    assert_eq!(places(&mapped), places(&streamed));
    assert!(mapped.damage.iter().all(|damage| damage.offset <= bytes.len() as u64));
    let captured: usize = mapped.packets.iter().map(|(_, data)| data.len()).sum();
    assert!(captured <= bytes.len(), "no byte is in two packets");
}

/// A whole file through to records in every format: the sums agree.
pub fn engine(bytes: &[u8]) {
    let path = put("engine", bytes);
    let Ok(mut source) = open(&[path], &Options::default()) else { return };
    let outcome = pipeline::run(&mut *source, Settings::default(), 1, |_| (), &|_| ());
    let (mut summary, mut builder) = (outcome.summary(), SummaryBuilder::default());
    let mut reports: Vec<_> = FORMATS.iter().map(|format| (format.new)(&View { flows: true, ..View::default() })).collect();
    let mut out = Vec::new();
    let mut ids = Vec::new();
    for flow in outcome.flows() {
        let heard = engine::Heard::default();
        let record = engine::record(flow, outcome.carriers(), None, &heard);
        assert!(record.packets.sum() > 0 && record.duration >= 0.0);
        ids.push(record.id);
        builder.flow(&record);
        for report in &mut reports {
            report.flow(&record, &mut out).unwrap();
        }
        out.clear();
    }
    builder.finish(&mut summary);
    summary.damage = source.damage().to_vec();
    for report in &mut reports {
        report.finish(&summary, &mut out).unwrap();
    }
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    let packets = summary.packets;
    assert_eq!(packets.total, packets.flows + packets.non_ip + packets.undecodable);
    assert_eq!(summary.flows.total, ids.len() as u64);
}

/// What both sides of a flow said, to every recognizer: five bytes choose transport, ports, where the first side ends and where it is cut.
///
/// A protocol is found or it is not, however its bytes come: what was refused on some of them is not found on all of them.
pub fn recognize(bytes: &[u8]) {
    let Some(([choice, service, end, cut_a, cut_b], said)) = bytes.split_first_chunk() else { return };
    let transport = if choice & 1 == 0 { IpProto::TCP } else { IpProto::UDP };
    let ports = [50_000, PORTS[usize::from(*service) % PORTS.len()]];
    let (a, b) = said.split_at(usize::from(*end).min(said.len()));
    name(said);
    let part = |bytes: &'_ [u8], cut: &u8| usize::from(*cut).min(bytes.len());
    for recognizer in RECOGNIZERS.iter().filter(|recognizer| recognizer.over.contains(&transport)) {
        withstands(recognizer, transport, ports, [a, b], *choice);
        let whole = look(recognizer, transport, ports, [(a, true), (b, true)], false);
        let begun = match transport {
            IpProto::TCP => (&a[..part(a, cut_a)], &b[..part(b, cut_b)]),
            _ => (a, &b[..0]),
        };
        if look(recognizer, transport, ports, [(begun.0, true), (begun.1, true)], false) == Look::No {
            let is_found = matches!(whole, Look::Likely(_) | Look::Sure(_));
            assert!(!is_found, "{} refused a part and found the whole", recognizer.word);
        }
    }
}

/// From the middle of a connection, and with a side that will say no more, what was refused may still be excused: only no harm is done.
fn withstands(recognizer: &Recognizer, transport: IpProto, ports: [u16; 2], [a, b]: [&[u8]; 2], choice: u8) {
    for from_start in [choice & 2 == 0, choice & 4 == 0] {
        look(recognizer, transport, ports, [(a, from_start), (b, true)], choice & 8 != 0);
    }
}

/// The same as [`recognize`], without the rule of parts.
pub fn withstand(bytes: &[u8]) {
    let Some(([choice, service, end, ..], said)) = bytes.split_first_chunk::<5>() else { return };
    let transport = if choice & 1 == 0 { IpProto::TCP } else { IpProto::UDP };
    let ports = [50_000, PORTS[usize::from(*service) % PORTS.len()]];
    let (a, b) = said.split_at(usize::from(*end).min(said.len()));
    name(said);
    for recognizer in RECOGNIZERS.iter().filter(|recognizer| recognizer.over.contains(&transport)) {
        withstands(recognizer, transport, ports, [a, b], *choice);
    }
}

/// A datagram to every reader of host names: what it claims is bounded and fit to be shown.
fn name(bytes: &[u8]) {
    for reader in READERS {
        let (mut lately, mut claims, mut leases) = (Lately::default(), Vec::new(), Vec::new());
        let mut teller = Teller {
            packet: 1,
            time: Timestamp::NONE,
            origin: reader.origin,
            lately: &mut lately,
            claims: &mut claims,
            leases: &mut leases,
            told: 0,
        };
        let _ = (reader.read)(&Told { bytes, by: Addr::v4([10, 0, 0, 1]), version: 4 }, &mut teller);
        assert!(claims.len() <= 64 && claims.iter().all(|claim| claim.name.len() < 2600 && !claim.name.chars().any(is_unsafe)));
    }
}

/// A conversation to a reader of announcements: a byte chooses the reader, then each piece has a byte for its side, for what is lost before it, and for
/// its length. What is kept is bounded, what is shown is fit to be shown, and a door is at a host of the conversation or at a group.
pub fn announce(bytes: &[u8]) {
    /// What one conversation may keep: a PDU and its segments each way, and answers in parts.
    const MOST: usize = 1 << 20;
    let Some((choice, mut rest)) = bytes.split_first() else { return };
    let route = &ROUTES[usize::from(*choice) % ROUTES.len()];
    let hosts = [Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2])];
    for transport in route.over {
        let (mut follower, mut next) = (Follower::new((route.new)()), [0_u32; 2]);
        while let Some(([how, length], after)) = rest.split_first_chunk() {
            let (piece, left) = after.split_at(usize::from(*length).min(after.len()));
            rest = left;
            let side = if how & 1 == 0 { Side::A } else { Side::B };
            let mut hearing = Hearing {
                packet: 1,
                time: Timestamp::NONE,
                version: 4,
                transport: *transport,
                hosts,
                ports: [40_000, route.ports.first().copied().unwrap_or(80)],
                server_name: None,
                announced: Vec::new(),
                foreign: false,
            };
            if *transport == IpProto::UDP {
                follower.datagram(side, piece, &mut hearing);
            } else {
                let at = &mut next[side.index()];
                let seq = at.wrapping_add(u32::from(how >> 5));
                follower.segment(side, &Segment { seq, first: None, bytes: piece, len: piece.len() as u32 }, &mut hearing);
                *at = seq.wrapping_add(piece.len() as u32);
            }
            assert!(follower.held() <= MOST, "{} keeps {} bytes", route.word, follower.held());
            for told in &hearing.announced {
                let is_group = told.door.host.to_ip(4).is_multicast();
                assert!(hosts.contains(&told.door.host) || is_group, "{}: {:?} took no part", route.word, told.door);
                let detail = told.detail().unwrap_or_default();
                assert!(detail.len() < 10_000 && !detail.chars().any(is_unsafe), "{}: {detail:?}", route.word);
            }
        }
    }
}

/// For each recognizer an opening in which it finds its protocol: its word, the transport, the server's port, what the two sides say.
const SEEDS: &str = include_str!("recognizers.txt");

/// The seeds of [`recognize`], each with the recognizer that it leads to.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let seed = |line: &'static str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [word, transport, port, a, b] = fields[..] else { panic!("{line}: word, transport, port, two sides") };
        let service = PORTS.iter().position(|known| *known == port.parse::<u16>().unwrap());
        let (a, b) = (unhex(a), unhex(b));
        let chosen = [u8::from(transport == "udp"), service.unwrap() as u8, u8::try_from(a.len()).unwrap(), 255, 255];
        (word, [&chosen[..], &a, &b].concat())
    };
    SEEDS.lines().filter(|line| !line.starts_with('#')).map(seed).collect()
}

/// Hex digits, and after a plus sign so many zeros; a hyphen is nothing.
fn unhex(text: &str) -> Vec<u8> {
    let (digits, zeros) = text.trim_matches('-').split_once('+').unwrap_or((text.trim_matches('-'), "0"));
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap());
    bytes.chain(std::iter::repeat_n(0, zeros.parse().unwrap())).collect()
}

/// Whether a recognizer finds its protocol in a seed, as [`recognize`] shows it.
pub fn reaches(word: &str, bytes: &[u8]) -> bool {
    let Some(([choice, service, end, ..], said)) = bytes.split_first_chunk::<5>() else { return false };
    let transport = if choice & 1 == 0 { IpProto::TCP } else { IpProto::UDP };
    let ports = [50_000, PORTS[usize::from(*service) % PORTS.len()]];
    let (a, b) = said.split_at(usize::from(*end).min(said.len()));
    let recognizer = RECOGNIZERS.iter().find(|known| known.word == word && known.over.contains(&transport));
    let found = recognizer.map(|recognizer| look(recognizer, transport, ports, [(a, true), (b, true)], false));
    matches!(found, Some(Look::Likely(_) | Look::Sure(_)))
}

/// Ports that some recognizer goes by, and one that none does.
const PORTS: [u16; 32] = [
    9, 53, 67, 137, 427, 443, 502, 514, 520, 547, 646, 1080, 1194, 1645, 1812, 1985, 2123, 2404, 2427, 5351, 5353, 5683, 6653,
    8000, 7, 13, 17, 1755, 3784, 4500, 5004, 5355,
];

/// One look: what it finds is its own, and bounded.
fn look(recognizer: &Recognizer, transport: IpProto, ports: [u16; 2], sides: [(&[u8], bool); 2], ended: bool) -> Look {
    let datagrams = sides.map(|(bytes, _)| [Datagram { end: bytes.len() as u16, len: bytes.len() as u16 }]);
    let mut said = [Said::default(); 2];
    for ((said, (bytes, from_start)), datagram) in said.iter_mut().zip(sides).zip(&datagrams) {
        let is_datagram = transport == IpProto::UDP && !bytes.is_empty();
        *said = Said { bytes, datagrams: if is_datagram { datagram } else { &[] }, from_start, ended };
    }
    let found = (recognizer.look)(&Opening { transport, ports, said });
    if let Look::Likely(finding) | Look::Sure(finding) = &found {
        assert!(recognizer.protocols.contains(&finding.protocol), "{} is not in its line", finding.protocol.name);
        let texts = finding.texts().into_iter();
        let lengths =
            texts.flat_map(|texts| [&texts.detail, &texts.client_name, &texts.server_name]).flatten().map(|text| text.len());
        assert!(lengths.max().unwrap_or(0) < 2000);
    }
    found
}

/// What a source gave: each packet's time and bytes, and the damage.
struct Reading {
    packets: Vec<(String, Vec<u8>)>,
    damage: Vec<Damage>,
}

impl Reading {
    fn of(path: &Path) -> Self {
        let mut source = open(&[path.to_owned()], &Options::default()).unwrap();
        let (mut batch, mut packets) = (Batch::default(), Vec::new());
        while source.fill(&mut batch) {
            for packet in &batch.packets {
                let frame = batch.frame(packet);
                assert_eq!(frame.data.len(), packet.captured as usize);
                packets.push((format!("{} {:?} {}", packet.time, packet.link, packet.wire_len), frame.data.to_vec()));
                assert_eq!(packet.number, packets.len() as u64, "numbers run on");
            }
        }
        Self { packets, damage: source.damage().to_vec() }
    }
}

/// A file of this process and thread.
fn put(name: &str, bytes: &[u8]) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let path = std::env::temp_dir().join(format!("flowlabel-fuzz-{}-{thread}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A gzip file that holds the bytes as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
