//! The people connect: the tenant asks for a link, the browser follows it to the consent page, agrees, comes
//! back with its cookie.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::daemon::Daemon;
use crate::cli::output;
use crate::sandbox::Host;

/// People that connect at once.
const AT_ONCE: usize = 16;

/// A connected person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Index of the provider's host.
    pub(super) host: usize,
    /// The provider's id of the person.
    pub(super) account: String,
    /// The tenant's own id.
    pub(super) reference_id: String,
    /// The connection.
    pub(super) connection: Uuid,
}

/// Connects everybody.
pub(super) async fn connect_all(daemon: &Daemon, hosts: &[Host], users: u32) -> anyhow::Result<Vec<Person>> {
    let accounts: Vec<Vec<String>> =
        hosts.iter().map(|host| host.with(|sandbox| sandbox.accounts())).collect();
    let mut wanted = Vec::new();
    for number in 0..usize::try_from(users)? {
        let (host, login) = (number % hosts.len(), number / hosts.len());
        let account =
            accounts.get(host).and_then(|list| list.get(login)).context("too few simulated people")?;
        wanted.push((host, login, account.clone()));
    }
    let total = wanted.len();
    let mut connecting = futures_util::stream::iter(wanted)
        .map(|(host, login, account)| connect(daemon, hosts, host, login, account))
        .buffer_unordered(AT_ONCE);
    let mut people = Vec::with_capacity(total);
    while let Some(person) = connecting.try_next().await? {
        people.push(person);
        output::progress(&format!("{} of {total} people connected", people.len()));
    }
    Ok(people)
}

async fn connect(
    daemon: &Daemon,
    hosts: &[Host],
    host: usize,
    login: usize,
    account: String,
) -> anyhow::Result<Person> {
    let key = hosts.get(host).context("no such provider")?.key();
    let reference_id = format!("{key}-{login}");
    let body = json!({"reference_id": reference_id});
    let path = format!("/v2/auth/authenticateUser?resource={}", key.to_uppercase());
    let answer = daemon.tenant(http::Method::POST, &path, Bytes::from(body.to_string())).await?;
    let link = answer.get("auth_url").and_then(Value::as_str).context("no auth_url in the answer")?;
    let connection: Uuid =
        answer.get("user_id").and_then(Value::as_str).context("no user_id in the answer")?.parse()?;
    let begun = daemon.browse(link, None).await?;
    let consent =
        header(&begun, "location").with_context(|| format!("{key} began with {}", begun.status()))?;
    let cookie = header(&begun, "set-cookie").and_then(|cookie| cookie.split(';').next());
    let consent = daemon.browse(&format!("{consent}&login={login}&approve=1"), None).await?;
    let back = header(&consent, "location");
    let back = back.with_context(|| format!("the consent page of {key} answered {}", consent.status()))?;
    let done = daemon.browse(back, cookie).await?;
    ensure!(done.status().is_success(), "the callback answered {}: {}", done.status(), text(done.body()));
    Ok(Person { host, account, reference_id, connection })
}

fn header<'a>(answer: &'a http::Response<Bytes>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
