//! A world with the daemon inside the test's own process: fast, and everything that it logs can be looked at.

use std::net::TcpListener;
use std::ops::Deref;
use std::sync::Arc;

use tributary::app::{self, Listeners, Running, Shared, StartError};
use tributary::reload::Source;
use tributary_config::Config;
use tributary_engine::clock::Clock;

use crate::logs::Observation;
use crate::plan::{Plan, WEBHOOK_SECRET};
use crate::world::World;

/// Runs a test inside an actix system.
pub fn run(test: impl AsyncFnOnce()) {
    actix_rt::System::new().block_on(Box::pin(test()));
}

/// A world and the daemon in it.
///
/// [`Rig::finish`] has to be the last thing that a test does with it: it takes the daemon down and fails the test if
/// anything panicked, if something could not be worked off, or if the daemon logged an error.
pub struct Rig {
    world: World,
    running: Option<Running>,
    observation: Observation,
    errors_expected: bool,
}

impl Deref for Rig {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Rig {
    /// Starts everything and makes the subscriptions.
    pub async fn start(plan: Plan) -> Self {
        Self::start_observed(plan, Observation::begin()).await
    }

    /// As [`Rig::start`], with an observation that has begun already.
    pub async fn start_observed(plan: Plan, observation: Observation) -> Self {
        let world = World::start(plan).await;
        let mut rig = Self { world, running: None, observation, errors_expected: false };
        rig.start_daemon().await.expect("the daemon starts");
        rig
    }

    /// A world whose daemon is not started yet.
    pub async fn prepare(plan: Plan) -> Self {
        let observation = Observation::begin();
        Self { world: World::start(plan).await, running: None, observation, errors_expected: false }
    }

    /// The world, to change its plan.
    pub const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Starts the daemon on the world's configuration.
    ///
    /// # Errors
    /// Why the daemon does not start.
    pub async fn start_daemon(&mut self) -> Result<(), StartError> {
        let mut running = app::start(self.load(), Clock::real(), self.listeners()).await?;
        running.follow(self.source(), false);
        running.subscribe().await;
        self.running = Some(running);
        Ok(())
    }

    fn source(&self) -> Source {
        let environment = self.world.environment();
        let environment = Arc::new(move |name: &str| environment.get(name).cloned());
        Source { path: self.world.configuration(), environment }
    }

    /// From now on the daemon looks at its files by itself.
    pub fn watch_files(&mut self) {
        let source = self.source();
        self.running.as_mut().expect("a running daemon").follow(source, true);
    }

    fn load(&self) -> Config {
        let environment = self.world.environment();
        let config =
            tributary_config::load(&self.world.configuration(), &|name| environment.get(name).cloned());
        config.unwrap_or_else(|errors| panic!("the configuration is not valid:\n{errors}"))
    }

    fn listeners(&self) -> Listeners {
        let (public, admin) = self.world.addresses();
        let bind = |address| TcpListener::bind(address).expect("the daemon's port");
        Listeners { public: bind(public), admin: bind(admin) }
    }

    /// What the parts of the daemon share.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.running.as_ref().expect("a running daemon").shared)
    }

    /// Stops the daemon.
    pub async fn stop_daemon(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Stops the daemon and starts it again on the same store.
    pub async fn restart(&mut self) {
        self.stop_daemon().await;
        self.start_daemon().await.expect("the daemon starts again");
    }

    /// What was logged and what panicked.
    pub const fn observed(&self) -> &Observation {
        &self.observation
    }

    /// From now on errors in the log are part of the test.
    pub const fn expect_errors(&mut self) {
        self.errors_expected = true;
    }

    /// Takes everything down and looks back.
    pub async fn finish(mut self) {
        self.stop_daemon().await;
        self.world.end().await;
        assert_eq!(self.observation.panics(), Vec::<String>::new(), "something panicked");
        let cut_off = self.observation.having("some work was cut off");
        assert_eq!(cut_off, Vec::<String>::new(), "the daemon did not drain");
        // The simulated providers log what they were asked to break.
        let errors =
            self.observation.having(" ERROR ").into_iter().filter(|line| !line.contains("cut on purpose"));
        let errors: Vec<_> = errors.filter(|_| !self.errors_expected).collect();
        assert_eq!(errors, Vec::<String>::new(), "the daemon logged errors");
    }

    /// Fails unless every request at the receiver carries the signature of its body.
    pub fn assert_signed(&self) {
        for request in self.receiver.requests() {
            assert!(request.is_signed_with(WEBHOOK_SECRET), "{} is not signed", request.target);
        }
    }
}
