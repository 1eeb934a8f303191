//! Error codes for what an operator can act upon, each with a page: cause, check, cure.
//!
//! The pages are `docs/errors/TRB-nnnn.md`; `tributary explain` prints them. Codes begin with 1 for the configuration, 2
//! for the store, 3 for the vault, 4 for sinks, 5 for the daemon and 6 for connections. A code never changes its meaning.

use std::fmt;

use tributary_config::ConfigErrors;
use tributary_contract::sink::SinkError;
use tributary_engine::store::StoreError;
use tributary_engine::vault::VaultError;

use crate::app::StartError;

/// A code, such as `TRB-2001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(&'static str);

impl Code {
    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A code and its page.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// Markdown.
    pub text: &'static str,
}

impl Page {
    /// What the code says, in a few words.
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.split_once(": ").map_or(line, |(_, title)| title)
    }
}

/// The page of a code, however it is written: `TRB-2001`, `trb-2001`, `2001`.
pub fn find(code: &str) -> Option<&'static Page> {
    let number = code.trim().to_ascii_uppercase();
    let number = number.strip_prefix("TRB-").unwrap_or(&number);
    PAGES.iter().find(|page| page.code.as_str().strip_prefix("TRB-") == Some(number))
}

/// The code of an error, if it has one.
pub fn of(error: &anyhow::Error) -> Option<Code> {
    // What was put around an error as its context is no link of the chain.
    let coded = error.downcast_ref::<Coded>().map(|coded| coded.code);
    let found = error.chain().find_map(|cause| {
        cause
            .downcast_ref()
            .map(of_config)
            .or_else(|| cause.downcast_ref().map(of_start))
            .or_else(|| cause.downcast_ref().map(of_store))
            .or_else(|| cause.downcast_ref().map(of_sink))
    });
    coded.or(found)
}

/// An error that says its code itself.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Coded {
    /// Its code.
    pub code: Code,
    /// What happened, which one, what to do.
    pub text: String,
}

fn of_config(errors: &ConfigErrors) -> Code {
    // A file that could not be read at all has no position in it.
    let unreadable = errors.errors.iter().all(|error| error.position.is_none() && error.path.is_empty());
    if unreadable {
        CONFIG_UNREADABLE
    } else if errors.errors.iter().all(|error| error.path.starts_with("vault.keys[")) {
        VAULT_KEY
    } else {
        CONFIG_INVALID
    }
}

fn of_start(error: &StartError) -> Code {
    match error {
        StartError::Store(error) => of_store(error),
        StartError::Vault(error) => of_vault(error),
        StartError::VaultKey(_) => VAULT_KEY,
        StartError::Config(errors) => of_config(errors),
        StartError::Listen { .. } => LISTEN,
        StartError::Client(_) | StartError::Ended(_) => START,
    }
}

const fn of_vault(error: &VaultError) -> Code {
    match error {
        VaultError::NoKey | VaultError::Twice { .. } => VAULT_KEYS,
        VaultError::WrongKeys { .. } => VAULT_WRONG,
        VaultError::Store(error) => of_store(error),
        _ => VAULT_CREDENTIAL,
    }
}

/// The code of a failure of the store.
pub const fn of_store(error: &StoreError) -> Code {
    match error {
        StoreError::Open { .. } => STORE_OPEN,
        StoreError::Schema { .. } => STORE_SCHEMA,
        StoreError::Unavailable { .. } => STORE_UNAVAILABLE,
        StoreError::Damaged { .. } => STORE_DAMAGED,
        StoreError::Stopped => STORE_STOPPED,
    }
}

/// The code of a failure of a sink.
pub const fn of_sink(error: &SinkError) -> Code {
    match error {
        SinkError::Unavailable { .. } => SINK_UNAVAILABLE,
        SinkError::Denied { .. } => SINK_DENIED,
        SinkError::Unusable { .. } => SINK_UNUSABLE,
    }
}

/// A file of the configuration cannot be read.
pub const CONFIG_UNREADABLE: Code = Code("TRB-1001");
/// The configuration is not valid.
pub const CONFIG_INVALID: Code = Code("TRB-1002");
/// The store cannot be opened.
pub const STORE_OPEN: Code = Code("TRB-2001");
/// The store was made by a newer build.
pub const STORE_SCHEMA: Code = Code("TRB-2002");
/// The store does not answer.
pub const STORE_UNAVAILABLE: Code = Code("TRB-2003");
/// The store holds a damaged row.
pub const STORE_DAMAGED: Code = Code("TRB-2004");
/// The store's writer has stopped.
pub const STORE_STOPPED: Code = Code("TRB-2005");
/// A vault key cannot be used.
pub const VAULT_KEY: Code = Code("TRB-3001");
/// The list of vault keys is empty or has a key twice.
pub const VAULT_KEYS: Code = Code("TRB-3002");
/// The vault keys do not open this store.
pub const VAULT_WRONG: Code = Code("TRB-3003");
/// A stored credential cannot be read.
pub const VAULT_CREDENTIAL: Code = Code("TRB-3004");
/// A sink's setting cannot work.
pub const SINK_UNUSABLE: Code = Code("TRB-4001");
/// A sink's destination refuses us.
pub const SINK_DENIED: Code = Code("TRB-4002");
/// A sink's destination is not reachable.
pub const SINK_UNAVAILABLE: Code = Code("TRB-4003");
/// There is no such sink, or several.
pub const UNKNOWN_SINK: Code = Code("TRB-4004");
/// There is no such dead letter.
pub const UNKNOWN_DEAD_LETTER: Code = Code("TRB-4005");
/// The log does not reach back that far.
pub const NOT_KEPT: Code = Code("TRB-4006");
/// The sink has not got there yet.
pub const NOT_THERE_YET: Code = Code("TRB-4007");
/// An address cannot be listened on.
pub const LISTEN: Code = Code("TRB-5001");
/// A part of the daemon did not start.
pub const START: Code = Code("TRB-5002");
/// No daemon answers.
pub const NO_DAEMON: Code = Code("TRB-5003");
/// The address of the daemon is not a URL.
pub const BAD_ADMIN: Code = Code("TRB-5004");
/// There is no such connection.
pub const UNKNOWN_CONNECTION: Code = Code("TRB-6001");
/// The connection is not active.
pub const NOT_ACTIVE: Code = Code("TRB-6002");
/// No provider app is configured.
pub const NO_APP: Code = Code("TRB-6003");
/// The provider has no such resource.
pub const UNKNOWN_RESOURCE: Code = Code("TRB-6004");
/// The stretch of time cannot be.
pub const BAD_STRETCH: Code = Code("TRB-6005");
/// A consent came back in another browser.
pub const OTHER_BROWSER: Code = Code("TRB-6006");

/// All pages, by code.
pub const PAGES: &[Page] = &[
    Page { code: CONFIG_UNREADABLE, text: include_str!("../../docs/errors/TRB-1001.md") },
    Page { code: CONFIG_INVALID, text: include_str!("../../docs/errors/TRB-1002.md") },
    Page { code: STORE_OPEN, text: include_str!("../../docs/errors/TRB-2001.md") },
    Page { code: STORE_SCHEMA, text: include_str!("../../docs/errors/TRB-2002.md") },
    Page { code: STORE_UNAVAILABLE, text: include_str!("../../docs/errors/TRB-2003.md") },
    Page { code: STORE_DAMAGED, text: include_str!("../../docs/errors/TRB-2004.md") },
    Page { code: STORE_STOPPED, text: include_str!("../../docs/errors/TRB-2005.md") },
    Page { code: VAULT_KEY, text: include_str!("../../docs/errors/TRB-3001.md") },
    Page { code: VAULT_KEYS, text: include_str!("../../docs/errors/TRB-3002.md") },
    Page { code: VAULT_WRONG, text: include_str!("../../docs/errors/TRB-3003.md") },
    Page { code: VAULT_CREDENTIAL, text: include_str!("../../docs/errors/TRB-3004.md") },
    Page { code: SINK_UNUSABLE, text: include_str!("../../docs/errors/TRB-4001.md") },
    Page { code: SINK_DENIED, text: include_str!("../../docs/errors/TRB-4002.md") },
    Page { code: SINK_UNAVAILABLE, text: include_str!("../../docs/errors/TRB-4003.md") },
    Page { code: UNKNOWN_SINK, text: include_str!("../../docs/errors/TRB-4004.md") },
    Page { code: UNKNOWN_DEAD_LETTER, text: include_str!("../../docs/errors/TRB-4005.md") },
    Page { code: NOT_KEPT, text: include_str!("../../docs/errors/TRB-4006.md") },
    Page { code: NOT_THERE_YET, text: include_str!("../../docs/errors/TRB-4007.md") },
    Page { code: LISTEN, text: include_str!("../../docs/errors/TRB-5001.md") },
    Page { code: START, text: include_str!("../../docs/errors/TRB-5002.md") },
    Page { code: NO_DAEMON, text: include_str!("../../docs/errors/TRB-5003.md") },
    Page { code: BAD_ADMIN, text: include_str!("../../docs/errors/TRB-5004.md") },
    Page { code: UNKNOWN_CONNECTION, text: include_str!("../../docs/errors/TRB-6001.md") },
    Page { code: NOT_ACTIVE, text: include_str!("../../docs/errors/TRB-6002.md") },
    Page { code: NO_APP, text: include_str!("../../docs/errors/TRB-6003.md") },
    Page { code: UNKNOWN_RESOURCE, text: include_str!("../../docs/errors/TRB-6004.md") },
    Page { code: BAD_STRETCH, text: include_str!("../../docs/errors/TRB-6005.md") },
    Page { code: OTHER_BROWSER, text: include_str!("../../docs/errors/TRB-6006.md") },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_the_table_and_says_cause_check_and_cure() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != "index")
            .collect();
        files.sort();
        let codes: Vec<_> = PAGES.iter().map(|page| page.code.as_str()).collect();
        assert_eq!(codes, files);
        for page in PAGES {
            assert!(page.text.starts_with(&format!("# {}: ", page.code)), "{}", page.code);
            let headings: Vec<_> = page.text.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(headings, ["## Cause", "## Check", "## Cure"], "{}", page.code);
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["TRB-2001", "trb-2001", "2001", " TRB-2001 "] {
            assert_eq!(find(text).map(|page| page.code), Some(STORE_OPEN), "{text}");
        }
        assert!(find("TRB-0000").is_none() && find("").is_none());
    }

    #[test]
    fn an_error_keeps_its_code_under_any_context() {
        let error = anyhow::Error::new(StartError::Vault(VaultError::NoKey)).context("while starting");
        assert_eq!(of(&error), Some(VAULT_KEYS));
        assert_eq!(of(&anyhow::anyhow!("something else")), None);
    }
}
