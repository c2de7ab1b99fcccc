//! An endpoint that was learned, as the view keeps it: fit to be shown.

use crate::net::Endpoint;
use crate::record::LearnedEndpoint;
use crate::record::escape::visible;

/// One endpoint and what is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Told apart by this.
    pub key: String,
    /// `10.1.0.5:49158`
    pub place: String,
    /// The transport.
    pub transport: String,
    /// What is spoken there, the interface and its version, what the announcement said besides.
    pub what: String,
    /// How and from which packet it was learned.
    pub how: String,
    /// Hosts that came.
    pub clients: usize,
}

impl Listener {
    /// Takes what the ledger says.
    pub fn new(endpoint: &LearnedEndpoint) -> Self {
        let place = Endpoint { ip: endpoint.server, port: endpoint.port }.to_string();
        let offered = endpoint.name.or(endpoint.interface.as_deref());
        let annotation = endpoint.annotation.as_deref().filter(|text| Some(*text) != endpoint.name).map(visible);
        let parts = [Some(endpoint.protocol), offered, endpoint.version.as_deref(), annotation.as_deref()];
        Self {
            key: format!("{place} {} {} {:?}", endpoint.transport, endpoint.packet, (offered, &endpoint.version)),
            place,
            transport: endpoint.transport.to_string(),
            what: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
            how: format!("{} in packet {}", endpoint.how, endpoint.packet),
            clients: endpoint.clients.len(),
        }
    }

    /// Whether each of these words, in lower case, stands somewhere in it.
    pub fn has(&self, words: &[String]) -> bool {
        let all = [&*self.place, &self.transport, &self.what, &self.how].join(" ").to_lowercase();
        words.iter().all(|word| all.contains(word.as_str()))
    }
}
