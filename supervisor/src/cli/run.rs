//! `tributary run`: the daemon, until SIGTERM or SIGINT.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};
use tributary_config::{LogFormat, Operator};
use tributary_engine::clock::Clock;
use tributary_engine::telemetry::{self, Telemetry, line::JsonLine};

use super::ConfigFile;
use crate::app::{self, Listeners};
use crate::reload::Source;

/// Runs the daemon. A change of its configuration is applied while it runs.
pub(super) fn run(file: &ConfigFile, level: Option<&str>) -> anyhow::Result<()> {
    let config = super::load(file)?;
    let telemetry = observed(&config.operator, level)?;
    let result = daemon(config, file.config.clone());
    telemetry.stop();
    result
}

fn daemon(config: tributary_config::Config, path: std::path::PathBuf) -> anyhow::Result<()> {
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

/// Sets up logs on standard error, traces and metrics.
fn observed(operator: &Operator, level: Option<&str>) -> anyhow::Result<Telemetry> {
    let options = telemetry::Options {
        otlp: operator.telemetry.otlp.clone(),
        prometheus: operator.telemetry.prometheus,
        sample: operator.telemetry.sample,
        version: env!("CARGO_PKG_VERSION"),
    };
    let telemetry = telemetry::export::start(&options)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match operator.log {
        LogFormat::Json => lines.json().event_format(JsonLine::default()).boxed(),
        LogFormat::Pretty => lines.boxed(),
    };
    // The level of the log decides about lines only; traces have `telemetry.sample`.
    let installed = tracing_subscriber::registry()
        .with(telemetry.layer())
        .with(lines.with_filter(filter(level)?))
        .try_init();
    installed.context("logs cannot be set up")?;
    Ok(telemetry)
}

/// Sets up logs on standard error, for commands that are no daemon.
pub(super) fn logs(level: Option<&str>) -> anyhow::Result<()> {
    let logs = tracing_subscriber::fmt().with_env_filter(filter(level)?).with_writer(std::io::stderr);
    logs.try_init().map_err(|error| anyhow::anyhow!("logs cannot be set up: {error}"))
}

fn filter(level: Option<&str>) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(level.unwrap_or("info")).context("the log level cannot be read")
}
