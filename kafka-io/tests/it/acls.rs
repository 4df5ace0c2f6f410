//! The rights of deploy/kafka/acls.txt on a real broker: enough for each service, and no more.

use std::path::{Path, PathBuf};
use std::process::Command;

use streamwarden_kafka_io::{
    ErrorClass, KafkaConfig, KafkaError, RecordSink, RecordStream, SaslMechanism, StreamEvent,
    TransactionalSink, topics,
};
use streamwarden_proto::Topic;

use crate::real::{kafka, libraries, secure_kafka};
use crate::support::{LIMIT, records};

fn apply(config: &KafkaConfig) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kafka");
    let jars: PathBuf = libraries().join("*");
    let output = Command::new("java")
        .arg("-cp")
        .arg(jars)
        .arg(folder.join("Acls.java"))
        .arg(&kafka().brokers)
        .arg(folder.join("acls.txt"))
        .arg(&config.topic_prefix)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The configuration of a service that logs in as itself.
fn of(service: &str, prefix: &str) -> Option<KafkaConfig> {
    let user = match service {
        "subscriber" => service.to_owned(),
        service => format!("streamwarden-{service}"),
    };
    let password = format!("{user}-secret");
    let config = secure_kafka(SaslMechanism::Plain, &user, &password)?;
    Some(KafkaConfig {
        topic_prefix: prefix.to_owned(),
        ..config
    })
}

async fn writes(config: &KafkaConfig, topic: Topic) -> Result<(), KafkaError> {
    let sink = RecordSink::new(config)?;
    sink.send_all(&records(topic, "prod", 1)).await
}

/// Whether a member of the group gets the topic's partitions.
async fn reads(config: &KafkaConfig, group: &str, topic: Topic) -> Result<(), KafkaError> {
    let mut stream = RecordStream::subscribe(config, group, &[topic])?;
    loop {
        let event = tokio::time::timeout(LIMIT, stream.next()).await;
        if let StreamEvent::Batch(_) = event.expect("no answer")? {
            stream.close().await;
            return Ok(());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_may_do_its_work_and_nothing_else() {
    let Some(admin) = secure_kafka(SaslMechanism::Plain, "alice", "alice-secret") else {
        return;
    };
    topics::ensure(&admin).await.unwrap();
    apply(&admin);
    for topic in Topic::ALL {
        writes(&admin, topic).await.unwrap();
    }
    let everybody = [
        (
            "collector",
            vec![Topic::Clusters],
            vec![Topic::Clusters, Topic::Raw],
        ),
        ("featurizer", vec![Topic::Raw], vec![Topic::Features]),
        (
            "inference",
            vec![Topic::Features],
            vec![Topic::Findings, Topic::Recommendations],
        ),
        (
            "notifier",
            vec![Topic::Features, Topic::Recommendations],
            vec![Topic::Feedback],
        ),
    ];
    for (service, may_read, may_write) in everybody {
        let config = of(service, &admin.topic_prefix).unwrap();
        topics::ensure(&config).await.unwrap();
        let group = config.group(service);
        for topic in Topic::ALL {
            let wrote = writes(&config, topic).await;
            let expected = may_write.contains(&topic) || topic == Topic::DeadLetter;
            assert_eq!(
                wrote.is_ok(),
                expected,
                "{service} writes {topic:?}: {wrote:?}"
            );
            if let Err(error) = wrote {
                assert_eq!(error.class(), ErrorClass::Fatal, "{error:?}");
            }
        }
        for topic in may_read {
            reads(&config, &group, topic).await.unwrap();
        }
        let forbidden = if service == "featurizer" {
            Topic::Recommendations
        } else {
            Topic::Raw
        };
        let read = reads(&config, &group, forbidden).await.unwrap_err();
        assert_eq!(read.class(), ErrorClass::Fatal, "{service}: {read:?}");
        let id = format!("{}.inference.a", config.topic_prefix);
        let transaction = TransactionalSink::new(&config, &id).await;
        assert_eq!(transaction.is_ok(), service == "inference", "{service}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_reads_the_findings_and_nothing_else() {
    let Some(admin) = secure_kafka(SaslMechanism::Plain, "alice", "alice-secret") else {
        return;
    };
    topics::ensure(&admin).await.unwrap();
    apply(&admin);
    writes(&admin, Topic::Recommendations).await.unwrap();
    writes(&admin, Topic::Raw).await.unwrap();
    let config = of("subscriber", &admin.topic_prefix).unwrap();
    reads(&config, "subscriber-team", Topic::Recommendations)
        .await
        .unwrap();
    assert!(reads(&config, "subscriber-team", Topic::Raw).await.is_err());
    assert!(
        reads(&config, &config.group("inference"), Topic::Recommendations)
            .await
            .is_err()
    );
    assert!(writes(&config, Topic::Recommendations).await.is_err());
}
