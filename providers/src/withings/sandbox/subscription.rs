//! Subscriptions: one for each user and kind of notification. The address is probed with HEAD before one is made.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use serde_json::json;

use crate::sandbox::call::Call;
use crate::sandbox::notify::Outbox;
use crate::sandbox::{CallResult, Outbound};

use super::answer::{INVALID, ok, refused};

const KINDS: [u32; 13] = [1, 2, 4, 16, 44, 46, 50, 51, 52, 53, 54, 55, 58];
/// Never, in Withings' words.
const NEVER: i64 = 2_147_483_647;
const LONGEST_URL: usize = 255;

/// A subscription whose address is being probed.
struct Probe {
    key: (u32, u32),
    url: String,
}

/// All subscriptions of the app.
#[derive(Default)]
pub(super) struct Subscriptions {
    made: BTreeMap<(u32, u32), String>,
    probes: HashMap<u64, Probe>,
}

impl Subscriptions {
    pub(super) fn callback(&self, person: u32, appli: u32) -> Option<&str> {
        self.made.get(&(person, appli)).map(String::as_str)
    }

    pub(super) fn forget(&mut self, person: u32) {
        self.made.retain(|(owner, _), _| *owner != person);
    }

    pub(super) fn forget_all(&mut self) {
        self.made.clear();
    }

    pub(super) fn list(&self, person: u32) -> Response<Bytes> {
        let of_person = self.made.iter().filter(|((owner, _), _)| *owner == person);
        let profiles: Vec<_> = of_person
            .map(|((_, appli), url)| {
                json!({"appli": appli, "callbackurl": url, "comment": "", "expires": NEVER})
            })
            .collect();
        ok(&json!({ "profiles": profiles }))
    }

    /// Asks the address first; nothing when kind or address are not valid.
    pub(super) fn ask(&mut self, call: &Call, person: u32, outbox: &mut Outbox) -> Option<Outbound> {
        let appli =
            call.form("appli").and_then(|appli| appli.parse().ok()).filter(|appli| KINDS.contains(appli));
        let url = call.form("callbackurl").filter(|url| url.starts_with("http") && url.len() <= LONGEST_URL);
        let (appli, url) = (appli?, url?);
        let id = outbox.number();
        self.probes.insert(id, Probe { key: (person, appli), url: url.to_owned() });
        Some(Outbound {
            id,
            method: Method::HEAD,
            url: url.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            within: super::ACK_WITHIN,
        })
    }

    pub(super) fn probed(&mut self, id: u64, result: &CallResult) -> Response<Bytes> {
        let Some(probe) = self.probes.remove(&id) else { return refused(INVALID, "unknown") };
        if !result.status.is_some_and(|status| (200..300).contains(&status)) {
            return refused(INVALID, "Invalid Params: the callback does not answer");
        }
        self.made.insert(probe.key, probe.url);
        ok(&json!({}))
    }
}
