//! Tells open pages which rows changed.

use crate::api::job_list::rows_of;
use crate::engine::Engine;

/// More rows would make one event too large.
const ROWS_AT_ONCE: usize = 250;

/// Sends the rows that changed since the last call, and the window if it is a new one.
pub fn tell(engine: &Engine, window_ms: &mut Option<i64>) {
    let now_ms = (engine.clock)();
    let mut state = engine.state();
    let open: std::collections::HashSet<(String, String)> = state
        .machine
        .open_alerts()
        .map(|alert| {
            (
                alert.finding.cluster_id.clone(),
                alert.finding.job_id.clone(),
            )
        })
        .collect();
    state.view.forget_gone(&|key| open.contains(key));
    let (changed, removed) = state.view.take_changed();
    if !removed.is_empty() {
        let state = &mut *state;
        state.rows.forget_gone(&state.view);
    }
    let newest_ms = state.view.newest_ms();
    if !engine.live.is_watched() {
        *window_ms = newest_ms;
        return;
    }
    for keys in changed.chunks(ROWS_AT_ONCE) {
        let rows = rows_of(&mut state, keys, now_ms);
        engine.live.jobs(newest_ms, &rows, &[]);
    }
    drop(state);
    if !removed.is_empty() {
        engine.live.jobs(newest_ms, &[], &removed);
    }
    if newest_ms != *window_ms {
        *window_ms = newest_ms;
        if let Some(newest_ms) = newest_ms {
            engine.live.window(newest_ms, engine.shown_now_ms());
        }
    }
}

/// Cluster, name and health of every job that is judged.
#[must_use]
pub fn healths(engine: &Engine) -> Vec<((String, String), u8)> {
    let state = engine.state();
    let by_job = crate::api::open_by_job(&state.machine, &state.view, (engine.clock)());
    let health = |(key, job): (&crate::view::JobKey, &crate::view::job::JobView)| {
        let open = by_job.get(key).map_or(&[][..], Vec::as_slice);
        let head = crate::view::row::head(&state.view, key, job, open);
        Some(((head.cluster_id, head.job_name), head.health?))
    };
    state.view.jobs().filter_map(health).collect()
}
