//! The scenario as its author wrote it: hosts, flows, and the steps of each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use toml::value::Datetime;

use super::Fallible;
use super::payload::{self, Named};

/// A whole scenario file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, for the reader.
    pub title: String,
    /// The time of second 0, in UTC.
    pub start: Datetime,
    /// What kind of file.
    #[serde(default)]
    pub format: Format,
    /// What stands in front of IP.
    #[serde(default)]
    pub link: Link,
    /// How much of each frame is kept.
    #[serde(default = "everything")]
    pub snaplen: usize,
    /// The order of the frames in the file.
    #[serde(default)]
    pub order: Order,
    /// Addresses by name.
    #[serde(default)]
    pub hosts: BTreeMap<String, IpAddr>,
    /// Payloads by name.
    #[serde(default)]
    pub payloads: Named,
    /// Who talks to whom.
    #[serde(rename = "flow")]
    pub flows: Vec<Flow>,
}

fn everything() -> usize {
    262_144
}

/// Capture file formats.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// pcap, little-endian, microseconds.
    #[default]
    Pcap,
    /// pcap, big-endian, microseconds.
    PcapBe,
    /// pcap, little-endian, nanoseconds.
    PcapNs,
    /// pcapng, one section, one interface, nanoseconds.
    Pcapng,
}

/// Link types.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// Ethernet.
    #[default]
    Ethernet,
    /// IP without anything in front.
    Raw,
}

/// Orders of frames in the file.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As their times say.
    #[default]
    Time,
    /// The last first.
    Reversed,
}

/// One conversation, perhaps repeated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What it is, for the reader.
    #[serde(default)]
    pub name: String,
    /// Seconds after `start`.
    #[serde(default)]
    pub at: f64,
    /// Who begins: a host and perhaps a port, `ws20:1045`.
    pub from: String,
    /// Who is asked.
    pub to: String,
    /// `tcp`, `udp`, `icmp`, `esp`, or `ip-N`.
    pub protocol: String,
    /// What carries it, outermost first.
    #[serde(default)]
    pub via: Vec<String>,
    /// Seconds from a step to the next.
    #[serde(default = "pace")]
    pub pace: f64,
    /// The longest IP packet; longer ones are fragmented.
    #[serde(default = "mtu")]
    pub mtu: usize,
    /// In which order fragments come.
    #[serde(default)]
    pub fragments: Fragments,
    /// SPI from the asker, SPI to the asker, for `esp`.
    #[serde(default)]
    pub spi: [u32; 2],
    /// How often the conversation takes place, from one more port each time.
    #[serde(default = "once")]
    pub repeat: u16,
    /// Seconds from one time to the next.
    #[serde(default)]
    pub every: f64,
    /// What happens, in order.
    pub steps: Vec<String>,
}

fn pace() -> f64 {
    0.0005
}

fn mtu() -> usize {
    1500
}

fn once() -> u16 {
    1
}

/// What becomes of the fragments of a datagram.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Fragments {
    /// As sent.
    #[default]
    InOrder,
    /// The last first.
    Reversed,
    /// The first is never seen.
    FirstLost,
}

/// An address and a port (0 where none is given).
#[derive(Clone, Copy)]
pub struct End {
    pub ip: IpAddr,
    pub port: u16,
}

impl Scenario {
    /// The end that `text` names: `host`, `host:port`, an address, or `[address]:port`.
    pub fn end(&self, text: &str) -> Fallible<End> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
            _ => (text, "0"),
        };
        let port = port.parse().map_err(|_| format!("{text}: {port:?} is no port"))?;
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let ip = self.hosts.get(host).copied().or_else(|| address.parse().ok());
        Ok(End { ip: ip.ok_or_else(|| format!("{text}: {host:?} is neither in [hosts] nor an address"))?, port })
    }

    /// Seconds since 1970 of second 0.
    pub fn start_seconds(&self) -> Fallible<i64> {
        let (Some(date), Some(time)) = (self.start.date, self.start.time) else {
            return Err("start wants a date and a time".into());
        };
        // Days before the month in a year that starts in March, so that the leap day is the last.
        let (year, month) = (i64::from(date.year) - i64::from(date.month < 3), (i64::from(date.month) + 9) % 12);
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(date.day) - 719_469;
        let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
        Ok(days * 86_400 + seconds)
    }
}

/// A tunnel, a tag or a header around a flow's packets.
#[derive(Clone, Copy)]
pub enum Via {
    /// `vlan 10`
    Vlan(u16),
    /// `service-vlan 10`: the outer tag of 802.1ad
    ServiceVlan(u16),
    /// `ipip A B`: IP in IP, both families
    IpIp(Ends),
    /// `gre A B` or `gre A B 7`, with a key
    Gre(Ends, Option<u32>),
    /// `pptp A B 5`: GRE version 1 with this call
    Pptp(Ends, u16),
    /// `vxlan A B 7`: with this network
    Vxlan(Ends, u32),
    /// `ah 0x1001`: the packet itself, protected in transport mode
    Ah(u32),
}

/// Both addresses of a tunnel: at the asker's side, at the other.
pub type Ends = (IpAddr, IpAddr);

impl Via {
    /// Reads one entry of `via`.
    pub fn parse(scenario: &Scenario, text: &str) -> Fallible<Self> {
        let words: Vec<_> = text.split_whitespace().collect();
        let ends = |a: &str, b: &str| Fallible::Ok((scenario.end(a)?.ip, scenario.end(b)?.ip));
        match words[..] {
            ["vlan", id] => Ok(Self::Vlan(number(id)? as u16)),
            ["service-vlan", id] => Ok(Self::ServiceVlan(number(id)? as u16)),
            ["ipip", a, b] => Ok(Self::IpIp(ends(a, b)?)),
            ["gre", a, b] => Ok(Self::Gre(ends(a, b)?, None)),
            ["gre", a, b, key] => Ok(Self::Gre(ends(a, b)?, Some(number(key)?))),
            ["pptp", a, b, call] => Ok(Self::Pptp(ends(a, b)?, number(call)? as u16)),
            ["vxlan", a, b, network] => Ok(Self::Vxlan(ends(a, b)?, number(network)?)),
            ["ah", spi] => Ok(Self::Ah(number(spi)?)),
            _ => Err(format!("unknown `via`: {text:?}")),
        }
    }
}

fn number(text: &str) -> Fallible<u32> {
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u32::from_str_radix(hex, 16));
    parsed.map_err(|_| format!("{text:?} is no number"))
}

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The end named in `from`.
    Asker,
    /// The end named in `to`.
    Other,
}

/// One thing that happens in a flow.
#[derive(PartialEq, Eq, Debug)]
pub enum Action {
    /// Bytes, and TCP's flags where they are given.
    Send { side: Side, flags: Option<u8>, data: Vec<u8> },
    /// An ICMP message: type, code and the rest.
    Icmp { side: Side, kind: u8, code: u8, rest: Vec<u8> },
    /// An ICMP error about the last packet, from an address.
    Error { by: Option<IpAddr>, kind: u8, code: u8 },
    /// The last packet once more.
    Again,
}

/// An action, the time before it, and whether the capture shows it.
pub struct Step {
    pub wait: f64,
    pub unseen: bool,
    pub action: Action,
}

/// The steps of a flow, with `open`, `close` and the like spelled out.
pub fn steps(scenario: &Scenario, flow: &Flow) -> Fallible<Vec<Step>> {
    let mut all = Vec::new();
    for text in &flow.steps {
        let of_step = |error| format!("step {text:?}: {error}");
        let (mut wait, unseen, what) = prefixes(text).map_err(of_step)?;
        for plain in spelled_out(what) {
            all.push(Step { wait, unseen, action: action(scenario, plain).map_err(of_step)? });
            wait = 0.0;
        }
    }
    Ok(all)
}

/// `+0.5` waits, `unseen` hides from the capture; then comes what happens.
fn prefixes(mut text: &str) -> Fallible<(f64, bool, &str)> {
    let (mut wait, mut unseen) = (0.0, false);
    loop {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "unseen" => unseen = true,
            word if word.starts_with('+') => wait += word.parse::<f64>().map_err(|_| format!("{word:?} is no time"))?,
            _ => return Ok((wait, unseen, text)),
        }
        text = rest.trim_start();
    }
}

fn spelled_out(text: &str) -> Vec<&str> {
    match text {
        "open" => vec!["> S", "< S.", "> ."],
        "close" => vec!["> F.", "< F.", "> ."],
        "close <" => vec!["< F.", "> F.", "< ."],
        "refuse" => vec!["> S", "< R."],
        text => vec![text],
    }
}

fn action(scenario: &Scenario, text: &str) -> Fallible<Action> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "again" => Ok(Action::Again),
        "!" => error(scenario, rest),
        ">" => send(scenario, Side::Asker, rest),
        "<" => send(scenario, Side::Other, rest),
        other => Err(format!("unknown word {other:?}")),
    }
}

/// `3/1 by router`, or `3/3` by the other end.
fn error(scenario: &Scenario, text: &str) -> Fallible<Action> {
    let (numbers, by) = text.split_once(" by ").map_or((text, None), |(numbers, by)| (numbers, Some(by)));
    let (kind, code) = type_and_code(numbers).ok_or("an error is `! TYPE/CODE [by HOST]`")?;
    Ok(Action::Error { by: by.map(|host| scenario.end(host)).transpose()?.map(|end| end.ip), kind, code })
}

fn send(scenario: &Scenario, side: Side, text: &str) -> Fallible<Action> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    if let Some((kind, code)) = type_and_code(word) {
        return Ok(Action::Icmp { side, kind, code, rest: payload::bytes(rest, &scenario.payloads)? });
    }
    let (flags, data) = flags_of(word).map_or((None, text), |flags| (Some(flags), rest));
    Ok(Action::Send { side, flags, data: payload::bytes(data, &scenario.payloads)? })
}

fn type_and_code(word: &str) -> Option<(u8, u8)> {
    let (kind, code) = word.split_once('/')?;
    Some((kind.parse().ok()?, code.parse().ok()?))
}

/// TCP flags as tcpdump writes them: `S`, `S.`, `P.`, `.`; `-` is none.
fn flags_of(word: &str) -> Option<u8> {
    if word == "-" {
        return Some(0);
    }
    let one = |letter| "FSRP.UEW".find(letter).map(|bit| 1_u8 << bit);
    if word.is_empty() { None } else { word.chars().try_fold(0, |flags, letter| Some(flags | one(letter)?)) }
}
