//! Who is alerted: takes our signed webhook's messages and remembers them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::routing::post;
use streamwarden_notifier::channels::webhook::WebhookBody;
use tokio::net::TcpListener;

/// It ends with the test's runtime.
pub(crate) struct Receiver {
    pub(crate) url: String,
    messages: Arc<Mutex<Vec<WebhookBody>>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let messages: Arc<Mutex<Vec<WebhookBody>>> = Arc::default();
        let app = Router::new()
            .route("/alerts", post(take))
            .with_state(Arc::clone(&messages));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/alerts", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, messages }
    }

    pub(crate) fn messages(&self) -> Vec<WebhookBody> {
        self.messages.lock().unwrap().clone()
    }
}

async fn take(State(messages): State<Arc<Mutex<Vec<WebhookBody>>>>, Json(body): Json<WebhookBody>) {
    messages.lock().unwrap().push(body);
}
