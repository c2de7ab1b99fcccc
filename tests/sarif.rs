//! The audit as SARIF, held against what the schema of SARIF 2.1.0 (OASIS, errata 01) demands: the properties each object must have, those it may have
//! (the schema closes every object), words of enumerations, and section 3.27 of the text.

#![cfg(test)]

mod support;

use std::process::Command;

use serde_json::Value;

/// An object of the schema: its name, the properties that it must have, and the others used here.
type Shape = (&'static str, &'static [&'static str], &'static [&'static str]);

const SHAPES: &[Shape] = &[
    ("sarifLog", &["version", "runs"], &["$schema", "inlineExternalProperties", "properties"]),
    ("run", &["tool"], &["invocations", "artifacts", "results", "columnKind", "properties"]),
    ("tool", &["driver"], &["extensions", "properties"]),
    ("toolComponent", &["name"], &["version", "semanticVersion", "informationUri", "rules", "organization", "properties"]),
    ("reportingDescriptor", &["id"], &["name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"]),
    ("reportingConfiguration", &[], &["enabled", "level", "rank", "parameters", "properties"]),
    ("multiformatMessageString", &["text"], &["markdown", "properties"]),
    ("invocation", &["executionSuccessful"], &["toolExecutionNotifications", "exitCode", "commandLine", "startTimeUtc"]),
    ("notification", &["message"], &["level", "locations", "descriptor", "timeUtc", "properties"]),
    ("artifact", &[], &["location", "length", "roles", "mimeType", "hashes", "properties"]),
    ("artifactLocation", &[], &["uri", "uriBaseId", "index", "description", "properties"]),
    (
        "result",
        &["message"],
        &[
            "ruleId",
            "ruleIndex",
            "level",
            "kind",
            "locations",
            "partialFingerprints",
            "occurrenceCount",
            "baselineState",
            "properties",
        ],
    ),
    ("message", &["text"], &["markdown", "id", "arguments", "properties"]),
    ("location", &[], &["id", "physicalLocation", "logicalLocations", "message", "properties"]),
    ("physicalLocation", &["artifactLocation"], &["region", "contextRegion", "address", "properties"]),
    ("logicalLocation", &[], &["name", "index", "fullyQualifiedName", "decoratedName", "parentIndex", "kind", "properties"]),
];

/// Which property of which object holds objects of which kind, alone or in a list.
const PARTS: &[(&str, &str, &str)] = &[
    ("sarifLog", "runs", "run"),
    ("run", "tool", "tool"),
    ("run", "invocations", "invocation"),
    ("run", "artifacts", "artifact"),
    ("run", "results", "result"),
    ("tool", "driver", "toolComponent"),
    ("toolComponent", "rules", "reportingDescriptor"),
    ("reportingDescriptor", "shortDescription", "multiformatMessageString"),
    ("reportingDescriptor", "defaultConfiguration", "reportingConfiguration"),
    ("invocation", "toolExecutionNotifications", "notification"),
    ("notification", "message", "message"),
    ("artifact", "location", "artifactLocation"),
    ("result", "message", "message"),
    ("result", "locations", "location"),
    ("location", "physicalLocation", "physicalLocation"),
    ("location", "logicalLocations", "logicalLocation"),
    ("physicalLocation", "artifactLocation", "artifactLocation"),
];

const WORDS: &[(&str, &[&str])] = &[
    ("level", &["none", "note", "warning", "error"]),
    ("baselineState", &["new", "unchanged", "updated", "absent"]),
    ("columnKind", &["utf16CodeUnits", "unicodeCodePoints"]),
    ("version", &["2.1.0"]),
];

fn check(kind: &str, value: &Value, at: &str) {
    let (_, must, may) = SHAPES.iter().find(|(name, ..)| *name == kind).unwrap();
    let object = value.as_object().unwrap_or_else(|| panic!("{at}: no object"));
    for key in *must {
        assert!(object.contains_key(*key), "{at}: `{key}` is missing");
    }
    for (key, part) in object {
        let at = format!("{at}.{key}");
        assert!(must.contains(&key.as_str()) || may.contains(&key.as_str()), "{at}: a {kind} has no such property");
        // No property of the schema may be null; those of a property bag may.
        assert!(!part.is_null(), "{at}");
        if let Some((_, words)) = WORDS.iter().find(|(name, _)| name == key).filter(|_| kind != "toolComponent") {
            assert!(words.contains(&part.as_str().unwrap()), "{at}: {part}");
        }
        if matches!(key.as_str(), "ruleIndex" | "index" | "length" | "occurrenceCount") {
            assert!(part.as_i64().is_some_and(|number| number >= 0), "{at}: {part}");
        }
        let Some((.., inner)) = PARTS.iter().find(|(outer, name, _)| *outer == kind && name == key) else { continue };
        match part.as_array() {
            Some(parts) => parts.iter().enumerate().for_each(|(n, part)| check(inner, part, &format!("{at}[{n}]"))),
            None => check(inner, part, &at),
        }
    }
}

fn sarif(arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlabel"));
    let output =
        command.current_dir(support::repository("")).args(["audit", "--format", "sarif"]).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn rules_and_results(log: &Value) -> (&Vec<Value>, &Vec<Value>) {
    let run = &log["runs"][0];
    (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap())
}

#[test]
fn every_object_is_as_the_schema_has_it() {
    let (capture, policy) = ("fixtures/demo/segment/capture.pcap", "fixtures/demo/segment/policy.toml");
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("bare.toml");
    std::fs::write(&bare, "[roles]\n\"Client\" = [\"10.1.8.0/24\"]\n\"Management Point\" = []\n").unwrap();
    let cut = folder.path().join("cut file.pcap");
    let bytes = std::fs::read(support::repository(capture)).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() - 5]).unwrap();
    let old = folder.path().join("old.json");
    let out = Command::new(env!("CARGO_BIN_EXE_flowlabel"))
        .current_dir(support::repository(""))
        .args(["audit", capture, "--policy", policy, "--format", "json", "-o"])
        .arg(&old)
        .status();
    assert!(out.unwrap().code().is_some_and(|code| code <= 1));
    let (bare, cut, old) = (bare.to_str().unwrap(), cut.to_str().unwrap(), old.to_str().unwrap());
    for arguments in [
        &[capture, "--policy", policy][..],
        &[cut, "--policy", bare],
        &[capture, "--policy", bare, "--fail-on", "missing"],
        &[capture, "--policy", bare, "--baseline", old],
    ] {
        let log = sarif(arguments);
        check("sarifLog", &log, "log");
        let (rules, results) = rules_and_results(&log);
        let states = results.iter().filter(|result| result.get("baselineState").is_some()).count();
        assert!(states == 0 || states == results.len(), "section 3.27.24: all results have a state, or none");
        let artifacts = log["runs"][0]["artifacts"].as_array().unwrap();
        for result in results {
            if let Some(index) = result["ruleIndex"].as_u64() {
                // Section 3.27.6: the rule at this index has this id.
                assert_eq!(rules[index as usize]["id"], result["ruleId"]);
            }
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            if let Some(index) = place["index"].as_u64() {
                assert_eq!(artifacts[index as usize]["location"]["uri"], place["uri"], "section 3.4.5");
            }
            let uri = place["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.contains([' ', '\\', '"', '<', '>']), "{uri}");
            let prints = result["partialFingerprints"].as_object().unwrap();
            assert!(prints.values().all(Value::is_string));
        }
        let mut prints: Vec<String> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), results.len(), "results are told apart by their prints");
    }
    let damaged = sarif(&[cut, "--policy", bare]);
    assert_eq!(damaged["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert!(damaged.to_string().contains("cut%20file.pcap"));
}
