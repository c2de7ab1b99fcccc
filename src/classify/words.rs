//! Every flag and note, and what it means. Scripts depend on these words.

use crate::recognize::Note;

/// A flag: something a person should look at.
pub(super) const PORT_UNDOCUMENTED: &str = "port-undocumented";
pub(super) const TRANSPORT_UNDOCUMENTED: &str = "transport-undocumented";
pub(super) const PROTOCOL_UNDOCUMENTED: &str = "protocol-undocumented";
pub(super) const PORTS_UNSEEN: &str = "ports-unseen";
pub(super) const CONTRADICTS: &str = "payload-contradicts-port";
pub(super) const UNDOCUMENTED_PORT: &str = "protocol-on-undocumented-port";

/// It announced an address that is neither of its two.
pub const FOREIGN: &str = "announces-other-host";
pub(super) const MID_FLOW: &str = "capture-started-mid-flow";
pub(super) const ONE_DIRECTION: &str = "one-direction-only";
pub(super) const REFUSED: &str = "refused";
pub(super) const UNANSWERED: &str = "unanswered";
pub(super) const DOUBTFUL: &str = "doubtful-fact";
pub(super) const DERIVED: &str = "derived-fact";
pub(super) const BOTH_DOCUMENTED: &str = "both-ports-documented";

/// Every flag with its meaning, sorted.
pub const FLAGS: &[(&str, &str)] = &[
    (CONTRADICTS, "the payload is another protocol than the port's"),
    (PORT_UNDOCUMENTED, "no document lists the port"),
    (PORTS_UNSEEN, "only fragments or cut headers were captured, so the ports are not known"),
    (UNDOCUMENTED_PORT, "the payload is a documented protocol, but no document gives it this port"),
    (PROTOCOL_UNDOCUMENTED, "no document lists the IP protocol or ICMP type"),
    (TRANSPORT_UNDOCUMENTED, "the port is documented for the other transport only"),
];

/// Every note with its meaning, sorted; the payload adds those of [`crate::recognize::Note::ALL`].
pub const NOTES: &[(&str, &str)] = &[
    (
        FOREIGN,
        "a host announced an address of another one (FTP bounce, a forged answer, or a translator on the way): not believed",
    ),
    (BOTH_DOCUMENTED, "both ports are documented and neither is the likelier listener: the first sender counts as client"),
    (MID_FLOW, "the connection was open before the capture began"),
    (DERIVED, "no document prints it: it follows from a reading"),
    (DOUBTFUL, "a document prints it, and it is hardly true"),
    (ONE_DIRECTION, "packets of one side only were captured"),
    (REFUSED, "the server said no: a reset, or an ICMP error"),
    (UNANSWERED, "the server never answered"),
];

/// What a flag or a note means, whoever set it.
pub fn meaning(word: &str) -> Option<&'static str> {
    let own = FLAGS.iter().chain(NOTES).copied();
    let of_payload = Note::ALL.iter().map(|(_, word, meaning)| (*word, *meaning));
    own.chain(of_payload).find(|(known, _)| *known == word).map(|(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_meaning() {
        assert!(
            meaning("cleartext-credentials").is_some() && meaning("refused").is_some() && meaning("port-undocumented").is_some()
        );
        assert_eq!(meaning("no-such-word"), None);
    }

    #[test]
    fn tables_are_sorted_and_without_repeats() {
        for table in [FLAGS, NOTES] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0), "{table:?}");
        }
    }
}
