//! The published schemas of records, for tests that check what is emitted.
//!
//! Read from a folder beside the workspace, which need not be there; nothing is ever fetched from the network.

use std::path::{Path, PathBuf};
use std::{env, fs};

use jsonschema::{Draft, Retrieve, Uri, Validator};
use serde_json::Value;

/// The folder of published schemas, one YAML file each, that refer to one another by file name.
#[derive(Clone)]
pub(crate) struct Schemas(PathBuf);

impl Schemas {
    /// Names the schemas in references; nothing is ever fetched from it.
    const BASE: &str = "https://schemas.invalid/";

    /// Where `TRIBUTARY_TERRA_SCHEMAS` says, else beside the workspace; none where there is no such folder.
    pub(crate) fn at_hand() -> Option<Self> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spec/terra-openapi/schemas");
        let folder = env::var_os("TRIBUTARY_TERRA_SCHEMAS").map_or_else(beside, PathBuf::from);
        folder.is_dir().then_some(Self(folder))
    }

    fn read(&self, file: &str) -> Result<Value, String> {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The checker of one type of records, named as in events.
    pub(crate) fn validator(&self, data_type: &str) -> Result<Validator, String> {
        let file = match data_type {
            "planned_workout" => "PlannedWorkout.yaml".to_owned(),
            name => {
                let (first, rest) = name.split_at_checked(1).unwrap_or_default();
                format!("{}{rest}.yaml", first.to_uppercase())
            }
        };
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_base_uri(format!("{}{file}", Self::BASE))
            .with_retriever(self.clone())
            .build(&self.read(&file)?)
            .map_err(|error| format!("{file}: {error}"))
    }
}

impl Retrieve for Schemas {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.read(uri.path().as_str().trim_start_matches('/'))?)
    }
}
