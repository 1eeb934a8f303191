//! `tributary demo`: everything on this machine, with an account of every record.

use std::path::PathBuf;

use clap::Args;

use super::output;
use crate::demo::{self, Plan};

/// How to run it.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// People, shared evenly between the simulated providers.
    #[arg(long, default_value_t = 50)]
    users: u32,
    /// How long the people go on producing once all are connected and their histories are delivered.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Everything random comes from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Days of history that each person has at the start.
    #[arg(long, default_value_t = 14)]
    history_days: u32,
    /// New or changed records of each person in a minute.
    #[arg(long, default_value_t = 20.0)]
    rate: f64,
    /// Kills the engine that many times in the middle of its work (SIGKILL) and starts it again on the same store.
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// Keeps store, logs and what was delivered in this directory, which has to be new or empty.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the demo.
pub(super) fn run(options: &Options, level: Option<&str>) -> anyhow::Result<()> {
    anyhow::ensure!(options.users >= 2, "--users has to be at least 2");
    anyhow::ensure!(options.rate.is_finite() && options.rate >= 0.0, "--rate has to be a number from 0 up");
    super::run::logs(Some(level.unwrap_or("error")))?;
    let plan = Plan {
        users: options.users,
        seconds: options.seconds,
        seed: options.seed,
        history_days: options.history_days,
        rate: options.rate,
        kills: options.kills,
        keep: options.keep.clone(),
        engine_log_level: level.unwrap_or("warn").to_owned(),
    };
    let outcome = actix_rt::System::new().block_on(demo::run(plan))?;
    if options.json {
        output::json_line(&outcome.to_json());
    } else {
        demo::table::print(&outcome);
    }
    anyhow::ensure!(outcome.lost() == 0, "{} records were lost", outcome.lost());
    Ok(())
}
