//! Records of a size that Kafka takes.

use prost::Message;
use streamwarden_proto::v1::observation::Body;
use streamwarden_proto::v1::{MetricBatch, Observation};

/// Kafka takes records of up to 1 MB.
const BATCH_LIMIT_BYTES: usize = 700_000;

/// Splits the figures of a very large job; its vertices stay whole. The parts are a millisecond apart, because time tells one record
/// of a subject from the next.
pub(super) fn split(observation: Observation) -> Vec<Observation> {
    if observation.encoded_len() <= BATCH_LIMIT_BYTES {
        return vec![observation];
    }
    let Observation {
        cluster_id,
        observed_at_ms,
        body,
    } = observation;
    let Some(Body::Metrics(batch)) = body else {
        return vec![Observation {
            cluster_id,
            observed_at_ms,
            body,
        }];
    };
    let parts = split_batch(batch).into_iter().zip(observed_at_ms..);
    let part = |(part, observed_at_ms)| Observation {
        cluster_id: cluster_id.clone(),
        observed_at_ms,
        body: Some(Body::Metrics(part)),
    };
    parts.map(part).collect()
}

fn split_batch(batch: MetricBatch) -> Vec<MetricBatch> {
    let MetricBatch {
        subject,
        taskmanager_ids,
        groups,
    } = batch;
    let empty = MetricBatch {
        subject,
        taskmanager_ids,
        groups: Vec::new(),
    };
    let own_bytes = empty.encoded_len();
    let mut parts = vec![empty.clone()];
    let mut bytes = own_bytes;
    for group in groups {
        let group_bytes = group.encoded_len();
        if bytes > own_bytes && bytes + group_bytes > BATCH_LIMIT_BYTES {
            parts.push(empty.clone());
            bytes = own_bytes;
        }
        bytes += group_bytes;
        if let Some(part) = parts.last_mut() {
            part.groups.push(group);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::record::Record;
    use streamwarden_proto::v1::MetricGroup;
    use streamwarden_proto::v1::metric_batch::Subject;

    #[test]
    fn a_very_large_job_becomes_several_records_with_ids_of_their_own() {
        let group = |id: usize| MetricGroup {
            vertex_id: id.to_string(),
            columns: 1_000,
            names: vec!["x".into(); 20],
            values: vec![1.0; 20_000],
            placements: Vec::new(),
        };
        let batch = MetricBatch {
            subject: Some(Subject::JobId("j".into())),
            taskmanager_ids: vec!["tm".into()],
            groups: (0..12).map(group).collect(),
        };
        let whole = Observation {
            cluster_id: "c".into(),
            observed_at_ms: 7,
            body: Some(Body::Metrics(batch)),
        };
        let parts = split(whole);
        let ids: std::collections::BTreeSet<_> = parts.iter().map(Record::id).collect();
        assert_eq!(ids.len(), parts.len());
        assert!(parts.iter().all(|part| part.encoded_len() < 1_000_000));
        let groups: usize = parts
            .iter()
            .map(|part| match &part.body {
                Some(Body::Metrics(batch)) => batch.groups.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(groups, 12);
    }
}
