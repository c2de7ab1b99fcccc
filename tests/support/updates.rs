//! A stream's records with its updates applied.

use std::collections::BTreeMap;

use serde_json::Value;

/// The flows by id, each as its last update left it. An update of a flow that was not written fails, as does a flow that is written twice.
pub fn applied(lines: &[Value]) -> BTreeMap<String, Value> {
    let mut flows: BTreeMap<String, Value> = BTreeMap::new();
    for line in lines {
        let id = || line["id"].as_str().unwrap().to_owned();
        match line["type"].as_str() {
            Some("flow") => assert!(flows.insert(id(), line.clone()).is_none(), "twice: {line}"),
            Some("update") => {
                let flow = flows.get_mut(&id()).unwrap_or_else(|| panic!("of nothing: {line}")).as_object_mut().unwrap();
                let changes = line.as_object().unwrap().iter().filter(|(name, _)| *name != "type");
                flow.extend(changes.map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {}
        }
    }
    flows
}
