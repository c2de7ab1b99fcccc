//! Stratum: mining of crypto currencies, in lines of JSON.

use super::{Confidence, Look, Opening, Protocol, Read, Turn, conversation, has, hint};

/// Stratum.
pub static STRATUM: Protocol = hint("Stratum");

/// Looks for Stratum.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &STRATUM, |said| {
        let head = said.bytes.get(..300).unwrap_or(said.bytes);
        match head.first() {
            Some(b'{')
                if [
                    &b"\"mining."[..],
                    b"\"eth_submitLogin\"",
                    b"\"eth_getWork\"",
                    b"\"jsonrpc\":\"2.0\",\"method\":\"login\"",
                ]
                .iter()
                .any(|word| has(head, word)) =>
            {
                Read::Like(Turn::peer(Confidence::Certain))
            }
            Some(b'{') if has(head, b"\"result\"") && has(head, b"\"id\"") => Read::Like(Turn::confirmation()),
            Some(b'{') if head.len() < 64 => Read::Short,
            _ => Read::Unlike,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{found, tcp};

    #[test]
    fn a_subscription() {
        let ask = b"{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": []}\n";
        assert_eq!(found(look(&tcp(ask, b"{\"id\":1,\"result\":[],\"error\":null}\n"))).client, Some(Side::A));
        assert_eq!(look(&tcp(b"", b"{\"id\":1,\"result\":[],\"error\":null}\n")), Look::More);
    }
}
