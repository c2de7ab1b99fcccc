//! The published schema is what the code generates, and everything written is valid by it.

use std::collections::BTreeSet;

use flowlabel::net::{IpProto, Timestamp};
use flowlabel::record::*;
use flowlabel::report::{View, format};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::golden;
use super::records::{flow, full, shapes, summary, written};

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

fn valid(line: &Value) {
    if let Err(error) = validator().validate(line) {
        panic!("{error} at {}: {line}", error.instance_path());
    }
}

/// An endpoint with something in every field.
fn endpoint() -> LearnedEndpoint {
    let (server, client) = ("10.1.0.5".parse().unwrap(), "10.1.8.20".parse().unwrap());
    let time = Timestamp::new(1_052_903_521, 203_441_000, 6);
    LearnedEndpoint {
        server,
        transport: IpProto::TCP,
        port: Some(49158),
        protocol: "RPC",
        interface: Some("e3514235-4b06-11d1-ab04-00c04fc2dcd2".to_owned()),
        version: Some("4.0".to_owned()),
        name: Some("drsuapi"),
        annotation: Some("MS NT Directory DRS Interface".to_owned()),
        systems: vec!["svc.lsass".to_owned()],
        lasting: "listener",
        how: "ept_map",
        packet: 17,
        first: time,
        last: time,
        told: vec![client],
        clients: vec![client],
        bound_by: vec![client],
        flows: 1,
        bytes: 400,
    }
}

/// A summary with something in every field.
fn full_summary() -> Summary {
    let mut summary = summary(&shapes());
    summary.run.catalog = Some("sha256:00".into());
    summary.run.options.insert("workers".into(), json!(1));
    summary.undecodable.insert("ipv4-header-cut".into(), 140);
    summary.non_ip.insert("arp".into(), 3);
    summary.learned.push(endpoint());
    summary.damage.push(Damage { file: "x.pcap".into(), packet: Some(7), offset: 812, reason: "cut".into() });
    summary.damage.push(Damage { file: "y.pcap".into(), packet: None, offset: 0, reason: "no capture".into() });
    summary
}

#[test]
fn the_published_schema_is_generated_from_the_code() {
    let mut text = serde_json::to_string_pretty(&schema()).unwrap();
    text.push('\n');
    golden::check("schema/flowlabel.schema.json", &text);
}

#[test]
fn the_schema_is_a_valid_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn every_shape_of_line_is_valid() {
    let text = written(format("ndjson").unwrap(), &View::default(), &shapes(), &full_summary());
    text.lines().for_each(|line| valid(&serde_json::from_str(line).unwrap()));
    let empty = written(format("ndjson").unwrap(), &View::default(), &[], &Summary::default());
    valid(&serde_json::from_str(&empty).unwrap());
}

#[test]
fn updates_are_valid() {
    let mut swapped = flow(17);
    std::mem::swap(&mut swapped.client, &mut swapped.server);
    for (before, after) in [(flow(17), full()), (full(), flow(17)), (flow(17), swapped)] {
        valid(&serde_json::to_value(FlowUpdate::between(&before, &after).unwrap()).unwrap());
    }
}

#[test]
fn every_word_is_valid() {
    let mut record = full();
    for state in ConnState::ALL {
        record.tcp.as_mut().unwrap().state = *state;
        valid(&serde_json::to_value(&record).unwrap());
    }
    for kind in FindingKind::ALL {
        record.policy.as_mut().unwrap().findings[0].kind = *kind;
        valid(&serde_json::to_value(&record).unwrap());
    }
    assert_eq!(serde_json::to_value(FindingKind::DynamicUnexplained).unwrap(), json!("dynamic-unexplained"));
}

#[test]
fn a_wrong_line_is_invalid() {
    let line = serde_json::to_value(full()).unwrap();
    let changes: [(&str, Value); 6] = [
        ("id", json!("0.0")),
        ("type", json!("flows")),
        ("community_id", json!("")),
        ("verdict", json!("perhaps")),
        ("vlans", Value::Null),
        ("first", json!("2003-05-14 09:12:01")),
    ];
    for (field, value) in changes {
        let mut wrong = line.clone();
        wrong[field] = value;
        assert!(!validator().is_valid(&wrong), "{field}");
    }
    let mut missing = line.clone();
    missing.as_object_mut().unwrap().remove("label");
    assert!(!validator().is_valid(&missing));
}

/// A field that is written and not in the schema would slip through validation.
#[test]
fn the_schema_names_every_field() {
    let schema = schema();
    for (name, line) in
        [("FlowRecord", serde_json::to_value(full()).unwrap()), ("Summary", serde_json::to_value(full_summary()).unwrap())]
    {
        let properties = schema["$defs"][name]["properties"].as_object().unwrap();
        let written: BTreeSet<_> = line.as_object().unwrap().keys().collect();
        assert_eq!(written, properties.keys().collect(), "{name}");
    }
}
