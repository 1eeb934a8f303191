//! The pages of the providers, from `tributary providers --json` and their READMEs.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Page, cell, list, readme, span, text, words};

/// All providers in one table.
pub(super) fn index(providers: &Value) -> Page {
    let mut out = "# Providers\n\nWhat `tributary providers` prints. Which fields each one fills is in \
                   [the coverage table](coverage.md).\n\n\
                   | provider | status | authorisation | data types | notifications |\n|---|---|---|---|---|\n"
        .to_owned();
    for provider in list(providers) {
        let row = format!(
            "| [{name}](providers/{key}.md) | {status} | {auth} | {types} | {notifications} |\n",
            name = text(provider, "name"),
            key = text(provider, "key"),
            status = text(provider, "status"),
            auth = text(provider, "auth"),
            types = words(provider.get("data_types")),
            notifications = text(provider, "notifications"),
        );
        out.push_str(&row);
    }
    Page { path: "reference/providers.md".to_owned(), text: out }
}

/// One provider.
pub(super) fn page(provider: &Value) -> Page {
    let key = text(provider, "key");
    let mut out = format!("# {}\n\n| | |\n|---|---|\n", text(provider, "name"));
    let note = provider.get("note").and_then(Value::as_str).map_or(String::new(), |note| format!(": {note}"));
    let facts = [
        ("key in the configuration", format!("`{key}`")),
        ("name in events", format!("`{}`", text(provider, "wire_name"))),
        ("status", format!("{}{}", text(provider, "status"), cell(&note))),
        ("authorisation", text(provider, "auth").to_owned()),
        ("notifications", text(provider, "notifications").to_owned()),
        ("quota of an app", words(provider.get("app_quotas"))),
        ("quota of a connection", words(provider.get("user_quotas"))),
    ];
    for (name, value) in facts {
        writeln!(out, "| {name} | {value} |").expect("a text takes what is written");
    }
    out.push_str(
        "\n## Resources\n\n| resource | data types | polled every | read again | longest window | history | scopes |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for resource in provider.get("resources").map_or(&[][..], list) {
        let length = |name: &str| span(resource.get(name).and_then(Value::as_u64));
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            text(resource, "name"),
            words(resource.get("yields")),
            length("poll_seconds"),
            length("look_back_seconds"),
            length("max_window_seconds"),
            length("history_seconds"),
            words(resource.get("scopes")),
        )
        .expect("a text takes what is written");
    }
    writeln!(out, "\n{}", readme(&format!("providers/src/{key}"))).expect("a text takes what is written");
    Page { path: format!("reference/providers/{key}.md"), text: out }
}
