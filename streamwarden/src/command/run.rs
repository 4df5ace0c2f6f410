//! `streamwarden run`: everything in one process.

use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::knowledge;
use crate::line::place::{clusters, prepare};
use crate::line::{Line, ensure_topics};
use crate::look::experience;
use crate::progress::say;
use crate::settings::Settings;

const DATABASE: &str = "streamwarden.db";

/// Runs until it is asked to end.
pub(super) async fn run(args: RunArgs, mut settings: Settings) -> Result<(), Failure> {
    settings.collector.clusters.extend(clusters(&args.flink)?);
    settings.check()?;
    let kafka = prepare(&mut settings, &args.place, DATABASE)?;
    let experience = experience(&settings)?;
    ensure_topics(&kafka).await?;
    let line = Line::begin(&settings).await?;
    let knowledge = knowledge::of(&experience, settings.inference.models.as_deref(), None);
    line.start_judging(&settings, &kafka, knowledge);
    line.start_collector(&settings, &kafka);
    if line.ready().await {
        announce(&settings);
    }
    line.finish().await
}

fn announce(settings: &Settings) {
    say(&format!(
        "page and API: http://{}",
        settings.notifier.listen
    ));
    for cluster in &settings.collector.clusters {
        say(&format!("watching {} at {}", cluster.id, cluster.url));
    }
    if settings.collector.clusters.is_empty() {
        say("no cluster was named here; add one with --flink URL");
    }
    say("alerts appear here and on the page; ctrl-C ends");
}
