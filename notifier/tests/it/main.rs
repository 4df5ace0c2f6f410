//! The notifier from outside: findings in, messages and answers out.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod alertmanager;
mod alerts;
mod api;
mod asking;
mod dashboards;
mod delivery;
mod email;
mod feedback;
mod figures;
mod line;
mod list;
mod login;
mod postgres;
mod presses;
mod process;
mod programs;
mod quiet;
mod routing;
mod service;
mod slack;
mod storage;
mod storm;
mod support;
mod unknown;
