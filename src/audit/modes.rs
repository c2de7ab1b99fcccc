//! Options of a policy that choose among what a document allows. All is allowed unless narrowed.

use super::policy::Rule;
use crate::catalog::{Fact, Port, System};

/// The document whose notes are meant.
const DOCUMENT: &str = "sccm.";
/// Note 6 of sccm-2007: both ways, unless the site system waits for the site server.
const BOTH_WAYS: &str = "note 6:";
/// The same systems seen from the Internet (lines 1037 to 1041): SMB goes both ways there, and the setting is about it too.
const INTERNET_BASED: &str = "sccm.internet-based";
/// Note 4 of sccm-2007: one pair of WSUS ports.
const WSUS_PAIR: &str = "note 4:";
/// Links to WSUS that print a row for each pair and do not cite the note (readings C81, C82).
const WSUS_LINKS: &[&str] = &["sccm.wsus", "vmm16.src.08", "vmm16.src.09"];
/// The initiator that is left when a setting forbids the other one (line 884).
const SITE_SERVER: &str = "Site Server";
/// The links whose ports depend on how NAP is enforced (line 259), and what is DHCP among them.
const NAP_LINKS: &[&str] = &["sccm.link.11", "sccm.nap-hra"];
const NAP_DHCP: &str = "DHCP Server";
/// Remote control by NetBIOS instead of names and sessions over 445 (line 890).
const NETBIOS_REMOTE_CONTROL: &str = "sccm.remote-control-netbios";

/// Ways to enforce NAP that the document gives numbers for.
pub const NAP_WAYS: &[&str] = &["dhcp", "ipsec"];

/// What the options choose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Modes {
    /// "Allow only site server initiated data transfers from this site system" is set.
    pub site_server_initiates_only: bool,
    /// The HTTP port of the WSUS site in use.
    pub wsus_port: Option<u16>,
    /// Remote control may use NetBIOS.
    pub netbios_remote_control: bool,
    /// How NAP is enforced; none: either way.
    pub nap: Option<Vec<String>>,
    /// Links that do not apply.
    pub without: Vec<String>,
}

impl Default for Modes {
    fn default() -> Self {
        Self { site_server_initiates_only: false, wsus_port: None, netbios_remote_control: true, nap: None, without: Vec::new() }
    }
}

impl Modes {
    /// Whether a link applies at all.
    pub fn allow_system(&self, id: &str) -> bool {
        (self.netbios_remote_control || id != NETBIOS_REMOTE_CONTROL) && !self.without.iter().any(|without| without == id)
    }

    /// Narrows a rule of a link; false: it does not apply.
    pub fn narrow(&self, rule: &mut Rule, system: &System, fact: &Fact) -> bool {
        self.narrow_initiator(rule, system, fact) && self.narrow_nap(system, fact) && self.narrow_wsus(rule, system, fact)
    }

    /// Only the site server opens. The status connection of link 31, which is only derived, is then not there (reading C72).
    fn narrow_initiator(&self, rule: &mut Rule, system: &System, fact: &Fact) -> bool {
        let is_meant = cites(system, fact, BOTH_WAYS) || system.id == INTERNET_BASED;
        if !self.site_server_initiates_only || !is_meant {
            return true;
        }
        if rule.both_ways && rule.from_name != SITE_SERVER {
            std::mem::swap(&mut rule.from, &mut rule.to);
            std::mem::swap(&mut rule.from_name, &mut rule.to_name);
        }
        rule.both_ways = false;
        rule.from_name == SITE_SERVER
    }

    fn narrow_nap(&self, system: &System, fact: &Fact) -> bool {
        let Some(ways) = self.nap.as_ref().filter(|_| NAP_LINKS.contains(&system.id.as_str())) else { return true };
        let way = if fact.protocol == NAP_DHCP { "dhcp" } else { "ipsec" };
        ways.iter().any(|chosen| chosen == way)
    }

    fn narrow_wsus(&self, rule: &mut Rule, system: &System, fact: &Fact) -> bool {
        let Some(port) = self.wsus_port.filter(|_| is_wsus(system, fact)) else { return true };
        if rule.moved {
            return true;
        }
        let port = if fact.protocol == "HTTPS" { wsus_partner(Port::One(port)) } else { Port::One(port) };
        // Where each pair has a row of its own, only that of the pair in use is left; another number replaces the custom pair.
        let is_default = |port: &Port| matches!(port, Port::One(80 | 443));
        let keeps =
            fact.ports.len() > 1 || fact.ports.contains(&port) || (!is_default(&port) && !fact.ports.iter().all(is_default));
        rule.moved = !fact.ports.contains(&port);
        rule.ports = vec![port];
        keeps
    }
}

/// Whether a fact is one of the ports of a WSUS site.
pub fn is_wsus(system: &System, fact: &Fact) -> bool {
    matches!(fact.protocol.as_str(), "HTTP" | "HTTPS")
        && (cites(system, fact, WSUS_PAIR) || WSUS_LINKS.contains(&system.id.as_str()))
}

/// The HTTPS port that goes with an HTTP port: 443 with 80, else the next (line 871, 873).
pub fn wsus_partner(http: Port) -> Port {
    match http {
        Port::One(80) => Port::One(443),
        Port::One(port) => Port::One(port.saturating_add(1)),
        other => other,
    }
}

fn cites(system: &System, fact: &Fact, note: &str) -> bool {
    system.id.starts_with(DOCUMENT) && system.notes.iter().chain(&fact.notes).any(|text| text.starts_with(note))
}
