//! `tributary disconnect`: ends a connection for good, at the provider, too.

use std::io::IsTerminal as _;

use bytes::Bytes;
use clap::Args;
use serde_json::json;

use super::admin::{Daemon, cell};
use super::time::Target;
use super::{WrongUse, output};

/// Which connection to end.
#[derive(Debug, Args)]
#[command(after_help = "\
The provider is told and asked to revoke the access, the credentials are wiped, and the sinks get a deauth event. What
was delivered stays where it is.

Examples:
  tributary disconnect --connection 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44
  tributary disconnect --connection 8b5c2f1e-0d52-4c7b-9a57-3f6f0d1b2a44 --yes --json")]
pub(super) struct Options {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    target: Target,
    /// Does not ask.
    #[arg(short, long)]
    yes: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Disconnects.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let id = options.target.id();
    if !options.yes && !agreed(&format!("Disconnect {id}? Its user has to connect again after that. [y/N] "))?
    {
        output::complain("nothing was done");
        return Ok(());
    }
    let wish = json!({"connection": id});
    let answer = options.daemon.post("disconnect", &[], "application/json", Bytes::from(wish.to_string()))?;
    if options.json {
        output::json(&answer);
    } else {
        let (tenant, provider) = (cell(&answer, "tenant"), cell(&answer, "provider"));
        output::line(&format!("{id} of {tenant} at {provider} is disconnected"));
    }
    Ok(())
}

fn agreed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let text = "there is nobody to ask; add --yes to disconnect without a question".to_owned();
        return Err(WrongUse(text).into());
    }
    output::ask(question);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
