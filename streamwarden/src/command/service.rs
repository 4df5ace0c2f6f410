//! One service alone: for compose and Kubernetes.

use crate::cli::CollectorArgs;
use crate::failure::Failure;
use crate::knowledge;
use crate::line::place::clusters;
use crate::line::{Line, ensure_topics};
use crate::look::experience;
use crate::settings::Settings;

/// `streamwarden collector`.
pub(super) async fn collector(args: &CollectorArgs, mut settings: Settings) -> Result<(), Failure> {
    settings.collector.clusters.extend(clusters(&args.flink)?);
    settings.check()?;
    alone(&settings, |line| {
        line.start_collector(&settings, &settings.kafka);
    })
    .await
}

/// `streamwarden featurizer`.
pub(super) async fn featurizer(settings: Settings) -> Result<(), Failure> {
    alone(&settings, |line| {
        line.start_featurizer(&settings, &settings.kafka);
    })
    .await
}

/// `streamwarden inference`.
pub(super) async fn inference(settings: Settings) -> Result<(), Failure> {
    alone(&settings, |line| {
        line.start_inference(&settings, &settings.kafka);
    })
    .await
}

/// `streamwarden notifier`.
pub(super) async fn notifier(settings: Settings) -> Result<(), Failure> {
    let models = settings.inference.models.as_deref();
    let knowledge = knowledge::of(&*experience(&settings)?, models, None);
    alone(&settings, |line| {
        line.start_notifier(&settings, &settings.kafka, knowledge);
    })
    .await
}

async fn alone(settings: &Settings, start: impl FnOnce(&Line)) -> Result<(), Failure> {
    let line = Line::begin(settings).await?;
    ensure_topics(&settings.kafka).await?;
    start(&line);
    line.finish().await
}
