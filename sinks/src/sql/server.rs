//! The server that a `postgres://` URL names.
//!
//! The URL comes from a tenant, so only the parameters listed here are understood: others could read files or reach
//! sockets of this machine. Nothing is taken from `.pgpass`, and no password from the environment.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tributary_contract::sink::SinkError;
use tributary_net::IpNet;
use url::Url;

use super::options::unusable;
use crate::registry::Context;

/// How to reach a server, and as whom.
pub(super) struct Server {
    /// Everything but the host.
    pub(super) options: PgConnectOptions,
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the server must prove the name of its host.
    pub(super) proves_name: bool,
    /// Whether connections are lent for one transaction only.
    pub(super) pooled: bool,
    /// How long a connection or a statement may take.
    pub(super) timeout: Duration,
    pub(super) connections: usize,
    /// Networks that may be reached beside public addresses.
    pub(super) allowed_networks: Vec<IpNet>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.options.get_database().unwrap_or_default();
        if self.host.contains(':') {
            write!(f, "[{}]:{}/{database}", self.host, self.port)
        } else {
            write!(f, "{}:{}/{database}", self.host, self.port)
        }
    }
}

/// Insert statements of all targets, and some room.
const PREPARED: usize = 32;

impl Server {
    pub(super) fn parse(
        text: &str,
        pooled: Option<bool>,
        timeout: Duration,
        connections: usize,
        context: &Context,
    ) -> Result<Self, SinkError> {
        // The parser's own error would repeat parts of the URL.
        let url = Url::parse(text).map_err(|_error| {
            wrong("it is no URL; percent-encode special characters of the user name and the password")
        })?;
        let host = host(&url)?;
        let port = url.port().unwrap_or(5432);
        if port == 0 {
            return Err(wrong("the port 0 cannot be connected to"));
        }
        let user = decoded(url.username(), "the user name")?;
        if user.is_empty() {
            return Err(wrong("it names no user; write postgres://<user>:<password>@<host>/<database>"));
        }
        let password = decoded(url.password().unwrap_or_default(), "the password")?;
        let database = decoded(url.path().trim_start_matches('/'), "the name of the database")?;
        if database.contains('/') {
            return Err(wrong("the name of the database holds a slash"));
        }
        let database = if database.is_empty() { &user } else { &database };
        let parameters = Parameters::read(&url)?;
        let pooled = pooled.unwrap_or(parameters.pooled);
        let is_local =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let fallback = if is_local { PgSslMode::Prefer } else { PgSslMode::Require };
        let mode = parameters.mode.unwrap_or(fallback);
        let mut options = PgConnectOptions::new_without_pgpass()
            .port(port)
            .username(&user)
            .password(&password)
            .database(database)
            .ssl_mode(mode)
            .application_name("tributary")
            .statement_cache_capacity(if pooled { 0 } else { PREPARED })
            // Poolers refuse start-up parameters that they do not know.
            .extra_float_digits(None)
            .disable_statement_logging();
        if let Some(path) = parameters.root {
            options = options.ssl_root_cert(crate::path::resolve("url", &path, context)?);
        }
        Ok(Self {
            options,
            host,
            port,
            proves_name: matches!(mode, PgSslMode::VerifyFull),
            pooled,
            timeout,
            connections,
            allowed_networks: context.allowed_networks.clone(),
        })
    }
}

/// The parameters after the question mark.
struct Parameters {
    mode: Option<PgSslMode>,
    root: Option<String>,
    pooled: bool,
}

impl Parameters {
    fn read(url: &Url) -> Result<Self, SinkError> {
        if url.fragment().is_some() {
            return Err(wrong("it ends in a fragment; write %23 for the character #"));
        }
        let mut parameters = Self { mode: None, root: None, pooled: false };
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("sslmode", mode) => parameters.mode = Some(tls(mode)?),
                ("sslrootcert", path) => parameters.root = Some(path.to_owned()),
                // As others mark the address of a pooler.
                ("pgbouncer", "true") => parameters.pooled = true,
                _ => {
                    return Err(wrong(
                        "a parameter after the question mark is not supported; sslmode and sslrootcert are",
                    ));
                }
            }
        }
        Ok(parameters)
    }
}

fn tls(mode: &str) -> Result<PgSslMode, SinkError> {
    match mode {
        "disable" => Ok(PgSslMode::Disable),
        "prefer" => Ok(PgSslMode::Prefer),
        "require" => Ok(PgSslMode::Require),
        "verify-ca" => Ok(PgSslMode::VerifyCa),
        "verify-full" => Ok(PgSslMode::VerifyFull),
        _ => Err(wrong("sslmode is disable, prefer, require, verify-ca or verify-full")),
    }
}

/// A name or an address. Paths of sockets and lists of hosts are none.
fn host(url: &Url) -> Result<String, SinkError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if is_name || host.parse::<IpAddr>().is_ok() {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(wrong("its host is neither a name nor an address"))
    }
}

fn decoded(text: &str, what: &str) -> Result<String, SinkError> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_error| wrong(&format!("{what} is no UTF-8")))?;
    if text.contains('\0') {
        return Err(wrong(&format!("{what} holds a NUL character")));
    }
    Ok(text.into_owned())
}

fn wrong(reason: &str) -> SinkError {
    unusable("url", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Server, SinkError> {
        Server::parse(url, None, Duration::from_secs(1), 1, &Context::default())
    }

    #[test]
    fn the_parts_of_a_url_are_found() {
        let server = parse("postgresql://me%40x:p%2Fw@DB.example:6543/my%20db?sslmode=verify-full").unwrap();
        assert_eq!(server.to_string(), "db.example:6543/my db");
        assert_eq!(server.options.get_username(), "me@x");
        assert!(server.proves_name && !server.pooled);
        let server = parse("postgres://me@[2001:db8::1]?pgbouncer=true").unwrap();
        assert_eq!(server.to_string(), "[2001:db8::1]:5432/me");
        assert!(server.pooled && !server.proves_name);
        assert!(matches!(server.options.get_ssl_mode(), PgSslMode::Require));
        assert!(matches!(
            parse("postgres://me@127.0.0.1").unwrap().options.get_ssl_mode(),
            PgSslMode::Prefer
        ));
    }

    #[test]
    fn what_could_reach_around_the_rules_is_refused() {
        for url in [
            "postgres://me:planted@",
            "postgres://:planted@h",
            "postgres://me:planted@%2Fvar%2Frun/d",
            "postgres://me:planted@a,b/d",
            "postgres://me:planted@h:0/d",
            "postgres://me:planted@h/a/b",
            "postgres://me:planted@h/d#x",
            "postgres://me:planted%00@h/d",
            "postgres://me:planted@h/d?host=/var/run",
            "postgres://me:planted@h/d?hostaddr=10.0.0.1",
            "postgres://me:planted@h/d?sslkey=/etc/key",
            "postgres://me:planted@h/d?sslmode=allow",
            "postgres://me:planted@h/d?sslrootcert=/etc/passwd",
            "postgres://me:planted@h/d?options=-csearch_path%3Dx",
            "postgres://me:planted@h:70000/d",
        ] {
            let error = parse(url).unwrap_err();
            assert!(
                matches!(&error, SinkError::Unusable { setting, .. } if setting == "url"),
                "{url}: {error}"
            );
            assert!(!error.to_string().contains("planted"), "{error}");
        }
    }
}
