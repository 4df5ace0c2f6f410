//! Opening the database: who it is, whether it can be written, whether its tables fit.

use std::time::Duration;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use url::Url;

use crate::store::StoreError;
use crate::store::sql::{SqlStore, migrations};

/// Statements are short; a page and some channels at once.
const POSTGRES_CONNECTIONS: u32 = 8;
/// SQLite has one writer; one connection keeps writers in a queue of ours instead of its busy errors.
const SQLITE_CONNECTIONS: u32 = 1;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

enum Kind {
    Sqlite,
    Postgres,
}

impl SqlStore {
    /// Opens `sqlite:FILE`, `sqlite::memory:` or `postgres://…`, and brings its tables to this version. A file that is
    /// not there is made.
    ///
    /// # Errors
    /// [`StoreError`] that names the database, without its password.
    pub async fn open(database: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let kind = kind_of(database)?;
        let shown = without_password(database);
        let opened = match kind {
            Kind::Sqlite => open_sqlite(database).await,
            Kind::Postgres => pool(POSTGRES_CONNECTIONS).connect(database).await,
        };
        let pool = opened.map_err(|source| StoreError::Open {
            database: shown.clone(),
            source,
        })?;
        let store = Self { pool };
        let migrator = match kind {
            Kind::Sqlite => migrations::sqlite(),
            Kind::Postgres => migrations::postgres(),
        };
        migrator
            .run(&store.pool)
            .await
            .map_err(|source| match source {
                sqlx::migrate::MigrateError::Execute(source) => not_writable(&shown, source),
                source => StoreError::Migrate {
                    database: shown.clone(),
                    source,
                },
            })?;
        store
            .try_to_write()
            .await
            .map_err(|source| not_writable(&shown, source))?;
        Ok(store)
    }

    /// Finds a read-only file or a login without rights now, not at the first alert.
    async fn try_to_write(&self) -> Result<(), sqlx::Error> {
        let sql = "INSERT INTO leases (name, holder, until_ms) VALUES ('write-check', '', 0) \
                   ON CONFLICT (name) DO UPDATE SET until_ms = 0";
        sqlx::query(sql).execute(&self.pool).await.map(drop)
    }
}

fn not_writable(database: &str, source: sqlx::Error) -> StoreError {
    StoreError::NotWritable {
        database: database.to_owned(),
        source,
    }
}

fn kind_of(database: &str) -> Result<Kind, StoreError> {
    match database.split(':').next() {
        Some("sqlite") => Ok(Kind::Sqlite),
        Some("postgres" | "postgresql") => Ok(Kind::Postgres),
        _ => Err(StoreError::Kind(without_password(database))),
    }
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        // A start on a busy machine takes seconds; what takes too long is an error by itself.
        .acquire_slow_threshold(CONNECT_TIMEOUT)
}

async fn open_sqlite(database: &str) -> Result<AnyPool, sqlx::Error> {
    let in_memory = database.contains(":memory:");
    let url = match (in_memory, database.contains('?')) {
        (true, _) => database.to_owned(),
        (false, true) => format!("{database}&mode=rwc"),
        (false, false) => format!("{database}?mode=rwc"),
    };
    let mut options = pool(SQLITE_CONNECTIONS);
    if in_memory {
        // The only connection is the database.
        options = options
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
    }
    let options = options.after_connect(|connection, _| {
        Box::pin(async move {
            for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"] {
                sqlx::query(pragma).execute(&mut *connection).await?;
            }
            Ok(())
        })
    });
    options.connect(&url).await
}

fn without_password(database: &str) -> String {
    let Ok(mut url) = Url::parse(database) else {
        return database
            .split('@')
            .next_back()
            .unwrap_or_default()
            .to_owned();
    };
    if url.password().is_some() && url.set_password(None).is_err() {
        return url.scheme().to_owned();
    }
    url.set_query(None);
    url.to_string()
}
