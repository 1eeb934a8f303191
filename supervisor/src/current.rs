//! What is configured now: everybody who serves a request or starts work asks here, so that a change is seen at once.
//!
//! Made by [`crate::app`] at the start and by [`crate::reload`] after a change; swapped as a whole. Whoever has taken it
//! keeps what was valid then, for one request or one job and no longer.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tributary_config::{Config, Operator, Tenant};
use tributary_engine::connection::Runtime;

use crate::runtimes::Runtimes;

/// One configuration with what was made of it.
pub struct Current {
    /// What is configured.
    pub config: Config,
    /// The apps at the providers.
    pub runtimes: Arc<Runtimes>,
    /// Since when it is valid.
    pub loaded_at: DateTime<Utc>,
    /// Settings whose change waits for the next start.
    pub needs_restart: Vec<String>,
}

impl Current {
    /// The operator's part.
    pub const fn operator(&self) -> &Operator {
        &self.config.operator
    }

    /// The tenants.
    pub fn tenants(&self) -> &[Arc<Tenant>] {
        &self.config.tenants
    }

    /// The tenant of that name.
    pub fn tenant(&self, dev_id: &str) -> Option<&Arc<Tenant>> {
        self.config.tenants.iter().find(|tenant| tenant.dev_id == dev_id)
    }
}

/// The place where the current configuration is found.
pub struct Live {
    current: RwLock<Arc<Current>>,
}

impl Live {
    /// Begins with this one.
    pub fn new(current: Current) -> Self {
        Self { current: RwLock::new(Arc::new(current)) }
    }

    /// What is valid now.
    pub fn get(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this one is valid.
    pub fn set(&self, current: Current) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
    }

    /// The app through which a tenant's users reach a provider.
    pub fn runtime(&self, tenant: &str, provider: &str) -> Option<Arc<Runtime>> {
        self.get().runtimes.of(tenant, provider).map(Arc::clone)
    }
}
