//! One notifier judges what to say and serves the page; others that use its database send with it, and take over.

use std::future::IntoFuture;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use streamwarden_service_runtime::{Shutdown, admin, chain};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Name of the lease.
const NAME: &str = "notifier";
/// A holder that is silent for so long is dead.
const LASTS_MS: i64 = 15_000;
/// It is renewed, and asked for, this often.
const EVERY: Duration = Duration::from_secs(4);
/// Without a renewal for so long, the holder ends before somebody else begins.
const GIVE_UP: Duration = Duration::from_secs(10);

/// Waits until this process holds the lease; meanwhile it answers that it waits. False if the end was asked for first.
pub(super) async fn acquire(
    store: &dyn Store,
    holder: &str,
    clock: &Clock,
    waiting_room: TcpListener,
    shutdown: &Shutdown,
) -> Result<bool, StoreError> {
    let now_ms = clock();
    if store
        .hold_lease(NAME, holder, now_ms + LASTS_MS, now_ms)
        .await?
    {
        return Ok(true);
    }
    tracing::info!(
        "another notifier is at work on this database; this one takes over when it stops"
    );
    let sentence =
        "another notifier is at work on this database; this one takes over when it stops\n";
    let router = Router::new()
        .fallback(async move || (StatusCode::SERVICE_UNAVAILABLE, sentence))
        .merge(admin::router());
    let waiting = axum::serve(waiting_room, router).into_future();
    tokio::pin!(waiting);
    loop {
        tokio::select! {
            () = shutdown.requested() => return Ok(false),
            _ = &mut waiting => {}
            () = sleep(EVERY) => {}
        }
        let now_ms = clock();
        match store
            .hold_lease(NAME, holder, now_ms + LASTS_MS, now_ms)
            .await
        {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => tracing::warn!(error = chain(&error), "the lease cannot be asked for"),
        }
    }
}

/// Keeps the lease until the end; ends the process if it is lost.
pub(super) async fn keep(
    store: std::sync::Arc<dyn Store>,
    holder: String,
    clock: Clock,
    shutdown: Shutdown,
) {
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            () = sleep(EVERY) => {}
        }
        let now_ms = clock();
        match store
            .hold_lease(NAME, &holder, now_ms + LASTS_MS, now_ms)
            .await
        {
            Ok(true) => renewed = Instant::now(),
            Ok(false) => {
                tracing::error!("another notifier took over this database; this one ends");
                shutdown.fail();
                return;
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "the lease cannot be renewed");
                if renewed.elapsed() > GIVE_UP {
                    tracing::error!(
                        "without the lease another notifier may be at work; this one ends"
                    );
                    shutdown.fail();
                    return;
                }
            }
        }
    }
    // Whoever waits need not wait for the lease to run out.
    let now_ms = clock();
    if let Err(error) = store.hold_lease(NAME, &holder, now_ms, now_ms).await {
        tracing::debug!(error = chain(&error), "the lease could not be given back");
    }
}
