//! Runs classic BPF programs over frames.
//!
//! libpcap compiles filters; run by its own `pcap_offline_filter` through the safe wrapper they would take a snapped frame's captured
//! length for its length, so `greater 1000` would miss. The machine is that of the BSD Packet Filter paper (1993), opcodes as in
//! `pcap/bpf.h`; a load outside of the captured bytes rejects the frame.

/// Words of scratch memory.
const SCRATCH: usize = 16;
/// A program jumps back only for `protochain`; so many steps are enough for any frame.
const MOST_STEPS: usize = 65_536;

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Instruction {
    pub code: u16,
    pub if_true: u8,
    pub if_false: u8,
    pub k: u32,
}

/// What an instruction does to the run.
enum Next {
    /// Go on so many instructions behind the next one.
    Jump(i64),
    /// The verdict.
    Return(bool),
}

/// The machine over one frame.
struct Machine<'a> {
    data: &'a [u8],
    wire_len: u32,
    a: u32,
    x: u32,
    scratch: [u32; SCRATCH],
}

/// Whether the program accepts a frame.
pub(super) fn accepts(program: &[Instruction], data: &[u8], wire_len: u32) -> bool {
    let mut machine = Machine { data, wire_len, a: 0, x: 0, scratch: [0; SCRATCH] };
    let mut at = 0i64;
    for _ in 0..MOST_STEPS {
        let Some(instruction) = usize::try_from(at).ok().and_then(|at| program.get(at)) else { return false };
        // A load outside of the frame ends the program like a verdict of zero.
        match machine.step(*instruction).unwrap_or(Next::Return(false)) {
            Next::Jump(by) => at += 1 + by,
            Next::Return(verdict) => return verdict,
        }
    }
    false
}

impl Machine<'_> {
    fn step(&mut self, instruction: Instruction) -> Option<Next> {
        let Instruction { code, k, .. } = instruction;
        match code & 0x07 {
            0 => self.a = self.load(code, k)?,
            1 => self.x = self.load_index(code, k)?,
            2 => *self.scratch.get_mut(k as usize)? = self.a,
            3 => *self.scratch.get_mut(k as usize)? = self.x,
            4 => self.a = self.compute(code, k)?,
            5 => return Some(Next::Jump(self.jump(instruction))),
            6 => return Some(Next::Return(if code & 0x18 == 0x10 { self.a } else { k } != 0)),
            _ if code & 0xf8 == 0x80 => self.a = self.x,
            _ => self.x = self.a,
        }
        Some(Next::Jump(0))
    }

    /// `ld`: from a fixed place, a place relative to X, the length, memory, or a constant.
    fn load(&self, code: u16, k: u32) -> Option<u32> {
        let at = match code & 0xe0 {
            0x00 => return Some(k),
            0x20 => k as usize,
            0x40 => (self.x as usize).checked_add(k as usize)?,
            0x60 => return self.scratch.get(k as usize).copied(),
            0x80 => return Some(self.wire_len),
            _ => return None,
        };
        let rest = self.data.get(at..)?;
        match code & 0x18 {
            0x00 => rest.first_chunk().map(|raw| u32::from_be_bytes(*raw)),
            0x08 => rest.first_chunk().map(|raw| u32::from(u16::from_be_bytes(*raw))),
            _ => rest.first().map(|byte| u32::from(*byte)),
        }
    }

    /// `ldx`: a constant, memory, the length, or the length of the IPv4 header at a place.
    fn load_index(&self, code: u16, k: u32) -> Option<u32> {
        match code & 0xe0 {
            0x00 => Some(k),
            0x60 => self.scratch.get(k as usize).copied(),
            0x80 => Some(self.wire_len),
            0xa0 => self.data.get(k as usize).map(|byte| u32::from(byte & 0x0f) * 4),
            _ => None,
        }
    }

    fn compute(&self, code: u16, k: u32) -> Option<u32> {
        let (a, b) = (self.a, if code & 0x08 == 0 { k } else { self.x });
        match code & 0xf0 {
            0x00 => Some(a.wrapping_add(b)),
            0x10 => Some(a.wrapping_sub(b)),
            0x20 => Some(a.wrapping_mul(b)),
            0x30 => a.checked_div(b),
            0x40 => Some(a | b),
            0x50 => Some(a & b),
            0x60 => Some(a.checked_shl(b).unwrap_or(0)),
            0x70 => Some(a.checked_shr(b).unwrap_or(0)),
            0x80 => Some(a.wrapping_neg()),
            0x90 => a.checked_rem(b),
            0xa0 => Some(a ^ b),
            _ => None,
        }
    }

    fn jump(&self, instruction: Instruction) -> i64 {
        let Instruction { code, if_true, if_false, k } = instruction;
        let (a, b) = (self.a, if code & 0x08 == 0 { k } else { self.x });
        let holds = match code & 0xf0 {
            // libpcap takes the distance as signed.
            0x00 => return i64::from(k as i32),
            0x10 => a == b,
            0x20 => a > b,
            0x30 => a >= b,
            _ => a & b != 0,
        };
        i64::from(if holds { if_true } else { if_false })
    }
}
