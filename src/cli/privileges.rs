//! Rights are needed to open an interface, and for nothing after that: before the first packet is looked at they are given up for good.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};

/// Gives up every capability, and the way to get them back: no program that is started from here gets any, root's included.
///
/// Capabilities belong to a thread: call it before there is a second one.
pub fn give_up() -> Result<(), String> {
    let result = (|| -> io::Result<()> {
        // Without CAP_SETPCAP the bounding set stays as it is; with no_new_privs it gives nothing to anybody.
        for capability in CapabilitySet::all().iter() {
            let _ = remove_capability_from_bounding_set(capability);
        }
        let _ = clear_ambient_capability_set();
        set_no_new_privs(true)?;
        let none = CapabilitySet::empty();
        set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
    })();
    result.map_err(|error| format!("cannot give up privileges: {error}"))
}
