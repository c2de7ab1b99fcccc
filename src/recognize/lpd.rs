//! LPD (RFC 1179): a byte, a queue's name, a line feed; and a zero for yes.

use super::finding::{Confidence, Finding, Look, Protocol, shown};
use super::opening::{Opening, Read, Said};
use super::text;

/// LPD.
pub static LPD: Protocol = Protocol { name: "LPD", label: Some("LPD"), behind: &["LPD"] };

const COMMANDS: [&str; 6] = ["", "print waiting jobs", "receive a job", "short queue state", "long queue state", "remove jobs"];

enum Talk<'a> {
    Command {
        code: u8,
        queue: &'a [u8],
        /// A control or data file is announced: nothing else looks like it.
        sends_file: bool,
    },
    /// An acknowledgement, or a queue's state.
    Answer,
}

/// Looks for LPD.
pub fn look(seen: &Opening<'_>) -> Look {
    let Some(exchange) = seen.read(read) else { return Look::No };
    let Some((side, (code, queue, sends_file))) = exchange.iter().find_map(|(side, talk)| Some((side, command(talk)?))) else {
        return if exchange.is_both() { Look::No } else { Look::More };
    };
    // Elsewhere than on its port a byte and a word are nothing.
    if !sends_file && !seen.has_port(515) {
        return if exchange.is_both() && code != 2 { Look::No } else { Look::More };
    }
    let confidence = if sends_file { Confidence::Certain } else { exchange.confidence(Confidence::Plausible) };
    let what = COMMANDS.get(usize::from(code)).copied().unwrap_or_default();
    let finding = Finding::new(&LPD, confidence).asked_by(Some(side)).detailed(&format!("{what}, queue {}", shown(queue)));
    // A job's files follow its first acknowledgement.
    if sends_file || (code != 2 && exchange.is_both()) { Look::Sure(finding) } else { Look::Likely(finding) }
}

fn command<'a>(talk: &Talk<'a>) -> Option<(u8, &'a [u8], bool)> {
    match talk {
        Talk::Command { code, queue, sends_file } => Some((*code, queue, *sends_file)),
        Talk::Answer => None,
    }
}

fn read<'a>(said: &Said<'a>) -> Read<Talk<'a>> {
    match said.bytes {
        [code @ 1..=5, rest @ ..] => {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                return if rest.len() < 256 && is_name(rest) { Read::Short } else { Read::Unlike };
            };
            let (line, after) = rest.split_at(end);
            let queue = text::words(line).next().unwrap_or_default();
            let sends_file = *code == 2 && announces_file(after.get(1..).unwrap_or_default());
            Read::or_unlike((is_name(line) && !queue.is_empty()).then_some(Talk::Command { code: *code, queue, sends_file }))
        }
        [0, rest @ ..] => Read::or_unlike(rest.iter().all(|byte| *byte == 0).then_some(Talk::Answer)),
        text => {
            Read::or_unlike(text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).then_some(Talk::Answer))
        }
    }
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Subcommands 2 and 3 (section 6): a length, a space, and a name that begins with `cf` or `df`.
fn announces_file(bytes: &[u8]) -> bool {
    let [2 | 3, rest @ ..] = bytes else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && matches!(rest.get(digits..digits + 3), Some(b" cf" | b" df"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_job_is_sent() {
        let finding = found(look(&tcp(b"\x02laser\n\x0283 cfA001pc7\n", b"\0\0")));
        assert_eq!((detail(&finding), finding.client), ("receive a job, queue laser", Some(Side::A)));
        assert_eq!(finding.confidence, Confidence::Certain);
        assert_eq!(look(&tcp(b"\x04laser\n", b"no entries\n")), Look::No);
        let mut at_home = tcp(b"\x04laser\n", b"no entries\n");
        at_home.ports = [721, 515];
        assert_eq!(detail(&found(look(&at_home))), "long queue state, queue laser");
        assert_eq!((look(&tcp(b"\x02las", b"")), look(&tcp(b"\x02\x01\n", b""))), (Look::More, Look::No));
    }
}
