//! What a capture may still do once its interfaces and files are open: read what the kernel says of interfaces, and write its
//! own files; with `--rotate` also begin new ones beside them. Packets are written by strangers; should one of them ever take the program over, it finds no way to start another one, to reach
//! the network, or to read a file.
//!
//! Two walls, each where the kernel has it: Landlock for files (and, where it knows them, TCP ports, signals and abstract sockets), and a
//! filter of system calls. The filter names what is refused and not what is allowed: the C library, libpcap and the standard library may
//! change what they call, and a capture that dies of an update protects nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

/// The newest Landlock whose meaning is known here; an older kernel gives what it has.
const KNOWN: ABI = ABI::V6;

/// Where the kernel says what interfaces count.
const STATISTICS: &[&str] = &["/sys"];
/// The terminal, for when standard input is none.
const TERMINAL: &[&str] = &["/dev/tty"];

/// System calls that neither reading packets nor writing files needs, and that work without any privilege: other programs, other
/// processes' memory, the network, namespaces (and the privileges in them), kernel interfaces known for their faults.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
];

/// Shuts this thread in, and those it will start. Files that are open stay so; others may be made and renamed in `folders` only. Tells what is
/// in force.
pub fn enter(folders: &BTreeSet<PathBuf>) -> String {
    let said = |wall: &str, result: Result<String, String>| match result {
        Ok(state) => format!("{wall} {state}"),
        Err(reason) => format!("{wall} not in force ({reason})"),
    };
    let files = said("file access (Landlock)", shut_files(folders).map_err(|error| error.to_string()));
    let calls = said("system calls (seccomp)", refuse_calls().map_err(|error| error.to_string()));
    format!("{files}; {calls}")
}

fn shut_files(folders: &BTreeSet<PathBuf>) -> Result<String, RulesetError> {
    let beside = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
    let terminal = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    let all: BitFlags<AccessFs> = AccessFs::from_all(KNOWN);
    let status = Ruleset::default()
        .handle_access(all)?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(STATISTICS, AccessFs::from_read(KNOWN) & !AccessFs::Execute))?
        .add_rules(path_beneath_rules(TERMINAL, terminal))?
        .add_rules(path_beneath_rules(folders, beside))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "in force",
        RulesetStatus::PartiallyEnforced => "in force as far as this kernel knows it",
        RulesetStatus::NotEnforced => "not in this kernel",
    }
    .to_owned())
}

/// Where these files lie, as far as they are files.
pub fn folders(files: &[&Path]) -> BTreeSet<PathBuf> {
    files.iter().filter(|file| file.is_file()).map(|file| folder(file)).collect()
}

/// Where a file lies.
fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn refuse_calls() -> Result<String, seccompiler::Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(seccompiler::Error::Backend)?;
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let refusal = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch).map_err(seccompiler::Error::Backend)?;
    let program = BpfProgram::try_from(filter).map_err(seccompiler::Error::Backend)?;
    apply_filter(&program)?;
    Ok("in force".to_owned())
}
