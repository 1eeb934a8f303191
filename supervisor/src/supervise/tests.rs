use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use tempfile::TempDir;
use tributary_contract::model::EventType;
use tributary_contract::sink::{Batch, Grouping, Limits, Outcome, Report, Sink, SinkError};
use tributary_contract::{Account, Fetch, FetchError, Inbound, Job, Notified, Provider, Refused, Spec};
use tributary_engine::budget::{Budget, BudgetOptions};
use tributary_engine::clock::Hand;
use tributary_engine::connection::gate::Gates;
use tributary_engine::connection::{Runtime, Slots};
use tributary_engine::delivery::{Filter, Ladder, Parts};
use tributary_engine::fetch::Tokens;
use tributary_engine::store::{
    Change, Changeset, Connection, ConnectionState, SqliteStore, Writer, WriterOptions,
};
use tributary_engine::vault::{Vault, VaultKey};

use super::messages::AddDelivery;
use super::*;

const ANN: Uuid = Uuid::from_u128(1);

struct Rig {
    _folder: TempDir,
    store: Arc<dyn Store>,
    writer: Writer,
    clock: Clock,
    hand: Hand,
}

async fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let (clock, hand) = Clock::manual(DateTime::UNIX_EPOCH + chrono::Duration::days(20_000));
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.unwrap());
    let (writer, task) = Writer::start(Arc::clone(&store), clock.clone(), WriterOptions::default());
    actix_rt::spawn(task.run());
    Rig { _folder: folder, store, writer, clock, hand }
}

impl Rig {
    async fn commit(&self, changes: Vec<Change>) {
        self.writer.commit(Changeset::unfenced(changes)).await.unwrap();
    }

    async fn event(&self) {
        let event = EventType::Auth;
        let body = Bytes::from_static(b"{}");
        self.commit(vec![Change::Event { tenant: "acme".into(), connection: ANN, event, body, trace: None }])
            .await;
    }
}

/// Observes until what is seen is what the test waits for.
async fn until(supervisor: &Addr<Supervisor>, what: &str, holds: impl Fn(&Observed) -> bool) -> Observed {
    for _ in 0..200_000 {
        let observed = supervisor.send(Observe).await.unwrap();
        if holds(&observed) {
            return observed;
        }
        tokio::task::yield_now().await;
    }
    panic!("never seen: {what}")
}

fn on_system(test: impl Future<Output = ()>) {
    actix_rt::System::new().block_on(test);
}

/// Panics so many times before it works.
struct Fragile {
    panics: AtomicUsize,
    taken: AtomicUsize,
}

impl Fragile {
    fn panics(times: usize) -> Arc<Self> {
        Arc::new(Self { panics: AtomicUsize::new(times), taken: AtomicUsize::new(0) })
    }

    fn may_panic(&self) {
        let left = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left.is_err(), "planned");
    }
}

#[async_trait]
impl Sink for Fragile {
    fn limits(&self) -> Limits {
        self.may_panic();
        let (entries, bytes, entry_bytes) = (100, 1 << 20, 1 << 20);
        Limits { grouping: Grouping::Event, entries, bytes, entry_bytes, in_flight: 1 }
    }

    async fn check(&self) -> Result<Report, SinkError> {
        Ok(Report::default())
    }

    async fn deliver(&self, batch: &Batch) -> Result<Vec<Outcome>, SinkError> {
        self.taken.fetch_add(batch.entries.len(), Ordering::SeqCst);
        Ok(vec![Outcome::Taken; batch.entries.len()])
    }
}

#[test]
fn a_sink_whose_actor_dies_is_started_again_and_reads_from_its_offset() {
    on_system(async {
        let rig = rig().await;
        let supervisor =
            Supervisor::new(Arc::new(Runtimes::default()), Arc::clone(&rig.store), rig.clock.clone()).start();
        let sink = Fragile::panics(2);
        rig.event().await;
        rig.event().await;
        let offset = Change::Offset { tenant: "acme".into(), sink: "app".into(), offset: 1, rewind: false };
        rig.commit(vec![offset]).await;
        let parts = Parts {
            tenant: "acme".into(),
            name: "app".into(),
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            filter: Filter::all(),
            ladder: Ladder::default(),
            store: Arc::clone(&rig.store),
            writer: rig.writer.clone(),
            clock: rig.clock.clone(),
            spec: |_| None,
        };
        supervisor.send(AddDelivery(parts)).await.unwrap();
        for pause in [1, 2] {
            until(&supervisor, "a resting sink", |observed| observed.resting_sinks.len() == 1).await;
            rig.hand.until_sleepers(1).await;
            rig.hand.advance(Duration::from_secs(pause)).await;
        }
        let observed = until(&supervisor, "everything delivered", |observed| {
            observed.deliveries.first().is_some_and(|delivery| delivery.levels.offset == 2)
        })
        .await;
        assert_eq!(observed.resting_sinks.len(), 0);
        assert_eq!(sink.taken.load(Ordering::SeqCst), 1, "the entry before the offset does not come again");
        assert!(supervisor.send(Stop { within: Duration::from_secs(5) }).await.unwrap());
    });
}

/// A provider that panics where its actor is made.
struct Mine;

static PANICS: AtomicUsize = AtomicUsize::new(0);

#[async_trait]
impl Provider for Mine {
    fn spec(&self) -> &'static Spec {
        // The supervisor asks as well, on the test's own thread; the actors are made on arbiters.
        if std::thread::current().name().is_some_and(|name| name.contains("arbiter")) {
            let left = PANICS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            assert!(left.is_err(), "planned");
        }
        crate::app::spec_of("strava").unwrap()
    }

    async fn connected(&self, _: &mut Fetch) -> Result<Account, FetchError> {
        Err(FetchError::unsupported("a test"))
    }

    async fn fetch(&self, _: &mut Fetch, _: &Job) -> Result<(), FetchError> {
        Ok(())
    }

    fn notified(&self, _: &Inbound, _: &tributary_contract::App) -> Result<Notified, Refused> {
        Ok(Notified::Notices(Vec::new()))
    }

    async fn disconnect(&self, _: &mut Fetch) -> Result<(), FetchError> {
        Ok(())
    }
}

async fn runtime(rig: &Rig) -> Arc<Runtime> {
    let (store, writer, clock) = (Arc::clone(&rig.store), rig.writer.clone(), rig.clock.clone());
    let key = VaultKey::parse("test", &hex::encode([1_u8; 32])).unwrap();
    let vault = Arc::new(Vault::new(vec![key]).unwrap());
    let spec = crate::app::spec_of("strava").unwrap();
    let app = tributary_contract::App {
        client_id: "id".to_owned(),
        client_secret: "secret".into(),
        verify_token: None,
        keys: std::collections::BTreeMap::new(),
        callback_url: String::new(),
        notify_url: String::new(),
    };
    let app = tributary_engine::connection::LiveApp::load("mine", app, store.as_ref(), &vault).await.unwrap();
    Arc::new(Runtime {
        provider: &Mine,
        app,
        origin: None,
        history: chrono::Duration::days(1),
        client: tributary_net::Client::new(tributary_net::ClientOptions::default()).unwrap(),
        budget: Budget::start(BudgetOptions::from_spec(spec, None, None, clock.clone())),
        tokens: Arc::new(Tokens::new(Arc::clone(&store), writer.clone(), Arc::clone(&vault), clock.clone())),
        vault,
        store,
        writer,
        clock,
        slots: Slots::new(4),
        gates: Arc::new(Gates::default()),
        asking: tokio::sync::Mutex::new(()),
    })
}

#[test]
fn a_connection_whose_actor_dies_again_and_again_is_quarantined_and_comes_back() {
    on_system(async {
        let rig = rig().await;
        let now = rig.clock.now();
        let connection = Connection {
            id: ANN,
            tenant: "acme".into(),
            provider: "strava".to_owned(),
            reference_id: None,
            account: Account::new("ann"),
            state: ConnectionState::Active,
            reason: None,
            epoch: 1,
            created_at: now,
            updated_at: now,
        };
        rig.commit(vec![Change::ConnectionPut(connection)]).await;
        let runtimes = Arc::new(Runtimes::of_one("acme", "strava", runtime(&rig).await));
        let supervisor = Supervisor::new(runtimes, Arc::clone(&rig.store), rig.clock.clone()).start();
        PANICS.store(5, Ordering::SeqCst);
        assert_eq!(supervisor.send(Begin).await.unwrap().unwrap(), 1);
        for pause in [1, 2, 4, 8] {
            until(&supervisor, "a resting connection", |observed| observed.resting == 1).await;
            rig.hand.until_sleepers(1).await;
            rig.hand.advance(Duration::from_secs(pause)).await;
        }
        until(&supervisor, "a quarantine", |observed| observed.quarantined == 1).await;
        rig.hand.until_sleepers(1).await;
        let state = |row: Option<Connection>| row.map(|row| row.state);
        assert_eq!(state(rig.store.connection(ANN).await.unwrap()), Some(ConnectionState::Quarantined));
        let told = Told::Notified(now);
        let tell = Tell { connection: ANN, tenant: "acme".into(), provider: "strava".to_owned(), told };
        assert!(supervisor.send(tell).await.unwrap(), "what is in the inbox waits");
        until(&supervisor, "still a quarantine", |observed| observed.quarantined == 1).await;
        rig.hand.advance(Duration::from_secs(3_600)).await;
        until(&supervisor, "it runs again", |observed| observed.resting == 0 && observed.connections == 1)
            .await;
        assert_eq!(state(rig.store.connection(ANN).await.unwrap()), Some(ConnectionState::Active));
        assert!(supervisor.send(Stop { within: Duration::from_secs(5) }).await.unwrap());
    });
}
