//! Reads back what the `sql` sink wrote, with a connection of its own.

use std::path::Path;
use std::str::FromStr as _;

use anyhow::Context as _;
use chrono::DateTime;
use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tributary_contract::model::DataType;

use super::book::Book;

/// Enters every row of the typed tables into a book.
pub(super) async fn read(path: &Path, book: &mut Book) -> anyhow::Result<()> {
    let options = SqliteConnectOptions::from_str(&format!("sqlite://{}", path.display()))?.read_only(true);
    let mut database = SqliteConnection::connect_with(&options)
        .await
        .with_context(|| format!("{} cannot be read", path.display()))?;
    for data_type in DataType::ALL {
        let statement =
            format!("select reference_id, natural_key, sequence, deleted_at, record from {data_type}");
        let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(&mut database);
        while let Some(row) = rows.try_next().await? {
            let who: Option<String> = row.try_get(0)?;
            let who = who.context("a row without a reference_id")?;
            let key = (who, data_type.as_str().to_owned(), row.try_get::<String, _>(1)?);
            let order = u64::try_from(row.try_get::<i64, _>(2)?)?;
            if row.try_get::<Option<String>, _>(3)?.is_some() {
                book.deleted(key, order, DateTime::UNIX_EPOCH);
            } else {
                let body: String = row.try_get(4)?;
                book.record(key, body.as_bytes(), order, DateTime::UNIX_EPOCH)?;
            }
        }
    }
    Ok(())
}
