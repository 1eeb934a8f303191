//! Sinks: the cases, and which of them a kind has to pass.
//!
//! Each case gets a target of its own: a receiver on a socket, a file, a database. What was taken is read back by other
//! means than the sink's own.

mod case;
mod place;

use std::collections::BTreeSet;

use tributary_sinks::registry::SinkOptions;
use tributary_tests::server::Postgres;

use self::case::Case;
use self::place::Place;

/// Runs every case on a place that is made anew for each; all that fail are told at the end.
fn every_case<'s>(name: &str, place: &impl AsyncFn(&str) -> Place<'s>) {
    let mut failures = Vec::new();
    for case in Case::ALL {
        let run = async || {
            let place = place(&format!("{case:?}").to_lowercase()).await;
            match case.fits(&place) {
                Ok(()) => case.run(&place).await,
                Err(why) => super::say(&format!("{case:?} is not for {name}: {why}")),
            }
        };
        failures.extend(super::failure(&format!("{case:?} of {name}"), || runtime().block_on(run())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn a_file_passes_every_case() {
    every_case("file", &async |_| Place::file());
}

#[test]
fn standard_output_passes_every_case() {
    every_case("stdout", &async |_| Place::stdout());
}

#[test]
fn a_webhook_passes_every_case() {
    every_case("webhook", &async |_| Place::webhook().await);
}

#[test]
fn tables_on_sqlite_pass_every_case() {
    for layout in crate::sink_sql::target::LAYOUTS {
        every_case(&format!("sql on SQLite, {layout}"), &async |_| Place::sqlite(layout));
    }
}

#[test]
fn tables_on_postgresql_pass_every_case() {
    let runtime = runtime();
    let Some(server) = runtime.block_on(Postgres::start()) else { return };
    for layout in crate::sink_sql::target::LAYOUTS {
        every_case(&format!("sql on PostgreSQL, {layout}"), &async |case| {
            Place::postgres(&server, case, layout).await
        });
    }
}

#[test]
fn every_kind_of_sink_has_a_place_here_and_every_case_is_for_some() {
    let runtime = runtime();
    let places = runtime
        .block_on(async { [Place::file(), Place::sqlite("typed"), Place::stdout(), Place::webhook().await] });
    let kinds: Vec<_> = places.iter().map(Place::kind).collect();
    let registered: Vec<_> = SinkOptions::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(kinds, registered);
    for place in &places {
        let chosen: Vec<_> = Case::ALL.into_iter().filter(|case| case.fits(place).is_ok()).collect();
        super::say(&format!("{}: {chosen:?}", place.kind()));
        assert!(chosen.len() >= 9, "{} has to pass too few cases", place.kind());
    }
    let needed: BTreeSet<String> = Case::ALL
        .into_iter()
        .filter(|case| places.iter().any(|place| case.fits(place).is_ok()))
        .map(|case| format!("{case:?}"))
        .collect();
    assert_eq!(needed.len(), Case::ALL.len(), "{needed:?}");
}
