//! A database that the sink writes to, read back by other means: `psql`, or a connection of the test's own.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tempfile::TempDir;
use tributary_contract::model::DataType;
use tributary_contract::sink::{Sink, SinkError};
use tributary_sinks::{Context, SinkOptions, build};
use tributary_tests::server::Postgres;

pub(crate) const LAYOUTS: [&str; 2] = ["typed", "terra"];

/// A database with one layout in it.
pub(crate) struct Target<'s> {
    pub(crate) layout: &'static str,
    database: Database<'s>,
    directory: TempDir,
}

enum Database<'s> {
    Sqlite,
    Postgres(&'s Postgres, String),
}

impl<'s> Target<'s> {
    pub(crate) fn sqlite(layout: &'static str) -> Self {
        Self { layout, database: Database::Sqlite, directory: tempfile::tempdir().unwrap() }
    }

    /// A new database with this name and the layout's.
    pub(crate) async fn postgres(server: &'s Postgres, name: &str, layout: &'static str) -> Self {
        let name = format!("{name}_{layout}");
        server.psql("postgres", &format!("create database {name}")).await;
        let database = Database::Postgres(server, name);
        Self { layout, database, directory: tempfile::tempdir().unwrap() }
    }

    /// A database that was there before, with its layout in it.
    pub(crate) fn again(server: &'s Postgres, name: &str, layout: &'static str) -> Self {
        Self::again_at(server, name, layout, tempfile::tempdir().unwrap())
    }

    pub(crate) fn again_at(
        server: &'s Postgres,
        name: &str,
        layout: &'static str,
        directory: TempDir,
    ) -> Self {
        Self { layout, database: Database::Postgres(server, name.to_owned()), directory }
    }

    /// A file in the data directory.
    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        std::fs::write(self.directory.path().join(name), content).unwrap();
    }

    /// The file of a `SQLite` database.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.directory.path().join("out.db")
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.database, Database::Postgres(..))
    }

    pub(crate) fn name(&self) -> &str {
        match &self.database {
            Database::Sqlite => "out.db",
            Database::Postgres(_, name) => name,
        }
    }

    /// The sink with these settings beside url and layout.
    pub(crate) async fn sink(&self, settings: Value) -> Box<dyn Sink> {
        let url = match &self.database {
            Database::Sqlite => "sqlite://out.db".to_owned(),
            Database::Postgres(server, name) => server.url(name),
        };
        self.sink_at(&url, settings).await.unwrap()
    }

    pub(crate) async fn sink_at(&self, url: &str, settings: Value) -> Result<Box<dyn Sink>, SinkError> {
        let mut all = json!({"url": url, "layout": self.layout});
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let options = SinkOptions::deserialize_kind("sql", all).unwrap();
        let context = Context {
            data_dir: self.directory.path().to_owned(),
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
            ..Context::default()
        };
        build("warehouse", options, &context).await
    }

    /// Runs a statement as somebody else.
    pub(crate) async fn execute(&self, text: &str) {
        self.lines(text).await;
    }

    /// The values of a query, one JSON array a row. Text differs between databases only in `json(…)` and `list(…)`.
    pub(crate) async fn rows(&self, list: &str, rest: &str) -> Vec<Value> {
        self.arrays(&self.query(list, rest)).await
    }

    fn query(&self, list: &str, rest: &str) -> String {
        match self.database {
            Database::Sqlite => format!("select json_array({list}) {rest}"),
            Database::Postgres(..) => {
                format!("select json_build_array({})::text {rest}", list.replace("json(", "("))
            }
        }
    }

    async fn arrays(&self, query: &str) -> Vec<Value> {
        let lines = self.lines(query).await;
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn lines(&self, query: &str) -> Vec<String> {
        match &self.database {
            Database::Postgres(server, name) => server.psql(name, query).await,
            Database::Sqlite => {
                let file = SqliteConnectOptions::new().filename(self.directory.path().join("out.db"));
                let mut reader = file.create_if_missing(true).connect().await.unwrap();
                let found =
                    sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut reader).await.unwrap();
                reader.close().await.unwrap();
                found.iter().filter_map(|row| row.try_get(0).ok()).collect()
            }
        }
    }

    /// Every record: type, key, sequence, whether it is gone, the whole JSON.
    pub(crate) async fn records(&self) -> Vec<(String, String, u64, bool, Value)> {
        let gone = "case when deleted_at is null then 0 else 1 end";
        let found = if self.layout == "typed" {
            // All tables at once: `psql` is a process and a connection each time.
            let table = |data_type: DataType| {
                let list = format!("'{data_type}', natural_key, sequence, {gone}, json(record)");
                self.query(&list, &format!("from {data_type}"))
            };
            self.arrays(&DataType::ALL.map(table).join(" union all ")).await
        } else {
            let list = format!("data_type, natural_key, sequence, {gone}, json(payload)");
            self.rows(&list, "from terra_data_payloads").await
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: Value| {
            (text(&row[0]), text(&row[1]), row[2].as_u64().unwrap(), row[3] == 1, row[4].clone())
        };
        let mut found: Vec<_> = found.into_iter().map(row).collect();
        found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        found
    }

    /// Keys and sequences of all records.
    pub(crate) async fn versions(&self) -> Vec<(String, u64)> {
        self.records().await.into_iter().map(|(_, key, sequence, _, _)| (key, sequence)).collect()
    }

    /// The table of daily records or of all.
    pub(crate) fn table(&self) -> &'static str {
        if self.layout == "typed" { "daily" } else { "terra_data_payloads" }
    }

    /// Users: the newest event about them and its sequence.
    pub(crate) async fn users(&self) -> Vec<Value> {
        if self.layout == "typed" {
            self.rows("reference_id, last_event, sequence", "from users order by 1").await
        } else {
            self.rows("reference_id, state, sequence", "from terra_users order by 1").await
        }
    }

    /// Life-cycle events: sequence, type, the whole.
    pub(crate) async fn events(&self) -> Vec<Value> {
        if self.layout == "typed" {
            self.rows("sequence, event_type, json(event)", "from events order by sequence").await
        } else {
            self.rows("sequence, payload_type, json(payload)", "from terra_other_payloads order by sequence")
                .await
        }
    }
}
