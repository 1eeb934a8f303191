//! The guarded HTTP client: the one place from which this project opens HTTP connections.
//!
//! URLs come from tenants (webhooks, object stores) and out of providers' answers (callback and download links), so
//! none of them is trusted. A request comes in as `http::Request<Bytes>` and goes out as `http::Response<Bytes>`:
//!
//! | module | what it does |
//! |---|---|
//! | `client` | pool, time-outs, one request from start to end |
//! | `target` | what a URL may look like: scheme, user name, port, literal address |
//! | `guard` | which addresses may be connected to, as pure functions |
//! | `resolver` | looks names up and applies the guard to the very addresses that are then connected to |
//! | `body` | reads an answer up to a cap |
//! | `error` | what can go wrong, and which of it can never heal |
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tributary_net::{Client, ClientOptions, Limits};
//!
//! let client = Client::new(ClientOptions::default())?;
//! let request = http::Request::get("https://hooks.example.com/health").body(bytes::Bytes::new())?;
//! let response = client.send(request, Limits::default()).await?;
//! assert!(response.status().is_success());
//! # Ok(())
//! # }
//! ```
//!
//! It never follows a redirect, never retries an answered request, never reads proxy settings from the environment,
//! keeps no cookies, and never writes a path, a query or a user name into an error or a log line.

mod body;
mod client;
mod error;
mod guard;
mod resolver;
mod target;

pub use client::{Client, ClientOptions, Limits};
pub use error::{NetError, Phase};
pub use guard::AddressKind;
pub use ipnet::IpNet;
pub use resolver::{Resolver, Resolving, lookup};
pub use target::Origin;
pub use url::Url;
