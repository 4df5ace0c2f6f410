//! Feedback from the command line's client, and all of it for whoever trains.

use streamwarden_notifier::client::{ClientError, Said, give_feedback};
use streamwarden_proto::feedback::Verdict;
use streamwarden_service_runtime::SecretText;

use crate::asking::ask;
use crate::figures::an_hour;
use crate::service::{OPERATOR, Service};
use crate::support::{BEGAN_MS, HeldClock, opened, slow_sink};

async fn with_a_finding() -> (Service, Said) {
    let clock = HeldClock::at(BEGAN_MS + 60_000);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    service.engine.on_features(&an_hour("orders"));
    let finding = slow_sink("orders");
    service.take(&[opened(&finding, BEGAN_MS)]).await;
    let said = Said {
        finding_id: finding.finding_id,
        verdict: Verdict::Wrong,
        actual_slug: Some("hot-key".into()),
        comment: "one customer".into(),
    };
    (service, said)
}

#[tokio::test]
async fn what_is_said_is_kept_with_its_author_and_its_records_and_can_be_read_back() {
    let (service, said) = with_a_finding().await;
    let token = SecretText::new(OPERATOR);
    let kept = give_feedback(&format!("{}/", service.address), Some(&token), &said).await;
    let kept = kept.unwrap();
    assert_eq!(kept.author, "dana");
    assert_eq!(kept.actual_slug.as_deref(), Some("hot-key"));
    assert_eq!(kept.record_ids.len(), 1);
    let all = ask(&service, "GET", "/api/v1/feedback", OPERATOR, None).await;
    assert_eq!(all.json()["feedback"][0], serde_json::json!(kept));
    let stranger = ask(&service, "GET", "/api/v1/feedback", "", None).await;
    assert_eq!(
        stranger.status, 401,
        "names of people are not for everybody"
    );
    service.stop().await;
}

#[tokio::test]
async fn whoever_may_not_or_names_no_finding_is_told_in_the_notifiers_words() {
    let (service, said) = with_a_finding().await;
    let refused = |error: ClientError| match error {
        ClientError::Refused { message, .. } => message,
        other => panic!("{other}"),
    };
    let without = give_feedback(&service.address, None, &said).await;
    let without = refused(without.unwrap_err());
    assert!(without.contains("feedback"), "{without}");
    let token = SecretText::new(OPERATOR);
    let unknown = Said {
        finding_id: "f-unknown".into(),
        ..said.clone()
    };
    let unknown = give_feedback(&service.address, Some(&token), &unknown).await;
    let unknown = refused(unknown.unwrap_err());
    assert_eq!(unknown, "there is no finding \"f-unknown\"");
    service.stop().await;
}

#[tokio::test]
async fn an_address_that_is_none_and_one_where_nobody_answers_are_told_apart() {
    let (service, said) = with_a_finding().await;
    let address = service.address.clone();
    service.stop().await;
    let none = give_feedback("ftp://x", None, &said).await.unwrap_err();
    assert!(matches!(none, ClientError::Address(_)), "{none}");
    let nobody = give_feedback(&address, None, &said).await.unwrap_err();
    assert!(
        matches!(nobody, ClientError::Unreachable { .. }),
        "{nobody}"
    );
}
