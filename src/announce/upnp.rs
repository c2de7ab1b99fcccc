//! Addresses in headers: SSDP's LOCATION, GENA's CALLBACK (`UPnP` Device Architecture, sections 1 and 4), and where a Web server sends its clients.

use super::address;
use super::door::{Lasting, Service};
use super::hearing::{Hearing, Word};
use super::message::{Begins, Message};
use super::reader::Reader;
use crate::net::{IpProto, Side};
use crate::recognize::text;

/// A Web server.
pub static HTTP: Service = Service { name: "HTTP", label: Some("HTTP"), speaks: &["HTTP"] };
/// The same behind TLS.
pub static HTTPS: Service = Service { name: "HTTPS", label: Some("HTTPS"), speaks: &["TLS", "HTTPS"] };
/// Whoever waits for events.
pub static EVENTS: Service = Service { name: "UPnP events", label: Some("SSDP event notification"), speaks: &["HTTP"] };

/// Announcements and answers of devices.
#[derive(Debug, Default)]
pub struct Devices;

impl Reader for Devices {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        let message = Message::of_datagram(bytes);
        if let Some(location) = message.header(b"LOCATION") {
            point(side, location, (&HTTP, "SSDP LOCATION"), hearing);
        }
        bytes.len()
    }
}

/// The first exchange of a Web connection that subscribes or redirects.
#[derive(Debug, Default)]
pub struct Web {
    is_read: bool,
}

/// What is worth reading: a subscription, or an answer that sends the client elsewhere.
pub fn points_elsewhere(payload: &[u8]) -> bool {
    payload.starts_with(b"SUBSCRIBE ") || (payload.starts_with(b"HTTP/1.") && payload.get(8..10) == Some(b" 3"))
}

impl Reader for Web {
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize {
        match Message::first(bytes) {
            Begins::Short => return 0,
            Begins::Other => {}
            Begins::Message(message, _) => {
                let callbacks = message.header(b"CALLBACK").unwrap_or_default();
                for address in callbacks.split(|byte| *byte == b'<').skip(1) {
                    let address = address.split(|byte| *byte == b'>').next().unwrap_or_default();
                    point(side, address, (&EVENTS, "GENA CALLBACK"), hearing);
                }
                if let Some(location) = message.header(b"Location").filter(|_| message.is_answer(b"HTTP/")) {
                    point(side, location, (&HTTP, "HTTP Location"), hearing);
                }
            }
        }
        self.is_read = true;
        bytes.len()
    }

    fn is_done(&self) -> bool {
        self.is_read
    }
}

/// `http://10.0.0.1:2869/upnp`: believed only of the host itself. One without a port says nothing new.
fn point(side: Side, address: &[u8], (service, how): (&'static Service, &'static str), hearing: &mut Hearing<'_>) {
    let Some((service, rest)) = scheme(address, service) else { return };
    let place = rest.split(|byte| matches!(byte, b'/' | b'?')).next().unwrap_or_default();
    let Some((host, Some(port))) = address::host_and_port(place) else { return };
    match address::ip(host) {
        Some(named) if named != hearing.host(side) => hearing.check(side, named),
        // A name is the host's own only where its client has called it so.
        None if !hearing.server_name.is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(host)) => {}
        _ => hearing.listens(side, IpProto::TCP, port, Word::new(service, how, Lasting::Standing)),
    }
}

fn scheme<'a>(address: &'a [u8], service: &'static Service) -> Option<(&'static Service, &'a [u8])> {
    if let Some(rest) = text::after(address, b"https://") {
        return Some((&HTTPS, rest));
    }
    text::after(address, b"http://").map(|rest| (service, rest))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Talk, told, told_over};
    use super::*;

    #[test]
    fn a_device_is_believed_of_itself_only() {
        let notify =
            |host: &str| format!("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nLOCATION: http://{host}:2869/d.xml\r\n\r\n");
        let heard = |text: &str| told_over(IpProto::UDP, &mut Devices, &[Talk::new(Side::A, text.as_bytes())]);
        assert_eq!(heard(&notify("10.0.0.1")), (vec!["10.0.0.1 tcp 2869 SSDP LOCATION".to_owned()], false));
        assert_eq!(heard(&notify("10.0.0.7")), (vec![], true));
        assert_eq!(heard(&notify("device.example")), (vec![], false));
    }

    #[test]
    fn subscriptions_and_redirections() {
        let subscribe = b"SUBSCRIBE /e HTTP/1.1\r\nCALLBACK: <http://10.0.0.1:5431/a><http://10.0.0.1:5432>\r\n\r\n";
        assert_eq!(
            told(&mut Web::default(), &[Talk::new(Side::A, subscribe)]).0,
            ["10.0.0.1 tcp 5431 GENA CALLBACK", "10.0.0.1 tcp 5432 GENA CALLBACK"]
        );
        let moved = b"HTTP/1.1 302 Found\r\nLocation: https://10.0.0.2:16993/logon.htm\r\n\r\n";
        assert!(points_elsewhere(subscribe) && points_elsewhere(moved) && !points_elsewhere(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(told(&mut Web::default(), &[Talk::new(Side::B, moved)]).0, ["10.0.0.2 tcp 16993 HTTP Location"]);
    }
}
