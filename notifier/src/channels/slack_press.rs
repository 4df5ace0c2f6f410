//! Buttons pressed in Slack: is it Slack that tells us, and the answer to whoever pressed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::header::HeaderMap;
use serde_json::json;
use sha2::Sha256;
use streamwarden_service_runtime::SecretText;
use url::Url;

use crate::channels::SendError;
use crate::channels::http::{Client, accepted};

/// An older request may be one that somebody recorded.
const OLDEST: Duration = Duration::from_secs(5 * 60);
/// Where Slack takes answers.
const ANSWER_HOST: &str = "hooks.slack.com";

/// What Slack sends when a button is pressed.
#[derive(Debug)]
pub struct SlackPresses {
    secret: SecretText,
    client: Client,
    /// Signatures that were taken, until when each would be valid (milliseconds since 1970).
    taken: Mutex<HashMap<Vec<u8>, i64>>,
}

impl SlackPresses {
    pub(super) fn new(secret: SecretText, client: Client) -> Self {
        Self {
            secret,
            client,
            taken: Mutex::default(),
        }
    }

    /// Was this body signed by Slack within the last five minutes? Takes the same time whatever is wrong with a signature.
    #[must_use]
    pub fn is_from_slack(
        &self,
        timestamp: &str,
        signature: &str,
        body: &[u8],
        now_ms: i64,
    ) -> bool {
        let Ok(seconds) = timestamp.parse::<i64>() else {
            return false;
        };
        let age_s = (now_ms / 1000).abs_diff(seconds);
        let (Some(given), true) = (decoded(signature), age_s <= OLDEST.as_secs()) else {
            return false;
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose().as_bytes()) else {
            return false;
        };
        mac.update(format!("v0:{timestamp}:").as_bytes());
        mac.update(body);
        mac.verify_slice(&given).is_ok()
    }

    /// Takes a signed request, once: somebody who recorded it cannot send it again. Nobody knows what a process before
    /// this one took; so what was signed before `started_ms` is not taken.
    pub fn take_once(
        &self,
        timestamp: &str,
        signature: &str,
        now_ms: i64,
        started_ms: i64,
    ) -> bool {
        let signed_s = timestamp.parse().unwrap_or(i64::MIN);
        let (Some(signature), true) = (decoded(signature), signed_s >= started_ms / 1000) else {
            return false;
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|_, valid_until_ms| *valid_until_ms >= now_ms);
        let oldest_ms = i64::try_from(OLDEST.as_millis()).unwrap_or(i64::MAX);
        // Another second: times are told in whole ones.
        let valid_until_ms = signed_s
            .saturating_mul(1000)
            .saturating_add(oldest_ms + 1000);
        taken.insert(signature, valid_until_ms).is_none()
    }

    /// Tells whoever pressed what became of it; nobody else sees it.
    ///
    /// # Errors
    /// [`SendError`] if the address is not Slack's, or does not take it.
    pub async fn answer(&self, address: &str, text: &str) -> Result<(), SendError> {
        let url = Url::parse(address).ok().filter(|url| self.is_slacks(url));
        let url =
            url.ok_or_else(|| SendError::never("the address for the answer is not Slack's"))?;
        let body = json!({ "response_type": "ephemeral", "replace_original": false, "text": text });
        let body = body.to_string().into_bytes();
        let answer = self.client.post(&url, HeaderMap::new(), body).await?;
        accepted(answer).map(drop)
    }

    /// Slack's host for answers, or the one that the API is configured to be at.
    fn is_slacks(&self, url: &Url) -> bool {
        let slack = url.scheme() == "https" && url.host_str() == Some(ANSWER_HOST);
        let own = self.client.url();
        slack || (own.host_str() != Some("slack.com") && own.origin() == url.origin())
    }
}

/// The bytes of `v0=<hex>`.
fn decoded(signature: &str) -> Option<Vec<u8>> {
    let hex = signature.strip_prefix("v0=")?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    hex.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::config::SecretOrText;

    /// The example of Slack's documentation of signatures.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIME: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J\
        %2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const NOW_MS: i64 = 1_531_420_618_000;

    fn presses() -> SlackPresses {
        let url = SecretOrText::Text("https://slack.com/api/".into());
        SlackPresses::new(SecretText::new(SECRET), Client::new("slack", &url).unwrap())
    }

    #[test]
    fn the_signature_of_slacks_own_example_is_accepted() {
        assert!(presses().is_from_slack(TIME, SIGNATURE, BODY.as_bytes(), NOW_MS));
    }

    #[test]
    fn another_body_time_or_signature_is_refused() {
        let presses = presses();
        let body = BODY.as_bytes();
        assert!(!presses.is_from_slack(TIME, SIGNATURE, b"other", NOW_MS));
        assert!(!presses.is_from_slack("1531420619", SIGNATURE, body, NOW_MS));
        for wrong in [
            "",
            "v0=",
            "v0=zz",
            "v0=a21",
            &SIGNATURE[3..],
            &SIGNATURE[..60],
        ] {
            assert!(!presses.is_from_slack(TIME, wrong, body, NOW_MS), "{wrong}");
        }
    }

    #[test]
    fn a_request_older_or_newer_than_five_minutes_is_refused() {
        let at = |now_ms| presses().is_from_slack(TIME, SIGNATURE, BODY.as_bytes(), now_ms);
        assert!(at(NOW_MS + 300_000) && at(NOW_MS - 300_000));
        assert!(!at(NOW_MS + 301_000) && !at(NOW_MS - 301_000));
    }

    #[test]
    fn a_signed_request_is_taken_once_and_only_by_the_process_that_it_was_sent_to() {
        let presses = presses();
        let take = |presses: &SlackPresses, now_ms, started_ms| {
            presses.take_once(TIME, SIGNATURE, now_ms, started_ms)
        };
        assert!(take(&presses, NOW_MS, NOW_MS));
        assert!(!take(&presses, NOW_MS, NOW_MS), "the same again");
        let in_capitals = SIGNATURE.to_uppercase().replace("V0", "v0");
        assert!(!presses.take_once(TIME, &in_capitals, NOW_MS + 300_000, NOW_MS));
        let restarted = self::presses();
        assert!(!take(&restarted, NOW_MS + 3_000, NOW_MS + 2_000));
    }

    #[test]
    fn answers_go_to_slack_and_nowhere_else() {
        let may = |url: &str| presses().is_slacks(&Url::parse(url).unwrap());
        assert!(may("https://hooks.slack.com/actions/T1/2/3"));
        assert!(!may("http://hooks.slack.com/actions/T1/2/3"));
        assert!(!may("https://hooks.slack.com.evil.example/"));
        assert!(!may("http://169.254.169.254/latest"));
    }
}
