//! The interfaces there are, and whether they can be captured.

use std::net::IpAddr;
use std::path::Path;

use pcap::{Capture, Linktype};
use serde::Serialize;

use super::interface::plain;

/// An interface as `flowlabel interfaces` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// What libpcap says it is.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The link types it offers, the one that is used first; empty where it could not be opened.
    pub link_types: Vec<String>,
    /// `up`, `down` or `no carrier`.
    pub state: &'static str,
    /// Whether it was possible to open it.
    pub can_capture: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// The network interfaces, in libpcap's order: those with traffic first. Opening each for a moment is the only way to know whether it can
/// be captured; what is no network interface (USB, D-Bus, netfilter queues) is left alone, since opening has effects there.
pub fn devices() -> Result<Vec<Device>, String> {
    let listed = pcap::Device::list().map_err(|error| plain(&error))?;
    let is_network = |device: &pcap::Device| device.name == "any" || Path::new("/sys/class/net").join(&device.name).exists();
    Ok(listed.into_iter().filter(is_network).map(describe).collect())
}

fn describe(device: pcap::Device) -> Device {
    let state = match (device.flags.is_up(), device.flags.is_running()) {
        (false, _) => "down",
        (true, false) => "no carrier",
        (true, true) => "up",
    };
    let opened = link_types(&device.name);
    let reason = opened.as_ref().err().cloned();
    Device {
        name: device.name,
        description: device.desc,
        addresses: device.addresses.iter().map(|address| address.addr).collect(),
        state,
        can_capture: reason.is_none(),
        link_types: opened.unwrap_or_default(),
        reason,
    }
}

/// The names of the link types an interface offers.
fn link_types(name: &str) -> Result<Vec<String>, String> {
    let open = || {
        let capture = Capture::from_device(name)?.promisc(false).snaplen(64).buffer_size(1 << 16).open()?;
        let used = capture.get_datalink();
        let others = capture.list_datalinks().unwrap_or_default();
        Ok((used, others))
    };
    let (used, others) = open().map_err(|error: pcap::Error| plain(&error))?;
    let name_of = |link: Linktype| link.get_name().unwrap_or_else(|_| format!("DLT {}", link.0));
    Ok([used].into_iter().chain(others.into_iter().filter(|link| *link != used)).map(name_of).collect())
}
