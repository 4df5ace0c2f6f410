//! `/slack/interactions`: buttons that were pressed in Slack.
//!
//! Slack has no token of ours: its signature over the body says that it is Slack, and Slack says who pressed.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use streamwarden_proto::feedback::Verdict;

use crate::alerts::silence::SilenceMatcher;
use crate::api::Api;
use crate::api::answer::ApiError;
use crate::channels::NamedChannel;
use crate::channels::slack_press::SlackPresses;
use crate::engine::PersonError;
use crate::message::Deed;
use crate::message::words::{clip, clock};

/// A button's silence.
const SILENCE_MS: i64 = 3_600_000;
/// Longer names are cut.
const NAME_LIMIT: usize = 80;

/// What Slack sends, as far as it matters.
#[derive(Debug, Deserialize)]
struct Interaction {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    actions: Vec<Press>,
    #[serde(default)]
    response_url: String,
}

#[derive(Debug, Default, Deserialize)]
struct User {
    #[serde(default)]
    id: String,
    #[serde(default)]
    username: String,
}

#[derive(Debug, Deserialize)]
struct Press {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: String,
}

pub(super) async fn interactions(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let now_ms = (api.engine.clock)();
    let named = sender(&api.engine.channels, &headers, &body, now_ms).ok_or_else(|| {
        let message = "this is not signed by a Slack app of ours, or it is older than five minutes";
        ApiError::new(StatusCode::UNAUTHORIZED, message)
    })?;
    if !is_first(&api, named, &headers, now_ms) {
        let message = "this was taken before, or is meant for a process that has ended";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, message));
    }
    let interaction = read(&body)?;
    let deed = interaction.actions.first();
    let deed = deed.and_then(|press| Some((Deed::of(&press.action_id)?, press.value.clone())));
    // Links are told of too; there is nothing to do then.
    let (Some((deed, finding_id)), "block_actions") = (deed, interaction.kind.as_str()) else {
        return Ok(StatusCode::OK);
    };
    let author = author(&interaction.user);
    let said = match act(&api, deed, &finding_id, &author, now_ms).await {
        Ok(said) => said,
        Err(PersonError::Mistake(message)) => format!("Not done: {message}."),
        Err(error @ PersonError::Missing(_)) => format!("Not done: {error}."),
        Err(error) => return Err(error.into()),
    };
    // Slack waits three seconds for us; the answer to whoever pressed takes a request of its own.
    let channel = std::sync::Arc::clone(&named.channel);
    let name = named.name.clone();
    api.shutdown.spawn("notifier slack answer", async move {
        let Some(presses) = channel.pressed() else {
            return;
        };
        if let Err(error) = presses.answer(&interaction.response_url, &said).await {
            tracing::warn!(channel = name, %error, "whoever pressed a button got no answer");
        }
    });
    Ok(StatusCode::OK)
}

/// Time stamp and signature.
fn signature(headers: &HeaderMap) -> Option<(&str, &str)> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Some((
        header("x-slack-request-timestamp")?,
        header("x-slack-signature")?,
    ))
}

/// A request that is signed and fresh, but may have been recorded by somebody, acts once.
fn is_first(api: &Api, named: &NamedChannel, headers: &HeaderMap, now_ms: i64) -> bool {
    let started_ms = api.engine.started_ms;
    let presses = named.channel.pressed();
    presses
        .zip(signature(headers))
        .is_some_and(|(presses, (timestamp, signature))| {
            presses.take_once(timestamp, signature, now_ms, started_ms)
        })
}

/// The channel whose app signed the body.
fn sender<'a>(
    channels: &'a [NamedChannel],
    headers: &HeaderMap,
    body: &[u8],
    now_ms: i64,
) -> Option<&'a NamedChannel> {
    let (timestamp, signature) = signature(headers)?;
    let signed = |presses: &SlackPresses| presses.is_from_slack(timestamp, signature, body, now_ms);
    channels
        .iter()
        .find(|named| named.channel.pressed().is_some_and(signed))
}

/// The body is a form with one field, which is JSON.
fn read(body: &[u8]) -> Result<Interaction, ApiError> {
    let payload = url::form_urlencoded::parse(body).find(|(name, _)| name == "payload");
    let (_, payload) = payload.ok_or_else(|| ApiError::bad_request("there is no payload"))?;
    serde_json::from_str(&payload)
        .map_err(|error| ApiError::bad_request(format!("the payload cannot be read: {error}")))
}

fn author(user: &User) -> String {
    let name = if user.username.is_empty() {
        &user.id
    } else {
        &user.username
    };
    format!("{} (Slack)", clip(name, NAME_LIMIT))
}

async fn act(
    api: &Api,
    deed: Deed,
    finding_id: &str,
    author: &str,
    now_ms: i64,
) -> Result<String, PersonError> {
    let engine = &api.engine;
    let told = |verdict| (verdict, None, String::new());
    match deed {
        Deed::Acknowledge => {
            engine
                .acknowledge(finding_id, author, "", &api.shutdown)
                .await?;
            Ok("Noted: you take care of it.".to_owned())
        }
        Deed::Silence => {
            let matcher = SilenceMatcher {
                finding_id: Some(finding_id.to_owned()),
                ..SilenceMatcher::default()
            };
            let ends_ms = now_ms + SILENCE_MS;
            let by = (author, "pressed in Slack");
            let silence = engine.silence(matcher, by, (now_ms, ends_ms)).await?;
            Ok(format!("Quiet until {} UTC.", clock(silence.ends_ms)))
        }
        Deed::Right => {
            engine
                .feedback(finding_id, told(Verdict::Right), author)
                .await?;
            Ok("Noted: this was right.".to_owned())
        }
        Deed::Wrong => {
            engine
                .feedback(finding_id, told(Verdict::Wrong), author)
                .await?;
            Ok("Noted: this was wrong. What it was instead can be said on the page.".to_owned())
        }
    }
}
