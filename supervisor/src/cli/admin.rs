//! How the commands reach a running daemon: its admin listener, as the configuration names it.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use serde_json::Value;
use tributary_net::{Client, ClientOptions, Limits};
use url::Url;

use super::output::Pages;
use crate::codes::{self, Coded};

/// Which daemon.
#[derive(Debug, Args)]
pub(super) struct Daemon {
    /// The operator's file of the running daemon; its `admin_listen` is called.
    #[arg(short, long, value_name = "FILE", conflicts_with = "admin")]
    config: Option<PathBuf>,
    /// The admin listener of the running daemon.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9090")]
    admin: String,
}

impl Daemon {
    /// The daemon of a configuration.
    pub(super) const fn of_config(config: PathBuf) -> Self {
        Self { config: Some(config), admin: String::new() }
    }

    /// GET below `/admin/`.
    pub(super) fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.call(http::Method::GET, path, query, "", Bytes::new())
    }

    /// POST below `/admin/`.
    pub(super) fn post(
        &self,
        path: &str,
        query: &[(&str, String)],
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        self.call(http::Method::POST, path, query, content_type, body)
    }

    /// One page of a list, from `first` on, or all pages as one.
    pub(super) fn pages(
        &self,
        pages: &Pages,
        query: &[(&str, String)],
        first: Option<String>,
        limit: usize,
    ) -> anyhow::Result<Value> {
        let mut from = first;
        let mut rows = Vec::new();
        loop {
            let limit = if pages.all { 1_000 } else { limit };
            let mut query = query.to_vec();
            query.push(("limit", limit.to_string()));
            query.extend(from.take().map(|from| (pages.next, from)));
            let mut answer = self.get(pages.path, &query)?;
            if !pages.all {
                return Ok(answer);
            }
            if let Some(Value::Array(page)) = answer.get_mut(pages.name).map(Value::take) {
                rows.extend(page);
            }
            from = answer.get("next").and_then(|next| match next {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            });
            if from.is_none() {
                return Ok(serde_json::json!({pages.name: rows, "next": null}));
            }
        }
    }

    fn base(&self) -> anyhow::Result<Url> {
        let Some(config) = &self.config else {
            let text = format!("--admin {:?} is not a URL", self.admin);
            return Url::parse(&self.admin).context(Coded { code: codes::BAD_ADMIN, text });
        };
        let config = super::load(&super::ConfigFile { config: config.clone() })?;
        Ok(Url::parse(&format!("http://{}", config.operator.admin_listen))?)
    }

    fn call(
        &self,
        method: http::Method,
        path: &str,
        query: &[(&str, String)],
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let base = self.base()?;
        let mut url = base.join(&format!("/admin/{path}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let client = Client::new(ClientOptions {
            allow_private_networks: true,
            allow_http: true,
            max_body: 256 << 20,
            ..ClientOptions::default()
        })?;
        let mut request = http::Request::builder().method(method).uri(url.as_str());
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let request = request.body(body)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(client.send(request, Limits::default())).with_context(|| {
            let text = format!("no daemon answers at {base}; is it running?");
            Coded { code: codes::NO_DAEMON, text }
        })?;
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        if !answer.status().is_success() {
            let detail = value.get("detail").and_then(Value::as_str).unwrap_or("no reason given");
            let text = format!("the daemon answered {}: {detail}", answer.status().as_u16());
            let code = value.get("code").and_then(Value::as_str).and_then(codes::find);
            match code {
                Some(page) => return Err(Coded { code: page.code, text }.into()),
                None => bail!(text),
            }
        }
        Ok(value)
    }
}

/// A member of an object as text for a table cell.
pub(super) fn cell(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A member of an object that is an array.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
