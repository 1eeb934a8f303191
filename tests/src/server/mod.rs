//! Real servers for the tests of the sinks, each started for one test and stopped by its process id.
//!
//! A test that misses a server says so by name and ends; where `CI` or `TRIBUTARY_REQUIRE_SERVERS=1` is set, it fails.

mod postgres;

pub use postgres::Postgres;

/// Says that a test could not run for want of a server.
///
/// # Panics
/// Where servers are required.
pub fn skipped(server: &str) {
    let is_set =
        |name: &str| std::env::var(name).is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    let required = is_set("CI") || is_set("TRIBUTARY_REQUIRE_SERVERS");
    assert!(!required, "{server} is required here and not installed");
    std::io::Write::write_all(&mut std::io::stderr(), format!("skipped: no {server}\n").as_bytes())
        .expect("standard error");
}

/// A port of the loopback interface that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
