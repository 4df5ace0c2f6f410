//! The notifier from outside: findings in, messages and answers out.

mod alerts;
mod api;
mod delivery;
mod postgres;
mod programs;
mod service;
mod slack;
mod storage;
mod support;
