//! Git's own transport: a packet line that names a service and a repository.

use super::{Confidence, Look, Opening, Protocol, Read, Said, Turn, conversation, hint, shown};

/// Git.
pub static GIT: Protocol = hint("Git");

/// Looks for Git.
pub fn look(seen: &Opening<'_>) -> Look {
    conversation(seen, &GIT, read)
}

fn read<'a>(said: &Said<'a>) -> Read<Turn<'a>> {
    let Some((length, line)) = said.bytes.split_at_checked(4) else { return Read::Short };
    if !length.iter().all(u8::is_ascii_hexdigit) {
        return Read::Unlike;
    }
    let services = [&b"git-upload-pack /"[..], b"git-receive-pack /", b"git-upload-archive /"];
    if services.iter().any(|service| line.starts_with(service)) {
        return Read::Like(
            Turn::ask(Confidence::Certain).saying(shown(line.split(|byte| *byte == 0).next().unwrap_or_default())),
        );
    }
    // A server that begins with the version of its protocol, a line of its own.
    if matches!(said.bytes, [b'0', b'0', b'0', b'e', b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', b'1'..=b'2', b'\n', ..]) {
        return Read::Like(Turn::answer(Confidence::Both));
    }
    // The first reference, an error, or another version.
    let object = line.get(..40).is_some_and(|object| object.iter().all(u8::is_ascii_hexdigit)) && line.get(40) == Some(&b' ');
    if object || line.starts_with(b"ERR ") || line.starts_with(b"version ") {
        return Read::Like(Turn::confirmation());
    }
    if line.len() < 20 && services.iter().any(|service| service.starts_with(line)) { Read::Short } else { Read::Unlike }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Side;
    use crate::recognize::testing::{detail, found, tcp};

    #[test]
    fn a_fetch() {
        let finding = found(look(&tcp(b"0032git-upload-pack /a.git\0host=example.com\0", b"")));
        assert_eq!(detail(&finding), "git-upload-pack /a.git");
        assert_eq!(look(&tcp(b"0032hello", b"")), Look::No);
        let second = found(look(&tcp(b"000eversion 2\n", b"")));
        assert_eq!((second.client, second.confidence), (Some(Side::B), Confidence::Both));
    }
}
