//! Interface identifiers of DCE/RPC (C706 appendix A): three fields follow the byte order of the PDU, the rest is bytes.

use std::fmt;

/// A UUID, in the order it is printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// As a PDU holds it.
    pub fn from_wire(mut bytes: [u8; 16], little_endian: bool) -> Self {
        if little_endian {
            for field in [0..4, 4..6, 6..8] {
                bytes.get_mut(field).unwrap_or_default().reverse();
            }
        }
        Self(bytes)
    }

    /// `e1af8308-5d1f-11c9-91a4-08002b14a0fa`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        let mut bytes = [0; 16];
        if digits.len() != 32 || text.len() != 36 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}
