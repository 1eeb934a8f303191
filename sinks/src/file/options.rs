//! The settings of a file.
//!
//! Read from configuration; the path is checked when the sink is built, and opened with the first batch.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of `type: file`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The file that lines are added to; a relative path begins at the data directory, an absolute one must lie below it
    /// or below a directory that the operator allows.
    pub path: String,
    /// Size in bytes from which on the file is set aside as `<path>.1`, `<path>.2` and so on; without it, never.
    #[serde(default)]
    pub rotate_bytes: Option<NonZeroU64>,
}
