//! What a person is told when the database cannot be used.

use streamwarden_notifier::store::{SqlStore, Store, StoreError};
use streamwarden_service_runtime::chain;

async fn refused(database: &str) -> StoreError {
    match SqlStore::open(database).await {
        Ok(_) => panic!("{database} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_named() {
    let error = refused("sqlite:/nowhere/at/all/alerts.db").await;
    let text = chain(&error);
    assert!(
        text.contains("/nowhere/at/all/alerts.db cannot be opened"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alerts.db");
    std::fs::write(
        &path,
        "this is a shopping list, and a long one at that, longer than a header",
    )
    .unwrap();
    let text = chain(&refused(&format!("sqlite:{}", path.display())).await);
    assert!(text.contains("alerts.db"), "{text}");
}

#[tokio::test]
async fn a_database_that_may_not_be_written_is_named_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("alerts.db");
    drop(
        SqlStore::open(&format!("sqlite:{}", path.display()))
            .await
            .unwrap(),
    );
    let error = refused(&format!("sqlite:{}?immutable=1", path.display())).await;
    let text = chain(&error);
    assert!(
        matches!(
            error,
            StoreError::NotWritable { .. } | StoreError::Open { .. }
        ),
        "{text}"
    );
    assert!(text.contains("alerts.db"), "{text}");
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let text = chain(&refused("postgres://sw:hunter2@127.0.0.1:1/streamwarden").await);
    assert!(text.contains("127.0.0.1:1/streamwarden"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = chain(&refused("mysql://sw:hunter2@db/streamwarden").await);
    assert!(text.contains("sqlite: or postgres:"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn only_one_of_two_holds_the_lease_until_it_runs_out() {
    let store = SqlStore::open("sqlite::memory:").await.unwrap();
    assert!(store.hold_lease("notifier", "a", 1000, 0).await.unwrap());
    assert!(!store.hold_lease("notifier", "b", 1500, 500).await.unwrap());
    assert!(store.hold_lease("notifier", "a", 2000, 900).await.unwrap());
    assert!(store.hold_lease("notifier", "b", 3500, 2500).await.unwrap());
    assert!(!store.hold_lease("notifier", "a", 3500, 2600).await.unwrap());
}
