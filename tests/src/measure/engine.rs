//! A world with the daemon inside the bench's own process. As a rig, but nobody listens to what is logged, and nothing
//! is looked back at.

use std::net::TcpListener;
use std::ops::Deref;
use std::sync::Arc;

use tributary::app::{self, Listeners, Running, Shared};
use tributary_engine::clock::Clock;

use crate::plan::Plan;
use crate::world::World;

/// A world and the daemon in it.
pub struct Engine {
    world: World,
    running: Running,
}

impl Deref for Engine {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Engine {
    /// Starts everything; has to be called inside an actix system.
    pub async fn start(plan: Plan) -> Self {
        let world = World::start(plan).await;
        let environment = world.environment();
        let config = tributary_config::load(&world.configuration(), &|name| environment.get(name).cloned());
        let config = config.unwrap_or_else(|errors| panic!("the configuration is not valid:\n{errors}"));
        let (public, admin) = world.addresses();
        let bind = |address| TcpListener::bind(address).expect("the daemon's port");
        let listeners = Listeners { public: bind(public), admin: bind(admin) };
        let mut running =
            Box::pin(app::start(config, Clock::real(), listeners)).await.expect("the daemon starts");
        running.subscribe().await;
        Self { world, running }
    }

    /// What the parts of the daemon share.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.running.shared)
    }

    /// Takes everything down.
    pub async fn stop(self) {
        self.running.stop().await;
        self.world.end().await;
    }
}
