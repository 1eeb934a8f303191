//! `tributary explain`: what an error code means, and what to do.

use clap::Args;
use serde_json::{Value, json};

use super::{WrongUse, output};
use crate::codes::{self, PAGES, Page};

/// Which code.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary explain
  tributary explain TRB-2001")]
pub(super) struct Options {
    /// The code, as an error shows it; without one, all are listed.
    code: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Explains.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let Some(code) = &options.code else {
        list(options.json);
        return Ok(());
    };
    let page = codes::find(code).ok_or_else(|| {
        WrongUse(format!("there is no error code {code:?}; `tributary explain` lists all of them"))
    })?;
    if options.json {
        output::json(&object(page));
    } else {
        output::line(page.text.trim_end());
    }
    Ok(())
}

fn list(json: bool) {
    if json {
        output::json(&Value::Array(PAGES.iter().map(object).collect()));
        return;
    }
    let rows = PAGES.iter().map(|page| vec![page.code.to_string(), page.title().to_owned()]).collect();
    output::table(&["code", "means"], rows);
}

fn object(page: &Page) -> Value {
    let part = |heading: &str| {
        let begin = page.text.split_once(&format!("## {heading}\n")).map_or("", |(_, rest)| rest);
        let text = begin.split_once("\n## ").map_or(begin, |(text, _)| text);
        text.trim().replace('\n', " ")
    };
    json!({
        "code": page.code.as_str(),
        "title": page.title(),
        "cause": part("Cause"),
        "check": part("Check"),
        "cure": part("Cure"),
    })
}
