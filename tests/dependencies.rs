//! Licences, sources, bans, duplicates and known vulnerabilities of every dependency, after `deny.toml`, without the network.
//!
//! Advisories are a snapshot in `deny/`, whose README says how to renew it.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Policy {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    advisories: Advisories,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Named>,
    skip: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Advisories {
    ignore: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize, Clone)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Snapshot {
    date: String,
    crates: BTreeSet<String>,
}

/// An advisory as the `RustSec` database writes it.
#[derive(Deserialize)]
struct Advisory {
    advisory: About,
    versions: Versions,
}

#[derive(Deserialize)]
struct About {
    id: String,
    package: String,
    url: String,
    informational: Option<String>,
}

#[derive(Deserialize)]
struct Versions {
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn policy() -> Policy {
    read(&repository("deny.toml"))
}

/// Every package of the lock file, this one left out.
fn locked() -> Vec<Locked> {
    let lock: Lock = read(&repository("Cargo.lock"));
    lock.package.into_iter().filter(|package| package.name != env!("CARGO_PKG_NAME")).collect()
}

fn advisories() -> Vec<Advisory> {
    let entries = fs::read_dir(repository("deny/advisories")).unwrap();
    entries.map(|entry| read(&entry.unwrap().path())).collect()
}

/// Id and licence of every package that is built for a target.
fn licences(target: &str) -> Vec<(String, Option<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--locked", "--offline", "--all-features", "--format-version", "1", "--filter-platform", target];
    let output = Command::new(cargo).current_dir(repository(".")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["id"].to_string(), package["license"].as_str().map(str::to_owned))).collect()
}

#[test]
fn every_licence_is_allowed() {
    let policy = policy();
    for target in &policy.graph.targets {
        let refused =
            |(_, licence): &(String, Option<String>)| !licence.as_ref().is_some_and(|text| allows(text, &policy.licenses.allow));
        let refused: Vec<_> = licences(target).into_iter().filter(refused).collect();
        assert!(refused.is_empty(), "licences that deny.toml does not allow: {refused:#?}");
    }
}

/// Whether an SPDX expression can be satisfied with allowed licences. `/` is how old manifests write OR.
fn allows(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut words = &words[..];
    let satisfied = either(&mut words, allowed);
    satisfied && words.is_empty()
}

fn either(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = both(words, allowed);
    while take(words, "OR") {
        satisfied |= both(words, allowed);
    }
    satisfied
}

fn both(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = single(words, allowed);
    while take(words, "AND") {
        satisfied &= single(words, allowed);
    }
    satisfied
}

fn single(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    if take(words, "(") {
        let satisfied = either(words, allowed);
        return take(words, ")") && satisfied;
    }
    let Some((licence, rest)) = words.split_first() else { return false };
    *words = rest;
    if !take(words, "WITH") {
        return allowed.contains(*licence);
    }
    let Some((exception, rest)) = words.split_first() else { return false };
    *words = rest;
    allowed.contains(&format!("{licence} WITH {exception}"))
}

fn take(words: &mut &[&str], word: &str) -> bool {
    let is_next = words.first() == Some(&word);
    if is_next {
        *words = &words[1..];
    }
    is_next
}

#[test]
fn licence_expressions_are_understood() {
    let allowed: BTreeSet<_> = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for good in
        ["MIT", "GPL-3.0 OR MIT", "Apache-2.0/MIT", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception OR X"]
    {
        assert!(allows(good, &allowed), "{good}");
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT", "MIT MIT", "GPL-3.0 OR MIT AND X", "MIT WITH LLVM-exception"]
    {
        assert!(!allows(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_source_is_the_registry() {
    let sources: BTreeSet<_> = locked().into_iter().map(|package| package.source.unwrap_or_default()).collect();
    assert!(
        sources.len() == 1 && sources.iter().all(|source| source.starts_with("registry+")),
        "one registry, please: {sources:?}"
    );
}

#[test]
fn nothing_banned_is_there() {
    let banned: BTreeSet<_> = policy().bans.deny.into_iter().map(|ban| ban.name).collect();
    let present: Vec<_> = locked().into_iter().map(|package| package.name).filter(|name| banned.contains(name)).collect();
    assert!(present.is_empty(), "banned in deny.toml: {present:?}");
}

#[test]
fn a_crate_is_there_once_unless_it_is_named() {
    let skipped: BTreeSet<_> = policy().bans.skip.into_iter().map(|skip| skip.name).collect();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in locked() {
        versions.entry(package.name).or_default().push(package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let present: BTreeSet<_> = versions.keys().cloned().collect();
    let unnamed: Vec<_> = versions.iter().filter(|(name, _)| !skipped.contains(*name)).collect();
    assert!(unnamed.is_empty(), "several versions; bring them together, or name them in deny.toml (bans.skip): {unnamed:?}");
    let stale: Vec<_> = skipped.difference(&present).collect();
    assert!(stale.is_empty(), "no longer there twice, take them out of deny.toml (bans.skip): {stale:?}");
}

#[test]
fn no_version_has_a_known_vulnerability() {
    let ignored = policy().advisories.ignore;
    let advisories: Vec<_> = advisories().into_iter().filter(|advisory| !ignored.contains(&advisory.advisory.id)).collect();
    assert!(!advisories.is_empty(), "deny/advisories is empty");
    let found = vulnerable(&locked(), &advisories);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// A sentence for each package that an advisory is about. One that only says "unmaintained" is no vulnerability.
fn vulnerable(packages: &[Locked], advisories: &[Advisory]) -> Vec<String> {
    let mut found = Vec::new();
    for Advisory { advisory, versions } in
        advisories.iter().filter(|a| a.advisory.informational.as_deref() != Some("unmaintained"))
    {
        for package in packages.iter().filter(|package| package.name == advisory.package) {
            let safe = versions.patched.iter().chain(&versions.unaffected).any(|range| meets(&package.version, range));
            if !safe {
                found.push(format!("{} {}: {} ({})", package.name, package.version, advisory.id, advisory.url));
            }
        }
    }
    found
}

/// Whether a version meets a requirement such as `>= 0.6.14, < 1.0.0`.
fn meets(version: &str, requirement: &str) -> bool {
    let version = parsed(version);
    requirement.split(',').all(|comparator| meets_one(&version, comparator.trim()))
}

fn meets_one(version: &Version, comparator: &str) -> bool {
    let digits = comparator.find(|c: char| c.is_ascii_digit()).unwrap_or_else(|| panic!("no requirement: {comparator:?}"));
    let (operator, number) = comparator.split_at(digits);
    let bound = parsed(number);
    match operator.trim() {
        ">=" => *version >= bound,
        ">" => *version > bound,
        "<" => *version < bound,
        "<=" => *version <= bound,
        "=" => *version == bound,
        "^" | "" => *version >= bound && *version < next_breaking(&bound),
        other => panic!("unknown operator {other:?} in {comparator:?}"),
    }
}

/// Major, minor, patch, and whether it is a release: a pre-release sorts before it.
type Version = ([u64; 3], bool);

fn parsed(text: &str) -> Version {
    let text = text.split('+').next().unwrap_or(text);
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("no version: {text:?}")));
    (std::array::from_fn(|_| parts.next().unwrap_or(0)), pre.is_none())
}

fn next_breaking(&([major, minor, patch], _): &Version) -> Version {
    let next = match (major, minor) {
        (0, 0) => [0, 0, patch + 1],
        (0, minor) => [0, minor + 1, 0],
        (major, _) => [major + 1, 0, 0],
    };
    (next, true)
}

#[test]
fn version_requirements_are_understood() {
    for (version, requirement) in [
        ("0.6.14", ">= 0.6.14, < 1.0.0"),
        ("0.4.10", "= 0.4.10"),
        ("0.3.4", "^0.3.4"),
        ("1.9.0", "^ 1.2"),
        ("0.5.11", "<= 0.5.11"),
    ] {
        assert!(meets(version, requirement), "{version} {requirement}");
    }
    for (version, requirement) in [
        ("1.0.0", ">= 0.6.14, < 1.0.0"),
        ("0.4.0", "^0.3.4"),
        ("2.0.0", "^1.2"),
        ("0.10.1-rc.1", ">= 0.10.1"),
        ("0.10.0+x", "> 0.10.0"),
    ] {
        assert!(!meets(version, requirement), "{version} {requirement}");
    }
}

#[test]
fn a_vulnerable_version_would_be_caught() {
    let made_up = r#"
        [advisory]
        id = "RUSTSEC-0000-0000"
        package = "memchr"
        url = "https://example.invalid"
        [versions]
        patched = [">= 9.9.9"]
        unaffected = ["< 0.1.0"]
    "#;
    let advisory = || toml::from_str::<Advisory>(made_up).unwrap();
    assert_eq!(vulnerable(&locked(), &[advisory()]).len(), 1, "memchr of the lock file is below 9.9.9");
    let at = |version: &str| vec![Locked { name: "memchr".into(), version: version.into(), source: None }];
    assert!(vulnerable(&at("9.9.9"), &[advisory()]).is_empty());
    assert!(vulnerable(&at("0.0.9"), &[advisory()]).is_empty());
    // And with the advisories that are really there: crossbeam-channel 0.5.14 has RUSTSEC-2025-0024.
    let old = vec![Locked { name: "crossbeam-channel".into(), version: "0.5.14".into(), source: None }];
    assert!(vulnerable(&old, &advisories()).iter().any(|sentence| sentence.contains("RUSTSEC-2025-0024")));
}

#[test]
fn the_snapshot_is_of_one_piece() {
    let snapshot: Snapshot = read(&repository("deny/snapshot.toml"));
    assert!(snapshot.date.split('-').map(str::len).eq([4, 2, 2]), "{} is no date", snapshot.date);
    for advisory in advisories() {
        assert!(
            snapshot.crates.contains(&advisory.advisory.package),
            "{} is about a crate nobody looked up",
            advisory.advisory.id
        );
    }
}
