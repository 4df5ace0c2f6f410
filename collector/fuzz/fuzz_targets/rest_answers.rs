//! Any text as an answer of Flink's REST, read as each of the types: an error, or figures that are known or not; no panic.
#![no_main]
#![allow(dead_code, reason = "only what reads is of interest")]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[path = "."]
mod flink {
    #[path = "../../src/flink/figure.rs"]
    pub mod figure;

    #[path = "."]
    pub mod answers {
        #[path = "../../src/flink/answers/checkpoints.rs"]
        pub mod checkpoints;
        #[path = "../../src/flink/answers/configuration.rs"]
        pub mod configuration;
        #[path = "../../src/flink/answers/exceptions.rs"]
        pub mod exceptions;
        #[path = "../../src/flink/answers/job.rs"]
        pub mod job;
        #[path = "../../src/flink/answers/metrics.rs"]
        pub mod metrics;
        #[path = "../../src/flink/answers/processes.rs"]
        pub mod processes;
        #[path = "../../src/flink/answers/vertex.rs"]
        pub mod vertex;
    }
}

use flink::answers::{checkpoints, configuration, exceptions, job, metrics, processes, vertex};

fuzz_target!(|data: &[u8]| {
    read::<checkpoints::Checkpoints>(data);
    read::<checkpoints::TaskCheckpoint>(data);
    read::<Vec<configuration::Entry>>(data);
    read::<configuration::JobConfig>(data);
    read::<configuration::CheckpointConfig>(data);
    read::<exceptions::Exceptions>(data);
    read::<job::DashboardConfig>(data);
    read::<job::JobsOverview>(data);
    read::<job::JobDetails>(data);
    read::<Vec<metrics::Metric<'_>>>(data);
    read::<processes::TaskManagers>(data);
    read::<processes::LogList>(data);
    read::<vertex::VertexDetails>(data);
    if let Ok(figure) = serde_json::from_slice::<flink::figure::Figure>(data) {
        let _ = (figure.known(), figure.whole(), figure.count(), figure.time_ms());
    }
});

fn read<'a, T: Deserialize<'a>>(data: &'a [u8]) {
    let _ = serde_json::from_slice::<T>(data);
}
