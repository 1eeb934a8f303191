//! `tributary check`: is this configuration right, and with `--connect`, can every sink be written to?

use clap::Args;
use serde_json::{Value, json};
use tributary_config::{Config, ConfigErrors};

use super::{ConfigFile, output};
use crate::codes;
use crate::sinks;

/// What to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tributary check -c tributary.yaml
  tributary check -c tributary.yaml --connect --json")]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Also asks each sink whether it can write; creates what is missing.
    #[arg(long)]
    connect: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Checks. What is wrong is said as the daemon says it.
pub(super) fn run(options: &Options, level: Option<&str>) -> anyhow::Result<()> {
    let config = super::load(&options.file)?;
    super::run::logs(Some(level.unwrap_or("warn")))?;
    let system = actix_rt::System::new();
    let errors = system.block_on(sinks::check(&config));
    if !errors.is_empty() {
        return Err(ConfigErrors { errors }.into());
    }
    if !options.json {
        for warning in &config.warnings {
            output::line(&format!("warning: {warning}"));
        }
        output::line(&head(options, &config));
    }
    let sinks = if options.connect { system.block_on(connect(options, &config)) } else { Ok(Vec::new()) }?;
    let failed = sinks.iter().filter(|sink| sink.get("ok") == Some(&Value::Bool(false))).count();
    if options.json {
        output::json(&json!({
            "file": options.file.config,
            "warnings": config.warnings,
            "provider_apps": config.apps().len(),
            "tenants": config.tenants.len(),
            "sinks": sinks,
        }));
    }
    anyhow::ensure!(failed == 0, "{failed} sinks cannot be used");
    Ok(())
}

fn head(options: &Options, config: &Config) -> String {
    let sinks: usize = config.tenants.iter().map(|tenant| tenant.sinks.len()).sum();
    format!(
        "{}: ok; {} provider apps, {} tenants, {sinks} sinks",
        options.file.config.display(),
        config.apps().len(),
        config.tenants.len(),
    )
}

/// Asks each sink whether it can write. Prints as it goes, since a sink may take its time.
async fn connect(options: &Options, config: &Config) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    for tenant in &config.tenants {
        for (name, entry) in &tenant.sinks {
            let sink = sinks::build(&config.operator, tenant, name, entry).await;
            let sink = sink.map_err(|error| ConfigErrors { errors: vec![error] })?;
            let report = sink.check().await.map(|report| report.lines);
            let (place, say) = (format!("{}/{name}", tenant.dev_id), !options.json);
            let mut row = json!({"tenant": tenant.dev_id, "sink": name});
            let outcome = match report {
                Ok(lines) => {
                    if say {
                        output::line(&format!("{place}: ok"));
                        lines.iter().for_each(|line| output::line(&format!("  {line}")));
                    }
                    json!({"ok": true, "lines": lines})
                }
                Err(error) => {
                    let code = codes::of_sink(&error);
                    if say {
                        output::line(&format!("{place}: {error} [{code}: tributary explain {code}]"));
                    }
                    json!({"ok": false, "error": error.to_string(), "code": code.as_str()})
                }
            };
            if let (Some(row), Value::Object(outcome)) = (row.as_object_mut(), outcome) {
                row.extend(outcome);
            }
            found.push(row);
        }
    }
    Ok(found)
}
