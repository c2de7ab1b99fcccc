//! The table of readers: which flows are worth following.

use std::sync::LazyLock;

use super::reader::Reader;
use super::{ftp, ike, l2tp, portmap, pptp, rpc, rtsp, sip, smb, ssrp, tftp, upnp};
use crate::net::IpProto;

/// A protocol that announces others.
#[derive(Debug)]
pub struct Route {
    /// Its word, the name of its file.
    pub word: &'static str,
    /// The transports it is read over.
    pub over: &'static [IpProto],
    /// Followed from the first byte where one of the ports is among these.
    pub ports: &'static [u16],
    /// Followed on any port from where one of these protocols was recognised.
    pub protocols: &'static [&'static str],
    /// Only where the first payload that would be followed begins like this; `None`: always.
    pub begins: Option<fn(&[u8]) -> bool>,
    /// A new reader.
    pub new: fn() -> Box<dyn Reader>,
}

const TCP: &[IpProto] = &[IpProto::TCP];
const UDP: &[IpProto] = &[IpProto::UDP];
const BOTH: &[IpProto] = &[IpProto::TCP, IpProto::UDP];

/// Every route.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    Route { word: "rpc", over: TCP, ports: &[135, 593], protocols: &["DCE/RPC"], begins: None, new: || Box::new(rpc::Connection::default()) },
    Route { word: "rpc_datagram", over: UDP, ports: &[135], protocols: &["DCE/RPC"], begins: None, new: || Box::new(rpc::Datagrams::default()) },
    Route { word: "smb", over: TCP, ports: &[139, 445], protocols: &["SMB"], begins: Some(smb::is_session), new: || Box::new(smb::Pipes::default()) },
    Route { word: "ftp", over: TCP, ports: &[21], protocols: &["FTP"], begins: None, new: || Box::new(ftp::Control::default()) },
    Route { word: "tftp", over: UDP, ports: &[69], protocols: &["TFTP"], begins: None, new: || Box::new(tftp::Requests) },
    Route { word: "ssrp", over: UDP, ports: &[1434], protocols: &["SQL Server browser"], begins: None, new: || Box::new(ssrp::Browser::default()) },
    Route { word: "rtsp", over: TCP, ports: &[554], protocols: &["RTSP"], begins: None, new: || Box::new(rtsp::Control::default()) },
    Route { word: "sip", over: BOTH, ports: &[5060], protocols: &["SIP"], begins: None, new: || Box::new(sip::Signalling) },
    Route { word: "portmap", over: BOTH, ports: &[111], protocols: &[], begins: None, new: || Box::new(portmap::Mapper::default()) },
    Route { word: "upnp", over: UDP, ports: &[1900], protocols: &["SSDP"], begins: None, new: || Box::new(upnp::Devices) },
    Route { word: "upnp_web", over: TCP, ports: &[], protocols: &["HTTP"], begins: Some(upnp::points_elsewhere), new: || Box::new(upnp::Web::default()) },
    Route { word: "pptp", over: TCP, ports: &[1723], protocols: &[], begins: None, new: || Box::new(pptp::Control) },
    Route { word: "ike", over: UDP, ports: &[500], protocols: &["IKE"], begins: None, new: || Box::new(ike::Negotiation::default()) },
    Route { word: "l2tp", over: UDP, ports: &[1701], protocols: &[], begins: None, new: || Box::new(l2tp::Request::default()) },
];

impl Route {
    fn takes(&self, transport: IpProto, payload: &[u8]) -> bool {
        self.over.contains(&transport) && self.begins.is_none_or(|begins| begins(payload))
    }
}

/// A bit for each port that some route follows: nearly all flows are at none, and each is asked about.
static FOLLOWED: LazyLock<Box<[u64]>> = LazyLock::new(|| {
    let mut bits = vec![0; 1 << 10].into_boxed_slice();
    for port in ROUTES.iter().flat_map(|route| route.ports) {
        if let Some(word) = bits.get_mut(usize::from(*port) / 64) {
            *word |= 1 << (port % 64);
        }
    }
    bits
});

fn is_followed(port: u16) -> bool {
    FOLLOWED.get(usize::from(port) / 64).is_some_and(|word| word >> (port % 64) & 1 == 1)
}

/// What is followed on a port, whatever is spoken there.
pub fn by_port(transport: IpProto, ports: [u16; 2], payload: &[u8]) -> Option<&'static Route> {
    if !ports.into_iter().any(is_followed) {
        return None;
    }
    let here = |route: &&Route| ports.iter().any(|port| route.ports.contains(port)) && route.takes(transport, payload);
    ROUTES.iter().find(here)
}

/// What follows a recognised protocol.
pub fn by_protocol(transport: IpProto, name: &str, payload: &[u8]) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.protocols.contains(&name) && route.takes(transport, payload))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::RECOGNIZERS;

    #[test]
    fn every_protocol_is_one_that_can_be_recognised() {
        for name in ROUTES.iter().flat_map(|route| route.protocols) {
            let mut known = RECOGNIZERS.iter().flat_map(|recognizer| recognizer.protocols);
            assert!(known.any(|protocol| protocol.name == *name), "{name}");
        }
    }
}
