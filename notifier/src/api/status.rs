//! `/status`: is it really watching, and how does it stand?

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use streamwarden_proto::cloud_event::rfc3339;

use crate::api::Api;
use crate::api::answer::{ApiError, json};
use crate::api::auth::Caller;
use crate::api::types::{ClusterRow, SentNote, SeriesData, Status, TestNote};
use crate::store::ChannelRecord;
use crate::view::FleetView;
use crate::view::series::WINDOW_MS;

const DAY_MS: i64 = 24 * 3_600_000;
/// Points of the line of open findings.
const POINTS: i64 = 96;

pub(super) async fn status(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let engine = &api.engine;
    let now_ms = engine.shown_now_ms();
    let spans = engine.store.spans(now_ms - 30 * DAY_MS).await?;
    let (last_alert, last_test) = messages(&api).await?;
    let (clusters, window) = {
        let state = engine.state();
        (clusters(&state.view), state.view.newest_ms())
    };
    let status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: rfc3339(now_ms),
        started_at: rfc3339(engine.started_ms),
        window: window.map(rfc3339),
        window_s: u32::try_from(WINDOW_MS / 1000).unwrap_or(10),
        tape: engine.tape(),
        clusters,
        unreadable_records_24h: engine.unreadable(),
        last_alert,
        last_test,
        open_findings: open_over_a_day(&spans, now_ms),
        calm_since: calm_since(&spans).map(rfc3339),
        incidents_30d: u64::try_from(spans.len()).unwrap_or(0),
        rights: caller
            .rights
            .iter()
            .map(|right| right.as_str().to_owned())
            .collect(),
    };
    Ok(json(&headers, &status))
}

fn clusters(view: &FleetView) -> Vec<ClusterRow> {
    let row = |(id, cluster): (&String, &crate::view::cluster::ClusterView)| {
        let unreachable = cluster.unreachable.as_ref();
        let state = match (unreachable, cluster.newest_window_ms()) {
            (Some(_), _) => "unreachable",
            (None, Some(_)) => "reporting",
            (None, None) => "waiting",
        };
        ClusterRow {
            cluster_id: id.clone(),
            jobs: view.jobs_of(id),
            state: state.to_owned(),
            newest_window: cluster.newest_window_ms().map(rfc3339),
            since: unreachable.map(|(since_ms, _)| rfc3339(*since_ms)),
            reason: unreachable.map(|(_, reason)| reason.clone()),
            // The collector's pauses grow; it does not say how long the present one is.
            retry_at: None,
        }
    };
    view.clusters().map(row).collect()
}

async fn messages(api: &Api) -> Result<(Option<SentNote>, Option<TestNote>), ApiError> {
    let mut sent: Option<(i64, SentNote)> = None;
    let mut tested: Option<(i64, TestNote)> = None;
    for named in &api.engine.channels {
        let record: ChannelRecord = api.engine.store.channel_record(&named.name).await?;
        let kind = named.channel.kind().to_owned();
        let channel = named.name.clone();
        if let Some((at_ms, _)) = record.last_sent.filter(|(at, _)| is_newer(*at, &sent)) {
            let (at, channel, kind) = (rfc3339(at_ms), channel.clone(), kind.clone());
            sent = Some((at_ms, SentNote { at, channel, kind }));
        }
        if let Some((at_ms, outcome, _)) =
            record.last_test.filter(|(at, ..)| is_newer(*at, &tested))
        {
            let at = rfc3339(at_ms);
            tested = Some((
                at_ms,
                TestNote {
                    at,
                    channel,
                    kind,
                    outcome,
                },
            ));
        }
    }
    Ok((sent.map(|(_, note)| note), tested.map(|(_, note)| note)))
}

fn is_newer<T>(at_ms: i64, known: &Option<(i64, T)>) -> bool {
    known.as_ref().is_none_or(|(known_ms, _)| at_ms > *known_ms)
}

#[expect(clippy::cast_precision_loss, reason = "a count of findings")]
fn open_over_a_day(spans: &[(i64, Option<i64>)], now_ms: i64) -> SeriesData {
    let step_ms = DAY_MS / POINTS;
    let start_ms = now_ms - (POINTS - 1) * step_ms;
    let values = (0..POINTS).map(|at| {
        let at_ms = start_ms + at * step_ms;
        let open = spans
            .iter()
            .filter(|(began, ended)| *began <= at_ms && ended.is_none_or(|end| end > at_ms));
        Some(open.count() as f64)
    });
    SeriesData {
        start: rfc3339(start_ms),
        step_s: u32::try_from(step_ms / 1000).unwrap_or(900),
        values: values.collect(),
    }
}

fn calm_since(spans: &[(i64, Option<i64>)]) -> Option<i64> {
    if spans.iter().any(|(_, ended)| ended.is_none()) {
        return None;
    }
    spans.iter().filter_map(|(_, ended)| *ended).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_while_they_are_open() {
        let now = 100 * DAY_MS;
        let line = open_over_a_day(
            &[(now - DAY_MS / 2, Some(now - DAY_MS / 4)), (now - 1, None)],
            now,
        );
        let open: Vec<f64> = line.values.into_iter().flatten().collect();
        assert_eq!(open.first(), Some(&0.0));
        assert_eq!(open.last(), Some(&1.0));
        assert_eq!(open.iter().sum::<f64>(), 25.0);
    }

    #[test]
    fn it_is_calm_since_the_last_end_and_not_while_something_is_open() {
        assert_eq!(calm_since(&[(1, Some(5)), (2, Some(9))]), Some(9));
        assert_eq!(calm_since(&[(1, Some(5)), (2, None)]), None);
    }
}
