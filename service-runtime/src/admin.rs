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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_process_is_ready_when_all_its_parts_are() {
        let part = health::global().part("the part of this test");
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let config = AdminConfig {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        };
        let address = serve(&config, &shutdown).await.unwrap().unwrap();
        let waiting = get(address, "/readyz").await;
        assert!(waiting.starts_with("HTTP/1.1 503"), "{waiting}");
        assert!(
            waiting.contains("the part of this test: starting"),
            "{waiting}"
        );
        part.ready();
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/healthz").await.ends_with("ok\n"));
        assert!(get(address, "/metrics").await.contains("# EOF"));
        assert_eq!(shutdown.drain().await, crate::shutdown::Drained::Clean);
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let shutdown = Shutdown::new(Duration::ZERO);
        let config = AdminConfig {
            listen: Some(address),
        };
        let error = serve(&config, &shutdown).await.unwrap_err();
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}
