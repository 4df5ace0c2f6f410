//! Making topics, and refusing those that do not fit.

mod probe;

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode};
use streamwarden_proto::Topic;
use streamwarden_proto::topic::Retention;

use crate::client::{LoggingContext, RECORD_LIMIT_BYTES, base, client_error};
use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// One question to the brokers.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// The embedded broker deletes and compacts whole segments only: this many make up what is kept.
const EMBEDDED_SEGMENTS: u64 = 8;
/// Compacted topics are small; an embedded broker cleans them segment by segment.
const EMBEDDED_COMPACTED_SEGMENT_BYTES: u64 = 1 << 20;

/// Creates the missing topics with the stated partitions and retention, and checks those that exist. Every service calls
/// it first; any number may do so at the same time. Brokers that are away are waited for, half a minute.
///
/// # Errors
/// [`KafkaError::Topic`] for a topic with another number of partitions or cleanup policy, with the way out;
/// [`KafkaError::Unreachable`] if no broker answers in time.
pub async fn ensure(config: &KafkaConfig) -> Result<(), KafkaError> {
    let admin: AdminClient<LoggingContext> = base(config)?
        .create_with_context(LoggingContext)
        .map_err(client_error(config))?;
    let existing = probe::existing_topics(config).await?;
    let (present, missing): (Vec<Topic>, Vec<Topic>) = Topic::ALL
        .into_iter()
        .partition(|topic| existing.contains_key(&topic.name(&config.topic_prefix)));
    create(config, &admin, &missing).await?;
    for topic in &present {
        let name = topic.name(&config.topic_prefix);
        check_partitions(
            config,
            &name,
            existing.get(&name).copied().unwrap_or_default(),
        )?;
    }
    check_policies(config, &admin, &present).await
}

async fn create(
    config: &KafkaConfig,
    admin: &AdminClient<LoggingContext>,
    missing: &[Topic],
) -> Result<(), KafkaError> {
    let specs: Vec<(String, Vec<(&'static str, String)>)> = missing
        .iter()
        .map(|topic| (topic.name(&config.topic_prefix), settings(config, *topic)))
        .collect();
    let new_topics: Vec<NewTopic<'_>> = specs
        .iter()
        .map(|(name, settings)| NewTopic {
            name,
            num_partitions: config.partitions,
            replication: TopicReplication::Fixed(config.replication),
            config: settings
                .iter()
                .map(|(key, value)| (*key, value.as_str()))
                .collect(),
        })
        .collect();
    if new_topics.is_empty() {
        return Ok(());
    }
    let failed = |topic: &str, source| KafkaError::Admin {
        topic: topic.to_owned(),
        action: "created",
        source,
    };
    let options = AdminOptions::new().operation_timeout(Some(ASK_LIMIT));
    let results = admin.create_topics(&new_topics, &options).await;
    for result in results.map_err(|source| failed("", source))? {
        match result {
            Ok(topic) => tracing::info!(topic, partitions = config.partitions, "topic created"),
            // Another service was faster.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(failed(&topic, Native::Global(code))),
        }
    }
    Ok(())
}

/// Settings of a topic when it is created.
fn settings(config: &KafkaConfig, topic: Topic) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("cleanup.policy", policy(topic).to_owned()),
        ("max.message.bytes", RECORD_LIMIT_BYTES.to_string()),
    ];
    match topic.retention() {
        Retention::Compacted => {
            if config.embedded {
                settings.push((
                    "segment.bytes",
                    EMBEDDED_COMPACTED_SEGMENT_BYTES.to_string(),
                ));
                settings.push(("min.cleanable.dirty.ratio", "0.1".to_owned()));
            }
            return settings;
        }
        Retention::ForMs(limit_ms) => settings.push(("retention.ms", limit_ms.to_string())),
        Retention::Forever => settings.push(("retention.ms", "-1".to_owned())),
    }
    // What is kept forever is bounded by bytes in memory only.
    let bounded = config.embedded || topic.retention() != Retention::Forever;
    if let (Some(bytes), true) = (config.retention_bytes, bounded) {
        settings.push(("retention.bytes", bytes.to_string()));
        if config.embedded {
            settings.push((
                "segment.bytes",
                (bytes / EMBEDDED_SEGMENTS).max(1024).to_string(),
            ));
        }
    }
    settings
}

fn policy(topic: Topic) -> &'static str {
    match topic.retention() {
        Retention::Compacted => "compact",
        Retention::ForMs(_) | Retention::Forever => "delete",
    }
}

fn check_partitions(config: &KafkaConfig, name: &str, found: i32) -> Result<(), KafkaError> {
    if found == config.partitions {
        return Ok(());
    }
    let wanted = config.partitions;
    Err(KafkaError::Topic {
        topic: name.to_owned(),
        mismatch: format!(
            "has {found} partitions, the configuration says {wanted}; set kafka.partitions = {found}, \
             or choose another kafka.topic_prefix (adding partitions would scatter the records of a cluster)"
        ),
    })
}

async fn check_policies(
    config: &KafkaConfig,
    admin: &AdminClient<LoggingContext>,
    present: &[Topic],
) -> Result<(), KafkaError> {
    if present.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = present
        .iter()
        .map(|t| t.name(&config.topic_prefix))
        .collect();
    let asked: Vec<ResourceSpecifier<'_>> = names
        .iter()
        .map(|name| ResourceSpecifier::Topic(name))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(ASK_LIMIT));
    let failed = |topic: &str, source| KafkaError::Admin {
        topic: topic.to_owned(),
        action: "described",
        source,
    };
    let described = admin.describe_configs(&asked, &options).await;
    let described = described.map_err(|source| failed("", source))?;
    for ((topic, name), resource) in present.iter().zip(&names).zip(described) {
        let resource = resource.map_err(|code| failed(name, Native::Global(code)))?;
        let found = resource
            .get("cleanup.policy")
            .and_then(|entry| entry.value.clone());
        check_policy(*topic, name, &found.unwrap_or_default())?;
    }
    Ok(())
}

fn check_policy(topic: Topic, name: &str, found: &str) -> Result<(), KafkaError> {
    let wanted = policy(topic);
    if found == wanted {
        return Ok(());
    }
    Err(KafkaError::Topic {
        topic: name.to_owned(),
        mismatch: format!(
            "has cleanup.policy={found} and needs {wanted}; change it with kafka-configs, or choose another \
             kafka.topic_prefix"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_is_kept_forever_is_not_cut_by_bytes_on_real_kafka() {
        let config = KafkaConfig {
            retention_bytes: Some(1 << 30),
            ..KafkaConfig::default()
        };
        let has_limit = |topic| {
            settings(&config, topic)
                .iter()
                .any(|(key, _)| *key == "retention.bytes")
        };
        assert!(has_limit(Topic::Raw));
        assert!(!has_limit(Topic::Feedback));
        assert!(!has_limit(Topic::Findings));
    }

    #[test]
    fn a_partition_count_that_differs_names_the_way_out() {
        let error = check_partitions(&KafkaConfig::default(), "streamwarden.raw", 3).unwrap_err();
        assert!(
            error.to_string().contains("kafka.partitions = 3"),
            "{error}"
        );
    }
}
