//! The HTTP API under `/api/v1`, the page, and the health endpoints.

pub mod answer;
pub mod assets;
mod audit;
pub mod auth;
mod channels;
mod events;
mod findings;
mod incidents;
pub mod job_list;
pub mod jobs;
pub mod jobs_rows;
mod models;
pub mod openapi;
mod problems;
mod session;
pub mod sessions;
mod silences;
mod slack;
mod status;
pub mod types;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::routing::{delete, get, post};
use axum::serve::ListenerExt;
use streamwarden_service_runtime::Shutdown;
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::alerts::AlertMachine;
use crate::engine::Engine;
use crate::view::row::OpenFinding;
use crate::view::{FleetView, JobKey};
use auth::Guard;

/// Nothing that people send is larger.
const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// The page loads nothing from elsewhere, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What every handler shares.
#[derive(Clone)]
pub struct Api {
    /// Everything that is known.
    pub engine: Arc<Engine>,
    /// Who may do what.
    pub guard: Arc<Guard>,
    /// Streams end with it.
    pub shutdown: Shutdown,
    /// The list of jobs, as it was last written.
    pub jobs: Arc<job_list::ListCache>,
}

impl Api {
    /// What every handler shares.
    #[must_use]
    pub fn new(engine: Arc<Engine>, guard: Guard, shutdown: Shutdown) -> Self {
        Self {
            engine,
            guard: Arc::new(guard),
            shutdown,
            jobs: Arc::default(),
        }
    }
}

/// Everything that is served.
pub fn router(api: Api) -> Router {
    let v1 = Router::new()
        .route("/status", get(status::status))
        .route("/jobs", get(job_list::list))
        .route("/jobs/{id}", get(jobs::detail))
        .route("/jobs/{cluster}/{job}", get(jobs::detail_of))
        .route("/findings", get(findings::list))
        .route("/findings/{id}", get(findings::one))
        .route("/findings/{id}/feedback", post(findings::feedback))
        .route("/findings/{id}/acknowledge", post(findings::acknowledge))
        .route(
            "/feedback",
            get(findings::feedback_list).post(findings::feedback_by_body),
        )
        .route("/incidents", get(incidents::list))
        .route("/problems", get(problems::list))
        .route("/models", get(models::list))
        .route(
            "/session",
            get(session::show)
                .post(session::log_in)
                .delete(session::log_out),
        )
        .route("/silences", get(silences::list).post(silences::create))
        .route("/silences/{id}", delete(silences::end))
        .route("/channels", get(channels::list))
        .route("/channels/{name}/test", post(channels::test))
        .route("/slack/interactions", post(slack::interactions))
        .route("/audit", get(audit::list))
        .route("/events", get(events::stream))
        .route("/openapi.json", get(openapi::document))
        .fallback(answer::no_such_path)
        .method_not_allowed_fallback(answer::no_such_method)
        .layer(axum::middleware::from_fn_with_state(
            api.clone(),
            auth::check,
        ));
    Router::new()
        .nest("/api/v1", v1)
        .fallback(assets::serve)
        .with_state(api)
        .merge(streamwarden_service_runtime::admin::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CompressionLayer::new())
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
}

/// Serves everything until the process is asked to end.
///
/// # Errors
/// [`std::io::Error`] if the listener fails.
pub async fn serve(listener: TcpListener, api: Api) -> std::io::Result<()> {
    let stop = api.shutdown.clone();
    let stopped = async move { stop.requested().await };
    // Otherwise the end of an answer waits up to 40 ms for the caller to confirm its begin.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "answers may be sent late");
        }
    });
    let service = router(api).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stopped)
        .await
}

fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Open findings by job; those about a whole cluster or TaskManager belong to each of its jobs.
pub(crate) fn open_by_job<'a>(
    machine: &'a AlertMachine,
    view: &FleetView,
    now_ms: i64,
) -> HashMap<JobKey, Vec<OpenFinding<'a>>> {
    let mut by_job: HashMap<JobKey, Vec<OpenFinding<'_>>> = HashMap::new();
    let mut of_clusters: Vec<OpenFinding<'_>> = Vec::new();
    for alert in machine.open_alerts() {
        let open = OpenFinding {
            finding: &alert.finding,
            silenced_until_ms: machine.silenced_until(alert, now_ms),
            acknowledged_by: alert.acknowledgement.as_ref().map(|by| by.author.as_str()),
        };
        if alert.finding.job_id.is_empty() {
            of_clusters.push(open);
        } else {
            let key = (
                alert.finding.cluster_id.clone(),
                alert.finding.job_id.clone(),
            );
            by_job.entry(key).or_default().push(open);
        }
    }
    for open in of_clusters {
        for (key, _) in view
            .jobs()
            .filter(|((id, _), _)| *id == open.finding.cluster_id)
        {
            by_job.entry(key.clone()).or_default().push(open);
        }
    }
    by_job
}
