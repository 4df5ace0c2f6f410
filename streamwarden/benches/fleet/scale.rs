//! What a second instance adds: everything that lies on the topics is read again, by one and by two of each.
//!
//! Each instance gets the same part of a core, where this process may limit it, so that there are cores enough for two;
//! otherwise they share what there is.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::processes::{Home, Process};
use crate::{Ground, say};

/// Part of a core for each instance.
const CORES: f64 = 0.3;
/// Counted from here on, when all have found their partitions, up to there.
const FROM: f64 = 0.35;
const TO: f64 = 0.9;
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(400);
/// Nothing more came for so long: that was all.
const QUIET: Duration = Duration::from_secs(6);

pub(crate) async fn measure(ground: &Ground, prefix: &str) {
    let services = [
        (
            "featurizer",
            "STREAMWARDEN_FEATURIZER__GROUP",
            "streamwarden_featurizer_observations_total",
        ),
        (
            "inference",
            "STREAMWARDEN_INFERENCE__GROUP",
            "streamwarden_inference_records_total",
        ),
    ];
    for (service, group, counter) in services {
        let topic = Reread {
            ground,
            prefix,
            service,
            group,
            counter,
        };
        let all = topic.counted(1, None).await;
        let one = topic.counted(1, Some(all.records)).await;
        let two = topic.counted(2, Some(all.records)).await;
        say(&format!(
            "{service}: {:.0} records; {:.0} /s a core alone; each at {}: one instance {:.0} /s with {:.2} cores, two {:.0} /s with {:.2} cores, {:.2} times",
            all.records,
            all.per_core,
            if one.limited {
                format!("most {CORES} cores")
            } else {
                "no limit".to_owned()
            },
            one.per_second,
            one.cores,
            two.per_second,
            two.cores,
            two.per_second / one.per_second
        ));
    }
}

struct Counted {
    records: f64,
    per_second: f64,
    per_core: f64,
    /// What all instances together got of the processor.
    cores: f64,
    limited: bool,
}

/// What is on a service's topic, to be read again.
struct Reread<'a> {
    ground: &'a Ground,
    prefix: &'a str,
    service: &'a str,
    /// Names the variable of its consumer group.
    group: &'a str,
    /// Its metric that counts records.
    counter: &'a str,
}

impl Reread<'_> {
    /// Reads it as a group of its own; all of it, if nobody knows yet how much that is.
    async fn counted(&self, instances: usize, records: Option<f64>) -> Counted {
        let home = Home::new(&self.ground.configuration(self.prefix, 0));
        let own = format!("again-{}-{instances}-{}", self.service, records.is_some());
        let cores = records.map(|_| CORES);
        let started: Vec<Process> = (0..instances)
            .map(|number| {
                let name = format!("{}-{number}", self.service);
                let id = format!("{own}-{number}");
                let variables = [
                    (self.group, own.as_str()),
                    ("STREAMWARDEN_INFERENCE__TRANSACTIONAL_ID", id.as_str()),
                ];
                home.start(&name, &variables, cores)
            })
            .collect();
        let began = Instant::now();
        let read = || {
            started
                .iter()
                .map(|process| process.metric(self.counter))
                .sum::<f64>()
        };
        let cpu = || started.iter().map(Process::cpu_s).sum::<f64>();
        let (mut last, mut changed) = (0.0, Instant::now());
        let (mut from, mut to) = (None, None);
        while began.elapsed() < LIMIT {
            let now = read();
            if now > last {
                (last, changed) = (now, Instant::now());
            }
            let part = records.map_or(0.5, |all| now / all);
            if from.is_none() && part >= FROM && now > 0.0 {
                from = Some((now, Instant::now(), cpu()));
            }
            if part >= TO || records.is_none() {
                to = Some((now, changed, cpu()));
            }
            let all_read = last > 0.0 && changed.elapsed() > QUIET;
            if all_read || (records.is_some() && to.is_some()) {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        let (from, to) = (from.unwrap(), to.unwrap());
        let limited = started.iter().all(Process::is_limited);
        Counted {
            records: last,
            per_second: (to.0 - from.0) / (to.1 - from.1).as_secs_f64(),
            per_core: (to.0 - from.0) / (to.2 - from.2),
            cores: (to.2 - from.2) / (to.1 - from.1).as_secs_f64(),
            limited,
        }
    }
}
