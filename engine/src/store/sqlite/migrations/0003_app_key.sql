-- Keys that providers hand out once for a whole app, sealed by the vault. `app` is the key of the provider, or
-- `<dev_id>/<provider>` for an app of a tenant's own.
CREATE TABLE app_key (
    app TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (app, name)
) STRICT, WITHOUT ROWID;
