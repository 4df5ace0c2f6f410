//! The notifier from outside: findings in, messages and answers out.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod alertmanager;
mod alerts;
mod api;
mod asking;
mod delivery;
mod figures;
mod line;
mod postgres;
mod programs;
mod service;
mod slack;
mod storage;
mod support;
