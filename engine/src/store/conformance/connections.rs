//! Connections, their credentials and cursors, the fence, authorisation flows, named values.

use std::sync::Arc;

use chrono::TimeDelta;
use tributary_contract::Cursor;
use uuid::Uuid;

use super::{ANN, BOB, Case, OTHER_TENANT, Outcome, TENANT, at, commit, connection, put, record, whole_log};
use crate::store::{
    Change, Changeset, Committed, ConnectionFilter, ConnectionState, CursorRow, Flow, KeyColumn, KeyPart,
    Lane, Mark, Rejected, Reseal, SealedAppKey, SealedColumn, SealedCredential, SealedKey, Standing, Store,
};

pub(super) const CASES: &[(&str, Case)] = &[
    ("a connection reads back as it was written", |store| Box::pin(round_trip(store))),
    ("connections are found by every part of the filter, in pages", |store| Box::pin(filters(store))),
    ("the fence keeps out old epochs and unknown connections", |store| Box::pin(fence(store))),
    ("an epoch never falls", |store| Box::pin(epoch_never_falls(store))),
    ("a rejected changeset leaves nothing and the others stand", |store| Box::pin(rejected_alone(store))),
    ("credentials are replaced", |store| Box::pin(credentials(store))),
    ("keys of provider apps are replaced and listed", |store| Box::pin(app_keys(store))),
    ("cursors are kept by resource and lane", |store| Box::pin(cursors(store))),
    ("a wipe takes credential, cursors and digests and raises the epoch", |store| Box::pin(wipe(store))),
    ("what follows a wipe in the same group stands", |store| Box::pin(wipe_and_go_on(store))),
    ("an authorisation flow is used once", |store| Box::pin(flows(store))),
    ("named values are replaced", |store| Box::pin(meta(store))),
    ("connections stand in pages with their cursors, without those that are gone", |store| {
        Box::pin(standing(store))
    }),
    ("sealed values are listed by column, in pages", |store| Box::pin(sealed(store))),
    ("an envelope is replaced only while it is the one that was read", |store| Box::pin(reseal(store))),
];

fn credential(connection: Uuid, sealed: &[u8]) -> Change {
    Change::CredentialPut(SealedCredential { connection, sealed: sealed.to_vec(), stored_at: at(5) })
}

fn cursor(connection: Uuid, resource: &str, lane: Lane, second: i64) -> Change {
    let cursor = Cursor { through: at(second), token: Some(format!("page_{second}")) };
    Change::Cursor {
        connection,
        resource: resource.to_owned(),
        lane,
        cursor,
        finished: lane == Lane::History,
    }
}

async fn round_trip(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.connection(ANN).await?, None);
    let mut expected = connection(ANN, TENANT, "account\0 ü", 3);
    expected.reason = Some("because".to_owned());
    expected.account.scopes = vec!["read".to_owned()];
    expected.account.facts.insert("host".to_owned(), "example.com".to_owned());
    put(&*store, vec![Change::ConnectionPut(expected.clone())]).await?;
    assert_eq!(store.connection(ANN).await?, Some(expected.clone()));
    expected.reference_id = None;
    expected.updated_at = at(9);
    put(&*store, vec![Change::ConnectionPut(expected.clone())]).await?;
    assert_eq!(store.connection(ANN).await?, Some(expected.clone()));
    for state in ConnectionState::ALL {
        let reason = (state != ConnectionState::Active).then(|| format!("now {state}"));
        put(&*store, vec![Change::ConnectionState { connection: ANN, state, reason: reason.clone() }])
            .await?;
        (expected.state, expected.reason, expected.updated_at) = (state, reason, at(2));
        assert_eq!(store.connection(ANN).await?, Some(expected.clone()));
    }
    Ok(())
}

async fn filters(store: Arc<dyn Store>) -> Outcome {
    let ids: Vec<Uuid> = (1..=6).map(Uuid::from_u128).collect();
    let mut changes = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let tenant = if number < 3 { TENANT } else { OTHER_TENANT };
        // The accounts repeat across tenants.
        let mut row = connection(*id, tenant, &format!("account {}", number % 3), 1);
        row.reference_id = (number % 2 == 0).then(|| "even".to_owned());
        changes.push(Change::ConnectionPut(row));
    }
    put(&*store, changes).await?;
    let mut other = connection(Uuid::from_u128(7), TENANT, "account 0", 1);
    other.provider = "oura".to_owned();
    other.state = ConnectionState::ReauthNeeded;
    put(&*store, vec![Change::ConnectionPut(other)]).await?;

    let any = ConnectionFilter::default;
    let cases: [(ConnectionFilter, &[u128]); 7] = [
        (any(), &[1, 2, 3, 4, 5, 6, 7]),
        (ConnectionFilter { tenant: Some(TENANT.to_owned()), ..any() }, &[1, 2, 3, 7]),
        (
            ConnectionFilter {
                provider: Some("strava".to_owned()),
                account: Some("account 0".to_owned()),
                ..any()
            },
            &[1, 4],
        ),
        (ConnectionFilter { reference_id: Some("even".to_owned()), ..any() }, &[1, 3, 5]),
        (ConnectionFilter { state: Some(ConnectionState::ReauthNeeded), ..any() }, &[7]),
        (
            ConnectionFilter {
                tenant: Some(OTHER_TENANT.to_owned()),
                reference_id: Some("even".to_owned()),
                ..any()
            },
            &[5],
        ),
        (ConnectionFilter { tenant: Some("unknown".to_owned()), ..any() }, &[]),
    ];
    for (filter, expected) in cases {
        let found: Vec<_> =
            store.connections(&filter, None, 100).await?.iter().map(|row| row.id.as_u128()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    let (mut after, mut paged) = (None, Vec::new());
    loop {
        let page = store.connections(&any(), after, 3).await?;
        paged.extend(page.iter().map(|row| row.id.as_u128()));
        after = page.last().map(|row| row.id);
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(paged, [1, 2, 3, 4, 5, 6, 7]);
    let asked = [7, 99, 2, 5].map(Uuid::from_u128);
    let mut named: Vec<_> =
        store.connections_by_id(&asked).await?.iter().map(|row| row.id.as_u128()).collect();
    named.sort_unstable();
    assert_eq!(named, [2, 5, 7]);
    assert_eq!(store.connections_by_id(&[]).await?, []);
    Ok(())
}

async fn fence(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::ConnectionPut(connection(ANN, TENANT, "account", 2))]).await?;
    let group = vec![
        Changeset::fenced(ANN, 1, vec![record("1", "a")]),
        Changeset::fenced(ANN, 2, vec![record("2", "a")]),
        Changeset::fenced(ANN, 3, vec![record("3", "a")]),
        Changeset::fenced(BOB, 0, vec![record("4", "a")]),
        Changeset::fenced(ANN, 2, vec![Change::ConnectionPut(connection(ANN, TENANT, "account", 3))]),
        Changeset::fenced(ANN, 2, vec![record("5", "a")]),
        Changeset::fenced(ANN, 3, vec![record("6", "a")]),
    ];
    let results = commit(&*store, group).await?;
    let accepted: Vec<_> = results.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [false, true, false, false, true, false, true]);
    assert_eq!(results.first(), Some(&Err(Rejected::Fenced)));
    let keys: Vec<_> = whole_log(&*store).await?.iter().map(|row| row.key.to_string()).collect();
    assert_eq!(keys, ["2", "6"]);
    Ok(())
}

async fn epoch_never_falls(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::ConnectionPut(connection(ANN, TENANT, "account", 5))]).await?;
    put(&*store, vec![Change::ConnectionPut(connection(ANN, TENANT, "account", 4))]).await?;
    assert_eq!(store.connection(ANN).await?.map(|row| row.epoch), Some(5));
    Ok(())
}

async fn rejected_alone(store: Arc<dyn Store>) -> Outcome {
    let taken = Change::FlowTake { state: "unknown".to_owned() };
    let group = vec![
        Changeset::unfenced(vec![
            record("1", "a"),
            credential(ANN, b"a"),
            cursor(ANN, "activities", Lane::Live, 1),
            Change::Meta { name: "name".to_owned(), value: vec![1] },
            taken,
        ]),
        Changeset::unfenced(vec![record("1", "a")]),
    ];
    let results = commit(&*store, group).await?;
    let second = Committed { added: 1, last_sequence: Some(1), ..Committed::default() };
    assert_eq!(results, [Err(Rejected::FlowUsed), Ok(second)]);
    assert_eq!(store.credential(ANN).await?, None);
    assert_eq!(store.cursors(ANN).await?, []);
    assert_eq!(store.meta("name").await?, None);
    Ok(())
}

async fn credentials(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![credential(ANN, b"a"), credential(BOB, b"b"), credential(ANN, b"c\0\xff")]).await?;
    let read = store.credential(ANN).await?;
    assert_eq!(
        read,
        Some(SealedCredential { connection: ANN, sealed: b"c\0\xff".to_vec(), stored_at: at(5) })
    );
    put(&*store, vec![credential(ANN, b"d")]).await?;
    assert_eq!(store.credential(ANN).await?.map(|row| row.sealed), Some(b"d".to_vec()));
    assert_eq!(store.credential(BOB).await?.map(|row| row.sealed), Some(b"b".to_vec()));
    Ok(())
}

async fn app_keys(store: Arc<dyn Store>) -> Outcome {
    let key = |app: &str, name: &str, sealed: &[u8]| SealedAppKey {
        app: app.to_owned(),
        name: name.to_owned(),
        sealed: sealed.to_vec(),
        stored_at: at(5),
    };
    assert_eq!(store.app_keys(None).await?, []);
    let written = [
        key("polar", "webhook", b"a"),
        key("acme/polar", "webhook", b"b"),
        key("polar", "other", b"c"),
        key("polar", "webhook", b"d\0\xff"),
    ];
    put(&*store, written.into_iter().map(Change::AppKeyPut).collect()).await?;
    let ours = [key("polar", "other", b"c"), key("polar", "webhook", b"d\0\xff")];
    assert_eq!(store.app_keys(Some("polar")).await?, ours);
    assert_eq!(store.app_keys(Some("acme/polar")).await?, [key("acme/polar", "webhook", b"b")]);
    assert_eq!(store.app_keys(Some("pola")).await?, []);
    put(&*store, vec![Change::AppKeyPut(key("polar", "other", b"e"))]).await?;
    let all = store.app_keys(None).await?;
    let sealed: Vec<&[u8]> = all.iter().map(|key| key.sealed.as_slice()).collect();
    assert_eq!(sealed, [&b"b"[..], b"e", b"d\0\xff"]);
    Ok(())
}

async fn cursors(store: Arc<dyn Store>) -> Outcome {
    let changes = vec![
        cursor(ANN, "sleeps", Lane::Live, 1),
        cursor(ANN, "activities", Lane::Live, 2),
        cursor(ANN, "activities", Lane::History, 3),
        cursor(ANN, "activities", Lane::Live, 4),
        cursor(BOB, "activities", Lane::Live, 5),
    ];
    put(&*store, changes).await?;
    let expected = CursorRow {
        resource: "activities".to_owned(),
        lane: Lane::Live,
        cursor: Cursor { through: at(4), token: Some("page_4".to_owned()) },
        finished: false,
        updated_at: at(2),
    };
    assert_eq!(store.cursor(ANN, "activities", Lane::Live).await?, Some(expected));
    assert_eq!(store.cursor(ANN, "sleeps", Lane::History).await?, None);
    let history = store.cursor(ANN, "activities", Lane::History).await?;
    assert_eq!(history.map(|row| (row.finished, row.cursor.through)), Some((true, at(3))));
    let mut all: Vec<_> =
        store.cursors(ANN).await?.into_iter().map(|row| (row.resource, row.lane.as_str())).collect();
    all.sort_unstable();
    let expected = [("activities", "history"), ("activities", "live"), ("sleeps", "live")];
    assert_eq!(all, expected.map(|(resource, lane)| (resource.to_owned(), lane)));
    let cursor = Cursor::at(at(6));
    let back = Change::Cursor {
        connection: ANN,
        resource: "sleeps".to_owned(),
        lane: Lane::Live,
        cursor,
        finished: true,
    };
    put(&*store, vec![back]).await?;
    let read = store.cursor(ANN, "sleeps", Lane::Live).await?;
    assert_eq!(read.map(|row| (row.cursor, row.finished)), Some((Cursor::at(at(6)), true)));
    Ok(())
}

async fn wipe(store: Arc<dyn Store>) -> Outcome {
    for (id, account) in [(ANN, "a"), (BOB, "b")] {
        let put_all = vec![
            Change::ConnectionPut(connection(id, TENANT, account, 4)),
            credential(id, b"x"),
            cursor(id, "activities", Lane::Live, 1),
        ];
        put(&*store, put_all).await?;
    }
    put(&*store, vec![record("key", "a")]).await?;
    let group = vec![
        Changeset::fenced(ANN, 4, vec![Change::ConnectionWipe { connection: ANN }]),
        Changeset::fenced(ANN, 4, vec![cursor(ANN, "activities", Lane::Live, 2)]),
    ];
    let results = commit(&*store, group).await?;
    assert_eq!(results, [Ok(Committed::default()), Err(Rejected::Fenced)]);
    assert_eq!(store.credential(ANN).await?, None);
    assert_eq!(store.cursors(ANN).await?, []);
    assert_eq!(store.connection(ANN).await?.map(|row| row.epoch), Some(5));
    assert_eq!(whole_log(&*store).await?.len(), 1, "the log stays until retention");
    assert!(store.credential(BOB).await?.is_some());
    assert_eq!(store.cursors(BOB).await?.len(), 1);
    assert_eq!(
        put(&*store, vec![record("key", "a")]).await?.added,
        1,
        "connected again, it brings all again"
    );
    Ok(())
}

async fn wipe_and_go_on(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![Change::ConnectionPut(connection(ANN, TENANT, "a", 1)), record("key", "a")]).await?;
    let group = vec![
        Changeset::unfenced(vec![
            credential(ANN, b"old"),
            cursor(ANN, "sleeps", Lane::Live, 1),
            record("key", "b"),
        ]),
        Changeset::unfenced(vec![Change::ConnectionWipe { connection: ANN }]),
        Changeset::unfenced(vec![credential(ANN, b"new"), record("key", "b")]),
    ];
    let results = commit(&*store, group).await?;
    let added: Vec<_> = results.iter().flatten().map(|committed| committed.added).collect();
    assert_eq!(added, [1, 0, 1]);
    assert_eq!(store.credential(ANN).await?.map(|row| row.sealed), Some(b"new".to_vec()));
    assert_eq!(store.cursors(ANN).await?, []);
    assert_eq!(put(&*store, vec![record("key", "b")]).await?.unchanged, 1);
    Ok(())
}

fn flow(state: &str) -> Flow {
    Flow {
        state: state.to_owned(),
        tenant: TENANT.into(),
        provider: "strava".to_owned(),
        connection: ANN,
        reference_id: Some("person".to_owned()),
        verifier: Some(vec![0, 1, 2]),
        success_url: Some("https://acme.app/ok".to_owned()),
        failure_url: None,
        expires_at: at(0) - TimeDelta::days(1),
    }
}

async fn flows(store: Arc<dyn Store>) -> Outcome {
    let take = || Changeset::unfenced(vec![Change::FlowTake { state: "one".to_owned() }]);
    put(&*store, vec![Change::FlowPut(flow("one")), Change::FlowPut(flow("two"))]).await?;
    assert!(store.flow("one").await? == Some(flow("one")), "also after it expired");
    let results = commit(&*store, vec![take(), take()]).await?;
    assert_eq!(results, [Ok(Committed::default()), Err(Rejected::FlowUsed)]);
    assert_eq!(commit(&*store, vec![take()]).await?, [Err(Rejected::FlowUsed)]);
    assert!(store.flow("one").await?.is_none());
    assert!(store.flow("two").await?.is_some());
    let both = Changeset::unfenced(vec![
        Change::FlowTake { state: "two".to_owned() },
        Change::FlowTake { state: "two".to_owned() },
    ]);
    assert_eq!(commit(&*store, vec![both]).await?, [Err(Rejected::FlowUsed)]);
    assert!(store.flow("two").await?.is_some());
    let at_once = vec![Change::FlowPut(flow("three")), Change::FlowTake { state: "three".to_owned() }];
    put(&*store, at_once).await?;
    assert!(store.flow("three").await?.is_none());
    Ok(())
}

async fn meta(store: Arc<dyn Store>) -> Outcome {
    assert_eq!(store.meta("name").await?, None);
    for value in [b"a".to_vec(), Vec::new(), b"\0\xff".to_vec()] {
        put(&*store, vec![Change::Meta { name: "name".to_owned(), value: value.clone() }]).await?;
        assert_eq!(store.meta("name").await?, Some(value));
    }
    Ok(())
}

#[expect(clippy::indexing_slicing, reason = "a case fails by panicking")]
async fn standing(store: Arc<dyn Store>) -> Outcome {
    let ids: Vec<_> = (1..=7).map(Uuid::from_u128).collect();
    for id in &ids {
        put(&*store, vec![Change::ConnectionPut(connection(*id, TENANT, &id.to_string(), 1))]).await?;
    }
    let gone = ConnectionState::Disconnected;
    put(&*store, vec![Change::ConnectionState { connection: ids[2], state: gone, reason: None }]).await?;
    let marks = vec![
        cursor(ids[0], "activities", Lane::Live, 1),
        cursor(ids[0], "activities", Lane::History, 2),
        cursor(ids[0], "activities", Lane::Asked, 3),
        cursor(ids[0], "sleeps", Lane::Filled, 4),
    ];
    put(&*store, marks).await?;
    assert_eq!(store.connection_count().await?, 6);
    let (mut found, mut after, mut pages): (Vec<Standing>, _, _) = (Vec::new(), None, 0);
    loop {
        let page = store.standing(after, 3).await?;
        found.extend(page.connections);
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!((3..=4).contains(&pages), "{pages} pages");
    let expected: Vec<_> = ids.iter().filter(|id| **id != ids[2]).copied().collect();
    assert_eq!(found.iter().map(|standing| standing.id).collect::<Vec<_>>(), expected);
    let first = found[0].clone();
    assert_eq!(
        (&*first.tenant, first.provider.as_str(), first.state),
        (TENANT, "strava", ConnectionState::Active)
    );
    let mark = |resource: &str, lane, asked: Option<&str>| Mark {
        resource: resource.to_owned(),
        lane,
        finished: lane == Lane::History,
        updated_at: at(2),
        asked: asked.map(str::to_owned),
    };
    let mut marks = first.marks;
    marks.sort_by_key(|mark| (mark.resource.clone(), mark.lane.as_str()));
    let mut wanted = vec![
        mark("activities", Lane::Live, None),
        mark("activities", Lane::History, None),
        mark("activities", Lane::Asked, Some("page_3")),
        mark("sleeps", Lane::Filled, Some("page_4")),
    ];
    wanted.sort_by_key(|mark| (mark.resource.clone(), mark.lane.as_str()));
    assert_eq!(marks, wanted);
    Ok(())
}

const SEALED: [SealedColumn; 2] = [
    SealedColumn {
        table: "credential",
        sealed: "sealed",
        key: &[KeyColumn::Bytes("connection")],
        owner: Some("connection"),
    },
    SealedColumn {
        table: "flow",
        sealed: "verifier",
        key: &[KeyColumn::Text("state")],
        owner: Some("connection"),
    },
];

fn flow_of(state: &str, verifier: Option<&[u8]>) -> Change {
    Change::FlowPut(Flow {
        state: state.to_owned(),
        tenant: TENANT.into(),
        provider: "strava".to_owned(),
        connection: ANN,
        reference_id: None,
        verifier: verifier.map(<[u8]>::to_vec),
        success_url: None,
        failure_url: None,
        expires_at: at(900),
    })
}

async fn sealed(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![credential(ANN, b"one"), credential(BOB, b"two")]).await?;
    put(&*store, vec![flow_of("b", Some(b"four")), flow_of("a", Some(b"three")), flow_of("c", None)]).await?;
    let mut found = Vec::new();
    for column in &SEALED {
        let mut after = None;
        loop {
            let page = store.sealed(column, after.as_ref(), 1).await?;
            let Some(value) = page.into_iter().next() else { break };
            after = Some(value.key.clone());
            found.push((column.table, value.owner, String::from_utf8_lossy(&value.sealed).into_owned()));
        }
    }
    let expected = [
        ("credential", ANN, "one"),
        ("credential", BOB, "two"),
        ("flow", ANN, "three"),
        ("flow", ANN, "four"),
    ];
    let shown: Vec<_> =
        found.iter().map(|(table, owner, sealed)| (*table, *owner, sealed.as_str())).collect();
    assert_eq!(shown, expected, "by column, in the order of the keys, none without an envelope");
    Ok(())
}

#[expect(clippy::indexing_slicing, reason = "a case fails by panicking")]
async fn reseal(store: Arc<dyn Store>) -> Outcome {
    put(&*store, vec![credential(ANN, b"old"), credential(BOB, b"old"), flow_of("a", Some(b"old"))]).await?;
    let change = |column: usize, key: SealedKey, was: &[u8], new: &[u8]| {
        Change::Reseal(Reseal { column: SEALED[column], key, was: was.to_vec(), sealed: new.to_vec() })
    };
    let of = |connection: Uuid| SealedKey(vec![KeyPart::Bytes(connection.as_bytes().to_vec())]);
    // Bob's token is refreshed meanwhile, in the same group.
    let results = commit(
        &*store,
        vec![
            Changeset::unfenced(vec![
                change(0, of(ANN), b"old", b"new"),
                change(0, of(BOB), b"old", b"new"),
                change(1, SealedKey(vec![KeyPart::Text("a".to_owned())]), b"old", b"new"),
            ]),
            Changeset::unfenced(vec![credential(BOB, b"refreshed")]),
        ],
    )
    .await?;
    assert_eq!(results[0].as_ref().map(|committed| committed.resealed), Ok(2));
    let stored = |row: Option<SealedCredential>| row.map(|row| row.sealed);
    assert_eq!(stored(store.credential(ANN).await?), Some(b"new".to_vec()));
    assert_eq!(stored(store.credential(BOB).await?), Some(b"refreshed".to_vec()));
    assert_eq!(store.flow("a").await?.and_then(|flow| flow.verifier), Some(b"new".to_vec()));
    assert_eq!(put(&*store, vec![change(0, of(ANN), b"old", b"again")]).await?.resealed, 0);
    assert_eq!(stored(store.credential(ANN).await?), Some(b"new".to_vec()));
    Ok(())
}
