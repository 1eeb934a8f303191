//! Programs of others that a test compares with. `tests/run` puts them where they are looked for.

use std::path::{Path, PathBuf};

/// Says that a test cannot run without them.
pub const REQUIRED: &str = "TRIBUTARY_REQUIRE_SERVERS";

/// Where a tool is: below `TRIBUTARY_TOOLS` or `target/tools`, or in the search path. Says by name that the test is
/// skipped when it is nowhere.
///
/// # Panics
/// When it is nowhere and `TRIBUTARY_REQUIRE_SERVERS` is set.
pub fn find(name: &str, below: &str) -> Option<PathBuf> {
    let tools = std::env::var_os("TRIBUTARY_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools"),
        |tools| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(tools),
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places =
        std::iter::once(tools.join(below)).chain(std::env::split_paths(&path).map(|dir| dir.join(name)));
    let found = places.into_iter().find(|place| place.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os(REQUIRED).is_none(),
            "{name} is missing and {REQUIRED} is set; run tests/run"
        );
        skip(name);
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skip(name: &str) {
    eprintln!("skipped: no {name}");
}
