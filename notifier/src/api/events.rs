//! `/events`: what changes, as it changes (server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;

use crate::api::Api;

/// Proxies close what is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Pause before the page connects again.
const RETRY: Duration = Duration::from_secs(3);
/// Asks nginx not to hold events back.
const NO_BUFFERING: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

pub(super) async fn stream(State(api): State<Api>) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    let events = Sse::new(events(api)).keep_alive(keep_alive);
    ([NO_BUFFERING, (header::CACHE_CONTROL, "no-store")], events).into_response()
}

/// Ends when the process ends, or for who lags behind: the page connects again and reads everything.
fn events(api: Api) -> impl Stream<Item = Result<Event, Infallible>> {
    let hello = stream::once(async { Ok(Event::default().retry(RETRY).comment("watching")) });
    let receiver = api.engine.live.watch();
    let later = stream::unfold((api, receiver), |(api, mut receiver)| async move {
        let received = tokio::select! {
            () = api.shutdown.requested() => return None,
            received = receiver.recv() => received,
        };
        match received {
            Ok(event) => {
                let event = Event::default().event(event.name).data(&event.data);
                Some((Ok(event), (api, receiver)))
            }
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    });
    hello.chain(later)
}
