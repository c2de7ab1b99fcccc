//! ndjson, json and csv.

use std::io::{self, Write};

use flowlabel::record::*;
use flowlabel::report::{FORMATS, View, format};
use serde_json::Value;

use super::records::{flow, full, icmp, shapes, sparse, summary, written};

fn ndjson(records: &[FlowRecord<'_>], summary: &Summary) -> String {
    written(format("ndjson").unwrap(), &View::default(), records, summary)
}

#[test]
fn a_record_is_the_line_scripts_rely_on() {
    let mut record = full();
    (record.client.name, record.server.name) = (None, Some("sms1.corp.example"));
    record.detail = None;
    let line = ndjson(&[record], &Summary::default());
    // Field for field the example of the contract, with the values of this record.
    let expected = concat!(
        r#"{"type":"flow","id":"17.1","community_id":"1:hvb/kvy+jVt1r6EWcE0OeRLZIU4=","first":"2003-05-14T09:12:01.203441Z","#,
        r#""last":"2003-05-14T09:12:13.703441Z","duration":12.5,"ip_version":4,"transport":"tcp","protocol":6,"vlans":[10,20],"#,
        r#""tunnels":[{"kind":"gre","id":"17.0","key":7},{"kind":"ipip","id":null,"key":null}],"#,
        r#""client":{"ip":"10.1.8.20","port":1045,"name":null},"#,
        r#""server":{"ip":"10.1.0.9","port":2703,"name":"sms1.corp.example"},"direction":"syn","#,
        r#""packets":{"client":10,"server":9},"bytes":{"client":1040,"server":900},"icmp":null,"#,
        r#""icmp_errors":{"count":2,"codes":["3/1","3/3"]},"#,
        r#""tcp":{"state":"SF","history":"ShADadfF","rtt_ms":0.4,"retransmissions":0,"gaps":0},"spis":["0xc0ffee00"],"#,
        r#""label":"SMS Remote Chat","detail":null,"systems":["svc.sms-remote-control","sms20sp2.chat"],"verdict":"mismatched","#,
        r#""evidence":"port","learned_after":true,"flags":["payload-contradicts-port"],"notes":["capture-started-mid-flow"],"#,
        r#""reason":"Port 2703 is documented for SMS Remote Chat, but the payload is TLS.","hint":"HTTPS","#,
        r#""payload":{"protocol":"TLS","confidence":"certain","calls":1},"#,
        r#""sources":["kb832017:554","q256884:45"],"policy":{"status":"unexpected","by":["expect:1"],"findings":["#,
        r#"{"kind":"wrong-port","link":"sccm.link.17","text":"The link is documented on 80, not on 8080.","#,
        r#""sources":["sccm-2007:54"],"filter":"ip.addr == 10.1.0.9 && tcp.port == 2703"}]}}"#,
    );
    assert_eq!(line.lines().next().unwrap(), expected);
}

#[test]
fn what_does_not_apply_is_null_and_arrays_stay_arrays() {
    let line = ndjson(&[sparse()], &Summary::default());
    let value: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    for field in [
        "first",
        "last",
        "icmp",
        "icmp_errors",
        "tcp",
        "label",
        "detail",
        "verdict",
        "evidence",
        "reason",
        "hint",
        "payload",
        "policy",
    ] {
        assert_eq!(value[field], Value::Null, "{field}");
    }
    for field in ["vlans", "tunnels", "spis", "systems", "flags", "notes", "sources"] {
        assert_eq!(value[field], Value::Array(vec![]), "{field}");
    }
    assert_eq!(value["transport"], "ip-253");
    assert_eq!(value["client"]["port"], Value::Null);
    assert_eq!(value["server"]["ip"], "ff02::1:ff00:1234");
}

#[test]
fn json_is_the_same_objects_in_one() {
    let (records, summary) = (shapes(), summary(&shapes()));
    let lines: Vec<Value> = ndjson(&records, &summary).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let json = written(format("json").unwrap(), &View::default(), &records, &summary);
    let whole: Value = serde_json::from_str(&json).unwrap();
    let (last, flows) = lines.split_last().unwrap();
    assert_eq!(whole["flows"].as_array().unwrap().as_slice(), flows);
    assert_eq!(&whole["summary"], last);
    assert_eq!(last["type"], "summary");
    assert_eq!(whole.as_object().unwrap().len(), 2);
}

#[test]
fn json_without_flows() {
    let json = written(format("json").unwrap(), &View::default(), &[], &Summary::default());
    let whole: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(whole["flows"], Value::Array(vec![]));
}

#[test]
fn json_holds_nothing_that_acts_on_a_terminal() {
    let (records, summary) = (shapes(), summary(&shapes()));
    for name in ["ndjson", "json", "csv"] {
        let text = written(format(name).unwrap(), &View::default(), &records, &summary);
        assert!(!text.chars().any(|c| c != '\n' && escape::is_unsafe(c)), "{name}");
    }
    let line = ndjson(&[full()], &Summary::default());
    assert!(line.contains(r#""name":"a\u001b[31m\u202eb\u009b""#), "{line}");
    let value: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(value["server"]["name"], "a\u{1b}[31m\u{202e}b\u{9b}");
}

#[test]
fn an_update_has_the_changed_fields_only() {
    let before = flow(7);
    let mut after = before.clone();
    after.label = Some("RPC");
    after.evidence = Some(Evidence::Learned);
    after.learned_after = true;
    after.verdict = Some(Verdict::Matched);
    let mut out = Vec::new();
    let mut report = (format("ndjson").unwrap().new)(&View::default());
    report.update(&before, &after, &mut out).unwrap();
    report.update(&after, &before, &mut out).unwrap();
    report.update(&before, &before, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        concat!(
            r#"{"type":"update","id":"7.0","label":"RPC","verdict":"matched","evidence":"learned","learned_after":true}"#,
            "\n",
            r#"{"type":"update","id":"7.0","label":null,"verdict":null,"evidence":null,"learned_after":false}"#,
            "\n",
        )
    );
}

/// Splits a row as RFC 4180 says.
fn cells(row: &str) -> Vec<String> {
    let (mut cells, mut quoted, mut chars) = (vec![String::new()], false, row.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn csv_columns_keep_their_order() {
    let csv = written(format("csv").unwrap(), &View::default(), &[], &Summary::default());
    assert_eq!(
        csv,
        "type,id,community_id,first,last,duration,ip_version,transport,protocol,vlans,tunnels,tunnel_ids,tunnel_keys,client_ip,\
         client_port,client_name,server_ip,server_port,server_name,direction,packets_client,packets_server,bytes_client,\
         bytes_server,icmp_type,icmp_code,icmp_id,icmp_errors,icmp_error_codes,tcp_state,tcp_history,tcp_rtt_ms,\
         tcp_retransmissions,tcp_gaps,spis,label,detail,systems,verdict,evidence,learned_after,flags,notes,reason,hint,payload,\
         payload_confidence,recognizer_calls,sources,policy_status,policy_by,policy_findings,policy_links,policy_texts,policy_sources,policy_filters\n"
    );
}

#[test]
fn csv_rows_have_every_cell() {
    let csv = written(format("csv").unwrap(), &View::default(), &[full(), sparse(), icmp()], &Summary::default());
    let rows: Vec<Vec<String>> = csv.lines().map(cells).collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let cell = |row: usize, name: &str| rows[row][rows[0].iter().position(|column| column == name).unwrap()].as_str();
    assert_eq!(cell(1, "tunnels"), "gre;ipip");
    assert_eq!(cell(1, "tunnel_ids"), "17.0;");
    assert_eq!(cell(1, "tunnel_keys"), "7;");
    assert_eq!(cell(1, "client_name"), "'=cmd|' /C calc'!A0");
    assert_eq!(cell(1, "server_name"), r"a\x1b[31m\u{202e}b\u{9b}");
    assert_eq!(cell(1, "detail"), "TLS 1.2, \"quoted\"");
    assert_eq!(cell(1, "policy_findings"), "wrong-port");
    assert_eq!(cell(2, "first"), "");
    assert_eq!(cell(3, "icmp_id"), "512");
}

/// A disk that is full after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_fails_is_said_by_every_format() {
    for format in FORMATS {
        let mut report = (format.new)(&View { flows: true, ..View::default() });
        let mut out = Full(100);
        let wrote = report.flow(&flow(1), &mut out).and_then(|()| report.finish(&summary(&[]), &mut out));
        assert!(wrote.is_err(), "{}", format.name);
    }
}

#[test]
fn each_format_has_its_own_name() {
    for format_ in FORMATS {
        assert_eq!(format(format_.name).unwrap().name, format_.name);
        assert!(!format_.help.is_empty() && !format_.extension.is_empty());
    }
    assert!(format("no such").is_none());
}
