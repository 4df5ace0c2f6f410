//! The outbox: what is to be said, in the order of saying, and what became of it.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::alerts::intent::Intent;
use crate::store::sql::{SqlStore, failed, read};
use crate::store::{ChannelRecord, OutboxEntry, OutboxLine, StoreError};

impl SqlStore {
    pub(super) async fn recover(&self, channel: &str) -> Result<u64, StoreError> {
        let sql = "UPDATE outbox SET state = 'pending', possible_repeat = 1 \
                   WHERE channel = $1 AND state = 'sending'";
        let done = sqlx::query(sql).bind(channel).execute(&self.pool).await;
        Ok(done
            .map_err(failed("recovering interrupted messages"))?
            .rows_affected())
    }

    pub(super) async fn next(&self, channel: &str) -> Result<Option<OutboxEntry>, StoreError> {
        let action = "reading the next message";
        let sql = "SELECT id, due_ms, attempts, possible_repeat, document FROM outbox \
                   WHERE channel = $1 AND state = 'pending' ORDER BY id LIMIT 1";
        let row = sqlx::query(sql)
            .bind(channel)
            .fetch_optional(&self.pool)
            .await;
        let Some(row) = row.map_err(failed(action))? else {
            return Ok(None);
        };
        entry(&row).map(Some)
    }

    pub(super) async fn sending(&self, id: i64) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id = $1";
        let done = sqlx::query(sql).bind(id).execute(&self.pool).await;
        done.map(drop)
            .map_err(failed("marking a message before it is sent"))
    }

    pub(super) async fn sent(
        &self,
        entry: &OutboxEntry,
        reference: Option<&str>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let action = "marking a message that was sent";
        let mut transaction = self.pool.begin().await.map_err(failed(action))?;
        let sql = "UPDATE outbox SET state = 'sent', sent_ms = $2, error = '' WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(entry.id)
            .bind(now_ms)
            .execute(&mut *transaction)
            .await;
        done.map_err(failed(action))?;
        if let Some(reference) = reference {
            let sql = "INSERT INTO conversations (id, reference, updated_ms) VALUES ($1, $2, $3) \
                       ON CONFLICT (id) DO UPDATE SET updated_ms = excluded.updated_ms";
            let done = sqlx::query(sql)
                .bind(&entry.intent.conversation)
                .bind(reference)
                .bind(now_ms)
                .execute(&mut *transaction)
                .await;
            done.map_err(failed(action))?;
        }
        transaction.commit().await.map_err(failed(action))
    }

    pub(super) async fn waiting(
        &self,
        id: i64,
        due_ms: i64,
        error: &str,
        possible_repeat: bool,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET state = 'pending', due_ms = $2, error = $3, \
                   possible_repeat = $4 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(id)
            .bind(due_ms)
            .bind(error)
            .bind(i64::from(possible_repeat))
            .execute(&self.pool)
            .await;
        done.map(drop)
            .map_err(failed("marking a message that waits"))
    }

    pub(super) async fn given_up(
        &self,
        id: i64,
        error: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE outbox SET state = 'failed', sent_ms = $2, error = $3 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(id)
            .bind(now_ms)
            .bind(error)
            .execute(&self.pool)
            .await;
        done.map(drop)
            .map_err(failed("marking a message that cannot be sent"))
    }

    pub(super) async fn reference_of(
        &self,
        conversation: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT reference FROM conversations WHERE id = $1";
        let found = sqlx::query_scalar(sql)
            .bind(conversation)
            .fetch_optional(&self.pool)
            .await;
        found.map_err(failed("reading a conversation"))
    }

    pub(super) async fn record_of(&self, channel: &str) -> Result<ChannelRecord, StoreError> {
        let action = "reading how a channel stands";
        let sql =
            "SELECT COUNT(*) FROM outbox WHERE channel = $1 AND state IN ('pending', 'sending')";
        let waiting = sqlx::query_scalar(sql)
            .bind(channel)
            .fetch_one(&self.pool)
            .await;
        let sql = "SELECT sent_ms, document FROM outbox WHERE channel = $1 AND state = 'sent' \
                   ORDER BY id DESC LIMIT 1";
        let sent = sqlx::query(sql)
            .bind(channel)
            .fetch_optional(&self.pool)
            .await;
        let sent = sent.map_err(failed(action))?;
        let last_sent = match &sent {
            Some(row) => Some((number(row, "sent_ms")?, intent(row)?.message.headline)),
            None => None,
        };
        let sql = "SELECT due_ms, error FROM outbox WHERE channel = $1 AND error <> '' \
                   AND id > COALESCE((SELECT MAX(id) FROM outbox WHERE channel = $1 \
                   AND state = 'sent'), 0) ORDER BY id LIMIT 1";
        let error = sqlx::query(sql)
            .bind(channel)
            .fetch_optional(&self.pool)
            .await;
        let error = error.map_err(failed(action))?;
        let last_error = error.map(|row| Ok((number(&row, "due_ms")?, text(&row, "error")?)));
        let sql = "SELECT at_ms, outcome, took_ms FROM channel_tests WHERE channel = $1";
        let test = sqlx::query(sql)
            .bind(channel)
            .fetch_optional(&self.pool)
            .await;
        let test = test.map_err(failed(action))?;
        let last_test = test.map(|row| {
            Ok((
                number(&row, "at_ms")?,
                text(&row, "outcome")?,
                number(&row, "took_ms")?,
            ))
        });
        Ok(ChannelRecord {
            waiting: waiting.map_err(failed(action))?,
            last_sent,
            last_error: last_error.transpose()?,
            last_test: last_test.transpose()?,
        })
    }

    pub(super) async fn recent(&self, limit: i64) -> Result<Vec<OutboxLine>, StoreError> {
        let sql = "SELECT COALESCE(sent_ms, created_ms) AS at_ms, state, document FROM outbox \
                   ORDER BY id DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(limit).fetch_all(&self.pool).await;
        let rows = rows.map_err(failed("reading recent messages"))?;
        let line = |row: &AnyRow| {
            Ok(OutboxLine {
                at_ms: number(row, "at_ms")?,
                intent: intent(row)?,
                state: text(row, "state")?,
            })
        };
        rows.iter().map(line).collect()
    }

    pub(super) async fn tested(
        &self,
        channel: &str,
        outcome: &str,
        took_ms: i64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO channel_tests (channel, at_ms, outcome, took_ms) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (channel) DO UPDATE SET at_ms = excluded.at_ms, \
                   outcome = excluded.outcome, took_ms = excluded.took_ms";
        let done = sqlx::query(sql)
            .bind(channel)
            .bind(now_ms)
            .bind(outcome)
            .bind(took_ms);
        done.execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("noting a test"))
    }
}

fn number(row: &AnyRow, column: &str) -> Result<i64, StoreError> {
    row.try_get(column).map_err(failed("reading a number"))
}

fn text(row: &AnyRow, column: &str) -> Result<String, StoreError> {
    row.try_get(column).map_err(failed("reading a text"))
}

fn intent(row: &AnyRow) -> Result<Intent, StoreError> {
    read("message", &text(row, "document")?)
}

fn entry(row: &AnyRow) -> Result<OutboxEntry, StoreError> {
    Ok(OutboxEntry {
        id: number(row, "id")?,
        intent: intent(row)?,
        due_ms: number(row, "due_ms")?,
        attempts: number(row, "attempts")?,
        possible_repeat: number(row, "possible_repeat")? != 0,
    })
}
