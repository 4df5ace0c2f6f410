//! What people did: silences, feedback, the audit log; and who holds the lease.

use sqlx::Row;
use sqlx::any::AnyRow;

use streamwarden_proto::feedback::Feedback;

use crate::alerts::silence::Silence;
use crate::store::sql::{SqlStore, document, failed, read};
use crate::store::{AuditLine, StoreError};

impl SqlStore {
    pub(super) async fn keep_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        let sql = "INSERT INTO silences (id, ends_ms, document) VALUES ($1, $2, $3) \
                   ON CONFLICT (id) DO UPDATE SET ends_ms = excluded.ends_ms, document = excluded.document";
        let text = document("silence", silence)?;
        let done = sqlx::query(sql)
            .bind(&silence.id)
            .bind(silence.ends_ms)
            .bind(text);
        done.execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("storing a silence"))
    }

    pub(super) async fn drop_silence(&self, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM silences WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await;
        Ok(done.map_err(failed("deleting a silence"))?.rows_affected() > 0)
    }

    pub(super) async fn keep_feedback(
        &self,
        id: &str,
        feedback: &Feedback,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO feedback (id, finding_id, at_ms, published, document) \
                   VALUES ($1, $2, $3, 0, $4) ON CONFLICT (id) DO NOTHING";
        let text = document("feedback", feedback)?;
        let done = sqlx::query(sql)
            .bind(id)
            .bind(&feedback.finding_id)
            .bind(at_ms)
            .bind(text);
        done.execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("storing feedback"))
    }

    pub(super) async fn find_unpublished(
        &self,
        limit: i64,
    ) -> Result<Vec<(String, Feedback)>, StoreError> {
        let action = "reading feedback";
        let sql = "SELECT id, document FROM feedback WHERE published = 0 ORDER BY at_ms LIMIT $1";
        let rows = sqlx::query(sql)
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed(action))?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let id: String = row.try_get(0).map_err(failed(action))?;
            let text: String = row.try_get(1).map_err(failed(action))?;
            found.push((id, read("feedback", &text)?));
        }
        Ok(found)
    }

    pub(super) async fn published(&self, id: &str) -> Result<(), StoreError> {
        let sql = "UPDATE feedback SET published = 1 WHERE id = $1";
        let done = sqlx::query(sql).bind(id).execute(&self.pool).await;
        done.map(drop).map_err(failed("marking feedback"))
    }

    pub(super) async fn find_feedback(
        &self,
        finding_id: &str,
    ) -> Result<Option<Feedback>, StoreError> {
        let sql = "SELECT document FROM feedback WHERE finding_id = $1 ORDER BY at_ms DESC LIMIT 1";
        let found = sqlx::query_scalar(sql)
            .bind(finding_id)
            .fetch_optional(&self.pool)
            .await;
        let found: Option<String> = found.map_err(failed("reading feedback"))?;
        found.map(|text| read("feedback", &text)).transpose()
    }

    pub(super) async fn find_feedback_since(
        &self,
        since_ms: i64,
    ) -> Result<Vec<Feedback>, StoreError> {
        let sql = "SELECT document FROM feedback WHERE at_ms >= $1 ORDER BY at_ms";
        let found = sqlx::query_scalar(sql)
            .bind(since_ms)
            .fetch_all(&self.pool)
            .await;
        let found: Vec<String> = found.map_err(failed("reading feedback"))?;
        found.iter().map(|text| read("feedback", text)).collect()
    }

    pub(super) async fn note_action(
        &self,
        author: &str,
        action: &str,
        subject: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (at_ms, author, action, subject) VALUES ($1, $2, $3, $4)";
        let done = sqlx::query(sql)
            .bind(now_ms)
            .bind(author)
            .bind(action)
            .bind(subject);
        done.execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed("writing the audit log"))
    }

    pub(super) async fn find_deeds(
        &self,
        offset: i64,
        limit: i64,
    ) -> Result<(i64, Vec<AuditLine>), StoreError> {
        let action = "reading the audit log";
        let total = sqlx::query_scalar("SELECT COUNT(*) FROM audit");
        let total = total.fetch_one(&self.pool).await.map_err(failed(action))?;
        let sql = "SELECT at_ms, author, action, subject FROM audit \
                   ORDER BY at_ms DESC, id DESC LIMIT $1 OFFSET $2";
        let rows = sqlx::query(sql).bind(limit).bind(offset);
        let rows = rows.fetch_all(&self.pool).await.map_err(failed(action))?;
        let line = |row: &sqlx::any::AnyRow| {
            Ok(AuditLine {
                at_ms: row.try_get(0)?,
                author: row.try_get(1)?,
                action: row.try_get(2)?,
                subject: row.try_get(3)?,
            })
        };
        let lines: Result<Vec<AuditLine>, sqlx::Error> = rows.iter().map(line).collect();
        Ok((total, lines.map_err(failed(action))?))
    }

    pub(super) async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        until_ms: i64,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO leases (name, holder, until_ms) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
                   WHERE leases.holder = excluded.holder OR leases.until_ms < $4";
        let done = sqlx::query(sql)
            .bind(name)
            .bind(holder)
            .bind(until_ms)
            .bind(now_ms);
        let done = done
            .execute(&self.pool)
            .await
            .map_err(failed("taking the lease"))?;
        Ok(done.rows_affected() > 0)
    }

    pub(super) async fn held_leases(
        &self,
        prefix: &str,
        now_ms: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let action = "reading leases";
        let sql = "SELECT name, holder FROM leases WHERE name LIKE $1 || '%' AND until_ms >= $2 ORDER BY name";
        let rows = sqlx::query(sql)
            .bind(prefix)
            .bind(now_ms)
            .fetch_all(&self.pool)
            .await;
        let pair = |row: &AnyRow| -> Result<(String, String), sqlx::Error> {
            Ok((row.try_get(0)?, row.try_get(1)?))
        };
        let pairs: Result<Vec<_>, _> = rows.map_err(failed(action))?.iter().map(pair).collect();
        pairs.map_err(failed(action))
    }
}
