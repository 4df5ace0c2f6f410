//! A picture in the thread of a Slack message: Slack says where to put it, takes it, and shows it.
//!
//! A notifier behind a firewall has no address that Slack could fetch a picture from, so it is uploaded. The message
//! itself has arrived by then; a picture that fails is told in the log and costs nothing else.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::channels::SendError;
use crate::channels::http::{Client, accepted};
use crate::channels::slack_bot::said_ok;
use crate::message::chart::Chart;

/// Where Slack takes files.
const UPLOAD_HOST: &str = "files.slack.com";
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Uploads pictures, as long as the app may.
#[derive(Debug)]
pub(super) struct SlackFiles {
    client: Client,
    /// Slack said that the app lacks the right: it is not asked again before a restart.
    refused: AtomicBool,
}

impl SlackFiles {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            refused: AtomicBool::new(false),
        }
    }

    /// Shows a chart in the thread of a message. `bearer` goes to Slack's API only.
    pub(super) async fn show(
        &self,
        chart: &Chart,
        bearer: &HeaderMap,
        (channel, ts): (&str, &str),
    ) {
        let Some(png) = chart
            .png()
            .filter(|_| !self.refused.load(Ordering::Relaxed))
        else {
            return;
        };
        match self.upload(chart, png, bearer, (channel, ts)).await {
            Ok(()) => {}
            Err(error) if error.to_string().contains("missing_scope") => {
                self.refused.store(true, Ordering::Relaxed);
                tracing::warn!(
                    "messages have no charts: the Slack app lacks the right files:write"
                );
            }
            Err(error) => tracing::warn!(%error, "the chart of a message could not be uploaded"),
        }
    }

    async fn upload(
        &self,
        chart: &Chart,
        png: Vec<u8>,
        bearer: &HeaderMap,
        (channel, ts): (&str, &str),
    ) -> Result<(), SendError> {
        let words = chart.words();
        // This method takes a form; JSON is for the others.
        let asked = Serializer::new(String::new())
            .append_pair("filename", "chart.png")
            .append_pair("length", &png.len().to_string())
            .append_pair("alt_txt", &words)
            .finish();
        let place = self
            .call("files.getUploadURLExternal", bearer, FORM, asked)
            .await?;
        let address = place["upload_url"]
            .as_str()
            .and_then(|text| Url::parse(text).ok());
        let address = address
            .filter(|url| self.is_slacks(url))
            .ok_or_else(|| SendError::never("the address for the picture is not Slack's"))?;
        let put = self
            .client
            .send(&address, HeaderMap::new(), BYTES, png)
            .await?;
        accepted(put)?;
        let shown = json!({
            "files": [{ "id": place["file_id"], "title": words }],
            "channel_id": channel,
            "thread_ts": ts,
        });
        self.call(
            "files.completeUploadExternal",
            bearer,
            JSON,
            shown.to_string(),
        )
        .await?;
        Ok(())
    }

    async fn call(
        &self,
        method: &str,
        bearer: &HeaderMap,
        content_type: HeaderValue,
        body: String,
    ) -> Result<Value, SendError> {
        let url = self.client.under(method);
        let body = body.into_bytes();
        let answer = self.client.send(&url, bearer.clone(), content_type, body);
        said_ok(&accepted(answer.await?)?)
    }

    /// Slack's host for files, or the one that the API is configured to be at.
    fn is_slacks(&self, url: &Url) -> bool {
        let slack = url.scheme() == "https" && url.host_str() == Some(UPLOAD_HOST);
        let own = self.client.url();
        slack || (own.host_str() != Some("slack.com") && own.origin() == url.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::config::SecretOrText;

    #[test]
    fn pictures_go_to_slack_and_nowhere_else() {
        let url = SecretOrText::Text("https://slack.com/api/".into());
        let files = SlackFiles::new(Client::new("slack", &url).unwrap());
        let may = |url: &str| files.is_slacks(&Url::parse(url).unwrap());
        assert!(may("https://files.slack.com/upload/v1/abc"));
        assert!(!may("http://files.slack.com/upload/v1/abc"));
        assert!(!may("https://files.slack.com.evil.example/"));
        assert!(!may("http://169.254.169.254/latest"));
    }
}
