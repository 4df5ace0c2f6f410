//! Logging in to the page: a token for a cookie, and what the cookie allows.

use serde_json::{Value, json};

use crate::asking::{Asked, ask, ask_with, get};
use crate::service::{OPERATOR, Service};
use crate::support::{BEGAN_MS, HeldClock};

const JSON: (&str, &str) = ("content-type", "application/json");
const PATH: &str = "/api/v1/session";

async fn service() -> Service {
    Service::start("sqlite::memory:", Vec::new(), &HeldClock::at(BEGAN_MS)).await
}

async fn log_in(service: &Service, token: &str) -> Asked {
    let body = json!({ "token": token }).to_string();
    ask(service, "POST", PATH, "", Some(&body)).await
}

/// The cookie as a browser would send it, and the secret that goes with changes.
fn kept(answer: &Asked) -> (String, String) {
    let cookie = answer.headers["set-cookie"].split(';').next().unwrap();
    let csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
    (cookie.to_owned(), csrf)
}

/// A silence, as the page asks for one.
async fn silence(service: &Service, headers: &[(&str, &str)]) -> Asked {
    let body = json!({ "matcher": { "job_name": "orders" }, "duration_s": 60 }).to_string();
    ask_with(
        service,
        "POST",
        "/api/v1/silences",
        "",
        Some(&body),
        headers,
    )
    .await
}

#[tokio::test]
async fn whoever_logs_in_may_change_something_and_is_named_for_it() {
    let service = service().await;
    let answer = log_in(&service, OPERATOR).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["name"], "dana");
    assert_eq!(answer.json()["role"], "operator");
    // The page's address is https here.
    let cookie = &answer.headers["set-cookie"];
    for word in ["HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains(OPERATOR), "{cookie}");
    let (cookie, csrf) = kept(&answer);
    let made = silence(
        &service,
        &[JSON, ("cookie", &cookie), ("x-streamwarden-csrf", &csrf)],
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["author"], "dana");
    let audit = ask(&service, "GET", "/api/v1/audit", OPERATOR, None).await;
    assert_eq!(audit.json()["deeds"][1]["action"], "log in");
    service.stop().await;
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let service = service().await;
    let (cookie, _) = kept(&log_in(&service, OPERATOR).await);
    let bare = silence(&service, &[JSON, ("cookie", &cookie)]).await;
    let guessed = [JSON, ("cookie", &cookie), ("x-streamwarden-csrf", "00")];
    let guessed = silence(&service, &guessed).await;
    assert_eq!((bare.status, guessed.status), (403, 403));
    let silences = get(&service, "/api/v1/silences").await;
    assert_eq!(silences["silences"], json!([]));
    service.stop().await;
}

#[tokio::test]
async fn another_sites_page_cannot_log_anybody_in() {
    let service = service().await;
    let body = json!({ "token": OPERATOR }).to_string();
    let headers = [JSON, ("origin", "https://evil.example")];
    let refused = ask_with(&service, "POST", PATH, "", Some(&body), &headers).await;
    assert_eq!(refused.status, 403);
    assert!(!refused.headers.contains_key("set-cookie"));
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_token_is_refused_and_guessing_is_stopped() {
    let service = service().await;
    for _ in 0..10 {
        let refused = log_in(&service, "guess").await;
        assert_eq!(refused.status, 401);
        assert!(!refused.headers.contains_key("set-cookie"));
    }
    assert_eq!(log_in(&service, OPERATOR).await.status, 429);
    service.clock.pass_s(61);
    assert_eq!(log_in(&service, OPERATOR).await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn whoever_logged_out_or_logged_in_long_ago_may_only_look() {
    let service = service().await;
    let (cookie, csrf) = kept(&log_in(&service, OPERATOR).await);
    let headers = [JSON, ("cookie", &cookie), ("x-streamwarden-csrf", &csrf)];
    let who = || async {
        ask_with(&service, "GET", PATH, "", None, &headers)
            .await
            .json()
    };
    assert_eq!(who().await["name"], "dana");
    service.clock.pass_s(12 * 3600 + 1);
    assert_eq!(who().await["name"], Value::Null);
    assert_eq!(silence(&service, &headers).await.status, 401);

    let (cookie, csrf) = kept(&log_in(&service, OPERATOR).await);
    let headers = [JSON, ("cookie", &cookie), ("x-streamwarden-csrf", &csrf)];
    let out = ask_with(&service, "DELETE", PATH, "", None, &headers).await;
    assert_eq!(out.status, 204);
    assert!(out.headers["set-cookie"].contains("Max-Age=0"));
    let who = ask_with(&service, "GET", PATH, "", None, &headers).await;
    assert_eq!(who.json()["rights"], json!(["read"]));
    assert_eq!(silence(&service, &headers).await.status, 401);
    service.stop().await;
}
