//! Small texts that options take: durations, times, selections.

use std::net::IpAddr;

use ipnet::IpNet;

use super::exit::Failure;
#[cfg(feature = "live")]
use crate::capture::Rotation;
use crate::net::Timestamp;
use crate::record::{FlowRecord, Verdict};

const NANOS: u64 = 1_000_000_000;

/// `90`, `30s`, `5m`, `1h`, `250ms` as nanoseconds.
pub fn duration(text: &str) -> Result<u64, Failure> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => NANOS / 1000,
        "" | "s" => NANOS,
        "m" => 60 * NANOS,
        "h" => 3600 * NANOS,
        "d" => 86_400 * NANOS,
        _ => 0,
    };
    let nanos = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).filter(|_| factor > 0);
    nanos.ok_or_else(|| Failure::Usage(format!("'{text}' is no duration: write 30s, 5m or 1h")))
}

/// `65536`, `64K`, `64M`, `1G` as bytes.
pub fn size(text: &str) -> Result<u64, Failure> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.to_ascii_uppercase().as_str() {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 0,
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).filter(|_| factor > 0);
    bytes.ok_or_else(|| Failure::Usage(format!("'{text}' is no size: write 65536, 64K, 64M or 1G")))
}

/// `1h` or `1G`: a time in nanoseconds, or a size in bytes. A unit must be there; that of a size is a capital letter.
#[cfg(feature = "live")]
pub fn rotation(texts: &[String]) -> Result<Option<Rotation>, Failure> {
    let (mut every, mut bytes) = (None, None);
    for text in texts {
        let given = if text.ends_with(['s', 'm', 'h', 'd']) {
            every.replace(duration(text)?)
        } else if text.ends_with(['K', 'M', 'G']) {
            bytes.replace(size(text)?)
        } else {
            Some(0)
        };
        if given.is_some() || every == Some(0) || bytes == Some(0) {
            return Err(Failure::Usage(format!(
                "--rotate {}: write a time (30s, 5m, 1h, 1d), a size (64K, 64M, 1G), or both",
                texts.join(",")
            )));
        }
    }
    Ok((!texts.is_empty()).then(|| Rotation::new(every, bytes)))
}

/// `2024-05-14T09:12:01.5Z`, `2024-05-14`, or seconds since 1970.
pub fn time(text: &str) -> Result<Timestamp, Failure> {
    let fail = || Failure::Usage(format!("'{text}' is no time: write 2024-05-14T09:12:01Z or seconds since 1970"));
    Timestamp::parse(text).ok_or_else(fail)
}

/// What `--only` selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Only {
    /// Flagged records.
    Flagged,
    /// Records with this label, case ignored.
    Label(String),
    /// Records with an end in this network.
    Host(IpNet),
    /// Records with this verdict.
    Verdict(Verdict),
}

impl Only {
    /// Reads one selection.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let fail = || {
            Failure::Usage(format!(
                "--only {text}: write flagged, label=NAME, host=ADDRESS or NETWORK, or verdict=matched|mismatched|unmatched"
            ))
        };
        match text.split_once('=') {
            None if text == "flagged" => Ok(Self::Flagged),
            Some(("label", label)) => Ok(Self::Label(label.to_lowercase())),
            Some(("host", host)) => network(host).map(Self::Host).ok_or_else(fail),
            Some(("verdict", "matched")) => Ok(Self::Verdict(Verdict::Matched)),
            Some(("verdict", "mismatched")) => Ok(Self::Verdict(Verdict::Mismatched)),
            Some(("verdict", "unmatched")) => Ok(Self::Verdict(Verdict::Unmatched)),
            _ => Err(fail()),
        }
    }

    /// Whether a record is selected.
    pub fn selects(&self, record: &FlowRecord<'_>) -> bool {
        match self {
            Self::Flagged => record.is_flagged(),
            Self::Label(label) => record.label.is_some_and(|l| l.to_lowercase() == *label),
            Self::Host(net) => net.contains(&record.client.ip) || net.contains(&record.server.ip),
            Self::Verdict(verdict) => record.verdict == Some(*verdict),
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "live")]
    #[test]
    fn rotations() {
        let read = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            rotation(&texts).map(|rotation| rotation.map(|rotation| (rotation.every, rotation.size)))
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&["1h"]).unwrap(), Some((Some(3600 * NANOS), None)));
        assert_eq!(read(&["1m", "1M"]).unwrap(), Some((Some(60 * NANOS), Some(1 << 20))));
        for wrong in [&["100"][..], &["0s"], &["0K"], &["1h", "2h"], &["1G", "2G"], &["1g"], &["h"], &[""]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("30s").unwrap(), 30 * NANOS);
        assert_eq!(duration("5m").unwrap(), 300 * NANOS);
        assert_eq!(duration("250ms").unwrap(), NANOS / 4);
        assert_eq!(duration("90").unwrap(), 90 * NANOS);
        for wrong in ["", "m", "5 m", "-1s", "5x", "99999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("1000", 1000), ("64K", 65_536), ("64m", 67_108_864), ("1G", 1_073_741_824)] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for wrong in ["", "M", "-1", "1T", "1.5G", "99999999999999999999", "18446744073709551615G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        // date -u -d '2003-05-14 09:12:01' +%s is 1052903521.
        assert_eq!(time("2003-05-14T09:12:01Z").unwrap(), Timestamp::new(1_052_903_521, 0, 9));
        assert_eq!(time("2003-05-14T09:12:01.5Z").unwrap(), Timestamp::new(1_052_903_521, 500_000_000, 9));
        assert_eq!(time("1052903521.000000001").unwrap(), Timestamp::new(1_052_903_521, 1, 9));
        assert_eq!(time("2000-02-29").unwrap(), Timestamp::new(951_782_400, 0, 9));
        // date -u -d @253402300800 is 10000-01-01.
        assert_eq!(time("10000-01-01").unwrap(), Timestamp::new(253_402_300_800, 0, 9));
        let too_far = ["9223372036854775807-01-01", "292000000001-01-01", "2003-05-14T-1:00:00Z"];
        for wrong in ["", "yesterday", "2003-13-01", "2003-05-14T25:00:00Z", "1.0000000001"].into_iter().chain(too_far) {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn selections() {
        assert_eq!(Only::parse("flagged").unwrap(), Only::Flagged);
        assert_eq!(Only::parse("host=10.0.0.1").unwrap(), Only::Host("10.0.0.1/32".parse().unwrap()));
        assert_eq!(Only::parse("verdict=unmatched").unwrap(), Only::Verdict(Verdict::Unmatched));
        for wrong in ["host=", "host=nowhere", "verdict=good", "labels=x"] {
            assert!(Only::parse(wrong).is_err(), "{wrong}");
        }
    }
}
