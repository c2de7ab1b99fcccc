//! SIP (RFC 3261): invitations and answers describe in SDP where their sender receives media.

use super::door::{End, Lasting};
use super::hearing::{Hearing, Word};
use super::message::{Begins, Message};
use super::reader::Reader;
use super::sdp::{self, RTCP, RTP};
use crate::net::{IpProto, Side};

/// Signalling between two hosts.
#[derive(Debug, Default)]
pub struct Signalling;

impl Reader for Signalling {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        if hearing.transport == IpProto::UDP {
            describe(side, &Message::of_datagram(bytes), hearing);
            return bytes.len();
        }
        let mut rest = bytes;
        loop {
            match Message::first(rest) {
                Begins::Message(message, length) => {
                    describe(side, &message, hearing);
                    match rest.get(length..) {
                        Some(after) => rest = after,
                        None => return bytes.len() - rest.len() + length,
                    }
                }
                Begins::Short => return bytes.len() - rest.len(),
                Begins::Other => {
                    // Keep-alives are empty lines (RFC 5626 section 3.5.1).
                    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                    match rest.get(blank..).filter(|_| blank > 0) {
                        Some(after) => rest = after,
                        None => return bytes.len(),
                    }
                }
            }
        }
    }
}

/// Media come from whoever is at the other end of the call, which a proxy may hide: the port is for any host. It is believed at the address of who
/// speaks; where that is a proxy, the phone itself has said it before.
fn describe(side: Side, message: &Message<'_>, hearing: &mut Hearing<'_>) {
    for media in sdp::media(message.body) {
        for (service, port) in [(&RTP, Some(media.rtp)), (&RTCP, media.rtcp)] {
            let Some(port) = port else { continue };
            let word = Word::new(service, "SDP", Lasting::Session).about(&media.kind);
            hearing.announce_to_all(side, hearing.host(side), (IpProto::UDP, port), End::Server, word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told, told_over};
    use super::*;

    #[test]
    fn an_invitation_says_where_media_are_received() {
        let sdp = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\n";
        let invite = format!("INVITE sip:b@c SIP/2.0\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        let expected = ["10.0.0.1 udp 49170 SDP", "10.0.0.1 udp 49171 SDP"];
        assert_eq!(told_over(IpProto::UDP, &mut Signalling, &[Talk::new(Side::A, invite.as_bytes())]).0, expected);
        let (head, tail) = invite.as_bytes().split_at(60);
        let pieces = [Talk::new(Side::A, b"\r\n\r\n"), Talk::new(Side::A, head), Talk::new(Side::A, tail)];
        assert_eq!(told(&mut Signalling, &pieces).0, expected);
    }
}
