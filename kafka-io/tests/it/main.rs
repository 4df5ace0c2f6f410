//! The delivery rules, held against the embedded broker and against a real Kafka.
//!
//! Real Kafka: `STREAMWARDEN_TEST_KAFKA=host:port` names one; without it `deploy/dev/kafka.sh` starts one. It is never
//! skipped.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod acls;
mod embedded;
mod real;
mod rules;
mod support;
