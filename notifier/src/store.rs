//! What survives a restart: alerts and their history, the outbox, silences, feedback.
//!
//! A step of the state machine and what it wants to be said are stored in one transaction; what is said is marked
//! before and after it is sent. So nothing is lost, and only a crash between sending and marking can repeat a message,
//! which is then marked as a possible repeat.

mod sql;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use streamwarden_proto::feedback::Feedback;

use crate::alerts::Remembered;
use crate::alerts::alert::Alert;
use crate::alerts::intent::{Intent, Step};
use crate::alerts::silence::Silence;

pub use sql::SqlStore;

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Neither SQLite nor PostgreSQL.
    #[error("notifier.database must begin with sqlite: or postgres:, but is {0:?}")]
    Kind(String),
    /// It cannot be opened.
    #[error("the database {database} cannot be opened")]
    Open {
        /// Without password.
        database: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// It can be read but not written.
    #[error("the database {database} cannot be written")]
    NotWritable {
        /// Without password.
        database: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Its tables cannot be brought to this version.
    #[error("the tables of the database {database} cannot be brought to this version")]
    Migrate {
        /// Without password.
        database: String,
        /// Why.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("{action} failed in the database")]
    Statement {
        /// What was to be done.
        action: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// What was stored cannot be read back.
    #[error("a stored {what} cannot be read")]
    Document {
        /// Kind of document.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Gives the result later; boxed, so that stores can be exchanged at run time.
pub type Stored<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Something to be said that has not been said yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Number in the order of saying.
    pub id: i64,
    /// What to say.
    pub intent: Intent,
    /// Not before this time.
    pub due_ms: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// It was interrupted while it was sent: it may have arrived.
    pub possible_repeat: bool,
}

/// A line of what was said, or is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxLine {
    /// When it came into being.
    pub at_ms: i64,
    /// What.
    pub intent: Intent,
    /// `pending`, `sending`, `sent` or `failed`.
    pub state: String,
}

/// Something that a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When, by the process's clock.
    pub at_ms: i64,
    /// Who.
    pub author: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
}

/// How a channel stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelRecord {
    /// Messages that wait.
    pub waiting: i64,
    /// Newest message that arrived: time and headline.
    pub last_sent: Option<(i64, String)>,
    /// Error of the oldest message that waits, or of the newest that was given up after the last success.
    pub last_error: Option<(i64, String)>,
    /// Newest test: time, outcome, duration.
    pub last_test: Option<(i64, String, i64)>,
}

/// Which incidents are asked for. Empty texts ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentQuery {
    /// Cluster.
    pub cluster_id: String,
    /// Job.
    pub job_id: String,
    /// Problem.
    pub slug: String,
    /// Began at or after this time, or is open.
    pub since_ms: i64,
    /// Skipped.
    pub offset: i64,
    /// At most.
    pub limit: i64,
}

/// A store.
pub trait Store: Send + Sync {
    /// What a restarted process begins with.
    fn load(&self, now_ms: i64) -> Stored<'_, Remembered>;
    /// Stores a step and what it wants to be said, in one transaction.
    fn commit<'a>(&'a self, step: &'a Step, now_ms: i64) -> Stored<'a, ()>;

    /// What was interrupted on a channel while it was sent waits again, as a possible repeat. Gives how many.
    fn recover_interrupted<'a>(&'a self, channel: &'a str) -> Stored<'a, u64>;
    /// The oldest message that waits on a channel.
    fn next_message<'a>(&'a self, channel: &'a str) -> Stored<'a, Option<OutboxEntry>>;
    /// It is about to be sent.
    fn mark_sending(&self, id: i64) -> Stored<'_, ()>;
    /// It arrived. `reference` names the message for later edits.
    fn mark_sent<'a>(
        &'a self,
        entry: &'a OutboxEntry,
        reference: Option<&'a str>,
        now_ms: i64,
    ) -> Stored<'a, ()>;
    /// It did not arrive; it waits until `due_ms`.
    fn mark_waiting<'a>(
        &'a self,
        id: i64,
        due_ms: i64,
        error: &'a str,
        possible_repeat: bool,
    ) -> Stored<'a, ()>;
    /// It cannot arrive.
    fn mark_failed<'a>(&'a self, id: i64, error: &'a str, now_ms: i64) -> Stored<'a, ()>;
    /// Names the first message of a conversation.
    fn reference<'a>(&'a self, conversation: &'a str) -> Stored<'a, Option<String>>;
    /// How a channel stands.
    fn channel_record<'a>(&'a self, channel: &'a str) -> Stored<'a, ChannelRecord>;
    /// The newest messages, newest first.
    fn recent_messages(&self, limit: i64) -> Stored<'_, Vec<OutboxLine>>;
    /// Notes a test of a channel.
    fn note_test<'a>(
        &'a self,
        channel: &'a str,
        outcome: &'a str,
        took_ms: i64,
        now_ms: i64,
    ) -> Stored<'a, ()>;

    /// Incidents, newest first, and how many there are.
    fn incidents<'a>(&'a self, query: &'a IncidentQuery) -> Stored<'a, (i64, Vec<Alert>)>;
    /// Episodes of one problem, newest first.
    fn episodes<'a>(&'a self, fingerprint: &'a str, limit: i64) -> Stored<'a, Vec<Alert>>;
    /// The alert of a finding.
    fn alert_of_finding<'a>(&'a self, finding_id: &'a str) -> Stored<'a, Option<Alert>>;
    /// Problems that were seen before: fingerprint, newest begin, how often.
    fn past(&self) -> Stored<'_, Vec<(String, i64, i64)>>;
    /// Begin and end of every incident that was open at or after this time.
    fn spans(&self, since_ms: i64) -> Stored<'_, Vec<(i64, Option<i64>)>>;

    /// Keeps a silence.
    fn put_silence<'a>(&'a self, silence: &'a Silence) -> Stored<'a, ()>;
    /// Ends a silence. False if there is none.
    fn delete_silence<'a>(&'a self, id: &'a str) -> Stored<'a, bool>;

    /// Keeps feedback under the id of its record.
    fn put_feedback<'a>(
        &'a self,
        id: &'a str,
        feedback: &'a Feedback,
        at_ms: i64,
    ) -> Stored<'a, ()>;
    /// Feedback that is not on its topic yet, oldest first.
    fn unpublished_feedback(&self, limit: i64) -> Stored<'_, Vec<(String, Feedback)>>;
    /// It is on its topic now.
    fn mark_published<'a>(&'a self, id: &'a str) -> Stored<'a, ()>;
    /// The newest feedback on a finding.
    fn feedback_on<'a>(&'a self, finding_id: &'a str) -> Stored<'a, Option<Feedback>>;

    /// Feedback of a time and later, oldest first.
    fn feedback_since(&self, since_ms: i64) -> Stored<'_, Vec<Feedback>>;

    /// Notes what a person did.
    fn audit<'a>(
        &'a self,
        author: &'a str,
        action: &'a str,
        subject: &'a str,
        now_ms: i64,
    ) -> Stored<'a, ()>;
    /// What people did, newest first, and how much of it there is.
    fn deeds(&self, offset: i64, limit: i64) -> Stored<'_, (i64, Vec<AuditLine>)>;
    /// Takes or keeps a lease; true if this holder has it now.
    fn hold_lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        until_ms: i64,
        now_ms: i64,
    ) -> Stored<'a, bool>;
    /// Leases whose names begin so and that somebody holds, by name: (name, holder).
    fn live_leases<'a>(&'a self, prefix: &'a str, now_ms: i64)
    -> Stored<'a, Vec<(String, String)>>;
    /// Forgets what ended before this time. Gives how many rows.
    fn retain(&self, before_ms: i64) -> Stored<'_, u64>;
}
