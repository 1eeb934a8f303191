//! The commands. Results go to standard output, logs to standard error; 0 is ok, 1 failed, 2 wrong use.

mod check;
mod completions;
mod connections;
mod dead_letters;
mod demo;
mod disconnect;
mod explain;
mod import;
mod log;
mod normalize;
pub mod output;
mod providers;
mod replay;
mod run;
mod sandbox;
mod sinks;
mod status;
mod sync;
mod time;
mod vault;

mod admin;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Self-hosted sync of wearable data: providers in, standard records out to your own sinks.
#[derive(Debug, Parser)]
#[command(name = "tributary", version, about, propagate_version = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// What to log, as in `RUST_LOG`: `info`, `tributary_engine=debug`…
    #[arg(long, global = true, env = "TRIBUTARY_LOG")]
    log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs simulated providers, the engine and local sinks, and accounts for every record.
    Demo(demo::Options),
    /// Runs the daemon.
    Run(ConfigFile),
    /// Validates a configuration.
    Check(check::Options),
    /// Prints the JSON Schema of the configuration files, for editors.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Lists the providers: status, authorisation, data types, history, notifications, quotas.
    Providers(Listing),
    /// Lists the kinds of sinks.
    Sinks(Listing),
    /// Turns provider documents into records, one JSON object a line, through the same code as a sync.
    Normalize(normalize::Options),
    /// Turns device files into records, one JSON object a line.
    Import(import::Options),
    /// Lists the connections of a running daemon.
    Connections(connections::Options),
    /// Asks a running daemon to fetch a connection now.
    Sync(sync::Options),
    /// Asks a running daemon to fetch a stretch of a connection's history.
    Backfill(sync::Backfill),
    /// Ends a connection for good, at the provider, too.
    Disconnect(disconnect::Options),
    /// Shows entries of a running daemon's log, and new ones as they come.
    Log(log::Options),
    /// Lists and shows what sinks refused.
    #[command(subcommand)]
    DeadLetters(dead_letters::Options),
    /// Has dead letters delivered again, or sets a sink back to an earlier place of the log.
    Replay(replay::Options),
    /// Shows connections, sinks and quotas of a running daemon.
    Status(status::Options),
    /// Says what an error code means and what to do.
    Explain(explain::Options),
    /// Prints a script that completes the commands in a shell.
    Completions(completions::Options),
    /// Runs only the simulated providers.
    Sandbox(sandbox::Options),
    /// Changes the keys that seal tokens in the store of a running daemon.
    Vault {
        #[command(subcommand)]
        what: vault::VaultCommand,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints the JSON Schema of the operator's and the tenants' files.
    Schema,
}

/// A configuration.
#[derive(Debug, Clone, Args)]
pub struct ConfigFile {
    /// The operator's file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
}

/// A list.
#[derive(Debug, Args)]
pub struct Listing {
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Wrong use that only shows while a command runs: ends with 2, as what the parser refuses does.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongUse(String);

/// Runs a command to its end.
pub fn run(arguments: Arguments) -> ExitCode {
    let level = arguments.log_level.as_deref();
    let result = match arguments.command {
        Command::Demo(options) => demo::run(&options, level),
        Command::Run(file) => run::run(&file, level),
        Command::Check(options) => check::run(&options, level),
        Command::Config { what: ConfigCommand::Schema } => {
            output::json(&tributary_config::schema());
            Ok(())
        }
        Command::Providers(listing) => {
            providers::run(listing.json);
            Ok(())
        }
        Command::Sinks(listing) => {
            sinks::run(listing.json);
            Ok(())
        }
        Command::Normalize(options) => normalize::run(&options),
        Command::Import(options) => import::run(&options),
        Command::Connections(options) => connections::run(&options),
        Command::Sync(options) => sync::run(&options),
        Command::Backfill(options) => sync::backfill(&options),
        Command::Disconnect(options) => disconnect::run(&options),
        Command::Log(options) => log::run(&options),
        Command::DeadLetters(options) => dead_letters::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Completions(options) => {
            completions::run(&options);
            Ok(())
        }
        Command::Status(options) => status::run(&options),
        Command::Sandbox(options) => sandbox::run(&options, level),
        Command::Vault { what } => vault::run(&what),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            if error.is::<WrongUse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Reads a configuration with the process's environment.
fn load(file: &ConfigFile) -> anyhow::Result<tributary_config::Config> {
    Ok(tributary_config::load(&file.config, &|name| std::env::var(name).ok())?)
}
