//! What a shard makes of sightings, told in layers written by hand.

use super::{Settings, Shard, Sighting};
use crate::flow::{Identity, KeyParts, Keying, fingerprint, shard_of};
use crate::net::{Addr, IpProto, Timestamp};
use crate::wire::{Fragment, Icmp, Layer, Quoted, Span, Tcp, Transport, Via, Vlans};

const CLIENT: [u8; 4] = [10, 0, 0, 1];
const SERVER: [u8; 4] = [10, 0, 0, 2];
const ROUTER: [u8; 4] = [10, 0, 0, 254];

fn layer(src: [u8; 4], dst: [u8; 4], protocol: IpProto, ports: Option<(u16, u16)>) -> Layer {
    let (src_port, dst_port) = ports.unwrap_or_default();
    Layer {
        src: Addr::v4(src),
        dst: Addr::v4(dst),
        version: 4,
        protocol,
        ttl: 64,
        has_ports: ports.is_some(),
        src_port,
        dst_port,
        ip_len: 100,
        fragment: None,
        transport: Transport::None,
        packet: Span::default(),
        ip_payload: Span::default(),
        payload: Span::default(),
        payload_len: 0,
        via: Via::default(),
        vlans: Vlans::default(),
    }
}

fn udp(src: [u8; 4], src_port: u16, dst: [u8; 4], dst_port: u16) -> Layer {
    layer(src, dst, IpProto::UDP, Some((src_port, dst_port)))
}

fn icmp(src: [u8; 4], dst: [u8; 4], kind: u8, code: u8, id: Option<u16>, quoted: Option<Quoted>) -> Layer {
    Layer { transport: Transport::Icmp(Icmp { kind, code, id, quoted }), ..layer(src, dst, IpProto::ICMP, None) }
}

fn syn(src: [u8; 4], src_port: u16, dst: [u8; 4], dst_port: u16, seq: u32) -> Layer {
    let header = Tcp { seq, ack: 0, window: 8192, flags: Tcp::SYN };
    Layer { transport: Transport::Tcp(header), ..layer(src, dst, IpProto::TCP, Some((src_port, dst_port))) }
}

/// Shows the layers, one packet a second apart unless `times` says otherwise, and gives the flows.
struct Scene {
    shard: Shard,
    number: u64,
}

impl Scene {
    fn new(settings: Settings) -> Self {
        Self { shard: Shard::new(settings, Keying::new(settings.key, 7)), number: 0 }
    }

    fn at(&mut self, seconds: i64, layers: &[Layer]) -> &mut Self {
        self.number += 1;
        // A frame of its own, so that no packet looks like a copy of another.
        let frame = self.number.to_be_bytes();
        let mut layers = layers.to_vec();
        for layer in &mut layers {
            layer.packet = Span { start: 0, end: 8 };
        }
        let time = Timestamp::new(seconds, 0, 6);
        let layer = layers.last().unwrap();
        let keyed = self.shard.keying.key(&layers, Identity::of(layer)).unwrap();
        let fingerprint = fingerprint(layer, &frame);
        self.shard.see(&Sighting {
            number: self.number,
            time,
            layers: &layers,
            carries: false,
            frame: &frame,
            keyed: &keyed,
            fingerprint,
        });
        self
    }

    /// (id, packets of A, packets of B) of each flow.
    fn flows(&mut self) -> Vec<(String, u64, u64)> {
        self.shard.finish();
        self.shard.flows().iter().map(|flow| (flow.id.to_string(), flow.packets[0], flow.packets[1])).collect()
    }
}

fn flow(id: &str, a: u64, b: u64) -> (String, u64, u64) {
    (id.to_owned(), a, b)
}

#[test]
fn both_directions_are_one_flow() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[udp(CLIENT, 4000, SERVER, 53)]).at(1, &[udp(SERVER, 53, CLIENT, 4000)]).at(2, &[udp(CLIENT, 4000, SERVER, 53)]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 1)]);
}

#[test]
fn an_endpoint_that_talks_to_itself_has_one_side() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[udp(CLIENT, 53, CLIENT, 53)]).at(1, &[udp(CLIENT, 53, CLIENT, 53)]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0)]);
}

#[test]
fn two_ports_of_one_host_have_two_sides() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[udp(CLIENT, 9, CLIENT, 8)]).at(1, &[udp(CLIENT, 8, CLIENT, 9)]);
    assert_eq!(scene.flows(), [flow("1.0", 1, 1)]);
}

#[test]
fn silence_splits_and_a_clock_that_goes_back_does_not() {
    let packet = udp(CLIENT, 4000, SERVER, 53);
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[packet]).at(120, &[packet]).at(241, &[packet]).at(5, &[packet]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0), flow("3.0", 2, 0)]);
}

#[test]
fn an_open_tcp_connection_may_be_silent_for_five_minutes() {
    let segment = Layer {
        transport: Transport::Tcp(Tcp { seq: 5, ack: 0, window: 1, flags: Tcp::ACK }),
        ..layer(CLIENT, SERVER, IpProto::TCP, Some((4000, 445)))
    };
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[segment]).at(300, &[segment]).at(601, &[segment]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0), flow("3.0", 1, 0)]);
}

#[test]
fn no_split_gives_one_record_per_key() {
    let packet = udp(CLIENT, 4000, SERVER, 53);
    let mut scene = Scene::new(Settings { split: None, ..Settings::default() });
    scene.at(0, &[packet]).at(1_000_000, &[packet]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0)]);
}

#[test]
fn echo_request_and_reply_are_one_flow_and_other_ids_another() {
    let mut scene = Scene::new(Settings::default());
    scene
        .at(0, &[icmp(CLIENT, SERVER, 8, 0, Some(7), None)])
        .at(1, &[icmp(SERVER, CLIENT, 0, 0, Some(7), None)])
        .at(2, &[icmp(CLIENT, SERVER, 8, 0, Some(8), None)]);
    assert_eq!(scene.flows(), [flow("1.0", 1, 1), flow("3.0", 1, 0)]);
}

fn quote(src_port: u16, dst_port: u16) -> Quoted {
    Quoted {
        src: Addr::v4(CLIENT),
        dst: Addr::v4(SERVER),
        version: 4,
        protocol: IpProto::UDP,
        ports: Some((src_port, dst_port)),
        icmp: None,
    }
}

#[test]
fn an_icmp_error_belongs_to_the_flow_it_quotes_and_adds_no_packet() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[udp(CLIENT, 4000, SERVER, 53)]).at(1, &[icmp(SERVER, CLIENT, 3, 3, None, Some(quote(4000, 53)))]);
    assert_eq!(scene.flows(), [flow("1.0", 1, 0)]);
    let extras = scene.shard.flows().get(0).unwrap().extras.clone().unwrap();
    assert_eq!((extras.icmp_errors, extras.icmp_error_codes.into_iter().collect::<Vec<_>>()), (1, vec![(3, 3)]));
}

#[test]
fn an_icmp_error_about_an_unknown_flow_is_a_flow_of_its_own() {
    let mut scene = Scene::new(Settings::default());
    scene
        .at(0, &[icmp(ROUTER, CLIENT, 11, 0, None, Some(quote(1, 2)))])
        .at(1, &[icmp(ROUTER, CLIENT, 11, 0, None, Some(quote(1, 2)))]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0)]);
}

#[test]
fn an_icmp_error_about_a_flow_that_silence_has_ended_is_a_flow_of_its_own_also_without_streaming() {
    let error = icmp(ROUTER, CLIENT, 11, 0, None, Some(quote(1, 2)));
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[udp(CLIENT, 1, SERVER, 2)]).at(120, &[error]).at(121, &[error]);
    assert_eq!(scene.flows(), [flow("1.0", 1, 0), flow("3.0", 1, 0)]);
    let mut scene = Scene::new(Settings { split: None, ..Settings::default() });
    scene.at(0, &[udp(CLIENT, 1, SERVER, 2)]).at(121, &[error]);
    assert_eq!(scene.flows(), [flow("1.0", 1, 0)]);
}

#[test]
fn a_quote_and_what_it_quotes_meet_in_one_shard() {
    let error = icmp(ROUTER, CLIENT, 11, 0, None, Some(quote(1, 2)));
    assert_eq!(shard_of(&error), shard_of(&udp(SERVER, 2, CLIENT, 1)));
}

fn fragment(id: u32, offset: u32, more: bool, ports: Option<(u16, u16)>) -> Layer {
    Layer { fragment: Some(Fragment { id, offset, more }), ..layer(CLIENT, SERVER, IpProto::UDP, ports) }
}

#[test]
fn fragments_follow_their_first_one_wherever_it_stands() {
    let mut scene = Scene::new(Settings::default());
    scene
        .at(0, &[fragment(1, 0, true, Some((4000, 53)))])
        .at(1, &[fragment(1, 1480, false, None)])
        .at(2, &[fragment(2, 1480, false, None)])
        .at(3, &[fragment(2, 0, true, Some((4001, 53)))]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0), flow("3.0", 2, 0)]);
}

#[test]
fn fragments_whose_first_one_never_comes_have_no_ports() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[fragment(1, 1480, true, None)]).at(1, &[fragment(1, 2960, false, None)]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0)]);
    assert!(!scene.shard.flows().get(0).unwrap().key.has_ports);
}

#[test]
fn a_late_fragment_makes_its_flow_begin_earlier() {
    let mut scene = Scene::new(Settings::default());
    scene
        .at(0, &[fragment(1, 1480, false, None)])
        .at(1, &[udp(CLIENT, 4000, SERVER, 53)])
        .at(2, &[fragment(1, 0, true, Some((4000, 53)))]);
    assert_eq!(scene.flows(), [flow("1.0", 3, 0)]);
}

#[test]
fn a_late_fragment_in_a_tunnel_lends_its_flow_the_layer_too() {
    let (gre, whole) = (layer(ROUTER, SERVER, IpProto(47), None), udp(CLIENT, 1000, SERVER, 53));
    // Packet 1 carries a fragment that waits; packet 2 is the flow it turns out to belong to, packet 3 brings the ports.
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[gre, fragment(9, 1480, false, None)]).at(1, &[whole]).at(2, &[fragment(9, 0, true, Some((1000, 53)))]);
    assert_eq!(scene.flows(), [flow("1.1", 3, 0)]);
}

#[test]
fn a_tunnel_and_what_it_carries_are_two_flows_and_the_inner_one_names_the_outer() {
    let outer = layer(CLIENT, SERVER, IpProto::GRE, None);
    let inner = Layer { via: Via { kind: "gre", key: Some(9) }, ..udp([192, 168, 0, 1], 1000, [192, 168, 0, 2], 2000) };
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[outer, inner]).at(1, &[outer, inner]);
    assert_eq!(scene.flows(), [flow("1.1", 2, 0)]);
    let extras = scene.shard.flows().get(0).unwrap().extras.clone().unwrap();
    assert_eq!(extras.tunnels.len(), 1);
    assert_eq!((extras.tunnels[0].kind, extras.tunnels[0].key, extras.tunnels[0].layer), ("gre", Some(9), 0));
    assert_eq!(extras.tunnels[0].flow.protocol, IpProto::GRE);
}

#[test]
fn key_vlan_tells_vlans_apart() {
    let tagged = |id: u16| {
        let mut vlans = Vlans::default();
        vlans.push(id);
        Layer { vlans, ..udp(CLIENT, 4000, SERVER, 53) }
    };
    let mut plain = Scene::new(Settings::default());
    plain.at(0, &[tagged(10)]).at(1, &[tagged(20)]);
    assert_eq!(plain.flows(), [flow("1.0", 2, 0)]);
    assert_eq!(plain.shard.flows().get(0).unwrap().extras.clone().unwrap().vlans, [10, 20]);
    let mut keyed = Scene::new(Settings { key: KeyParts { vlan: true, tunnel: false }, ..Settings::default() });
    keyed.at(0, &[tagged(10)]).at(1, &[tagged(20)]);
    assert_eq!(keyed.flows(), [flow("1.0", 1, 0), flow("2.0", 1, 0)]);
}

#[test]
fn the_limit_gives_up_the_oldest_and_says_when() {
    let mut scene = Scene::new(Settings { max_flows: 2, ..Settings::default() });
    for port in 1..=4 {
        scene.at(i64::from(port), &[udp(CLIENT, port, SERVER, 53)]);
    }
    let evicted: Vec<_> = scene.shard.take_harvest().flows.into_iter().map(|gone| (gone.at, gone.flow.id.to_string())).collect();
    assert_eq!(evicted, [(3, "1.0".to_owned()), (4, "2.0".to_owned())]);
    assert_eq!(scene.flows(), [flow("3.0", 1, 0), flow("4.0", 1, 0)]);
}

#[test]
fn a_flow_that_was_given_up_begins_anew() {
    let mut scene = Scene::new(Settings { max_flows: 1, ..Settings::default() });
    let (one, two) = (udp(CLIENT, 1, SERVER, 53), udp(CLIENT, 2, SERVER, 53));
    scene.at(0, &[one]).at(1, &[two]).at(2, &[one]);
    assert_eq!(scene.shard.take_harvest().flows.len(), 2);
    assert_eq!(scene.flows(), [flow("3.0", 1, 0)]);
}

#[test]
fn a_retransmitted_syn_is_the_same_connection() {
    let mut scene = Scene::new(Settings::default());
    scene.at(0, &[syn(CLIENT, 4000, SERVER, 445, 1)]).at(3, &[syn(CLIENT, 4000, SERVER, 445, 1)]);
    assert_eq!(scene.flows(), [flow("1.0", 2, 0)]);
}

/// Asks for what has ended after so many seconds.
fn ended_by(scene: &mut Scene, seconds: i64) -> Vec<String> {
    scene.shard.expire(scene.number, Timestamp::new(seconds, 0, 6));
    scene.shard.take_harvest().flows.into_iter().map(|ended| ended.flow.id.to_string()).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_silent_flow_is_given_away_once_its_timeout_is_over() {
    let mut scene = Scene::new(Settings { stream: true, ..Settings::default() });
    let datagram = udp(CLIENT, 1, SERVER, 53);
    scene.at(0, &[datagram]).at(100, &[datagram]);
    assert_eq!(ended_by(&mut scene, 219), NOTHING);
    assert_eq!(ended_by(&mut scene, 222), ["1.0"]);
    scene.at(230, &[datagram]);
    assert_eq!(ended_by(&mut scene, 300), NOTHING);
    assert_eq!(scene.flows(), [flow("3.0", 1, 0)]);
}

#[test]
fn a_connection_that_closes_ends_after_the_shorter_timeout() {
    let mut scene = Scene::new(Settings { stream: true, ..Settings::default() });
    let segment = |flags| {
        let header = Tcp { seq: 2, ack: 1, window: 8192, flags };
        Layer { transport: Transport::Tcp(header), ..syn(CLIENT, 4000, SERVER, 445, 1) }
    };
    scene.at(0, &[syn(CLIENT, 4000, SERVER, 445, 1)]).at(50, &[segment(Tcp::ACK)]);
    assert_eq!(ended_by(&mut scene, 200), NOTHING);
    scene.at(201, &[segment(Tcp::RST)]);
    assert_eq!(ended_by(&mut scene, 260), NOTHING);
    assert_eq!(ended_by(&mut scene, 264), ["1.0"]);
}

#[test]
fn an_open_connection_is_held_for_five_minutes() {
    let mut scene = Scene::new(Settings { stream: true, ..Settings::default() });
    scene.at(0, &[syn(CLIENT, 4000, SERVER, 445, 1)]);
    assert_eq!((61..300).step_by(7).flat_map(|now| ended_by(&mut scene, now)).collect::<Vec<_>>(), NOTHING);
    assert_eq!(ended_by(&mut scene, 302), ["1.0"]);
}

#[test]
fn without_splitting_or_streaming_nothing_is_given_away() {
    for settings in [Settings::default(), Settings { stream: true, split: None, ..Settings::default() }] {
        let mut scene = Scene::new(settings);
        scene.at(0, &[udp(CLIENT, 1, SERVER, 53)]);
        assert_eq!(ended_by(&mut scene, 1_000_000), NOTHING);
    }
}

/// Looks at what is under way: ids and packets.
fn look(scene: &mut Scene) -> Vec<(u64, u64)> {
    scene.shard.look(scene.number);
    let under_way = scene.shard.take_harvest().under_way;
    under_way.iter().map(|flow| (flow.id.packet, flow.packets.iter().sum())).collect()
}

#[test]
fn who_looks_on_sees_what_has_changed() {
    let mut scene = Scene::new(Settings { stream: true, ..Settings::default() });
    scene.at(0, &[udp(CLIENT, 1, SERVER, 53)]).at(0, &[udp(CLIENT, 2, SERVER, 53)]);
    assert_eq!(look(&mut scene), [(1, 1), (2, 1)]);
    scene.at(1, &[udp(SERVER, 53, CLIENT, 2)]);
    assert_eq!(look(&mut scene), [(2, 2)]);
    assert_eq!(look(&mut scene), []);
}

#[test]
fn a_look_at_many_flows_goes_on_where_the_one_before_stopped() {
    let mut scene = Scene::new(Settings { stream: true, ..Settings::default() });
    for port in 1..=150 {
        scene.at(0, &[udp(CLIENT, port, SERVER, 53)]);
    }
    let looks: Vec<_> = (0..3).map(|_| look(&mut scene)).collect();
    assert_eq!(looks.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 22]);
    assert!(looks.concat().iter().map(|(id, _)| *id).eq(1..=150));
}

#[test]
fn a_first_fragment_shows_what_it_carries_whether_the_rest_comes_or_not() {
    // A question for www.example, whose datagram goes on in another fragment.
    let header =
        [&[0x0f, 0xa0, 0, 53, 0x04, 0, 0, 0][..], b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\0\0\x01\0\x01"].concat();
    let span = Span { start: 0, end: header.len() as u32 };
    let first = Layer { ip_payload: span, packet: span, ..fragment(1, 0, true, Some((4000, 53))) };
    let mut shard = Shard::new(Settings::default(), Keying::new(KeyParts::default(), 7));
    let layers = [first];
    let keyed = shard.keying.key(&layers, Identity::of(&first)).unwrap();
    let fingerprint = fingerprint(&first, &header);
    let time = Timestamp::new(0, 0, 6);
    shard.see(&Sighting { number: 1, time, layers: &layers, carries: false, frame: &header, keyed: &keyed, fingerprint });
    shard.finish();
    let found = shard.flows().iter().filter_map(|flow| flow.payload.finding()).map(|finding| finding.protocol.name);
    assert_eq!(found.collect::<Vec<_>>(), ["DNS"]);
}
