//! The real binary as a daemon on a world: it can be killed in the middle of its work and asked to end.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::program;
use crate::wait;
use crate::world::World;

/// Longest wait for the daemon to end after SIGTERM.
const END: Duration = Duration::from_secs(40);

/// A daemon.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts the binary on the world's configuration and waits until it is ready.
    pub async fn start(world: &World) -> Self {
        Self::start_logging(world, "info").await
    }

    /// As [`Daemon::start`], with a level of its log.
    pub async fn start_logging(world: &World, level: &str) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(world.path("daemon.log"));
        let child = Command::new(program::path())
            .args(["--log-level", level, "run", "-c"])
            .arg(world.configuration())
            .envs(world.environment())
            .env_remove("TRIBUTARY_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a file for its log"))
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let mut daemon = Self { child };
        let ready = format!("http://{}/readyz", world.addresses().0);
        wait::until_true("the daemon to be ready", wait::SOON, async || {
            let ended = daemon.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the daemon ended with {ended:?}:\n{}", Self::log(world));
            world.try_browse(&ready).await.is_some_and(|answer| answer.status().is_success())
        })
        .await;
        daemon
    }

    /// What the daemons of this world logged.
    pub fn log(world: &World) -> String {
        std::fs::read_to_string(world.path("daemon.log")).unwrap_or_default()
    }

    /// SIGKILL, in the middle of whatever it does.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args([name, &id]).status().await.expect("`kill` runs");
        assert!(sent.success(), "{name} was not sent");
    }

    /// SIGHUP: it is to read its configuration anew.
    pub async fn hang_up(&self) {
        self.signal("-HUP").await;
    }

    /// SIGTERM; waits for the end.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal("-TERM").await;
        let ended = tokio::time::timeout(END, self.child.wait()).await;
        ended.expect("it ends in time").expect("its state")
    }
}
