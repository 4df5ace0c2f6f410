//! Alerts and lists: stored with every step, read at the start and for the history.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::alerts::Remembered;
use crate::alerts::alert::Alert;
use crate::alerts::digest::Digest;
use crate::alerts::intent::{Intent, Step};
use crate::store::sql::{SqlStore, document, failed, read};
use crate::store::{IncidentQuery, StoreError};

/// Ends are remembered for a day.
const DAY_MS: i64 = 24 * 3_600_000;

impl SqlStore {
    pub(super) async fn load_all(&self, now_ms: i64) -> Result<Remembered, StoreError> {
        let alerts = self.documents(
            "reading open alerts",
            "SELECT document FROM alerts WHERE is_open = 1",
        );
        let alerts: Vec<Alert> = alerts.await?;
        let digests = self.documents(
            "reading open lists",
            "SELECT document FROM digests WHERE is_open = 1",
        );
        let digests: Vec<Digest> = digests.await?;
        let silences = self
            .documents("reading silences", "SELECT document FROM silences")
            .await?;
        let sql = "SELECT fingerprint, updated_ms, ended_ms FROM alerts \
                   WHERE is_open = 0 AND updated_ms >= $1 ORDER BY updated_ms";
        let rows = sqlx::query(sql)
            .bind(now_ms - DAY_MS)
            .fetch_all(&self.pool)
            .await;
        let rows = rows.map_err(failed("reading ended alerts"))?;
        let end = |row: &AnyRow| -> Result<(String, i64, i64), sqlx::Error> {
            let ended: Option<i64> = row.try_get(2)?;
            Ok((row.try_get(0)?, row.try_get(1)?, ended.unwrap_or_default()))
        };
        let ends = rows.iter().map(end).collect::<Result<_, _>>();
        Ok(Remembered {
            alerts,
            digests,
            silences,
            ends: ends.map_err(failed("reading ended alerts"))?,
        })
    }

    async fn documents<T: serde::de::DeserializeOwned>(
        &self,
        action: &'static str,
        sql: &'static str,
    ) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query(sql)
            .fetch_all(&self.pool)
            .await
            .map_err(failed(action))?;
        rows.iter().map(|row| row_document(action, row)).collect()
    }

    pub(super) async fn commit_step(&self, step: &Step, now_ms: i64) -> Result<(), StoreError> {
        let mut transaction = self
            .pool
            .begin()
            .await
            .map_err(failed("beginning a step"))?;
        for alert in newest(&step.alerts) {
            put_alert(&mut transaction, alert, now_ms).await?;
        }
        for digest in &step.digests {
            put_digest(&mut transaction, digest, now_ms).await?;
        }
        for intent in &step.intents {
            put_intent(&mut transaction, intent).await?;
        }
        transaction.commit().await.map_err(failed("storing a step"))
    }

    pub(super) async fn find_incidents(
        &self,
        query: &IncidentQuery,
    ) -> Result<(i64, Vec<Alert>), StoreError> {
        let action = "reading incidents";
        let count = "SELECT COUNT(*) FROM alerts WHERE ($1 = '' OR cluster_id = $1) \
                     AND ($2 = '' OR job_id = $2) AND ($3 = '' OR slug = $3) \
                     AND (began_ms >= $4 OR is_open = 1)";
        let total: i64 = sqlx::query_scalar(count)
            .bind(&query.cluster_id)
            .bind(&query.job_id)
            .bind(&query.slug)
            .bind(query.since_ms)
            .fetch_one(&self.pool)
            .await
            .map_err(failed(action))?;
        let select = "SELECT document FROM alerts WHERE ($1 = '' OR cluster_id = $1) \
                      AND ($2 = '' OR job_id = $2) AND ($3 = '' OR slug = $3) \
                      AND (began_ms >= $4 OR is_open = 1) \
                      ORDER BY began_ms DESC, id LIMIT $5 OFFSET $6";
        let rows = sqlx::query(select)
            .bind(&query.cluster_id)
            .bind(&query.job_id)
            .bind(&query.slug)
            .bind(query.since_ms)
            .bind(query.limit)
            .bind(query.offset)
            .fetch_all(&self.pool)
            .await
            .map_err(failed(action))?;
        let alerts = rows
            .iter()
            .map(|row| row_document(action, row))
            .collect::<Result<_, _>>()?;
        Ok((total, alerts))
    }

    pub(super) async fn find_episodes(
        &self,
        fingerprint: &str,
        limit: i64,
    ) -> Result<Vec<Alert>, StoreError> {
        let action = "reading earlier incidents";
        let sql =
            "SELECT document FROM alerts WHERE fingerprint = $1 ORDER BY began_ms DESC LIMIT $2";
        let rows = sqlx::query(sql)
            .bind(fingerprint)
            .bind(limit)
            .fetch_all(&self.pool)
            .await;
        let rows = rows.map_err(failed(action))?;
        rows.iter().map(|row| row_document(action, row)).collect()
    }

    pub(super) async fn find_by_finding(
        &self,
        finding_id: &str,
    ) -> Result<Option<Alert>, StoreError> {
        let action = "reading an incident";
        let sql =
            "SELECT document FROM alerts WHERE finding_id = $1 ORDER BY began_ms DESC LIMIT 1";
        let row = sqlx::query(sql)
            .bind(finding_id)
            .fetch_optional(&self.pool)
            .await;
        let row = row.map_err(failed(action))?;
        row.map(|row| row_document(action, &row)).transpose()
    }

    pub(super) async fn find_past(&self) -> Result<Vec<(String, i64, i64)>, StoreError> {
        let action = "reading earlier incidents";
        let sql = "SELECT fingerprint, MAX(began_ms), COUNT(*) FROM alerts WHERE is_open = 0 \
                   GROUP BY fingerprint";
        let rows = sqlx::query(sql)
            .fetch_all(&self.pool)
            .await
            .map_err(failed(action))?;
        let past = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        rows.iter()
            .map(past)
            .collect::<Result<_, _>>()
            .map_err(failed(action))
    }

    pub(super) async fn find_spans(
        &self,
        since_ms: i64,
    ) -> Result<Vec<(i64, Option<i64>)>, StoreError> {
        let sql = "SELECT began_ms, ended_ms FROM alerts WHERE is_open = 1 OR ended_ms >= $1";
        let rows = sqlx::query(sql).bind(since_ms).fetch_all(&self.pool).await;
        let rows = rows.map_err(failed("counting incidents"))?;
        let span = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter()
            .map(span)
            .collect::<Result<_, _>>()
            .map_err(failed("counting incidents"))
    }

    pub(super) async fn forget_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        let statements = [
            "DELETE FROM alerts WHERE is_open = 0 AND updated_ms < $1",
            "DELETE FROM digests WHERE is_open = 0 AND updated_ms < $1",
            "DELETE FROM outbox WHERE state IN ('sent', 'failed') AND created_ms < $1",
            "DELETE FROM conversations WHERE updated_ms < $1",
            "DELETE FROM silences WHERE ends_ms < $1",
            "DELETE FROM feedback WHERE published = 1 AND at_ms < $1",
            "DELETE FROM audit WHERE at_ms < $1",
            "DELETE FROM leases WHERE until_ms > 0 AND until_ms < $1",
        ];
        let mut rows = 0;
        for sql in statements {
            let done = sqlx::query(sql).bind(before_ms).execute(&self.pool).await;
            rows += done.map_err(failed("forgetting old rows"))?.rows_affected();
        }
        Ok(rows)
    }
}

/// A step may hand out an alert more than once; only its last state is stored.
fn newest(alerts: &[Alert]) -> Vec<&Alert> {
    let mut newest: Vec<&Alert> = Vec::with_capacity(alerts.len());
    let mut known = std::collections::HashSet::with_capacity(alerts.len());
    for alert in alerts.iter().rev() {
        if known.insert(alert.id.as_str()) {
            newest.push(alert);
        }
    }
    newest.reverse();
    newest
}

fn row_document<T: serde::de::DeserializeOwned>(
    action: &'static str,
    row: &AnyRow,
) -> Result<T, StoreError> {
    let text: String = row.try_get("document").map_err(failed(action))?;
    read("document", &text)
}

async fn put_alert(
    connection: &mut AnyConnection,
    alert: &Alert,
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO alerts (id, fingerprint, finding_id, cluster_id, job_id, job_name, slug, \
               severity, is_open, began_ms, ended_ms, updated_ms, document) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
               ON CONFLICT (id) DO UPDATE SET finding_id = excluded.finding_id, \
               severity = excluded.severity, is_open = excluded.is_open, ended_ms = excluded.ended_ms, \
               updated_ms = excluded.updated_ms, document = excluded.document";
    let finding = &alert.finding;
    let severity = format!("{:?}", finding.severity).to_lowercase();
    sqlx::query(sql)
        .bind(&alert.id)
        .bind(&alert.fingerprint)
        .bind(&finding.finding_id)
        .bind(&finding.cluster_id)
        .bind(&finding.job_id)
        .bind(&finding.job_name)
        .bind(&finding.slug)
        .bind(severity)
        .bind(i64::from(alert.is_open()))
        .bind(alert.began_ms)
        .bind(alert.ended.map(|ended| ended.at_ms))
        .bind(now_ms)
        .bind(document("alert", alert)?)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("storing an alert"))
}

async fn put_digest(
    connection: &mut AnyConnection,
    digest: &Digest,
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO digests (id, channel, is_open, updated_ms, document) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
               is_open = excluded.is_open, updated_ms = excluded.updated_ms, document = excluded.document";
    sqlx::query(sql)
        .bind(&digest.id)
        .bind(&digest.channel)
        .bind(i64::from(!digest.closed))
        .bind(now_ms)
        .bind(document("list", digest)?)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("storing a list"))
}

async fn put_intent(connection: &mut AnyConnection, intent: &Intent) -> Result<(), StoreError> {
    let sql = "INSERT INTO outbox (channel, conversation, kind, state, created_ms, due_ms, attempts, \
               possible_repeat, error, document) VALUES ($1, $2, $3, 'pending', $4, $4, 0, 0, '', $5)";
    sqlx::query(sql)
        .bind(&intent.channel)
        .bind(&intent.conversation)
        .bind(intent.kind.as_str())
        .bind(intent.at_ms)
        .bind(document("message", intent)?)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("storing a message"))
}
