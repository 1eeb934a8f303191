//! The log and its deduplication against a model in memory, through any sequence of commits and reopenings.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tributary_contract::model::{DataType, Digest, EntryId, EventType, NaturalKey};
use tributary_contract::sink::EntryKind;

use super::*;
use crate::store::Change;

const TENANTS: [&str; 2] = ["acme", "beta"];

/// One change, by small numbers so that they meet.
#[derive(Debug, Clone)]
enum Op {
    Record { owner: u8, key: u8, content: u8 },
    Delete { owner: u8, key: u8 },
    Event { owner: u8 },
}

#[derive(Debug, Clone)]
enum Step {
    /// A group of changesets; `true` rejects one.
    Commit(Vec<(Vec<Op>, bool)>),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..3_u8, 0..3_u8, 0..3_u8).prop_map(|(owner, key, content)| Op::Record { owner, key, content }),
        2 => (0..3_u8, 0..3_u8).prop_map(|(owner, key)| Op::Delete { owner, key }),
        1 => (0..3_u8).prop_map(|owner| Op::Event { owner }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let rejected = prop::bool::weighted(0.2);
    prop_oneof![
        4 => vec((vec(op(), 0..8), rejected), 0..5).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

fn tenant_of(owner: u8) -> &'static str {
    TENANTS[usize::from(owner % 2)]
}

fn change(op: &Op) -> Change {
    let data_type = DataType::Body;
    match *op {
        Op::Record { owner, key, content } => {
            let connection = Uuid::from_u128(owner.into());
            let (key, body) = (NaturalKey::new(key.to_string()), content.to_string());
            let digest = Digest::of(body.as_bytes());
            let id = EntryId::of_record(connection, data_type, &key, digest);
            Change::Record {
                tenant: tenant_of(owner).into(),
                connection,
                data_type,
                key,
                digest,
                id,
                body: body.into(),
                trace: None,
            }
        }
        Op::Delete { owner, key } => Change::Deleted {
            tenant: tenant_of(owner).into(),
            connection: Uuid::from_u128(owner.into()),
            data_type,
            key: NaturalKey::new(key.to_string()),
            trace: None,
        },
        Op::Event { owner } => Change::Event {
            tenant: tenant_of(owner).into(),
            connection: Uuid::from_u128(owner.into()),
            event: EventType::Auth,
            body: "event".into(),
            trace: None,
        },
    }
}

/// What the log should hold: owner, kind, key, body.
type Line = (u8, EntryKind, String, String);

#[derive(Default)]
struct Model {
    /// Content and whether it is deleted.
    records: HashMap<(u8, u8), (u8, bool)>,
    log: Vec<Line>,
}

impl Model {
    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Record { owner, key, content } => {
                if self.records.insert((owner, key), (content, false)) != Some((content, false)) {
                    let kind = EntryKind::Record(DataType::Body);
                    self.log.push((owner, kind, key.to_string(), content.to_string()));
                }
            }
            Op::Delete { owner, key } => {
                if let Some((_, deleted @ false)) = self.records.get_mut(&(owner, key)) {
                    *deleted = true;
                    self.log.push((
                        owner,
                        EntryKind::Deleted(DataType::Body),
                        key.to_string(),
                        String::new(),
                    ));
                }
            }
            Op::Event { owner } => {
                let kind = EntryKind::LifeCycle(EventType::Auth);
                self.log.push((owner, kind, String::new(), "event".to_owned()));
            }
        }
    }
}

async fn commit(store: &SqliteStore, model: &mut Model, group: &[(Vec<Op>, bool)]) {
    let mut changesets = Vec::new();
    let mut expected = Vec::new();
    for (ops, rejected) in group {
        let mut changes: Vec<_> = ops.iter().map(change).collect();
        if *rejected {
            changes.push(Change::FlowTake { state: "unknown".to_owned() });
            expected.push(Err(Rejected::FlowUsed));
        } else {
            let before = model.log.len();
            ops.iter().for_each(|op| model.apply(op));
            expected.push(Ok(model.log.len() - before));
        }
        changesets.push(Changeset::unfenced(changes));
    }
    let results = store.commit(&changesets, DateTime::UNIX_EPOCH).await.unwrap();
    let added: Vec<_> = results.into_iter().map(|result| result.map(|committed| committed.added)).collect();
    assert_eq!(added, expected);
}

async fn compare(store: &SqliteStore, model: &Model) {
    assert_eq!(store.last_sequence().await.unwrap(), u64::try_from(model.log.len()).unwrap());
    for tenant in TENANTS {
        let rows = store.log(tenant, 0, 10_000, usize::MAX).await.unwrap();
        let wanted = || (1_u64..).zip(&model.log).filter(|(_, line)| tenant_of(line.0) == tenant);
        let read: Vec<(u64, Line)> = rows
            .iter()
            .map(|row| {
                let owner = u8::try_from(row.connection.as_u128()).unwrap();
                let body = String::from_utf8(row.body.to_vec()).unwrap();
                (row.sequence, (owner, row.kind, row.key.to_string(), body))
            })
            .collect();
        assert_eq!(read, wanted().map(|(sequence, line)| (sequence, line.clone())).collect::<Vec<_>>());
        for offset in 0..=u64::try_from(model.log.len()).unwrap() {
            let left = wanted().filter(|(sequence, _)| *sequence > offset).count();
            assert_eq!(store.backlog(tenant, offset).await.unwrap(), u64::try_from(left).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_log_is_what_the_model_says(steps in vec(step(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}", folder.path().join("store.db").display());
            let mut store = SqliteStore::open(&url).await.unwrap();
            let mut model = Model::default();
            for step in &steps {
                match step {
                    Step::Commit(group) => commit(&store, &mut model, group).await,
                    Step::Reopen => {
                        store.close().await;
                        store = SqliteStore::open(&url).await.unwrap();
                    }
                }
                compare(&store, &model).await;
            }
        });
    }
}
