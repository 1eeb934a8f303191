//! Names of spans and metrics, wherever they are written: in the reference page, in rules, in dashboards, in code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tributary_engine::telemetry::instrument::Kind;
use tributary_engine::telemetry::{metric, span};
use tributary_tests::tools;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn code(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn spans() -> String {
    let mut table = "| span | kind | below | attributes | covers |\n|---|---|---|---|---|\n".to_owned();
    for about in span::ALL {
        let (name, kind, attributes) = (about.name, about.kind, code(about.attributes));
        table
            .push_str(&format!("| `{name}` | {kind} | {} | {attributes} | {} |\n", about.parent, about.help));
    }
    table
}

fn metrics() -> String {
    let mut table =
        "| metric | as text | kind | unit | labels | meaning |\n|---|---|---|---|---|---|\n".to_owned();
    for instrument in metric::ALL {
        let about = instrument.about();
        table.push_str(&format!(
            "| `{}` | `{}` | {} | `{}` | {} | {} |\n",
            about.name,
            instrument.prometheus_name(),
            instrument.kind().as_str(),
            about.unit,
            code(instrument.labels()),
            about.help,
        ));
    }
    table
}

/// The page with this table at that place.
fn with(page: &str, place: &str, table: &str) -> String {
    let begin = format!("<!-- {place} -->\n");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{begin}{table}<!-- end -->{after}")
}

#[test]
fn the_reference_page_is_printed_from_the_code() {
    let path = root().join("docs/telemetry.md");
    let page = fs::read_to_string(&path).unwrap();
    let right = with(&with(&page, "spans", &spans()), "metrics", &metrics());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &right).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == right, "docs/telemetry.md is old; write it anew with UPDATE_DOCS=1");
}

/// Every name in the text that could be one of our metrics.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = |word: &&str| {
        ["tributary_", "http_client_", "http_server_"].iter().any(|begin| word.starts_with(begin))
    };
    words.filter(ours).map(str::to_owned).collect()
}

/// All names under which a metric can be asked for.
fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for instrument in metric::ALL {
        let name = instrument.prometheus_name();
        if instrument.kind() == Kind::Histogram {
            known.extend(["bucket", "count", "sum"].map(|part| format!("{name}_{part}")));
        }
        known.insert(name);
    }
    known
}

#[test]
fn rules_and_dashboard_ask_only_for_metrics_that_exist() {
    for file in ["deploy/prometheus/alerts.yml", "deploy/grafana/tributary.json"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        let names = named(&text);
        assert!(names.len() > 10, "{file}");
        let unknown: Vec<_> = names.difference(&known()).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{file}");
    }
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let text = fs::read_to_string(root().join("deploy/grafana/tributary.json")).unwrap();
    let names = named(&text);
    for instrument in metric::ALL {
        let name = instrument.prometheus_name();
        assert!(names.iter().any(|shown| shown.starts_with(&name)), "{name} is on no panel");
    }
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut ids: Vec<_> = dashboard["panels"].as_array().unwrap().iter().map(|panel| &panel["id"]).collect();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "two panels share an id");
}

#[test]
fn every_alert_says_what_to_do() {
    let text = fs::read_to_string(root().join("deploy/prometheus/alerts.yml")).unwrap();
    let rules = text.split("- alert: ").skip(1);
    for rule in rules {
        for key in ["severity: ", "summary: ", "what_to_do: "] {
            assert!(rule.contains(key), "{} lacks {key}", rule.lines().next().unwrap());
        }
    }
}

#[test]
fn prometheus_takes_the_rules_and_the_configuration() {
    let Some(promtool) = tools::find("promtool", "prometheus/promtool") else { return };
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts_test.yml"],
    ] {
        let output = Command::new(&promtool)
            .args(arguments)
            .current_dir(root().join("deploy/prometheus"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}
