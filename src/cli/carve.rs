//! `--write-flagged`: the packets of flagged flows, in a file of their own, each with a comment that says why.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::args::OutputArgs;
use super::exit::Failure;
use super::parse;
use crate::capture::{self, Batch, Description, PcapngWriter, Source, Spool, Spooled};
use crate::engine::{Finder, Marks};
use crate::flow::{FlowKey, KeyParts};
use crate::net::{Frame, LinkType};
use crate::record::{Carved, FlowRecord, Verdict};

/// Where the packets are seen a second time.
enum Again {
    /// They are read again.
    Files(Vec<PathBuf>, capture::Options),
    /// They were kept.
    Spool(Arc<Mutex<Spool>>),
}

/// The file, and what is to come into it.
pub struct Carving {
    path: PathBuf,
    file: PcapngWriter<BufWriter<File>>,
    again: Again,
    marks: Marks,
}

impl Carving {
    /// For inputs that can be read twice.
    pub fn of_files(args: &OutputArgs, inputs: &[PathBuf], options: &capture::Options) -> Result<Option<Self>, Failure> {
        let Some(path) = &args.write_flagged else { return Ok(None) };
        let again = if inputs.iter().all(|input| input.is_file() || input.is_dir()) {
            Again::Files(inputs.to_vec(), options.clone())
        } else {
            spool(args)?
        };
        Self::open(path, again).map(Some)
    }

    /// For what passes by.
    #[cfg(feature = "live")]
    pub fn of_passing(args: &OutputArgs) -> Result<Option<Self>, Failure> {
        let Some(path) = &args.write_flagged else { return Ok(None) };
        Self::open(path, spool(args)?).map(Some)
    }

    fn open(path: &Path, again: Again) -> Result<Self, Failure> {
        let file = File::create(path).and_then(|file| PcapngWriter::new(BufWriter::with_capacity(1 << 20, file)));
        let file = file.map_err(|error| cannot_write(path, &error))?;
        Ok(Self { path: path.to_owned(), file, again, marks: Marks::default() })
    }

    /// The source to read from instead of this one.
    pub fn around<'a>(this: Option<&Self>, source: Box<dyn Source + 'a>) -> Box<dyn Source + 'a> {
        match this.map(|carving| &carving.again) {
            Some(Again::Spool(spool)) => Box::new(Spooled::new(source, Arc::clone(spool))),
            Some(Again::Files(..)) | None => source,
        }
    }

    /// Notes a record; `wanted` tells whether its packets are to be written if it is flagged.
    pub fn see(&mut self, key: FlowKey, record: &FlowRecord<'_>, wanted: bool) {
        let why = (wanted && record.is_flagged()).then(|| why(record));
        self.marks.see(key, record.id, record.packets.sum(), why);
    }

    /// Writes the packets of the flows that are wanted. `fragments` tells whether there were any.
    pub fn write(self, parts: KeyParts, fragments: bool) -> Result<Carved, Failure> {
        let Self { path, file, mut again, marks } = self;
        let mut finder = marks.finder(parts);
        let mut written = Written { file, interfaces: BTreeMap::new(), packets: 0 };
        let fail = |error| cannot_write(&path, &error);
        if !finder.is_idle() {
            if fragments {
                again
                    .see(&mut |frame| {
                        finder.join(frame);
                        Ok(())
                    })
                    .map_err(fail)?;
                finder.joined();
            }
            again.see(&mut |frame| written.packet(frame, &mut finder)).map_err(fail)?;
        }
        written.file.flush().map_err(fail)?;
        let (flows, not_kept) = (finder.wanted(), finder.missing());
        Ok(Carved { file: path.display().to_string(), flows, packets: written.packets, not_kept })
    }
}

fn spool(args: &OutputArgs) -> Result<Again, Failure> {
    let spool = Spool::new(parse::size(&args.spool)?);
    let spool = spool.map_err(|error| Failure::Usage(format!("cannot keep packets for --write-flagged: {error}")))?;
    Ok(Again::Spool(Arc::new(Mutex::new(spool))))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot write {}: {error}", path.display()))
}

/// The comment on the packets of a flow: what was found, then what the catalog makes of it.
fn why(record: &FlowRecord<'_>) -> String {
    let findings = record.policy.iter().flat_map(|policy| &policy.findings);
    let mut said: Vec<String> = findings.map(|finding| format!("{}: {}", finding.kind, finding.text)).collect();
    let verdict = record.verdict.map(Verdict::as_str);
    let words: Vec<&str> = verdict.into_iter().chain(record.flags.iter().copied()).collect();
    said.push(format!("{}: {}", words.join(", "), record.reason.as_deref().unwrap_or_default()));
    format!("flowlabel {}: {}", record.id, said.join(" "))
}

impl Again {
    fn see(&mut self, see: &mut dyn FnMut(&Frame<'_>) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Files(inputs, options) => {
                let mut source = capture::open(inputs, options).map_err(io::Error::other)?;
                let mut batch = Batch::default();
                while source.fill(&mut batch) {
                    batch.packets.iter().try_for_each(|packet| see(&batch.frame(packet)))?;
                }
                Ok(())
            }
            Self::Spool(spool) => spool.lock().unwrap_or_else(PoisonError::into_inner).replay(see),
        }
    }
}

/// The file being written.
struct Written {
    file: PcapngWriter<BufWriter<File>>,
    /// An interface for each link type and resolution of the clock.
    interfaces: BTreeMap<(LinkType, u8), u32>,
    packets: u64,
}

impl Written {
    fn packet(&mut self, frame: &Frame<'_>, finder: &mut Finder) -> io::Result<()> {
        let whose = finder.whose(frame);
        if whose.is_empty() {
            return Ok(());
        }
        // A packet without a time has no digits either: it is written as one of the format's usual clock.
        let digits = if frame.time.is_some() { frame.time.digits() } else { 6 };
        let interface = if let Some(number) = self.interfaces.get(&(frame.link, digits)) {
            *number
        } else {
            let number = self.file.interface(&Description { name: None, link: frame.link, snaplen: 0, digits })?;
            self.interfaces.insert((frame.link, digits), number);
            number
        };
        self.packets += 1;
        self.file.packet(interface, frame, whose)
    }
}
