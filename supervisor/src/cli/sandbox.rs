//! `tributary sandbox`: only the simulated providers, until SIGINT.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tributary_engine::clock::Clock;
use tributary_providers::sandbox::Settings;

use super::output;
use crate::sandbox::Host;

/// How to run them.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address of the first provider; the others follow on the next ports (with port 0, on free ones).
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Everything random comes from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People at each provider.
    #[arg(long, default_value_t = 10)]
    users: u32,
    /// Days of history that each person has at the start.
    #[arg(long, default_value_t = 14)]
    history_days: u32,
    /// New records of each person in a minute.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
}

/// Runs the simulated providers.
pub(super) fn run(options: &Options, level: Option<&str>) -> anyhow::Result<()> {
    super::run::logs(Some(level.unwrap_or("info")))?;
    actix_rt::System::new().block_on(async {
        let clock = Clock::real();
        let settings = Settings {
            seed: options.seed,
            users: options.users,
            history_days: options.history_days,
            live_records_per_user_per_minute: options.rate,
            ..Settings::default()
        };
        let mut hosts = Vec::new();
        for (index, sandbox) in tributary_providers::sandboxes(&settings, clock.now()).into_iter().enumerate()
        {
            let mut address = options.listen;
            if address.port() != 0 {
                let port = usize::from(address.port()).saturating_add(index);
                address.set_port(u16::try_from(port).context("no port left for all providers")?);
            }
            let listener =
                TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
            let host = Host::start(sandbox, listener, clock.clone())?;
            output::line(&format!("{}: http://{}", host.key(), host.address()));
            hosts.push(host);
        }
        output::line(&format!(
            "client_id {:?}, client_secret {:?}; a consent page takes &login=<number>&approve=1",
            settings.client_id,
            settings.client_secret.expose(),
        ));
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        for host in hosts {
            host.stop().await;
        }
        Ok(())
    })
}
