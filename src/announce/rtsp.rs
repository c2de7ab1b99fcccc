//! RTSP (RFC 2326 section 12.39): a SETUP and its answer agree on a pair of ports for RTP and RTCP, or on channels of the connection itself.

use super::address;
use super::door::{End, Lasting};
use super::hearing::{Hearing, Word};
use super::message::{Begins, Message};
use super::reader::Reader;
use super::sdp::{self, RTCP, RTP};
use crate::net::{Addr, IpProto, Side};
use crate::recognize::text;

/// A control connection.
#[derive(Debug, Default)]
pub struct Control {
    /// Media will come on this connection: nothing else is announced.
    is_interleaved: bool,
}

impl Reader for Control {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let mut rest = bytes;
        loop {
            match Message::first(rest) {
                Begins::Message(message, length) => {
                    self.message(side, &message, hearing);
                    match rest.get(length..) {
                        Some(after) => rest = after,
                        // The rest of a long body is still to come, and is not wanted.
                        None => return bytes.len() - rest.len() + length,
                    }
                }
                Begins::Short => return bytes.len() - rest.len(),
                // Media among the messages (section 10.12): a dollar, a channel, a length.
                Begins::Other => match rest {
                    [b'$', _, high, low, after @ ..] => {
                        let length = usize::from(u16::from_be_bytes([*high, *low]));
                        match after.get(length..) {
                            Some(after) => rest = after,
                            None => return bytes.len() - after.len() + length,
                        }
                    }
                    [b'$', ..] => return bytes.len() - rest.len(),
                    _ => return bytes.len(),
                },
            }
        }
    }

    fn is_done(&self) -> bool {
        self.is_interleaved
    }
}

impl Control {
    fn message(&mut self, side: Side, message: &Message<'_>, hearing: &mut Hearing<'_>) {
        if !message.is_answer(b"RTSP/") {
            return;
        }
        let group = |media: &sdp::Media| media.host.filter(|host| is_group(*host, hearing.version));
        let groups: Vec<_> = sdp::media(message.body).into_iter().filter_map(|media| Some((group(&media)?, media))).collect();
        for (host, media) in groups {
            announce_group(side, host, (media.rtp, media.rtcp), hearing);
        }
        if let Some(transport) = message.header(b"Transport") {
            self.agreed(side, transport, hearing);
        }
    }

    /// `RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257`: what the server agreed to.
    fn agreed(&mut self, server: Side, transport: &[u8], hearing: &mut Hearing<'_>) {
        let field = |name: &[u8]| transport.split(|byte| *byte == b';').find_map(|field| text::after(field.trim_ascii(), name));
        self.is_interleaved |= field(b"interleaved=").is_some();
        let client = server.other();
        if let Some(source) = field(b"source=").and_then(address::ip) {
            hearing.check(server, source);
        }
        let destination = field(b"destination=").and_then(address::ip);
        if let Some(group) = destination.filter(|host| is_group(*host, hearing.version)) {
            if let Some(ports) = field(b"port=").and_then(pair) {
                announce_group(server, group, ports, hearing);
            }
            return;
        }
        if let Some(destination) = destination {
            hearing.check(client, destination);
        }
        for (end, at, ports) in [(End::Client, client, field(b"client_port=")), (End::Server, server, field(b"server_port="))] {
            if let Some(ports) = ports.and_then(pair) {
                announce_pair(server, (at, end), ports, hearing);
            }
        }
    }
}

fn announce_pair(by: Side, (at, end): (Side, End), (media, control): (u16, Option<u16>), hearing: &mut Hearing<'_>) {
    for (service, port) in [(&RTP, Some(media)), (&RTCP, control)] {
        if let Some(port) = port {
            let word = Word::new(service, "RTSP SETUP", Lasting::Session);
            hearing.announce(by, at, (IpProto::UDP, port), end, word);
        }
    }
}

fn announce_group(by: Side, host: Addr, (media, control): (u16, Option<u16>), hearing: &mut Hearing<'_>) {
    for (service, port) in [(&RTP, Some(media)), (&RTCP, control)] {
        if let Some(port) = port {
            let word = Word::new(service, "RTSP", Lasting::Session);
            hearing.announce_to_all(by, host, (IpProto::UDP, port), End::Client, word);
        }
    }
}

/// `4588-4589`, or one port alone.
fn pair(text: &[u8]) -> Option<(u16, Option<u16>)> {
    let mut ports = text.split(|byte| *byte == b'-');
    Some((address::number(ports.next()?)?, ports.next().and_then(address::number)))
}

fn is_group(host: Addr, version: u8) -> bool {
    host.to_ip(version).is_multicast()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told};
    use super::*;

    #[test]
    fn a_setup_agrees_on_two_pairs() {
        let setup = b"SETUP rtsp://a/b RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=4588-4589\r\n\r\n";
        let answer =
            b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257\r\n\r\n";
        let (announced, _) = told(&mut Control::default(), &[Talk::new(Side::A, setup), Talk::new(Side::B, answer)]);
        let expected = ["10.0.0.1 udp 4588", "10.0.0.1 udp 4589", "10.0.0.2 udp 6256", "10.0.0.2 udp 6257"];
        assert!(announced.iter().zip(expected).all(|(told, expected)| told.starts_with(expected)), "{announced:?}");
        assert_eq!(announced.len(), 4);
    }

    #[test]
    fn channels_of_the_connection_end_it_and_a_group_is_for_all() {
        let mut control = Control::default();
        let answer = b"$\0\0\x02xxRTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n$\0\x40";
        assert_eq!(told(&mut control, &[Talk::new(Side::B, answer)]).0, Vec::<String>::new());
        assert!(control.is_done());
        let group = b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP;multicast;destination=224.2.0.1;port=3456-3457\r\n\r\n";
        assert_eq!(
            told(&mut Control::default(), &[Talk::new(Side::B, group)]).0,
            ["224.2.0.1 udp 3456 RTSP", "224.2.0.1 udp 3457 RTSP"]
        );
    }
}
