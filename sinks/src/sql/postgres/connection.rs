//! Connections to a server, and transactions on them.
//!
//! A connection is used by one transaction at a time and kept only after a success, so a call that is given up ends its
//! transaction with its connection. Every connection goes to an address that the guard permits.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tributary_net::{NetError, lookup};

use super::refusal::{sort, sort_connecting};
use crate::sql::refusal::Failure;
use crate::sql::server::Server;

/// A bounded number of connections.
pub(super) struct Connections {
    server: Server,
    begin: String,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

/// A connection in a transaction.
pub(super) struct Begun<'a> {
    pub(super) connection: PgConnection,
    _permit: SemaphorePermit<'a>,
}

impl Connections {
    pub(super) fn new(server: Server) -> Self {
        let permits = Semaphore::new(server.connections);
        Self { begin: begin(server.timeout), server, idle: Mutex::default(), permits }
    }

    pub(super) const fn server(&self) -> &Server {
        &self.server
    }

    /// A transaction on a connection of its own. Dropping it undoes it.
    pub(super) async fn begin(&self) -> Result<Begun<'_>, Failure> {
        let Ok(Ok(permit)) = timeout(self.server.timeout, self.permits.acquire()).await else {
            return Err(self.slow("give a connection free"));
        };
        Ok(Begun { connection: self.begun().await?, _permit: permit })
    }

    /// Bounds what is done in a transaction. Statements have the server's own limit; this one is for a server that does
    /// not answer at all.
    pub(super) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let patience = self.server.timeout.saturating_mul(3);
        timeout(patience, work).await.unwrap_or_else(|_elapsed| Err(self.slow("write a batch")))
    }

    /// Makes a transaction durable. When the connection breaks meanwhile, it may or may not have happened.
    pub(super) async fn commit(&self, mut begun: Begun<'_>) -> Result<(), Failure> {
        self.bounded(run(&mut begun.connection, "commit")).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(begun.connection);
        Ok(())
    }

    /// A connection in a transaction: one that was kept if it still answers, else a new one.
    async fn begun(&self) -> Result<PgConnection, Failure> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_new = kept.is_none();
            let mut connection = match kept {
                Some(connection) => connection,
                None => timeout(self.server.timeout, self.connect())
                    .await
                    .unwrap_or_else(|_elapsed| Err(self.slow("let us connect")))?,
            };
            match timeout(self.server.timeout, run(&mut connection, &self.begin)).await {
                Ok(Ok(())) => return Ok(connection),
                Ok(Err(failure)) if is_new => return Err(failure),
                Err(_elapsed) if is_new => return Err(self.slow("begin a transaction")),
                // It broke while nobody used it, for example because the server was started anew.
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        let server = &self.server;
        let addresses = match lookup(&server.host, &server.allowed_networks).await {
            Ok(addresses) => addresses,
            Err(error @ NetError::RefusedAddress { .. }) => {
                let advice = "use a public host, or have the operator allow its network".to_owned();
                return Err(Failure::Denied { reason: error.to_string(), advice });
            }
            Err(error) => return Err(Failure::Passing(error.to_string())),
        };
        // A certificate for the name is as good as a checked address; without one, only the address that was checked
        // will do.
        let hosts: Vec<String> = if server.proves_name {
            vec![server.host.clone()]
        } else {
            addresses.iter().map(IpAddr::to_string).collect()
        };
        let mut last = Failure::Passing(format!("{server} has no address"));
        for host in hosts {
            match server.options.clone().host(&host).connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = sort_connecting(&error, server),
            }
        }
        Err(last)
    }

    fn slow(&self, what: &str) -> Failure {
        let seconds = self.server.timeout.as_secs();
        Failure::Passing(format!("{} took longer than {seconds} s to {what}", self.server))
    }
}

/// Begins a transaction with everything that it needs, in one round trip and only for itself.
fn begin(timeout: Duration) -> String {
    let milliseconds = timeout.as_millis();
    format!(
        "begin; set local statement_timeout = {milliseconds}; set local lock_timeout = {milliseconds}; \
         set local client_min_messages = error; \
         select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'"
    )
}

async fn run(connection: &mut PgConnection, text: &str) -> Result<(), Failure> {
    let statement = sqlx::raw_sql(AssertSqlSafe(text.to_owned()));
    statement.execute(connection).await.map(drop).map_err(|error| sort(&error))
}
