//! `/healthz`, `/readyz` and `/metrics`.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;
use crate::{health, metrics};

/// Section `[admin]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Address of the health and metrics endpoints: `0.0.0.0:8781`. Without it, nothing listens.
    pub listen: Option<SocketAddr>,
}

/// The address is taken or not ours.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for health and metrics; set admin.listen to a free address")]
pub struct AdminError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// The three endpoints, to be served alone or merged into another server.
pub fn router() -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
}

async fn ready() -> Response {
    let waiting = health::global().waiting_for();
    if waiting.is_empty() {
        return "ready\n".into_response();
    }
    let lines: Vec<String> = waiting
        .into_iter()
        .map(|(part, reason)| format!("{part}: {reason}\n"))
        .collect();
    (StatusCode::SERVICE_UNAVAILABLE, lines.concat()).into_response()
}

async fn metrics_text() -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics::text()).into_response()
}

/// Serves the endpoints until shutdown, if an address is configured. Gives the address that was bound.
///
/// # Errors
/// [`AdminError`] if the address cannot be bound.
pub async fn serve(
    config: &AdminConfig,
    shutdown: &Shutdown,
) -> Result<Option<SocketAddr>, AdminError> {
    let Some(address) = config.listen else {
        return Ok(None);
    };
    let failed = |source| AdminError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let stop = shutdown.clone();
    shutdown.spawn("admin", async move {
        let server = axum::serve(listener, router());
        let stopped = async move { stop.requested().await };
        if let Err(error) = server.with_graceful_shutdown(stopped).await {
            tracing::warn!(%error, "health and metrics endpoints ended");
        }
    });
    Ok(Some(bound))
}
