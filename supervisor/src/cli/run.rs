//! `tributary run`: the daemon, until SIGTERM or SIGINT.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::EnvFilter;
use tributary_config::LogFormat;
use tributary_engine::clock::Clock;

use super::ConfigFile;
use crate::app::{self, Listeners};
use crate::reload::Source;

/// Runs the daemon. A change of its configuration is applied while it runs.
pub(super) fn run(file: &ConfigFile, level: Option<&str>) -> anyhow::Result<()> {
    let config = super::load(file)?;
    logs(config.operator.log, level)?;
    let path = file.config.clone();
    actix_rt::System::new().block_on(async move {
        let listeners = Listeners::bind(&config.operator)?;
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be listened to")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be listened to")?;
        let mut running = app::start(config, Clock::real(), listeners).await?;
        running.follow(Source::of_process(path), true);
        let asked_to_end = async {
            tokio::select! {
                _ = terminate.recv() => info!("SIGTERM: finishing what runs"),
                _ = interrupt.recv() => info!("SIGINT: finishing what runs"),
            }
        };
        tokio::pin!(asked_to_end);
        // A provider that does not answer must not hold up an end.
        tokio::select! {
            () = running.subscribe() => asked_to_end.await,
            () = &mut asked_to_end => {}
        }
        running.stop().await;
        Ok(())
    })
}

/// Sets up logs on standard error.
pub(super) fn logs(format: LogFormat, level: Option<&str>) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level.unwrap_or("info")).context("the log level cannot be read")?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match format {
        LogFormat::Json => logs.json().try_init(),
        LogFormat::Pretty => logs.try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("logs cannot be set up: {error}"))
}
