//! HTTP for channels: one client each, and what an answer means.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use streamwarden_service_runtime::SecretText;
use url::Url;

use crate::channels::config::SecretOrText;
use crate::channels::{ChannelError, SendError};

/// A message either goes out in this time or waits for another try.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A longer pause than this is not waited out; the channel is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// More of an answer is not read.
const ANSWER_LIMIT: usize = 64 * 1024;
/// More of an answer is not shown.
const SHOWN_LIMIT: usize = 200;

/// A client for one address.
#[derive(Debug, Clone)]
pub(super) struct Client {
    client: reqwest::Client,
    url: Url,
}

/// An answer that was read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new(channel: &str, url: &SecretOrText) -> Result<Self, ChannelError> {
        let text: SecretText = url.read(channel)?;
        let url = Url::parse(text.expose()).map_err(|source| ChannelError::Url {
            channel: channel.to_owned(),
            source,
        })?;
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A message must not follow a redirect to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("streamwarden/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|source| ChannelError::Client {
            channel: channel.to_owned(),
            source,
        })?;
        Ok(Self { client, url })
    }

    /// Host and port: the path may be a secret.
    pub(super) fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self
            .url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        format!("{}://{host}{port}/…", self.url.scheme())
    }

    /// The address with a path behind it.
    pub(super) fn under(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, SendError> {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        self.send(url, headers, json, body).await
    }

    pub(super) async fn send(
        &self,
        url: &Url,
        headers: HeaderMap,
        content_type: HeaderValue,
        body: Vec<u8>,
    ) -> Result<Answer, SendError> {
        let request = self.client.post(url.clone()).headers(headers).body(body);
        let request = request.header(reqwest::header::CONTENT_TYPE, content_type);
        let response = request.send().await.map_err(not_sent)?;
        read(response).await
    }
}

/// The answer, or what a status means: `Ok` only for 2xx.
pub(super) fn accepted(answer: Answer) -> Result<Answer, SendError> {
    let status = answer.status;
    if status.is_success() {
        return Ok(answer);
    }
    let text = String::from_utf8_lossy(&answer.body);
    let said = crate::message::words::clip(text.trim(), SHOWN_LIMIT).replace('\n', " ");
    let reason = if said.is_empty() {
        status.to_string()
    } else {
        format!("{status}: {said}")
    };
    // The message itself is refused. Everything else (a key, an address, the other side's health) can be mended.
    let refused = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    if refused.contains(&status) {
        return Err(SendError::never(reason));
    }
    Err(SendError::Later {
        reason,
        after: answer.retry_after,
        maybe_arrived: false,
    })
}

async fn read(mut response: Response) -> Result<Answer, SendError> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(pause);
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_LIMIT {
            break;
        }
    }
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

fn pause(value: &HeaderValue) -> Option<Duration> {
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// reqwest's own words name the address, which may be a secret.
fn not_sent(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let reason = if error.is_timeout() && !error.is_connect() {
        "no answer within 10 s".to_owned()
    } else if error.is_connect() {
        format!(
            "cannot connect: {}",
            streamwarden_service_runtime::chain(&error)
        )
    } else {
        streamwarden_service_runtime::chain(&error)
    };
    SendError::Later {
        reason,
        after: None,
        // The request was on its way when it broke off.
        maybe_arrived: !error.is_connect() && !error.is_builder(),
    }
}
