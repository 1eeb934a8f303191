//! OAuth 2.0 as requests and answers: the consent page's URL, the requests to the token endpoint, what its answers
//! hold, which refusals end a consent, and which browser it belongs to.
//!
//! Built from the Spec and the app's client credentials, sent by the engine's door. Nothing here sends, waits or
//! stores.

pub mod authorize;
pub mod browser;
mod client_auth;
pub mod refusal;
pub mod token;

pub use browser::{Browser, Returned};
pub use refusal::Refusal;
