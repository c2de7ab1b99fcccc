//! SDP (RFC 8866): at which ports media will be received.

use super::address;
use super::door::Service;
use crate::net::Addr;
use crate::recognize::text;

/// Media. Keys, probes and encryption share its ports.
pub static RTP: Service = Service { name: "RTP", label: Some("RTP"), speaks: &[] };
/// Its control protocol.
pub static RTCP: Service = Service { name: "RTCP", label: Some("RTCP"), speaks: &[] };

/// The most media of one description.
const MEDIA: usize = 16;

/// A port at which media will be received.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Media {
    /// `audio`, `video` ...
    pub kind: String,
    /// The address that is given for it.
    pub host: Option<Addr>,
    /// Its port.
    pub rtp: u16,
    /// That of its control protocol; `None`: the same.
    pub rtcp: Option<u16>,
}

/// The RTP media of a description. A port of 0 declines (RFC 3264 section 6).
pub fn media(description: &[u8]) -> Vec<Media> {
    let mut found: Vec<Media> = Vec::new();
    let (mut session, mut is_open) = (None, false);
    for line in text::lines(description) {
        if let Some(address) = line.strip_prefix(b"c=IN IP") {
            let host = text::words(address).nth(1).and_then(|host| address::ip(host.split(|byte| *byte == b'/').next()?));
            match found.last_mut().filter(|_| is_open) {
                Some(media) => media.host = host,
                None => session = host,
            }
        } else if let Some(line) = line.strip_prefix(b"m=") {
            let media = described(line, session).filter(|_| found.len() < MEDIA);
            is_open = media.is_some();
            found.extend(media);
        } else if let (true, Some(media)) = (is_open, found.last_mut()) {
            if let Some(port) = line.strip_prefix(b"a=rtcp:") {
                media.rtcp = text::words(port).next().and_then(address::number).or(media.rtcp);
            } else if line == b"a=rtcp-mux" {
                media.rtcp = None;
            }
        }
    }
    found
}

/// `audio 49170/2 RTP/AVP 0`.
fn described(line: &[u8], host: Option<Addr>) -> Option<Media> {
    let mut words = text::words(line);
    let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
    let port = address::number::<u16>(port.split(|byte| *byte == b'/').next()?)?;
    let is_rtp = memchr::memmem::find(protocol, b"RTP/").is_some() && !protocol.starts_with(b"TCP");
    (is_rtp && port > 0).then(|| Media {
        kind: crate::recognize::shown(kind).into_owned(),
        host,
        rtp: port,
        rtcp: port.checked_add(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_addresses_of_media() {
        let text = b"v=0\r\no=a 1 1 IN IP4 10.0.0.9\r\nc=IN IP4 10.0.0.1\r\nm=audio 49170 RTP/AVP 0\r\na=rtcp:53020\r\n\
            m=video 51372/2 RTP/SAVPF 31\r\nc=IN IP4 224.2.1.1/127\r\na=rtcp-mux\r\nm=audio 0 RTP/AVP 0\r\nm=message 1 TCP/MSRP *\r\n";
        let found: Vec<_> = media(text).into_iter().map(|media| (media.kind, media.host, media.rtp, media.rtcp)).collect();
        let hosts = [Addr::v4([10, 0, 0, 1]), Addr::v4([224, 2, 1, 1])].map(Some);
        assert_eq!(found, [("audio".to_owned(), hosts[0], 49170, Some(53020)), ("video".to_owned(), hosts[1], 51372, None)]);
    }
}
