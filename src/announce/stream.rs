//! One direction of a connection, in order, in little memory, and going on after a gap.

/// Bytes that may wait for the rest of their message: the longest PDU of DCE/RPC.
const LONGEST: usize = 0x1_0000;
/// Segments that wait for an earlier one before that one is given up.
const WAITING: usize = 8;

/// One segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Its sequence number.
    pub seq: u32,
    /// The sequence number of the direction's first byte, where a SYN told it.
    pub first: Option<u32>,
    /// Captured bytes.
    pub bytes: &'a [u8],
    /// How long it is by the headers.
    pub len: u32,
}

/// What becomes of a segment: bytes in order, or word that some are missing.
pub enum Event<'a> {
    /// The bytes that were not consumed yet; how many are is the answer.
    Bytes(&'a [u8]),
    /// Some were lost.
    Gap,
}

/// One direction.
#[derive(Debug, Default)]
pub struct Stream {
    /// In order, and not consumed.
    left: Vec<u8>,
    /// The sequence number that comes next.
    next: u32,
    known: bool,
    /// Bytes nobody wants to see.
    skip: usize,
    waiting: Vec<Early>,
}

#[derive(Debug)]
struct Early {
    seq: u32,
    bytes: Vec<u8>,
    len: u32,
}

impl Stream {
    /// Bytes kept.
    pub fn held(&self) -> usize {
        self.left.len() + self.waiting.iter().map(|early| early.bytes.len()).sum::<usize>()
    }

    /// Takes a segment and passes on what is in order now.
    pub fn see(&mut self, segment: &Segment<'_>, tell: &mut dyn FnMut(Event<'_>) -> usize) {
        if segment.len == 0 {
            return;
        }
        if !self.known {
            (self.next, self.known) = (segment.first.unwrap_or(segment.seq), true);
        }
        if segment.seq.wrapping_sub(self.next) as i32 > 0 {
            self.wait(segment, tell);
            return;
        }
        self.append(segment.seq, segment.bytes, segment.len, tell);
        self.catch_up(tell);
    }

    /// Passes on what waited and is in order now.
    fn catch_up(&mut self, tell: &mut dyn FnMut(Event<'_>) -> usize) {
        let in_order = |early: &Early, next: u32| early.seq.wrapping_sub(next) as i32 <= 0;
        while let Some(at) = self.waiting.iter().position(|early| in_order(early, self.next)) {
            let early = self.waiting.swap_remove(at);
            self.append(early.seq, &early.bytes, early.len, tell);
        }
    }

    /// Keeps a segment that came early. When too many wait, the missing one is lost, and the earliest goes on.
    fn wait(&mut self, segment: &Segment<'_>, tell: &mut dyn FnMut(Event<'_>) -> usize) {
        if self.waiting.iter().any(|early| early.seq == segment.seq && early.len >= segment.len) {
            return;
        }
        self.waiting.push(Early { seq: segment.seq, bytes: segment.bytes.to_vec(), len: segment.len });
        if self.waiting.len() <= WAITING {
            return;
        }
        let next = self.next;
        if let Some(earliest) = self.waiting.iter().map(|early| early.seq).min_by_key(|seq| seq.wrapping_sub(next)) {
            self.lose(tell);
            self.next = earliest;
            self.catch_up(tell);
        }
    }

    fn lose(&mut self, tell: &mut dyn FnMut(Event<'_>) -> usize) {
        self.left.clear();
        self.skip = 0;
        tell(Event::Gap);
    }

    /// Passes on what is new of a segment that is in order.
    fn append(&mut self, seq: u32, bytes: &[u8], len: u32, tell: &mut dyn FnMut(Event<'_>) -> usize) {
        let behind = self.next.wrapping_sub(seq) as usize;
        if behind >= len as usize {
            return;
        }
        self.next = seq.wrapping_add(len);
        let new = bytes.get(behind..).unwrap_or_default();
        let skipped = self.skip.min(len as usize - behind);
        self.skip -= skipped;
        self.pass_on(new.get(skipped..).unwrap_or_default(), tell);
        // The snap length cut the rest away.
        if bytes.len() < len as usize && self.skip == 0 {
            self.lose(tell);
        }
    }

    fn pass_on(&mut self, new: &[u8], tell: &mut dyn FnMut(Event<'_>) -> usize) {
        if new.is_empty() {
            return;
        }
        if self.left.is_empty() {
            let consumed = tell(Event::Bytes(new));
            self.skip = consumed.saturating_sub(new.len());
            self.left.extend_from_slice(new.get(consumed..).unwrap_or_default());
        } else {
            self.left.extend_from_slice(new);
            let consumed = tell(Event::Bytes(&self.left));
            self.skip = consumed.saturating_sub(self.left.len());
            self.left.drain(..consumed.min(self.left.len()));
        }
        if self.left.len() > LONGEST {
            self.lose(tell);
        }
        if self.left.is_empty() {
            // Most of the time nothing is left: no memory is kept for it.
            self.left = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of segments, consuming whole lines: the lines, and `-` for a gap.
    fn told(segments: &[(u32, &str)], first: Option<u32>) -> Vec<String> {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        for (seq, text) in segments {
            let bytes = text.as_bytes();
            stream.see(&Segment { seq: *seq, first, bytes, len: bytes.len() as u32 }, &mut |event| match event {
                Event::Gap => {
                    out.push("-".to_owned());
                    0
                }
                Event::Bytes(bytes) => {
                    let text = std::str::from_utf8(bytes).unwrap();
                    let end = text.rfind('\n').map_or(0, |at| at + 1);
                    out.extend(text[..end].lines().map(str::to_owned));
                    end
                }
            });
        }
        out
    }

    #[test]
    fn messages_are_whole_and_in_order() {
        assert_eq!(told(&[(10, "ab"), (12, "c\nd"), (15, "e\n")], Some(10)), ["abc", "de"]);
        assert_eq!(told(&[(12, "c\n"), (10, "ab"), (10, "abc\n"), (14, "d\n")], Some(10)), ["abc", "d"]);
        assert_eq!(told(&[(u32::MAX, "a"), (0, "\n")], None), ["a"]);
    }

    #[test]
    fn it_goes_on_after_a_gap() {
        let mut segments = vec![(0, "a\nb"), (100, "cd\n")];
        segments.extend((0..8).map(|n| (103 + n * 2, "x\n")));
        assert_eq!(told(&segments, Some(0))[..4], ["a", "-", "cd", "x"]);
    }

    #[test]
    fn skipped_bytes_are_not_shown() {
        let (mut stream, mut seen) = (Stream::default(), Vec::new());
        for (seq, text) in [(0, "skip8..."), (8, "...."), (12, "abcd")] {
            let bytes: &[u8] = str::as_bytes(text);
            stream.see(&Segment { seq, first: None, bytes, len: 4.max(bytes.len() as u32) }, &mut |event| {
                let Event::Bytes(bytes) = event else { panic!("no gap") };
                seen.push(bytes.to_vec());
                if bytes.starts_with(b"skip") { 12 } else { bytes.len() }
            });
        }
        assert_eq!(seen, [b"skip8...".to_vec(), b"abcd".to_vec()]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut stream = Stream::default();
        for n in 0..100_u32 {
            let seq = n * 1400;
            stream.see(&Segment { seq, first: None, bytes: &[7; 1400], len: 1400 }, &mut |_| 0);
            assert!(stream.held() <= LONGEST + 1400);
        }
    }
}
