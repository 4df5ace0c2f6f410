//! Talks to the API of a notifier that runs elsewhere: for the command line.

use std::time::Duration;

use serde_json::{Value, json};
use streamwarden_proto::feedback::{Feedback, Verdict};
use streamwarden_service_runtime::SecretText;
use url::Url;

/// Nothing that is asked for takes longer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What was asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{0:?} is no address of a page; it looks like http://localhost:8780")]
    Address(String),
    /// Nobody answers.
    #[error("Streamwarden does not answer at {address}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It answers, and says no.
    #[error("Streamwarden at {address} says: {message}")]
    Refused {
        /// Where.
        address: String,
        /// In its words.
        message: String,
    },
}

/// What is said of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which finding.
    pub finding_id: String,
    /// Was it right?
    pub verdict: Verdict,
    /// What it was instead.
    pub actual_slug: Option<String>,
    /// In one's own words.
    pub comment: String,
}

/// Says of a finding whether it was right.
///
/// # Errors
/// [`ClientError`] if nobody answers, or the finding is not known, or the token lacks the right.
pub async fn give_feedback(
    address: &str,
    token: Option<&SecretText>,
    said: &Said,
) -> Result<Feedback, ClientError> {
    let url = Url::parse(address).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| ClientError::Address(address.to_owned()))?;
    let unreachable = |source: reqwest::Error| ClientError::Unreachable {
        address: address.to_owned(),
        source: source.without_url(),
    };
    let client = reqwest::Client::builder().timeout(TIMEOUT).build();
    let path = format!("{}/api/v1/feedback", url.as_str().trim_end_matches('/'));
    let mut request = client.map_err(unreachable)?.post(path).json(&json!({
        "finding_id": said.finding_id,
        "verdict": said.verdict,
        "actual_slug": said.actual_slug,
        "comment": said.comment,
    }));
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let refused = |message: String| ClientError::Refused {
        address: address.to_owned(),
        message,
    };
    if status.is_success() {
        return response.json().await.map_err(unreachable);
    }
    let body: Option<Value> = response.json().await.ok();
    let words = body.as_ref().and_then(|body| body["error"].as_str());
    Err(refused(
        words.map_or_else(|| status.to_string(), str::to_owned),
    ))
}
