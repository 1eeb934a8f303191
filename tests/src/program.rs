//! The binary `tributary`, run to its end.
//!
//! Tests of other packages are not told where a binary is, so it is looked for beside the test's own executable:
//! `cargo build --bin tributary` puts it there. `TRIBUTARY_BIN` names another one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::world::World;

/// No command of a test takes that long.
const LIMIT: Duration = Duration::from_secs(170);

/// Where the binary is.
///
/// # Panics
/// When it is nowhere.
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("TRIBUTARY_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("the test's own path");
    let beside = test.parent().and_then(Path::parent).map(|folder| folder.join("tributary"));
    let path = beside.expect("a target folder");
    assert!(path.exists(), "{} is missing; run `cargo build --bin tributary` first", path.display());
    path
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit code; -1 after a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Standard output as one JSON document a line.
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// Runs the binary with these arguments and nothing on standard input.
pub async fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    spawned(arguments, b"", &BTreeMap::new()).await
}

/// Runs the binary with these arguments and that on standard input.
pub async fn run_with<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Output {
    spawned(arguments, input, &BTreeMap::new()).await
}

/// Runs the binary with these arguments and the variables that a world's configuration needs.
pub async fn run_in<S: AsRef<OsStr>>(world: &World, arguments: impl IntoIterator<Item = S>) -> Output {
    spawned(arguments, b"", &world.environment()).await
}

async fn spawned<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
    input: &[u8],
    environment: &BTreeMap<&'static str, String>,
) -> Output {
    let mut child = Command::new(path())
        .args(arguments)
        .env_remove("TRIBUTARY_LOG")
        .env_remove("RUST_LOG")
        .envs(environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a standard input");
    // A command that reads nothing may have ended already.
    drop(stdin.write_all(input).await);
    drop(stdin);
    let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
    let output = output.expect("the command ends in time").expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output in UTF-8");
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
