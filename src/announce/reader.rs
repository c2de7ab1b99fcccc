//! What reads a protocol that announces others.

use std::fmt::Debug;

use super::hearing::Hearing;
use crate::net::Side;

/// Reads one conversation.
pub trait Reader: Debug + Send {
    /// Reads what a side said: of a connection all bytes in order that were not consumed yet, of datagrams one. Returns how many bytes it is done
    /// with; more than there are means that it does not want to see the next ones either. Of a datagram nothing is ever left.
    fn read(&mut self, side: Side, bytes: &[u8], hearing: &mut Hearing<'_>) -> usize;

    /// Bytes of a side were lost: what follows may begin anywhere, though most likely with a message.
    fn lost(&mut self, _side: Side) {}

    /// Nothing more will be announced here.
    fn is_done(&self) -> bool {
        false
    }

    /// Bytes it keeps itself.
    fn held(&self) -> usize {
        0
    }
}
