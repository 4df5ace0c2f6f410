//! The store on SQLite or PostgreSQL: one set of statements for both, through sqlx's `Any` driver.
//!
//! Statements keep to what both understand: `$1` for arguments, `ON CONFLICT`, whole numbers for truth values.

mod alerts;
mod connect;
mod migrations;
mod outbox;
mod people;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AnyPool;

use streamwarden_proto::feedback::Feedback;

use crate::alerts::Remembered;
use crate::alerts::alert::Alert;
use crate::alerts::intent::Step;
use crate::alerts::silence::Silence;
use crate::store::{
    AuditLine, ChannelRecord, IncidentQuery, OutboxEntry, OutboxLine, Store, StoreError, Stored,
};

/// A store on SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pool: AnyPool,
}

fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Statement { action, source }
}

fn document<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Document { what, source })
}

fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Document { what, source })
}

impl Store for SqlStore {
    fn load(&self, now_ms: i64) -> Stored<'_, Remembered> {
        Box::pin(self.load_all(now_ms))
    }

    fn commit<'a>(&'a self, step: &'a Step, now_ms: i64) -> Stored<'a, ()> {
        Box::pin(self.commit_step(step, now_ms))
    }

    fn recover_interrupted<'a>(&'a self, channel: &'a str) -> Stored<'a, u64> {
        Box::pin(self.recover(channel))
    }

    fn next_message<'a>(&'a self, channel: &'a str) -> Stored<'a, Option<OutboxEntry>> {
        Box::pin(self.next(channel))
    }

    fn mark_sending(&self, id: i64) -> Stored<'_, ()> {
        Box::pin(self.sending(id))
    }

    fn mark_sent<'a>(
        &'a self,
        entry: &'a OutboxEntry,
        reference: Option<&'a str>,
        now_ms: i64,
    ) -> Stored<'a, ()> {
        Box::pin(self.sent(entry, reference, now_ms))
    }

    fn mark_waiting<'a>(
        &'a self,
        id: i64,
        due_ms: i64,
        error: &'a str,
        possible_repeat: bool,
    ) -> Stored<'a, ()> {
        Box::pin(self.waiting(id, due_ms, error, possible_repeat))
    }

    fn mark_failed<'a>(&'a self, id: i64, error: &'a str, now_ms: i64) -> Stored<'a, ()> {
        Box::pin(self.given_up(id, error, now_ms))
    }

    fn reference<'a>(&'a self, conversation: &'a str) -> Stored<'a, Option<String>> {
        Box::pin(self.reference_of(conversation))
    }

    fn channel_record<'a>(&'a self, channel: &'a str) -> Stored<'a, ChannelRecord> {
        Box::pin(self.record_of(channel))
    }

    fn recent_messages(&self, limit: i64) -> Stored<'_, Vec<OutboxLine>> {
        Box::pin(self.recent(limit))
    }

    fn note_test<'a>(
        &'a self,
        channel: &'a str,
        outcome: &'a str,
        took_ms: i64,
        now_ms: i64,
    ) -> Stored<'a, ()> {
        Box::pin(self.tested(channel, outcome, took_ms, now_ms))
    }

    fn incidents<'a>(&'a self, query: &'a IncidentQuery) -> Stored<'a, (i64, Vec<Alert>)> {
        Box::pin(self.find_incidents(query))
    }

    fn episodes<'a>(&'a self, fingerprint: &'a str, limit: i64) -> Stored<'a, Vec<Alert>> {
        Box::pin(self.find_episodes(fingerprint, limit))
    }

    fn alert_of_finding<'a>(&'a self, finding_id: &'a str) -> Stored<'a, Option<Alert>> {
        Box::pin(self.find_by_finding(finding_id))
    }

    fn past(&self) -> Stored<'_, Vec<(String, i64, i64)>> {
        Box::pin(self.find_past())
    }

    fn spans(&self, since_ms: i64) -> Stored<'_, Vec<(i64, Option<i64>)>> {
        Box::pin(self.find_spans(since_ms))
    }

    fn put_silence<'a>(&'a self, silence: &'a Silence) -> Stored<'a, ()> {
        Box::pin(self.keep_silence(silence))
    }

    fn delete_silence<'a>(&'a self, id: &'a str) -> Stored<'a, bool> {
        Box::pin(self.drop_silence(id))
    }

    fn put_feedback<'a>(
        &'a self,
        id: &'a str,
        feedback: &'a Feedback,
        at_ms: i64,
    ) -> Stored<'a, ()> {
        Box::pin(self.keep_feedback(id, feedback, at_ms))
    }

    fn unpublished_feedback(&self, limit: i64) -> Stored<'_, Vec<(String, Feedback)>> {
        Box::pin(self.find_unpublished(limit))
    }

    fn mark_published<'a>(&'a self, id: &'a str) -> Stored<'a, ()> {
        Box::pin(self.published(id))
    }

    fn feedback_on<'a>(&'a self, finding_id: &'a str) -> Stored<'a, Option<Feedback>> {
        Box::pin(self.find_feedback(finding_id))
    }

    fn feedback_since(&self, since_ms: i64) -> Stored<'_, Vec<Feedback>> {
        Box::pin(self.find_feedback_since(since_ms))
    }

    fn audit<'a>(
        &'a self,
        author: &'a str,
        action: &'a str,
        subject: &'a str,
        now_ms: i64,
    ) -> Stored<'a, ()> {
        Box::pin(self.note_action(author, action, subject, now_ms))
    }

    fn deeds(&self, offset: i64, limit: i64) -> Stored<'_, (i64, Vec<AuditLine>)> {
        Box::pin(self.find_deeds(offset, limit))
    }

    fn live_leases<'a>(
        &'a self,
        prefix: &'a str,
        now_ms: i64,
    ) -> Stored<'a, Vec<(String, String)>> {
        Box::pin(self.held_leases(prefix, now_ms))
    }

    fn hold_lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        until_ms: i64,
        now_ms: i64,
    ) -> Stored<'a, bool> {
        Box::pin(self.take_lease(name, holder, until_ms, now_ms))
    }

    fn retain(&self, before_ms: i64) -> Stored<'_, u64> {
        Box::pin(self.forget_before(before_ms))
    }
}
