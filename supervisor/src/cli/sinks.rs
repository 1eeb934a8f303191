//! `tributary sinks`: the kinds of sinks, straight from the registry.

use serde_json::{Value, json};
use tributary_sinks::registry::{SinkOptions, schema_of};

use super::output;

/// Lists the kinds of sinks.
pub(super) fn run(as_json: bool) {
    if as_json {
        let kinds = SinkOptions::KINDS.iter().map(|kind| {
            json!({
                "name": kind.name,
                "summary": kind.summary,
                "grouping": kind.grouping,
                "guarantee": kind.guarantee,
                "settings": schema_of(kind.name),
            })
        });
        output::json(&Value::Array(kinds.collect()));
        return;
    }
    let rows = SinkOptions::KINDS
        .iter()
        .map(|kind| [kind.name, kind.summary, kind.grouping, kind.guarantee].map(str::to_owned).to_vec())
        .collect();
    output::table(&["sink", "what", "one write carries", "guarantee"], rows);
}
