//! stub
use super::Side;
use crate::net::Timestamp;
use crate::record::{ConnState, History};
use crate::wire::Tcp;
#[derive(Debug, Default)]
pub struct TcpState { client: Option<bool> }
impl TcpState {
    pub fn see(&mut self, _side: Side, _header: Tcp, _len: u32, _time: Timestamp) {}
    pub fn starts_new(&self, _side: Side, _header: Tcp) -> bool { false }
    pub fn is_closed(&self) -> bool { false }
    pub fn handshake_side(&self) -> Option<Side> { self.client.map(|c| if c { Side::A } else { Side::B }) }
    pub fn state(&self, _client: Side) -> ConnState { ConnState::OTH }
    pub fn history(&self, _client: Side, _flipped: bool) -> History { History::new() }
    pub fn rtt_ms(&self) -> Option<f64> { None }
    pub fn retransmissions(&self) -> u64 { 0 }
    pub fn gaps(&self) -> u64 { 0 }
}
