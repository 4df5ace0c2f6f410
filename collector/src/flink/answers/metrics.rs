//! `.../metrics` and `.../metrics?get=`.

use std::borrow::Cow;

use serde::Deserialize;

/// One entry of a metrics answer; without a value where only ids were asked for.
#[derive(Debug, Deserialize)]
pub struct Metric<'a> {
    /// "0.busyTimeMsPerSecond" of a vertex, "Status.JVM.CPU.Load" of a process.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// As text, also "NaN" and paths.
    #[serde(borrow, default)]
    pub value: Option<Cow<'a, str>>,
}
