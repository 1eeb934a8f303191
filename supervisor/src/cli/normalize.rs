//! `tributary normalize`: provider documents in, records out, through the provider's own `fetch` and a recorded door.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use clap::Args;
use serde_json::json;
use tributary_contract::recorded::{Kept, Recorded};
use tributary_contract::spec::Resource;
use tributary_contract::{Account, App, Cause, Emitted, Fetch, Job, Provider, Secret, Window};
use tributary_providers::registry::{PROVIDERS, find};

use super::output;

/// What to normalize.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The provider, as in `tributary providers`.
    #[arg(long)]
    provider: String,
    /// The resource, as in `tributary providers --json`.
    #[arg(long)]
    resource: String,
    /// Documents as the provider serves them. `FILE` is the resource's main document; `NAME=FILE` one of its further
    /// documents (`streams=s.json`). Without files, the main document is read from standard input.
    files: Vec<String>,
}

/// Normalizes.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let provider = find(&options.provider).with_context(|| {
        let known: Vec<_> = PROVIDERS.iter().map(|provider| provider.spec().key).collect();
        format!("unknown provider {:?}; allowed: {}", options.provider, known.join(", "))
    })?;
    let spec = provider.spec();
    let resource = spec.resource(&options.resource).with_context(|| {
        let known: Vec<_> = spec.resources.iter().map(|resource| resource.name).collect();
        format!("unknown resource {:?} of {}; allowed: {}", options.resource, spec.key, known.join(", "))
    })?;
    let door = documents(resource, &options.files)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for emitted in runtime.block_on(fetch(provider, resource, door))? {
        let line = match emitted {
            Emitted::Record(record) => {
                let body: serde_json::Value = serde_json::from_slice(&record.to_json()?)?;
                json!({"type": record.data_type(), "key": record.natural_key().as_str(), "record": body})
            }
            Emitted::Deleted { data_type, key } => {
                json!({"type": data_type, "key": key.as_str(), "deleted": true})
            }
        };
        output::json_line(&line);
    }
    Ok(())
}

fn documents(resource: &'static Resource, files: &[String]) -> anyhow::Result<Recorded> {
    let mut door = Recorded::for_resource(resource);
    let known = || resource.documents.iter().map(|document| document.name).collect::<Vec<_>>().join(", ");
    let main = resource.documents.first().context("the resource has no documents")?;
    if files.is_empty() {
        let mut body = Vec::new();
        std::io::stdin().lock().read_to_end(&mut body).context("standard input cannot be read")?;
        return Ok(door.answer(main.template, body));
    }
    for file in files {
        let (document, path) = match file.split_once('=') {
            // A path that exists is a path, whatever characters it has.
            Some((name, path)) if !PathBuf::from(file).exists() => {
                let document = resource.documents.iter().find(|document| document.name == name);
                let document = document.with_context(|| {
                    format!("unknown document {name:?} of {}; allowed: {}", resource.name, known())
                })?;
                (document, PathBuf::from(path))
            }
            _ => (main, PathBuf::from(file)),
        };
        let body = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        door = door.answer(document.template, Bytes::from(body));
    }
    Ok(door)
}

async fn fetch(
    provider: &'static dyn Provider,
    resource: &'static Resource,
    door: Recorded,
) -> anyhow::Result<Vec<Emitted>> {
    let app = App {
        client_id: String::new(),
        client_secret: Secret::new(String::new()),
        verify_token: None,
        callback_url: String::new(),
        notify_url: String::new(),
        keys: std::collections::BTreeMap::new(),
    };
    // Nothing is left out for its date: the window is as wide as time stamps in provider documents reach.
    let window = Window::new(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::days(365 * 130));
    let by_id = resource.documents.first().is_some_and(|document| document.template.contains('{'));
    let ids = if by_id { vec!["document".to_owned()] } else { Vec::new() };
    let job = Job { resource, window, cause: Cause::Request, cursor: None, ids };
    let kept = Kept::default();
    let now: DateTime<Utc> = window.to;
    let account = Some(Account::new("document"));
    let mut cx = Fetch::new(Arc::new(door), Box::new(kept.clone()), Arc::new(app), account, now);
    let fetched = provider.fetch(&mut cx, &job).await;
    if let Err(error) = fetched {
        bail!("{}: {error}", resource.name);
    }
    let mut emitted = kept.take();
    emitted.extend(cx.take_emitted());
    Ok(emitted)
}
