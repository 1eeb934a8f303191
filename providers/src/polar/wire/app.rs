//! What concerns the app: its webhook, and notifications.

use serde::Deserialize;
use tributary_contract::Secret;
use tributary_contract::model::Day;

use super::value::Text;

/// The webhooks of the app: one, or none.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Webhooks {
    #[serde(default)]
    pub(in crate::polar) data: Vec<Webhook>,
}

/// A webhook.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Webhook {
    pub(in crate::polar) id: Text,
    #[serde(default)]
    pub(in crate::polar) events: Vec<String>,
    pub(in crate::polar) url: Option<String>,
    pub(in crate::polar) active: Option<bool>,
}

/// The answer to the creation of a webhook.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Created {
    pub(in crate::polar) data: CreatedWebhook,
}

/// A webhook that was just made: the only time that its key is told.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct CreatedWebhook {
    pub(in crate::polar) id: Text,
    pub(in crate::polar) signature_secret_key: Secret<String>,
}

/// The body of a notification.
#[derive(Debug, Deserialize)]
pub(in crate::polar) struct Event {
    /// `PING`, `EXERCISE`, `SLEEP` and so on.
    pub(in crate::polar) event: String,
    pub(in crate::polar) user_id: Option<Text>,
    /// Of an exercise.
    pub(in crate::polar) entity_id: Option<Text>,
    /// Of a night or a day.
    pub(in crate::polar) date: Option<Day>,
}
