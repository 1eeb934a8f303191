//! `tributary import`: device files in, records out: printed, or sent down the path of a running daemon.

use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use serde_json::json;
use tributary_providers::route::import::{Format, records};

use super::admin::Daemon;
use super::output;

/// What to import.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Format of the files.
    #[arg(long, value_parser = |text: &str| text.parse::<Format>().map_err(|error| error.to_string()))]
    format: Format,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Sends the records to the daemon of this configuration instead of printing them.
    #[arg(short, long, value_name = "FILE", requires = "user")]
    config: Option<PathBuf>,
    /// Whose records they are: a connection's id, or the tenant's own id of the person.
    #[arg(long, value_name = "ID", requires = "config")]
    user: Option<String>,
    /// The tenant, when the configuration has more than one and `--user` is not a connection's id.
    #[arg(long)]
    tenant: Option<String>,
}

/// Imports.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let mut failed = 0_usize;
    for path in &options.files {
        if let Err(error) = import(options, path) {
            failed += 1;
            output::error(&error);
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} files were not imported", options.files.len());
    Ok(())
}

fn import(options: &Options, path: &PathBuf) -> anyhow::Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let name = path.display().to_string();
    if let (Some(config), Some(user)) = (&options.config, &options.user) {
        let daemon = Daemon::of_config(config.clone());
        let mut query =
            vec![("format", options.format.as_str().to_owned()), ("user", user.clone()), ("name", name)];
        query.extend(options.tenant.clone().map(|tenant| ("tenant", tenant)));
        let answer = daemon.post("import", &query, "application/octet-stream", Bytes::from(bytes))?;
        output::json_line(&answer);
        return Ok(());
    }
    for record in records(options.format, &name, &bytes)? {
        let body: serde_json::Value = serde_json::from_slice(&record.to_json()?)?;
        output::json_line(
            &json!({"type": record.data_type(), "key": record.natural_key().as_str(), "record": body}),
        );
    }
    Ok(())
}
