//! Scenarios written by hand. What is expected follows from Zeek's documentation of `conn_state` and `history` and from RFC 9293.

use proptest::prelude::*;

use super::*;

/// A segment as the scenarios write it: `milliseconds side flags seq ack length`, and `w0` for a window of zero. Flags are S, F, R
/// and `.` for ACK.
#[derive(Clone, Copy, Debug)]
struct Line {
    side: Side,
    header: Tcp,
    payload: u32,
    time: Timestamp,
}

fn line(text: &str) -> Line {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |at: usize| words[at].parse::<u32>().unwrap();
    let flags = words[2].chars().map(|flag| match flag {
        'S' => Tcp::SYN,
        'F' => Tcp::FIN,
        'R' => Tcp::RST,
        '.' => Tcp::ACK,
        other => panic!("flag {other}"),
    });
    let millis = number(0);
    Line {
        side: if words[1] == "A" { Side::A } else { Side::B },
        header: Tcp {
            seq: number(3),
            ack: number(4),
            window: if words.get(6) == Some(&"w0") { 0 } else { 1000 },
            flags: flags.fold(0, |all, flag| all | flag),
        },
        payload: number(5),
        time: Timestamp::new(1_700_000_000 + i64::from(millis / 1000), millis % 1000 * 1_000_000, 9),
    }
}

fn play(lines: &[&str]) -> TcpState {
    let mut tcp = TcpState::default();
    for text in lines {
        let Line { side, header, payload, time } = line(text);
        tcp.see(side, header, payload, time);
    }
    tcp
}

struct Scenario {
    name: &'static str,
    lines: &'static [&'static str],
    /// What is seen from the originator; A unless the handshake says otherwise.
    expect: (ConnState, &'static str),
    rtt: Option<f64>,
    retransmissions: u64,
    gaps: u64,
    closed: bool,
}

/// A handshake of 25 ms with initial sequence numbers 100 and 500.
const SYN: &str = "0 A S 100 0 0";
const SYN_ACK: &str = "10 B S. 500 101 0";
const ACK: &str = "25 A . 101 501 0";

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a normal connection",
        lines: &[
            SYN,
            SYN_ACK,
            ACK,
            "30 A . 101 501 10",
            "40 B . 501 111 0",
            "41 B . 501 111 20",
            "50 A . 111 521 0",
            "51 A F. 111 521 0",
            "60 B . 521 112 0",
            "61 B F. 521 112 0",
            "70 A . 112 522 0",
        ],
        expect: (ConnState::SF, "ShADadFf"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "nobody answers, the SYN is repeated",
        lines: &[SYN, "1000 A S 100 0 0", "3000 A S 100 0 0"],
        expect: (ConnState::S0, "S"),
        rtt: None,
        retransmissions: 2,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "refused",
        lines: &[SYN, "1 B R. 0 101 0"],
        expect: (ConnState::REJ, "Sr"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "refused, tried again with the same SYN, refused again",
        lines: &[SYN, "1 B R. 0 101 0", "500 A S 100 0 0", "501 B R. 0 101 0"],
        expect: (ConnState::REJ, "Sr"),
        rtt: None,
        retransmissions: 1,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "established and left open",
        lines: &[SYN, SYN_ACK, ACK],
        expect: (ConnState::S1, "ShA"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "the client aborts",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "40 B . 501 111 0", "41 A R. 111 501 0"],
        expect: (ConnState::RSTO, "ShADaR"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "the server aborts",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "40 B R 501 0 0"],
        expect: (ConnState::RSTR, "ShADr"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "a SYN scan that resets what answers",
        lines: &[SYN, SYN_ACK, "11 A R 101 0 0"],
        expect: (ConnState::RSTO, "ShR"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "SYN, then RST, no answer",
        lines: &[SYN, "5 A R 101 0 0"],
        expect: (ConnState::RSTOS0, "SR"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "SYN, then FIN, no answer",
        lines: &[SYN, "5 A F 101 0 0"],
        expect: (ConnState::SH, "SF"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "SYN-ACK and FIN of a server, the client was never seen",
        lines: &["0 A S. 500 101 0", "5 A F. 501 101 0"],
        expect: (ConnState::SHR, "^hf"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "SYN-ACK and RST of a server, the client was never seen",
        lines: &["0 A S. 500 101 0", "5 A R 501 0 0"],
        expect: (ConnState::RSTRH, "^hr"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "only the SYN was missed",
        lines: &["0 A S. 500 101 0", "5 B . 101 501 0"],
        expect: (ConnState::S1, "^hA"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "half closed: the client has finished, the server still sends",
        lines: &[SYN, SYN_ACK, ACK, "30 A F. 101 501 0", "40 B . 501 102 0", "41 B . 501 102 20", "50 A . 102 521 0"],
        expect: (ConnState::S2, "ShAFad"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "half closed by the server",
        lines: &[SYN, SYN_ACK, ACK, "30 B F. 501 101 0"],
        expect: (ConnState::S3, "ShAf"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "from the middle of a connection",
        lines: &["0 A . 7000 9000 10", "1 B . 9000 7010 0"],
        expect: (ConnState::OTH, "Da"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "from the middle, the first segments out of order",
        lines: &["0 A . 7010 9000 10", "1 A . 7000 9000 10", "2 A . 7020 9000 10", "3 B . 9000 7030 0"],
        expect: (ConnState::OTH, "Da"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "SYN-ACK before SYN in the file",
        lines: &["10 A S. 500 101 0", "0 B S 100 0 0", "25 B . 101 501 0"],
        expect: (ConnState::S1, "^hSA"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "the SYN comes after the first data in the file",
        lines: &["25 A . 101 501 10", "0 A S 100 0 0", "30 A . 111 501 10"],
        // Zeek begins again with a SYN after partial traffic of that side alone.
        expect: (ConnState::S0, "DS"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "data sent again",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "330 A . 101 501 10"],
        expect: (ConnState::S1, "ShADT"),
        rtt: Some(25.0),
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "data sent again together with more",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "330 A . 101 501 20", "331 A . 121 501 5"],
        expect: (ConnState::S1, "ShADT"),
        rtt: Some(25.0),
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a FIN sent again",
        lines: &[SYN, SYN_ACK, ACK, "30 A F. 101 501 0", "330 A F. 101 501 0"],
        expect: (ConnState::S2, "ShAF"),
        rtt: Some(25.0),
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "keep-alives with and without a byte",
        lines: &[
            SYN,
            SYN_ACK,
            ACK,
            "30 A . 101 501 10",
            "40 B . 501 111 0",
            "7240 A . 110 501 0",
            "7241 B . 501 111 0",
            "14241 A . 110 501 1",
            "14242 B . 501 111 0",
        ],
        expect: (ConnState::S1, "ShADa"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a segment the capture lost and the peer acknowledged",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "31 A . 121 501 10", "40 B . 501 131 0"],
        expect: (ConnState::S1, "ShADaG"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 1,
        closed: false,
    },
    Scenario {
        name: "the last segment lost, only its acknowledgement tells",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "40 B . 501 131 0", "41 A . 131 501 10", "42 B . 501 141 0"],
        expect: (ConnState::S1, "ShADaG"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 1,
        closed: false,
    },
    Scenario {
        name: "a hole that nobody acknowledged is a gap without a letter",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "31 A . 121 501 10"],
        expect: (ConnState::S1, "ShAD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 1,
        closed: false,
    },
    Scenario {
        name: "two holes side by side are one",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 111 501 0", "31 A . 121 501 10"],
        expect: (ConnState::S1, "ShAD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 1,
        closed: false,
    },
    Scenario {
        name: "reordered segments fill their hole",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "31 A . 121 501 10", "32 A . 111 501 10", "40 B . 501 131 0"],
        expect: (ConnState::S1, "ShADa"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a hole filled from the middle leaves two",
        lines: &[SYN, SYN_ACK, ACK, "31 A . 131 501 10", "32 A . 111 501 10"],
        expect: (ConnState::S1, "ShAD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 2,
        closed: false,
    },
    Scenario {
        name: "an acknowledgement before its data in the file",
        lines: &[SYN, SYN_ACK, ACK, "31 B . 501 111 0", "30 A . 101 501 10"],
        // Zeek writes the letter when the acknowledgement comes and does not take it back.
        expect: (ConnState::S1, "ShAaGD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "one hole more than are watched",
        lines: &[
            SYN,
            SYN_ACK,
            ACK,
            "30 A . 111 501 10",
            "30 A . 131 501 10",
            "30 A . 151 501 10",
            "30 A . 171 501 10",
            "30 A . 191 501 10",
            "31 A . 121 501 10",
            "31 A . 141 501 10",
            "31 A . 161 501 10",
            "31 A . 181 501 10",
        ],
        expect: (ConnState::S1, "ShAD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 1,
        closed: false,
    },
    Scenario {
        name: "sequence numbers that wrap around",
        // 4294967281 + 100 = 2^32 + 85.
        lines: &[
            "0 A S 4294967280 0 0",
            "10 B S. 4294967295 4294967281 0",
            "25 A . 4294967281 0 0",
            "30 A . 4294967281 0 100",
            "31 A . 85 0 10",
            "40 B . 0 95 0",
            "330 A . 85 0 10",
        ],
        expect: (ConnState::S1, "ShADaT"),
        rtt: Some(25.0),
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a RST with a sequence number out of thin air closes nothing, though Zeek counts it",
        lines: &[SYN, SYN_ACK, ACK, "30 A . 101 501 10", "31 B R 4000000000 0 0", "40 B . 501 111 10", "41 A . 111 511 0"],
        expect: (ConnState::RSTR, "ShADrd"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a SYN with data that is accepted",
        lines: &["0 A S 100 0 5", "10 B S. 500 106 0", "25 A . 106 501 0", "30 A . 106 501 4"],
        expect: (ConnState::S1, "ShAD"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a SYN with data that has to be sent again",
        lines: &["0 A S 100 0 5", SYN_ACK, "25 A . 101 501 5"],
        expect: (ConnState::S1, "ShDT"),
        rtt: Some(25.0),
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a simultaneous open (RFC 9293 figure 7)",
        lines: &[SYN, "1 B S 500 0 0", "10 A S. 100 501 0", "11 B S. 500 101 0", "20 A . 101 501 3"],
        expect: (ConnState::S1, "SsD"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "the handshake after a repeated SYN is not timed",
        lines: &[SYN, "1000 A S 100 0 0", "1010 B S. 500 101 0", "1025 A . 101 501 0"],
        expect: (ConnState::S1, "ShA"),
        rtt: None,
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "the handshake after a repeated SYN-ACK is not timed",
        lines: &[SYN, SYN_ACK, "1010 B S. 500 101 0", "1025 A . 101 501 0"],
        expect: (ConnState::S1, "ShA"),
        rtt: None,
        retransmissions: 1,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a new SYN while the old one is unanswered is timed anew",
        lines: &[SYN, "1000 A S 3000 0 0", "1010 B S. 500 3001 0", "1025 A . 3001 501 0"],
        expect: (ConnState::S1, "SShA"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a handshake whose last ACK was lost is not timed by later ones",
        // Ten bytes of the client and thirty of the server were missed, of which the server's were acknowledged.
        lines: &[SYN, SYN_ACK, "5000 A . 111 531 0"],
        expect: (ConnState::S1, "ShAg"),
        rtt: None,
        retransmissions: 0,
        gaps: 2,
        closed: false,
    },
    Scenario {
        name: "a clock that goes back times nothing",
        lines: &["9000 A S 100 0 0", SYN_ACK, ACK],
        expect: (ConnState::S1, "ShA"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a server that acknowledges the SYN before it answers",
        lines: &[SYN, "5 B . 1 101 0", SYN_ACK, ACK],
        expect: (ConnState::S1, "SahA"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "one direction only",
        lines: &[SYN, ACK, "30 A . 101 501 10", "40 A . 111 900 0", "50 A F. 111 5000 0"],
        expect: (ConnState::SH, "SADF"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a window of zero, ten times",
        lines: &[
            SYN,
            SYN_ACK,
            ACK,
            "31 B . 501 101 0 w0",
            "32 B . 501 101 0 w0",
            "33 B . 501 101 0 w0",
            "34 B . 501 101 0 w0",
            "35 B . 501 101 0 w0",
            "36 B . 501 101 0 w0",
            "37 B . 501 101 0 w0",
            "38 B . 501 101 0 w0",
            "39 B . 501 101 0 w0",
            "40 B . 501 101 0 w0",
        ],
        expect: (ConnState::S1, "ShAaww"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a window of zero in a RST, or once the peer has sent its FIN, says nothing",
        lines: &[SYN, SYN_ACK, ACK, "30 A F. 101 501 0", "31 B . 501 102 0 w0", "32 B R 501 0 0 w0"],
        expect: (ConnState::RSTR, "ShAFar"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "FIN and RST in one",
        lines: &["0 A FR 100 0 0", "1 A FR 100 0 0"],
        expect: (ConnState::OTH, "I"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "SYN and FIN in one",
        lines: &["0 A SF 100 0 0"],
        expect: (ConnState::SH, "Q"),
        rtt: None,
        retransmissions: 0,
        gaps: 0,
        closed: false,
    },
    Scenario {
        name: "a RST after both FINs is housekeeping",
        lines: &[SYN, SYN_ACK, ACK, "30 B F. 501 101 0", "31 A F. 101 502 0", "32 B R 502 0 0"],
        expect: (ConnState::SF, "ShAfFr"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
    Scenario {
        name: "FIN, RST after it, and the other FIN is a normal end",
        lines: &[SYN, SYN_ACK, ACK, "30 A F. 101 501 0", "31 A R 102 0 0", "32 B F. 501 102 0"],
        expect: (ConnState::SF, "ShAFRf"),
        rtt: Some(25.0),
        retransmissions: 0,
        gaps: 0,
        closed: true,
    },
];

#[test]
fn scenarios() {
    for scenario in SCENARIOS {
        let name = scenario.name;
        let tcp = play(scenario.lines);
        let originator = tcp.handshake_side().unwrap_or(Side::A);
        let history = tcp.history(originator, originator == Side::B);
        assert_eq!((tcp.state(originator), history.as_str()), scenario.expect, "{name}");
        assert_eq!(tcp.rtt_ms(), scenario.rtt, "{name}: rtt");
        assert_eq!(tcp.retransmissions(), scenario.retransmissions, "{name}: retransmissions");
        assert_eq!(tcp.gaps(), scenario.gaps, "{name}: gaps");
        assert_eq!(tcp.is_closed(), scenario.closed, "{name}: closed");
    }
}

#[test]
fn who_asked() {
    let cases: &[(&str, &[&str], Option<Side>)] = &[
        ("SYN", &[SYN], Some(Side::A)),
        ("SYN-ACK", &["0 A S. 500 101 0"], Some(Side::B)),
        ("SYN-ACK, then SYN", &["0 A S. 500 101 0", "0 B S 100 0 0"], Some(Side::B)),
        ("data, then a late SYN from the other side", &["0 A . 501 101 9", "0 B S 100 0 0"], Some(Side::B)),
        ("both asked, one answered", &[SYN, "1 B S 9 0 0", "2 B S. 9 101 0"], Some(Side::A)),
        ("both asked, both answered", &["0 B S 9 0 0", SYN, "2 B S. 9 101 0", "3 A S. 100 10 0"], Some(Side::B)),
        ("both answered, nobody asked", &["0 A S. 500 101 0", "0 B S. 100 501 0"], None),
        ("neither", &["0 A . 1 1 9"], None),
        ("a SYN with FIN says nothing", &["0 A SF 1 1 9"], None),
    ];
    for (name, lines, expected) in cases {
        assert_eq!(play(lines).handshake_side(), *expected, "{name}");
    }
}

#[test]
fn when_a_new_connection_starts() {
    const SECOND: u64 = 1_000_000_000;
    const OPEN: &[&str] = &[SYN, SYN_ACK, ACK];
    const FINISHED: &[&str] = &[SYN, SYN_ACK, ACK, "30 A F. 101 501 0", "31 B F. 501 102 0"];
    let cases: &[(&str, &[&str], &str, u64, bool)] = &[
        ("a SYN on a finished connection", FINISHED, "0 A S 9000 0 0", SECOND, true),
        ("the other way round", FINISHED, "0 B S 9000 0 0", SECOND, true),
        ("after a RST", &[SYN, SYN_ACK, "5 B R 501 0 0"], "0 A S 9000 0 0", SECOND, true),
        ("after a refusal", &[SYN, "5 B R. 0 101 0"], "0 A S 9000 0 0", SECOND, true),
        ("after a refusal, the same SYN", &[SYN, "5 B R. 0 101 0"], "0 A S 100 0 0", SECOND, false),
        ("the sender has said FIN, the answer was missed", &[SYN, ACK, "5 A F 101 0 0"], "0 A S 9000 0 0", SECOND, true),
        ("the same SYN on a finished connection", FINISHED, "0 A S 100 0 0", SECOND, false),
        ("a SYN-ACK on a finished connection", FINISHED, "0 B S. 9000 0 0", SECOND, false),
        ("data on a finished connection", FINISHED, "0 A . 9000 0 5", 100 * SECOND, false),
        ("an active connection", OPEN, "0 A S 9000 0 0", SECOND, false),
        ("an idle connection", OPEN, "0 A S 9000 0 0", 10 * SECOND, true),
        ("an idle connection, the same SYN", OPEN, "0 A S 100 0 0", 100 * SECOND, false),
        ("after a stray RST", &[SYN, SYN_ACK, ACK, "5 B R 4000000000 0 0"], "0 A S 9000 0 0", SECOND, false),
        ("an unanswered attempt, tried again soon", &[SYN], "0 A S 9000 0 0", 3 * SECOND, false),
        ("an unanswered attempt, long ago", &[SYN], "0 A S 9000 0 0", 60 * SECOND, true),
        ("an unanswered attempt, the same SYN", &[SYN], "0 A S 100 0 0", 60 * SECOND, false),
        ("the SYN that belongs to an earlier SYN-ACK", &["0 B S. 500 101 0"], "0 A S 100 0 0", 0, false),
        ("a late SYN before the data seen", &["0 A . 101 501 9", "0 A F 110 0 0", "1 B F 501 0 0"], "0 A S 100 0 0", 0, false),
        ("another SYN on a finished one from the middle", &["0 A F. 101 501 0"], "0 A S 90000000 0 0", 0, true),
        ("a simultaneous open", &[SYN], "0 B S 500 0 0", 0, false),
        ("a SYN with RST", FINISHED, "0 A SR 9000 0 0", SECOND, false),
    ];
    for (name, lines, next, silence, expected) in cases {
        let Line { side, header, .. } = line(next);
        assert_eq!(play(lines).starts_new(side, header, *silence), *expected, "{name}");
    }
}

#[test]
fn retransmissions_are_written_at_1_10_and_100() {
    let mut tcp = play(&[SYN, SYN_ACK, ACK, "30 A . 101 501 10"]);
    for _ in 0..100 {
        let Line { side, header, payload, time } = line("330 A . 101 501 10");
        tcp.see(side, header, payload, time);
    }
    assert_eq!((tcp.retransmissions(), tcp.history(Side::A, false).as_str()), (100, "ShADTTT"));
}

#[test]
fn a_history_that_does_not_fit_ends_in_x() {
    let syn = |n: u32| line(&format!("0 A S {} 0 0", n * 7));
    let mut tcp = TcpState::default();
    for n in 1..=48 {
        let Line { side, header, payload, time } = syn(n);
        tcp.see(side, header, payload, time);
    }
    assert_eq!(tcp.history(Side::A, false).as_str(), "S".repeat(48));
    assert_eq!(tcp.history(Side::B, true).as_str(), format!("^{}x", "s".repeat(46)));
    let Line { side, header, payload, time } = syn(49);
    tcp.see(side, header, payload, time);
    assert_eq!(tcp.history(Side::A, false).as_str(), format!("{}x", "S".repeat(47)));
}

#[test]
fn a_stream_longer_than_the_sequence_space() {
    let mut tcp = play(&[SYN, SYN_ACK, ACK]);
    let mut seq = 101u32;
    let step = 1 << 29;
    for _ in 0..20 {
        tcp.see(Side::A, Tcp { seq, ack: 501, window: 1, flags: Tcp::ACK }, step, Timestamp::NONE);
        seq = seq.wrapping_add(step);
    }
    assert_eq!((tcp.retransmissions(), tcp.gaps()), (0, 0));
    tcp.see(Side::A, Tcp { seq: seq.wrapping_sub(step), ack: 501, window: 1, flags: Tcp::ACK }, step, Timestamp::NONE);
    assert_eq!((tcp.retransmissions(), tcp.gaps()), (1, 0));
}

#[test]
fn without_times_nothing_is_timed() {
    let mut tcp = TcpState::default();
    for text in [SYN, SYN_ACK, ACK] {
        let Line { side, header, payload, .. } = line(text);
        tcp.see(side, header, payload, Timestamp::NONE);
    }
    assert_eq!(tcp.rtt_ms(), None);
}

#[test]
fn the_round_trip_has_nanoseconds() {
    let mut tcp = TcpState::default();
    for (text, nanos) in [(SYN, 999_999_999), (SYN_ACK, 1_000_000_500), (ACK, 1_000_001_000)] {
        let Line { side, header, payload, .. } = line(text);
        tcp.see(side, header, payload, Timestamp::new(1_700_000_000, nanos, 9));
    }
    assert_eq!(tcp.rtt_ms(), Some(0.001_001));
}

#[test]
fn it_is_small() {
    assert!(size_of::<TcpState>() <= 120, "{}", size_of::<TcpState>());
}

fn any_segment() -> impl Strategy<Value = (bool, Tcp, u32, i64)> {
    let number = || prop_oneof![any::<u32>(), 0u32..300, (u32::MAX - 300)..=u32::MAX];
    let header = (number(), number(), 0u16..2, 0u8..32).prop_map(|(seq, ack, window, flags)| Tcp { seq, ack, window, flags });
    (any::<bool>(), header, prop_oneof![Just(0), 0u32..100, any::<u32>()], any::<i64>())
}

fn swap(side: bool) -> Side {
    if side { Side::A } else { Side::B }
}

proptest! {
    /// Whatever comes, nothing panics, and naming the sides the other way round names the outcome the other way round.
    #[test]
    fn sides_are_alike(segments in prop::collection::vec(any_segment(), 0..60)) {
        let (mut one, mut other) = (TcpState::default(), TcpState::default());
        for (side, header, payload, seconds) in segments {
            let time = Timestamp::new(seconds, 0, 6);
            let split = one.starts_new(swap(side), header, 0);
            prop_assert_eq!(split, other.starts_new(swap(!side), header, 0));
            one.see(swap(side), header, payload, time);
            other.see(swap(!side), header, payload, time);
        }
        for side in [Side::A, Side::B] {
            prop_assert_eq!(one.state(side), other.state(side.other()));
            prop_assert_eq!(one.history(side, false), other.history(side.other(), false));
        }
        prop_assert_eq!(one.handshake_side(), other.handshake_side().map(Side::other));
        prop_assert_eq!((one.gaps(), one.retransmissions()), (other.gaps(), other.retransmissions()));
        prop_assert_eq!((one.rtt_ms(), one.is_closed()), (other.rtt_ms(), other.is_closed()));
    }

    /// Eight segments without overlap leave at most four holes open at a time, in whichever order they come: none is a gap at the end.
    #[test]
    fn order_makes_no_gap(
        isn in any::<u32>(),
        lengths in prop::collection::vec(1u32..2000, 8),
        order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        acks in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut tcp = TcpState::default();
        let time = Timestamp::NONE;
        tcp.see(Side::A, Tcp { seq: isn, ack: 0, window: 1, flags: Tcp::SYN }, 0, time);
        tcp.see(Side::B, Tcp { seq: 0, ack: isn.wrapping_add(1), window: 1, flags: Tcp::SYN | Tcp::ACK }, 0, time);
        let starts: Vec<u32> = lengths.iter().scan(isn.wrapping_add(1), |next, len| {
            let start = *next;
            *next = start.wrapping_add(*len);
            Some(start)
        }).collect();
        for (at, ack) in order.into_iter().zip(acks) {
            tcp.see(Side::A, Tcp { seq: starts[at], ack: 1, window: 1, flags: Tcp::ACK }, lengths[at], time);
            if ack {
                let ack = starts[at].wrapping_add(lengths[at]);
                tcp.see(Side::B, Tcp { seq: 1, ack, window: 1, flags: Tcp::ACK }, 0, time);
            }
        }
        prop_assert_eq!((tcp.gaps(), tcp.retransmissions()), (0, 0));
    }
}
