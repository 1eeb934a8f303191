//! The settings of standard output: none so far.
//!
//! Read from configuration, so that a setting that does not exist is an error.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of `type: stdout`. There are none.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {}
