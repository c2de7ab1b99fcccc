//! What was typed.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::report;

/// The command line.
#[derive(Parser, Debug)]
#[command(name = "flowlabel", version, about, long_about = None, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How much to say on the way.
    #[command(flatten)]
    pub verbosity: Verbosity,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Label the flows of capture files
    ///
    /// Reads pcap and pcapng, plain or compressed with gzip or zstd, from files, from directories (their capture files, recursively, in order of
    /// name) and from standard input (`-`). Several inputs are one stream, in the order given.
    Read(Box<ReadArgs>),
    /// Label live traffic until Ctrl-C
    ///
    /// On a terminal it is a live view (? lists the keys); with --plain, or through a pipe, a line a flow: each when its silence has ended it, a flagged one
    /// at once, before it ends. What changes later comes as an update. At the end there is the summary that read gives.
    ///
    /// Ctrl-C, SIGTERM and (without --rotate) SIGHUP end it with every flow reported; a second Ctrl-C is immediate. An interface that goes down and
    /// comes back is survived; one that vanishes is named, and the code is 3.
    #[cfg(feature = "live")]
    Capture(Box<CaptureArgs>),
    /// Show who listens where, as endpoint mappers and others announced it
    ///
    /// A passive rpcdump: for each server the endpoints that were announced or bound, the interface or service behind each, how and from which packet
    /// that is known, and who came; the range from which the server takes its ports; and what part of the traffic to ports above 1024 is explained.
    Rpc(Box<RpcArgs>),
    /// Show the interfaces and whether they can be captured
    #[cfg(feature = "live")]
    Interfaces(InterfacesArgs),
    /// Hold traffic against what a site expects: findings, and what was expected and never seen
    ///
    /// Judges each flow by a policy: prohibitions, the site's own expectations, the links between roles and the services that the documents
    /// list. Exit code 1 when there are findings.
    Audit(Box<AuditArgs>),
    /// Draft a policy from traffic: roles, services and what else was seen, each with its reason
    ///
    /// The draft expects what it was made from: `flowlabel audit` with it finds nothing in the same traffic. Each entry says why it is there and how sure
    /// that is. Read it, correct it, and audit the next capture with it.
    Learn(Box<LearnArgs>),
    /// Show what the documents say: facts, role links, systems, sources; or check rules
    Catalog(CatalogArgs),
    /// Explain a port, a protocol, a service, a system, a link or a record: what the documents say, and where
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// How much to say on stderr.
#[derive(Args, Debug)]
pub struct Verbosity {
    /// Say nothing but errors; an audit prints its table only when there is something to tell
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: every finding of an audit, and how many threads read how fast
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

/// `flowlabel read`.
#[derive(Args, Debug)]
pub struct ReadArgs {
    /// Capture files, directories, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Merge the inputs by packet time instead of reading one after the other
    #[arg(long)]
    pub merge: bool,
    /// Write each flow when it ends instead of all in order at the end; memory holds only those under way
    #[arg(long)]
    pub stream: bool,
    /// What reading and capturing have in common.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// `flowlabel audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// The policy: roles, services and what the site expects (docs/policy.md has every key, `flowlabel learn` drafts one)
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "check")]
    pub policy: Option<PathBuf>,
    /// Tell only what is new, gone or moved since this audit (its --format json)
    #[arg(long, value_name = "OLD.json", value_hint = ValueHint::FilePath, conflicts_with = "check")]
    pub baseline: Option<PathBuf>,
    /// Check this policy and say what is doubtful in it; needs no traffic
    #[arg(long, value_name = "POLICY", value_hint = ValueHint::FilePath, conflicts_with_all = ["policy", "from_where"])]
    pub check: Option<PathBuf>,
    /// Where the traffic comes from.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// What reading and capturing have in common.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// `flowlabel learn`.
#[derive(Args, Debug)]
pub struct LearnArgs {
    /// Where the traffic comes from.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// What reading and capturing have in common.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Traffic of files or of interfaces.
#[derive(Args, Debug)]
#[group(id = "from_where", multiple = true)]
pub struct TrafficArgs {
    /// Capture files, directories, or - for standard input
    #[arg(value_name = "FILE|DIR|-", value_hint = ValueHint::AnyPath)]
    pub inputs: Vec<PathBuf>,
    /// Merge the inputs by packet time instead of reading one after the other
    #[arg(long)]
    pub merge: bool,
    /// Live traffic of an interface, until Ctrl-C; repeatable
    #[cfg(feature = "live")]
    #[arg(long, value_name = "IFACE", conflicts_with_all = ["inputs", "merge"])]
    pub interface: Vec<String>,
    /// End after this time (30s, 5m, 1h)
    #[cfg(feature = "live")]
    #[arg(long, value_name = "TIME", requires = "interface")]
    pub duration: Option<String>,
    /// End after so many packets
    #[cfg(feature = "live")]
    #[arg(long, value_name = "N", requires = "interface", value_parser = clap::value_parser!(u64).range(1..))]
    pub packets: Option<u64>,
}

/// `flowlabel rpc`.
#[derive(Args, Debug)]
pub struct RpcArgs {
    /// Where the traffic comes from.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// What reading and capturing have in common.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// `flowlabel capture`.
#[cfg(feature = "live")]
#[derive(Args, Debug)]
pub struct CaptureArgs {
    /// Interfaces, or any for all of them; `flowlabel interfaces` lists them
    #[arg(required = true, value_name = "IFACE")]
    pub interfaces: Vec<String>,
    /// End after this time (30s, 5m, 1h)
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// End after so many packets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub packets: Option<u64>,
    /// Bytes to take of each packet
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(14..=262_144))]
    pub snaplen: u32,
    /// Do not ask for packets that are for other hosts
    #[arg(long)]
    pub no_promiscuous: bool,
    /// Size of the kernel's buffer for each interface (K, M, G): what it cannot hold is lost. With several interfaces at most as much again
    /// is held to put their packets in order of time
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub buffer: String,
    /// Also keep the packets in a pcapng file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub write: Option<PathBuf>,
    /// Begin the files of -w and of -o (ndjson, csv) anew after a time, before a size, or both (1h, 1G, 1h,500M); SIGHUP does so too
    ///
    /// The file being written has the name that was given; a finished one is called NAME-20261125T172604Z-00001.EXT, by when it was begun (UTC) and
    /// its number. Each is complete. No packet and no record is in two of them; what an update says may be about a record in an earlier file, and
    /// the summary is in the last one. Where nothing came nothing is begun. A file of results may exceed the size by a record.
    #[arg(long, value_name = "TIME|SIZE", value_delimiter = ',')]
    pub rotate: Vec<String>,
    /// Plain lines, also on a terminal
    #[arg(long)]
    pub plain: bool,
    /// What reading and capturing have in common.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// `flowlabel interfaces`.
#[cfg(feature = "live")]
#[derive(Args, Debug)]
pub struct InterfacesArgs {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TextFormat,
}

/// What reading and capturing have in common.
#[derive(Args, Debug)]
pub struct SharedArgs {
    /// Which packets count.
    #[command(flatten)]
    pub select: SelectArgs,
    /// How flows are told apart.
    #[command(flatten)]
    pub flows: FlowArgs,
    /// What the labels rest on.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which packets and records count.
#[derive(Args, Debug)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Only packets this filter accepts (libpcap syntax)
    ///
    /// Live, the kernel has taken a VLAN tag away before the filter sees a frame, so that `tcp port 80` is for tagged frames too; `vlan 7 and tcp port 80`
    /// is only for those of VLAN 7, `not vlan` only for untagged ones. In a file the tag is part of the frame: there `tcp port 80` is only for untagged
    /// frames, and `tcp port 80 or (vlan and tcp port 80)` for both, as for tcpdump.
    #[arg(short, long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Only packets from this time on (2024-05-14T09:12:01Z, or seconds since 1970)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only packets up to this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only these records: flagged, label=NAME, host=ADDRESS or NETWORK, verdict=WORD; given several times, all must hold
    #[arg(long, value_name = "WHAT")]
    pub only: Vec<String>,
}

/// How flows are told apart.
#[derive(Args, Debug)]
#[command(next_help_heading = "Flows")]
pub struct FlowArgs {
    /// Threads; 1 does everything on one [default: what is fastest on this machine]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// One record per key, however long it was silent in between
    #[arg(long)]
    pub no_split: bool,
    /// Silence that ends a flow (30s, 5m) [default: 5m for TCP, 1m for closed TCP, 2m for the rest]
    #[arg(long, value_name = "TIME", conflicts_with = "no_split")]
    pub idle_timeout: Option<String>,
    /// Flows held before the oldest finished ones are written early
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    pub max_flows: usize,
    /// Drop packets that repeat an earlier one within a few milliseconds (SPAN copies, several capture points)
    #[arg(long)]
    pub dedup: bool,
    /// What belongs to a flow's key besides addresses, protocol and ports
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub key: Vec<KeyPart>,
    /// What a flow's label may rest on
    #[arg(long, value_name = "WHAT", default_value = "all")]
    pub evidence: EvidenceFrom,
}

/// What a flow's label may rest on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum EvidenceFrom {
    /// Payload, ports and protocol numbers
    #[default]
    All,
    /// Ports and protocol numbers; no payload is looked at
    Ports,
}

/// A part of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum KeyPart {
    /// VLAN ids
    Vlan,
    /// The tunnels around a flow
    Tunnel,
}

/// What the labels rest on.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules")]
pub struct RulesArgs {
    /// Add the rules of a directory, or override built-in ones; the later directory wins
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub rules: Vec<PathBuf>,
    /// Do without the built-in rules
    #[arg(long)]
    pub no_builtin_rules: bool,
    /// Switch on built-in rules that are off by default
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(crate::catalog::optional_names()))]
    pub with: Vec<String>,
}

/// `flowlabel catalog`.
#[derive(Args, Debug)]
pub struct CatalogArgs {
    /// What to show
    pub view: CatalogView,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TextFormat,
    /// What to show it of.
    #[command(flatten)]
    pub rules: RulesArgs,
}

/// A view of the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum CatalogView {
    /// Every fact: a system, a protocol, a port, and where it is printed
    List,
    /// Every row of every link between roles
    Links,
    /// Every system
    Systems,
    /// The documents, the rules files, and what they hold
    Sources,
    /// Every protocol that is recognised by its bytes, and those that cannot be
    Protocols,
    /// Look for mistakes in the rules in force
    Check,
}

/// `flowlabel explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// 2703/udp, gre, 'Message Queuing', svc.msmq, sccm.link.17, C34, a DCE/RPC interface by its UUID or name, or a record of --format ndjson as FILE#ID
    #[arg(value_name = "WHAT")]
    pub what: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: TextFormat,
    /// What the answer rests on.
    #[command(flatten)]
    pub rules: RulesArgs,
}

/// For people or for scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TextFormat {
    /// For people
    Table,
    /// For scripts
    Json,
}

/// Where results go and how they look.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How to write the results
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = PossibleValuesParser::new(report::FORMATS.iter().chain(report::AUDIT_FORMATS).map(|format| PossibleValue::new(format.name).help(format.help))))]
    pub format: String,
    /// Write results to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Also write the packets of flagged flows to a pcapng file, each with a comment that says why
    ///
    /// Files are read a second time for it. Of standard input and interfaces the newest packets are kept on disk meanwhile, as many as --spool allows;
    /// what is missing in the end is counted.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub write_flagged: Option<PathBuf>,
    /// Disk space for packets that can be seen once only (K, M, G), with --write-flagged
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub spool: String,
    /// Also write one self-contained HTML page: verdict, matrix, map, time, and every flow with its explanation
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
    /// List single flows in the table too
    #[arg(long)]
    pub flows: bool,
    /// Exit with code 1 when a record is flagged, an expectation was not seen, or packets were lost
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// When to colour the table
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

/// What makes a run fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// A flagged record
    Flagged,
    /// In an audit: an expectation that was not seen
    Missing,
    /// Packets lost before they could be read
    Loss,
}

/// When to do something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
