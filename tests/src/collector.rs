//! A collector of somebody else's making: it speaks OTLP over HTTP and prints what it gets, one JSON object a line.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{tools, wait};

/// A running collector.
pub struct Collector {
    _child: Child,
    port: u16,
    output: PathBuf,
}

impl Collector {
    /// Starts it; `None` when it is not installed and need not be.
    pub async fn start(directory: &Path) -> Option<Self> {
        let python = tools::find("oteltap", "oteltap/bin/python")?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the collector");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        let output = directory.join("collector.ndjson");
        let file = std::fs::File::create(&output).expect("a file for what it gets");
        let child = Command::new(python)
            .args(["-u", "-m", "oteltap", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the collector starts");
        wait::until_true("the collector", wait::SOON, async || {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
        Some(Self { _child: child, port, output })
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that it got, as it printed it.
    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.output).expect("what it got")
    }

    /// The spans that it got.
    pub fn spans(&self) -> Vec<Value> {
        self.having("spanId")
    }

    /// The metrics that it got.
    pub fn metrics(&self) -> Vec<Value> {
        self.having("unit")
    }

    fn having(&self, key: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line.get(key).is_some()).collect()
    }
}
