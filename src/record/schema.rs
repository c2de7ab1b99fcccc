//! The JSON Schema of every line flowlabel writes, generated from the types that are written.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::flow::FlowRecord;
use super::summary::Summary;
use super::update::FlowUpdate;

/// A line of `--format ndjson`: its `type` says which.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is of use")]
#[allow(clippy::large_enum_variant, reason = "nobody makes one")]
enum Line<'a> {
    Flow(FlowRecord<'a>),
    Update(FlowUpdate<'a>),
    Summary(Summary),
}

/// The schema (draft 2020-12) of a flow, update or summary line.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Line<'_>>();
    schema.insert("title".into(), "flowlabel: a line of --format ndjson".into());
    schema.to_value()
}
