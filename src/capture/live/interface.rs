//! One interface: its ring, its clock, and what it lost.

use std::fs;
use std::path::Path;

use pcap::{Active, Capture, Precision};

use super::{BLOCK_TIMEOUT, LAST_BLOCK, LiveError, Settings};
use crate::capture::{Descriptor, dlt};
use crate::net::{LinkType, Timestamp};
use crate::record::Damage;

/// Where the kernel shows interfaces.
const SYSFS: &str = "/sys/class/net";

pub(super) struct Interface {
    pub name: String,
    pub link: LinkType,
    pub snaplen: u32,
    /// `None` once it is lost.
    pub capture: Option<Capture<Active>>,
    /// Packets and captured bytes it gave.
    pub packets: u64,
    pub bytes: u64,
    /// To this time it has given all that the kernel had handed over: that of its last packet, or when it had none.
    pub complete_to: Timestamp,
    /// To this time it has given all.
    pub certain_to: Timestamp,
    /// It gave a packet that came after the end.
    pub past_end: bool,
    /// The kernel's number for the kind of interface it is; nothing where it says none, as for `any`.
    kind: Option<u32>,
    /// When it last was of that kind, and what is known since it is not.
    verified: Timestamp,
    leaving: Option<Leaving>,
    /// Packets that could not be read.
    pub unread: u64,
    /// What libpcap last said of drops (32 bits that go round), and the sum.
    kernel_seen: u32,
    kernel: u64,
    /// What the interface had missed before we came, and since.
    missed_before: u64,
    missed: u64,
}

/// An interface that is another one now.
struct Leaving {
    noticed: Timestamp,
    reason: String,
}

impl Interface {
    pub fn open(name: &str, settings: &Settings) -> Result<Self, LiveError> {
        let fail = |error: pcap::Error| failure(name, &error);
        let inactive = Capture::from_device(name).map_err(fail)?;
        let capture = inactive
            .snaplen(as_i32(settings.snaplen))
            .promisc(settings.promiscuous)
            .buffer_size(as_i32(settings.buffer))
            .timeout(BLOCK_TIMEOUT)
            .immediate_mode(false)
            .precision(Precision::Nano)
            .open()
            .map_err(fail)?;
        let mut capture = capture.setnonblock().map_err(fail)?;
        if let Some(filter) = &settings.filter {
            capture.filter(filter, true).map_err(|error| LiveError::Filter {
                filter: filter.clone(),
                interface: name.to_owned(),
                reason: plain(&error),
            })?;
        }
        let dlt = capture.get_datalink().0;
        let link = dlt::to_link(dlt).ok_or_else(|| LiveError::Interface {
            interface: name.to_owned(),
            reason: format!("its link type (DLT {dlt}) has no number in files"),
        })?;
        Ok(Self {
            name: name.to_owned(),
            link,
            snaplen: settings.snaplen,
            capture: Some(capture),
            packets: 0,
            bytes: 0,
            complete_to: Timestamp::NONE,
            certain_to: Timestamp::NONE,
            past_end: false,
            kind: kind(Path::new(SYSFS), name),
            verified: Timestamp::NONE,
            leaving: None,
            unread: 0,
            kernel_seen: 0,
            kernel: 0,
            missed_before: missed(Path::new(SYSFS), name),
            missed: 0,
        })
    }

    /// Gives at most so many packets; packets after `until` are passed over. `asked_at` is not after now. An error is libpcap's last word.
    pub fn read(
        &mut self,
        wanted: usize,
        asked_at: Timestamp,
        until: Option<Timestamp>,
        mut give: impl FnMut(Descriptor, &[u8]),
    ) -> Result<(), String> {
        let Some(capture) = &mut self.capture else { return Ok(()) };
        let (link, packets, bytes, past_end) = (self.link, &mut self.packets, &mut self.bytes, &mut self.past_end);
        let (verified, unread) = (self.leaving.is_some().then_some(self.verified), &mut self.unread);
        let mut last = None;
        let read = capture.dispatch(Some(wanted), |packet| {
            let header = packet.header;
            // With nanosecond precision the field that is named for microseconds holds nanoseconds.
            let time = Timestamp::new(header.ts.tv_sec, u32::try_from(header.ts.tv_usec).unwrap_or(0), 9);
            last = Some(time);
            if until.is_some_and(|until| time > until) {
                *past_end = true;
                return;
            }
            if verified.is_some_and(|verified| time > verified) {
                *unread += 1;
                return;
            }
            *packets += 1;
            *bytes += packet.data.len() as u64;
            let captured = packet.data.len() as u32;
            let wire_len = header.len.max(captured);
            give(Descriptor { number: 0, time, offset: 0, captured, wire_len, link }, packet.data);
        });
        self.complete_to = last.unwrap_or(asked_at);
        self.certain_to = last.unwrap_or_else(|| self.certain_to.latest(asked_at.before(LAST_BLOCK)));
        match read {
            Ok(_) | Err(pcap::Error::TimeoutExpired) => Ok(()),
            Err(error) => Err(plain(&error)),
        }
    }

    /// Closes it before its time.
    pub fn lose(&mut self, reason: &str) -> Damage {
        self.losses();
        self.capture = None;
        Damage {
            file: self.name.clone(),
            packet: Some(self.packets).filter(|packets| *packets > 0),
            offset: self.bytes,
            reason: format!("the interface was lost: {reason}"),
        }
    }

    /// Looks whether it still is an interface of the same link type. What it gives after that has changed cannot be read like what it gave
    /// before: packets that came until it was last looked at still count, the others are lost. Then it is closed, once what it gave
    /// before must have arrived.
    pub fn look_at_link(&mut self, now: Timestamp) -> Option<Damage> {
        if let Some(leaving) = &self.leaving {
            let has_arrived = now.nanos_since(leaving.noticed) > LAST_BLOCK;
            return has_arrived.then(|| leaving.reason.clone()).map(|reason| self.lose(&reason));
        }
        let (before, kind) = self.kind.zip(kind(Path::new(SYSFS), &self.name))?;
        if before == kind {
            self.verified = now;
        } else {
            let reason = format!("its link type has changed (hardware type {before} before, {kind} now)");
            self.leaving = Some(Leaving { noticed: now, reason });
        }
        None
    }

    /// At the end: what has changed and was not said yet.
    pub fn last_look(&mut self, now: Timestamp) -> Option<Damage> {
        self.look_at_link(now).or_else(|| self.leaving.take().map(|leaving| self.lose(&leaving.reason)))
    }

    /// Packets lost since the start: by the kernel, whose ring was full, and by the interface itself.
    pub fn losses(&mut self) -> (u64, u64) {
        if let Some(capture) = &mut self.capture {
            if let Ok(stats) = capture.stats() {
                self.kernel += u64::from(stats.dropped.wrapping_sub(self.kernel_seen));
                self.kernel_seen = stats.dropped;
            }
            self.missed = missed(Path::new(SYSFS), &self.name).saturating_sub(self.missed_before).max(self.missed);
        }
        (self.kernel, self.missed)
    }
}

/// The hardware type (`ARPHRD_...`) of an interface that is there.
fn kind(interfaces: &Path, name: &str) -> Option<u32> {
    fs::read_to_string(interfaces.join(name).join("type")).ok()?.trim().parse().ok()
}

/// What an interface, or all of them for `any`, missed since it exists: libpcap does not know these.
///
/// `rx_dropped` is left out, since frames that no protocol of this host wanted raise it, though libpcap saw them. Drivers use
/// `rx_fifo_errors` and `rx_over_errors` for the same event, so the larger counts.
fn missed(interfaces: &Path, name: &str) -> u64 {
    if name == "any" {
        let names =
            fs::read_dir(interfaces).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        return names.filter(|name| name != "any").map(|name| missed(interfaces, &name)).sum();
    }
    let counter = |counter: &str| -> u64 {
        let text = fs::read_to_string(interfaces.join(name).join("statistics").join(counter)).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    };
    counter("rx_missed_errors") + counter("rx_fifo_errors").max(counter("rx_over_errors"))
}

fn as_i32(size: u32) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Whether a refusal is about rights is told by its text only: the wrapper does not hand on libpcap's number.
fn failure(name: &str, error: &pcap::Error) -> LiveError {
    let (interface, reason) = (name.to_owned(), plain(error));
    let lower = reason.to_lowercase();
    let rights = ["permission", "not permitted", "cap_net_raw"].iter().any(|word| lower.contains(word));
    if rights { LiveError::Permission { interface, reason } } else { LiveError::Interface { interface, reason } }
}

/// libpcap's words without the wrapper's.
pub(super) fn plain(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(dir: &Path, name: &str, counts: &[(&str, &str)]) {
        let statistics = dir.join(name).join("statistics");
        fs::create_dir_all(&statistics).unwrap();
        for (counter, count) in counts {
            fs::write(statistics.join(counter), count).unwrap();
        }
    }

    #[test]
    fn what_kind_an_interface_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tun0")).unwrap();
        fs::write(dir.path().join("tun0/type"), "65534\n").unwrap();
        assert_eq!(kind(dir.path(), "tun0"), Some(65534));
        assert_eq!(kind(dir.path(), "any"), None);
    }

    #[test]
    fn what_an_interface_missed() {
        let dir = tempfile::tempdir().unwrap();
        counters(dir.path(), "eth0", &[("rx_missed_errors", "5\n"), ("rx_fifo_errors", "2\n"), ("rx_over_errors", "3\n")]);
        counters(dir.path(), "eth1", &[("rx_missed_errors", "10\n"), ("rx_dropped", "1000\n")]);
        assert_eq!(missed(dir.path(), "eth0"), 8);
        assert_eq!(missed(dir.path(), "eth1"), 10);
        assert_eq!(missed(dir.path(), "any"), 18);
        assert_eq!(missed(dir.path(), "gone"), 0);
    }
}
