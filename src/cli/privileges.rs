//! Rights are needed to open an interface, and for next to nothing after that: before the first packet is looked at they are given up for good.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::io;
use rustix::process::{getegid, geteuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs,
};

/// Whether this user may begin files in a folder only thanks to a capability: root in a folder of somebody else's.
pub fn are_needed_in(folder: &Path) -> bool {
    let Ok(metadata) = fs::metadata(folder) else { return false };
    let by = if metadata.uid() == geteuid().as_raw() {
        0o200
    } else if metadata.gid() == getegid().as_raw() {
        0o020
    } else {
        0o002
    };
    metadata.mode() & by == 0
}

/// Gives up every capability (`CAP_DAC_OVERRIDE` stays where files are to be begun with it), and the way to get them back: no program that is started from here gets any, root's included.
///
/// Capabilities belong to a thread: call it before there is a second one.
pub fn give_up(may_begin_files: bool) -> Result<(), String> {
    let result = (|| -> io::Result<()> {
        // Without CAP_SETPCAP the bounding set stays as it is; with no_new_privs it gives nothing to anybody.
        let kept = if may_begin_files { CapabilitySet::DAC_OVERRIDE } else { CapabilitySet::empty() };
        for capability in CapabilitySet::all().difference(kept).iter() {
            let _ = remove_capability_from_bounding_set(capability);
        }
        let _ = clear_ambient_capability_set();
        set_no_new_privs(true)?;
        let kept = kept.intersection(capabilities(None)?.permitted);
        set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() })
    })();
    result.map_err(|error| format!("cannot give up privileges: {error}"))
}
