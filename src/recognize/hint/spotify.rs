//! Spotify's discovery in the local network.

use super::{Confidence, Look, Opening, Protocol, Turn, conversation, hint, signed};

/// Spotify Connect.
pub static SPOTIFY: Protocol = hint("Spotify Connect");

/// Looks for Spotify.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &SPOTIFY, |said| signed(said.bytes, &[(b"SpotUdp", Turn::peer(Confidence::Certain))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognize::testing::{found, udp};

    #[test]
    fn a_hello() {
        assert_eq!(found(udp([57621, 57621], b"SpotUdp0\x12\x34", b"", look)).protocol, &SPOTIFY);
        assert_eq!(udp([57621, 57621], b"SpotTcp", b"", look), Look::No);
    }
}
