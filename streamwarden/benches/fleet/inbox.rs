//! Takes the webhook's messages and notes when they came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::routing::post;
use streamwarden_notifier::channels::webhook::WebhookBody;
use tokio::net::TcpListener;

use crate::flink::now_ms;

type Arrivals = Arc<Mutex<HashMap<String, u128>>>;

/// It ends with the bench's runtime.
pub(crate) struct Inbox {
    pub(crate) url: String,
    arrivals: Arrivals,
}

impl Inbox {
    pub(crate) async fn start() -> Self {
        let arrivals = Arrivals::default();
        let app = Router::new()
            .route("/alerts", post(take))
            .with_state(Arc::clone(&arrivals));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/alerts", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, arrivals }
    }

    /// When the first message about each cluster came, in ms since the epoch.
    pub(crate) fn arrivals(&self) -> HashMap<String, u128> {
        self.arrivals.lock().unwrap().clone()
    }
}

async fn take(State(arrivals): State<Arrivals>, Json(body): Json<WebhookBody>) {
    let now = now_ms();
    let mut arrivals = arrivals.lock().unwrap();
    if body.event == "opened" {
        for alert in body.alerts {
            arrivals.entry(alert.finding.cluster_id).or_insert(now);
        }
    }
}
