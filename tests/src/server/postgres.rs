//! PostgreSQL on a free port of the loopback interface, with its data in a temporary folder.
//!
//! It refuses to run as root, so root starts it as the user `postgres`. It is read with `psql`, never with the client
//! that the sinks use. It is stopped by its own process id.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::wait;

/// The password of the administrator `postgres`.
const PASSWORD: &str = "p@ss:w/rd-of-root";

/// A running server.
pub struct Postgres {
    binaries: PathBuf,
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Postgres {
    /// Starts a server; nothing where PostgreSQL is not installed.
    pub async fn start() -> Option<Self> {
        let Some(binaries) = binaries() else {
            super::skipped("postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("its rights");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder for data");
        std::fs::write(folder.path().join("password"), PASSWORD).expect("a file for the password");
        if is_root() {
            let id = |flag| id(&[flag, "postgres"]);
            chown(&data, Some(id("-u")), Some(id("-g"))).expect("the folder is given to postgres");
        }
        let made = as_user(&binaries.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"])
            .arg(format!("--pwfile={}", folder.path().join("password").display()))
            .output();
        let made = made.await.expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = super::free_port();
        let child = spawn(&binaries, folder.path(), port);
        let server = Self { binaries, folder, port, child };
        server.ready().await;
        Some(server)
    }

    /// A URL for the administrator and a database.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", "p%40ss%3Aw%2Frd-of-root", database)
    }

    /// A URL for another user.
    pub fn url_of(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// What `psql` says to a statement, one row a line.
    ///
    /// # Panics
    /// When the statement fails.
    pub async fn psql(&self, database: &str, text: &str) -> Vec<String> {
        let output = self.command(database, text).output().await.expect("psql runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}: {error}");
        let text = String::from_utf8(output.stdout).expect("output in UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    /// `psql` with a statement, to be run beside the test.
    pub fn command(&self, database: &str, text: &str) -> Command {
        let mut command = Command::new(self.binaries.join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", text])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Ends the server at once, as a loss of power would, with all that it had not yet written.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Starts a killed server anew, on the same port.
    pub async fn restart(&mut self) {
        self.child = spawn(&self.binaries, self.folder.path(), self.port);
        self.ready().await;
    }

    /// A file in the server's data folder, readable for the server alone.
    pub fn put(&self, name: &str, text: &[u8]) -> PathBuf {
        let data = self.folder.path().join("data");
        let path = data.join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its rights");
        if is_root() {
            chown(&path, Some(id(&["-u", "postgres"])), Some(id(&["-g", "postgres"]))).expect("its owner");
        }
        path
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("log")).unwrap_or_default())
            .into_owned()
    }

    async fn ready(&self) {
        wait::until_true("PostgreSQL to answer", wait::SOON, async || {
            let output = self.command("postgres", "select 1").output().await.expect("psql runs");
            output.status.success()
        })
        .await;
    }
}

/// Lets the server end its own processes first: one of them may not notice that it was killed, and would stay behind.
impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_user(&self.binaries.join("pg_ctl"));
        stop.args(["stop", "-s", "-w", "-m", "immediate", "-D"]).arg(self.folder.path().join("data"));
        let stop = stop.as_std_mut().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Where this does nothing, as with one that a test has killed, the child is killed when it is dropped.
        drop(stop.status());
    }
}

fn spawn(binaries: &Path, folder: &Path, port: u16) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log"));
    as_user(&binaries.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "fsync=off"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("a file for its log"))
        .kill_on_drop(true)
        .spawn()
        .expect("postgres starts")
}

/// A command that root runs as the user `postgres`. It keeps its process id.
fn as_user(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env("LC_ALL", "C");
    command
}

fn is_root() -> bool {
    id(&["-u"]) == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = std::process::Command::new("id").args(arguments).output().expect("`id` runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

/// The folder of the newest installed version.
fn binaries() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).collect::<Vec<_>>();
    let version = |path: &PathBuf| {
        let version = path.parent()?.file_name().and_then(OsStr::to_str)?;
        version.parse::<u32>().ok()
    };
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut installed: Vec<PathBuf> = installed.flatten().map(|entry| entry.path().join("bin")).collect();
    installed.sort_by_key(version);
    installed.into_iter().rev().chain(on_path).find(|folder| folder.join("initdb").exists())
}
