//! Community IDs against the specification's baseline, the reference implementation's tests, and vectors it computed.

use flowlabel::net::IpProto;
use flowlabel::record::CommunityTuple;

const VECTORS: &str = include_str!("community_id.csv");

fn vector(line: &str) -> (CommunityTuple, &str) {
    let mut cells = line.split(',').skip(1);
    let mut next = || cells.next().unwrap();
    let protocol = IpProto(next().parse().unwrap());
    let (source, destination) = (next().parse().unwrap(), next().parse().unwrap());
    let ports = next().parse().ok().zip(next().parse().ok());
    (CommunityTuple { source, destination, protocol, ports }, next())
}

#[test]
fn every_vector() {
    let mut seen = 0;
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let (tuple, expected) = vector(line);
        assert_eq!(tuple.id().0.as_str(), expected, "{line}");
        seen += 1;
    }
    assert!(seen > 150);
}

#[test]
fn both_directions_have_one_id_unless_an_icmp_message_has_no_answer() {
    let (a, b) = ("10.0.0.9".parse().unwrap(), "10.0.0.1".parse().unwrap());
    let id = |source, destination, protocol, ports| CommunityTuple { source, destination, protocol, ports }.id();
    for protocol in (0..=255).map(IpProto) {
        if !matches!(protocol, IpProto::ICMP | IpProto::ICMP6) {
            assert_eq!(id(a, b, protocol, Some((7, 9))), id(b, a, protocol, Some((9, 7))), "{protocol}");
        }
    }
    assert_eq!(id(a, b, IpProto::ICMP, Some((8, 0))), id(b, a, IpProto::ICMP, Some((0, 0))));
    assert_ne!(id(a, b, IpProto::ICMP, Some((3, 3))), id(b, a, IpProto::ICMP, Some((3, 3))));
}

#[test]
fn only_protocols_with_ports_in_the_specification_hash_them() {
    let (source, destination) = ("10.0.0.9".parse().unwrap(), "10.0.0.1".parse().unwrap());
    for protocol in (0..=255).map(IpProto) {
        let id = |ports| CommunityTuple { source, destination, protocol, ports }.id();
        let hashed = matches!(protocol, IpProto::TCP | IpProto::UDP | IpProto::SCTP | IpProto::ICMP | IpProto::ICMP6);
        assert_eq!(id(Some((1, 2))) != id(None), hashed, "{protocol}");
    }
}
